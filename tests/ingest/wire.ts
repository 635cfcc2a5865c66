// Speaks to the server in literal bytes, and reads back from the API what became of them.
import { connect, type Socket } from "node:net";
import { expect } from "vitest";
import { eventually, type Fixture, type Reply } from "../api/fixture.ts";

type Json = Reply["body"];

export interface WireReply {
  /** 0 when no answer came. */
  status: number;
  /** By lower-case name; the last one wins. */
  headers: Record<string, string>;
  body: string;
  /** Everything that came, interim answers and later ones included. */
  text: string;
  /** Whether the server ended the connection, and did not leave that to us. */
  closed: boolean;
  /** The error of the socket: a connection that was reset under a sender that still wrote. */
  error: string | null;
}

export interface Connection {
  socket: Socket;
  write(bytes: string | Uint8Array): void;
  /** Resolves with the first final answer once it is whole; with what there is when the server closes before. */
  answer(): Promise<WireReply>;
  /** Resolves when the server has ended the connection. */
  ended(): Promise<WireReply>;
}

/** A connection of its own; text is written as Latin-1, so that `\xff` is one byte. */
export async function openWire(port: number): Promise<Connection> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  let text = "";
  let closed = false;
  let error: string | null = null;
  const looks = new Set<() => void>();
  const look = () => looks.forEach((one) => one());
  socket.setEncoding("latin1");
  socket.on("data", (chunk: string) => {
    text += chunk;
    look();
  });
  for (const event of ["end", "close"] as const) {
    socket.on(event, () => {
      closed = true;
      look();
    });
  }
  const connected = new Promise<void>((resolve) => {
    socket.once("connect", resolve);
    socket.on("error", (cause: NodeJS.ErrnoException) => {
      error = cause.code ?? cause.message;
      resolve();
    });
  });
  await connected;
  function until(reached: () => boolean): Promise<WireReply> {
    return new Promise((resolve) => {
      const check = () => {
        if (!reached()) return;
        looks.delete(check);
        resolve({ ...parseReply(text), closed, error });
      };
      looks.add(check);
      check();
    });
  }
  return {
    socket,
    write: (bytes) => void socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes),
    answer: () => until(() => closed || isWhole(text)),
    ended: () => until(() => closed),
  };
}

/** One exchange on a new connection: until the answer is whole, or with `end` until the server closes. */
export async function wire(port: number, bytes: string | Uint8Array, wait: "answer" | "end" = "answer"): Promise<WireReply> {
  const connection = await openWire(port);
  connection.write(bytes);
  const reply = await (wait === "end" ? connection.ended() : connection.answer());
  connection.socket.destroy();
  return reply;
}

/** A head for the ingest URL with the lines as they are, and a body of the announced length. */
export function post(path: string, headers: readonly string[], body: string | Uint8Array = "", method = "POST"): Uint8Array {
  const bytes = typeof body === "string" ? Buffer.from(body, "latin1") : body;
  const lines = [`${method} ${path} HTTP/1.1`, "Host: a", `Content-Length: ${bytes.byteLength}`, ...headers];
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), bytes]);
}

/** The same body in chunks of `size`. */
export function postChunked(path: string, headers: readonly string[], body: Uint8Array, size: number): Uint8Array {
  const parts = [
    Buffer.from([`POST ${path} HTTP/1.1`, "Host: a", "Transfer-Encoding: chunked", ...headers, "\r\n"].join("\r\n"), "latin1"),
  ];
  for (let at = 0; at < body.byteLength; at += size) {
    const chunk = body.subarray(at, at + size);
    parts.push(Buffer.from(`${chunk.byteLength.toString(16)}\r\n`), Buffer.from(chunk), Buffer.from("\r\n"));
  }
  return Buffer.concat([...parts, Buffer.from("0\r\n\r\n")]);
}

/** `Name: value` lines of a flat record. */
export function lines(headers: Record<string, string>): string[] {
  return Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
}

function parseReply(text: string): Pick<WireReply, "status" | "headers" | "body" | "text"> {
  const final = text.replace(/^(HTTP\/1\.1 1\d\d [\s\S]*?\r\n\r\n)+/, "");
  const headEnd = final.indexOf("\r\n\r\n");
  const [statusLine = "", ...rest] = final.slice(0, headEnd < 0 ? undefined : headEnd).split("\r\n");
  const headers = Object.fromEntries(
    rest.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
  );
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1] ?? 0);
  return { status, headers, body: headEnd < 0 ? "" : final.slice(headEnd + 4), text };
}

function isWhole(text: string): boolean {
  const { status, headers, body } = parseReply(text);
  if (status === 0 || (!text.endsWith("\r\n\r\n") && body === "")) return false;
  return body.length >= Number(headers["content-length"] ?? 0);
}

export interface SourceRig {
  id: string;
  /** `/in/{token}` */
  path: string;
  url: string;
}

export async function makeSource(app: Fixture, fields: object = {}): Promise<SourceRig> {
  const made = await app.post("/v1/sources", { name: "hostile", ...fields });
  expect(made.status, made.text).toBe(201);
  return { id: made.body.id, url: made.body.url, path: new URL(made.body.url).pathname };
}

/** Newest first. */
export async function eventsOf(app: Fixture, source: SourceRig): Promise<Json[]> {
  return (await app.get(`/v1/events?sourceId=${source.id}&limit=250`)).body.data;
}

/** Requests to the source, newest first, once there are `count`: refusals gather for a moment before they are recorded. */
export async function requestsOf(app: Fixture, source: SourceRig, count: number, query = ""): Promise<Json[]> {
  const read = async (): Promise<Json[]> => (await app.get(`/v1/requests?sourceId=${source.id}&limit=250${query}`)).body.data;
  return eventually(read, (list) => list.length >= count);
}

/** The cause and the precise reason of the newest refusal, once `count` were recorded. */
export async function refusalOf(app: Fixture, source: SourceRig, count = 1): Promise<{ cause: string; message: string }> {
  const [newest] = await requestsOf(app, source, count, "&outcome=rejected");
  return newest;
}

export async function metric(app: Fixture, name: string): Promise<number> {
  const text = (await app.get("/metrics")).text;
  return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\d+)`, "m").exec(text)?.[1] ?? 0);
}
