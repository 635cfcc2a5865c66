// A scriptable webhook receiver on real sockets, for tests, the demo and the crash proof.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer, type Socket } from "node:net";
import { systemClock } from "../../src/system/clock.ts";

export interface Arrival {
  method: string;
  /** The request target as sent: path and query. */
  url: string;
  /** Flat list in wire order. */
  rawHeaders: string[];
  /** Empty with `keepBodies: false`. */
  body: Buffer;
  /** The first value of a header, by a name in any case. */
  header(name: string): string | undefined;
  /** Milliseconds since the Unix epoch, when the request was complete. */
  at: number;
}

export interface Answer {
  /** 200 when left out. */
  status?: number;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
  /** Waits before the answer begins. */
  delayMs?: number;
  /**
   * hang: never answers. reset: RST instead of an answer. reset_after_headers: RST once the headers are out.
   * drip: one byte of body every `dripMs`, for ever. endless: body as fast as it is read, for ever.
   */
  behaviour?: "hang" | "reset" | "reset_after_headers" | "drip" | "endless";
  dripMs?: number;
}

export interface ReceiverOptions {
  /** `n` is 1 for the first arrival. Everything is answered with 200 and no body when left out. */
  respond?: (arrival: Arrival, n: number) => Answer | Promise<Answer>;
  /** False for load: counts arrivals and keeps no bodies. */
  keepBodies?: boolean;
  /** 0 picks a free one. */
  port?: number;
  host?: string;
}

export interface Receiver {
  url: string;
  port: number;
  /** In order of completion. */
  arrivals: Arrival[];
  /** Resolves once so many requests, or such a state, have been reached; rejects after `timeoutMs`, 10 s when left out. */
  waitFor(until: number | ((arrivals: Arrival[]) => boolean), options?: { timeoutMs?: number }): Promise<Arrival[]>;
  close(): Promise<void>;
}

interface Waiter {
  reached: (arrivals: Arrival[]) => boolean;
  resolve: (arrivals: Arrival[]) => void;
  timer: NodeJS.Timeout;
}

const DRIP_MS = 20;
const NOTHING = Buffer.alloc(0);
const FILLER = Buffer.alloc(64 * 1024, "x");

function firstHeader(rawHeaders: readonly string[], name: string): string | undefined {
  const wanted = name.toLowerCase();
  for (let i = 0; i < rawHeaders.length; i += 2) if (rawHeaders[i]?.toLowerCase() === wanted) return rawHeaders[i + 1];
  return undefined;
}

/** A class, because a closure per request shows at thousands a second. */
class ReceivedRequest implements Arrival {
  readonly method: string;
  readonly url: string;
  readonly rawHeaders: string[];
  readonly body: Buffer;
  readonly at = systemClock.now();

  constructor(request: IncomingMessage, body: Buffer) {
    this.method = request.method ?? "";
    this.url = request.url ?? "";
    this.rawHeaders = request.rawHeaders;
    this.body = body;
  }

  header(name: string): string | undefined {
    return firstHeader(this.rawHeaders, name);
  }
}

function listen(server: TcpServer, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

/** Ends the listener and every connection on it, so that closing never waits for a peer. */
function closeAll(server: TcpServer, sockets: Set<Socket>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of sockets) socket.destroy();
  });
}

function trackSockets(server: TcpServer): Set<Socket> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => sockets.delete(socket));
  });
  return sockets;
}

function pour(response: ServerResponse): void {
  const more = (): void => {
    while (!response.destroyed && response.write(FILLER));
  };
  response.on("drain", more);
  more();
}

function drip(response: ServerResponse, everyMs: number): void {
  const timer = setInterval(() => response.write("."), everyMs);
  response.once("close", () => clearInterval(timer));
}

function answerNow(response: ServerResponse, answer: Answer): void {
  const socket = response.socket;
  if (socket === null || response.destroyed) return;
  if (answer.behaviour === "hang") return;
  if (answer.behaviour === "reset") {
    socket.resetAndDestroy();
    return;
  }
  response.statusCode = answer.status ?? 200;
  for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
  switch (answer.behaviour) {
    case "drip":
      response.flushHeaders();
      return drip(response, answer.dripMs ?? DRIP_MS);
    case "endless":
      return pour(response);
    case "reset_after_headers":
      response.flushHeaders();
      // The reset goes out behind the headers once the kernel has taken them.
      response.write("x", () => socket.resetAndDestroy());
      return;
    case undefined:
      response.end(answer.body);
  }
}

function answerTo(response: ServerResponse, answer: Answer): void {
  if (answer.delayMs === undefined) return answerNow(response, answer);
  const timer = setTimeout(() => answerNow(response, answer), answer.delayMs);
  response.once("close", () => clearTimeout(timer));
}

export async function startReceiver(options: ReceiverOptions = {}): Promise<Receiver> {
  const keepBodies = options.keepBodies ?? true;
  const arrivals: Arrival[] = [];
  const waiters = new Set<Waiter>();

  function settleWaiters(): void {
    for (const waiter of waiters) {
      if (!waiter.reached(arrivals)) continue;
      clearTimeout(waiter.timer);
      waiters.delete(waiter);
      waiter.resolve(arrivals);
    }
  }

  function arrive(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
    const arrival = new ReceivedRequest(request, body);
    const n = arrivals.push(arrival);
    if (waiters.size > 0) settleWaiters();
    const answer = options.respond?.(arrival, n) ?? {};
    if (!(answer instanceof Promise)) return answerTo(response, answer);
    answer.then(
      (later) => answerTo(response, later),
      (error: unknown) => response.destroy(error instanceof Error ? error : new Error(String(error))),
    );
  }

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => {
      if (keepBodies) chunks.push(chunk);
    });
    request.on("end", () => arrive(request, response, chunks.length === 0 ? NOTHING : Buffer.concat(chunks)));
  });
  const sockets = trackSockets(server);
  const host = options.host ?? "127.0.0.1";
  const port = await listen(server, options.port ?? 0, host);
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${port}`,
    port,
    arrivals,
    waitFor(until, { timeoutMs = 10_000 } = {}) {
      const reached = typeof until === "number" ? (list: Arrival[]) => list.length >= until : until;
      if (reached(arrivals)) return Promise.resolve(arrivals);
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiters.delete(waiter);
          reject(new Error(`The receiver saw ${arrivals.length} requests in ${timeoutMs} ms, which is not what was awaited.`));
        }, timeoutMs);
        const waiter: Waiter = { reached, resolve, timer };
        waiters.add(waiter);
      });
    },
    close() {
      for (const waiter of waiters) clearTimeout(waiter.timer);
      waiters.clear();
      return closeAll(server, sockets);
    },
  };
}

export interface RawReceiver {
  url: string;
  port: number;
  /** Connections accepted so far. */
  connections: number;
  close(): Promise<void>;
}

/** A bare TCP listener for receivers that do not speak proper HTTP; without `serve` it is a canary that counts. */
export async function startRawReceiver(
  serve: (socket: Socket) => void = (socket) => socket.destroy(),
  options: { port?: number; host?: string } = {},
): Promise<RawReceiver> {
  const server = createTcpServer();
  const sockets = trackSockets(server);
  const host = options.host ?? "127.0.0.1";
  const port = await listen(server, options.port ?? 0, host);
  const receiver: RawReceiver = {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${port}`,
    port,
    connections: 0,
    close: () => closeAll(server, sockets),
  };
  server.on("connection", (socket: Socket) => {
    receiver.connections += 1;
    serve(socket);
  });
  return receiver;
}
