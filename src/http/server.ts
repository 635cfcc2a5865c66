// The one HTTP server: limits of the parser, ingest requests straight to their handler, everything else to the API.
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { FastifyReply } from "fastify";
import * as limits from "../limits.ts";
import { type Clock, sleep } from "../system/clock.ts";
import { parserErrorHandler, rawProblem } from "./parser-errors.ts";
import { createPipeline } from "./pipeline.ts";
import { PROBLEM_CONTENT_TYPE } from "./problem.ts";
import { problemOf } from "../errors.ts";
import type { AnswerStream, Api } from "./route.ts";

export interface HttpServerOptions {
  api: Api;
  /** Gets every request whose target starts with `/in/`, verbatim. It must answer, whatever the method. */
  ingest: (request: IncomingMessage, response: ServerResponse) => void;
  /** Largest body of an API request; ingest has a limit of its own. */
  bodyBytesMax: number;
  connectionsMax: number;
}

export interface Listening {
  host: string;
  port: number;
  /** How a client on this machine reaches it, without a slash at the end. */
  url: string;
}

export interface HttpServer {
  readonly server: Server;
  /** Rejects with the system's error when the port is taken. */
  listen(address: { host: string; port: number }): Promise<Listening>;
  /** Takes no new connections, lets requests under way finish for `graceMs`, then cuts what is left. */
  close(graceMs: number): Promise<void>;
}

const INGEST_PREFIX = "/in/";
const LISTENERS_MAX = 100;
// How often close() looks whether keep-alive connections have fallen idle meanwhile.
const CLOSE_LOOK_MS = 50;

export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { api, ingest } = options;
  const streams = createStreams();
  let listening: Listening | null = null;
  let closing = false;
  let server: Server | null = null;

  const pipeline = createPipeline({
    api,
    bodyBytesMax: options.bodyBytesMax,
    clientError: parserErrorHandler,
    baseUrl: (host) => api.publicUrl ?? baseUrlOf(host, listening),
    openStream: streams.open,
    serverFactory: (handler) => {
      server = createLimitedServer(options.connectionsMax, (request, response) => {
        // A connection that outlives the server would keep the process from ending.
        if (closing) response.setHeader("connection", "close");
        const target = request.url ?? "";
        if (target.startsWith(INGEST_PREFIX)) ingest(request, response);
        // `*`, `http://host/…` and `host:port`: taken apart by a router, they could reach a route of another name.
        else if (target.startsWith("/")) handler(request, response);
        else answerNotFound(request, response);
      });
      return server;
    },
  });
  if (server === null) throw new Error("fastify made no server");
  const own: Server = server;

  return {
    server: own,
    async listen({ host, port }) {
      await pipeline.ready();
      await new Promise<void>((resolve, reject) => {
        own.once("error", reject);
        own.listen({ host, port }, () => {
          own.off("error", reject);
          resolve();
        });
      });
      listening = listeningAt(own.address() as AddressInfo);
      return listening;
    },
    async close(graceMs) {
      closing = true;
      streams.closeAll();
      await closeServer(own, api.clock, graceMs);
      await pipeline.close();
    },
  };
}

function createLimitedServer(connectionsMax: number, listener: RequestListener): Server {
  const server = createServer(
    {
      headersTimeout: limits.HEADERS_TIMEOUT_MS,
      requestTimeout: limits.REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: limits.CONNECTION_CHECK_INTERVAL_MS,
      keepAliveTimeout: limits.KEEP_ALIVE_TIMEOUT_MS,
      maxHeaderSize: limits.HEADER_BYTES_MAX,
      noDelay: true,
    },
    listener,
  );
  server.maxHeadersCount = limits.HEADERS_MAX;
  server.maxConnections = connectionsMax;
  // A reconnect costs a round trip and a handshake; so many requests amortise it, and a connection still does not live for ever.
  server.maxRequestsPerSocket = limits.REQUESTS_PER_CONNECTION_MAX;
  // A sender that closes its half after the request still gets its answer. Node has the switch, but its types do not know it.
  Object.assign(server, { httpAllowHalfOpen: true });
  // Node would drop the connection without a word.
  server.on("connect", (_request, socket: Socket) => void socket.end(rawProblem("method_not_allowed", "This server is no proxy.")));
  return server;
}

function answerNotFound(request: IncomingMessage, response: ServerResponse): void {
  const body = JSON.stringify(problemOf("not_found", "The request target must be a path on this server."));
  response.writeHead(404, {
    "content-type": PROBLEM_CONTENT_TYPE,
    "content-length": Buffer.byteLength(body),
    "x-content-type-options": "nosniff",
  });
  response.end(body);
  request.resume();
}

/** Responses that stay open: counted, and ended by us when the server closes. */
function createStreams() {
  const open = new Set<ServerResponse>();
  return {
    open(reply: FastifyReply, start: (stream: AnswerStream) => void): boolean {
      if (open.size >= LISTENERS_MAX) return false;
      reply.hijack();
      const response = reply.raw;
      response.writeHead(200, {
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "x-accel-buffering": "no",
      });
      open.add(response);
      response.once("close", () => open.delete(response));
      response.on("error", () => response.destroy());
      start({
        write: (text) => response.writableEnded || response.write(text),
        onDrain: (listener) => void response.on("drain", listener),
        onClose: (listener) => void response.once("close", listener),
      });
      return true;
    },
    closeAll(): void {
      for (const response of open) response.end();
    },
  };
}

async function closeServer(server: Server, clock: Clock, graceMs: number): Promise<void> {
  if (!server.listening) return;
  let closed = false;
  const ended = new Promise<void>((resolve) => {
    server.close(() => {
      closed = true;
      resolve();
    });
  });
  const deadline = clock.now() + graceMs;
  while (!closed && clock.now() < deadline) {
    server.closeIdleConnections();
    await Promise.race([ended, sleep(clock, Math.min(CLOSE_LOOK_MS, deadline - clock.now()))]);
  }
  server.closeAllConnections();
  await ended;
}

function listeningAt({ address, port }: AddressInfo): Listening {
  // A wildcard address is nothing to connect to.
  const name = address === "0.0.0.0" ? "127.0.0.1" : address === "::" ? "[::1]" : address.includes(":") ? `[${address}]` : address;
  return { host: address, port, url: `http://${name}:${port}` };
}

/** What the caller called us, when it looks like a host; the address we listen on otherwise. */
function baseUrlOf(host: string | undefined, listening: Listening | null): string {
  if (host !== undefined && /^([a-z0-9.-]+|\[[0-9a-f:.]+\])(:\d{1,5})?$/i.test(host) && host.length <= 260) return `http://${host}`;
  return listening?.url ?? "http://127.0.0.1";
}
