// Requests and answers of Node as far as adapters use them: the raw body as it comes in, and the answer going out.
import { utf8 } from "../encoding.ts";
import { limits } from "../limits.ts";
import type { Answer } from "./answer.ts";
import type { Body, Incoming } from "./receive.ts";

/** The part of `http.IncomingMessage` that is used, so that the types need neither Node's nor a framework's. */
export interface NodeRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  /** Name, value, name, value: the one shape that shows repeated headers. */
  readonly rawHeaders: readonly string[];
  /** True once anybody has read from the stream. */
  readonly readableDidRead?: boolean;
  readonly readableEnded?: boolean;
  on(event: "data", listener: (chunk: Uint8Array | string) => void): unknown;
  on(event: "end" | "error" | "close", listener: () => void): unknown;
  pause(): unknown;
}

/** The part of `http.ServerResponse` that is used. */
export interface NodeResponse {
  readonly headersSent: boolean;
  readonly destroyed: boolean;
  writeHead(status: number, headers: Record<string, string | number>): unknown;
  end(body: Uint8Array): unknown;
}

export function wasRead(request: NodeRequest): boolean {
  return request.readableDidRead === true || request.readableEnded === true;
}

/**
 * Every byte of the body as it was sent, compressed or not. Memory holds at most `bytesMax`; what a longer body has
 * beyond that is read on for a while and thrown away.
 */
export function readNodeBody(request: NodeRequest, bytesMax: number, fix: string): Promise<Body> {
  if (wasRead(request)) return Promise.resolve({ kind: "consumed", fix });
  return new Promise((resolve) => {
    let chunks: Uint8Array[] = [];
    let bytes = 0;
    request.on("data", (chunk) => {
      // Somebody called setEncoding: the bytes were decoded, and invalid ones are lost.
      if (typeof chunk === "string") return resolve({ kind: "consumed", fix });
      bytes += chunk.length;
      if (bytes <= bytesMax) return void chunks.push(chunk);
      chunks = [];
      if (bytes <= bytesMax + limits.discardedBodyBytesMax) return;
      request.pause();
      resolve({ kind: "too_large" });
    });
    request.on("end", () => resolve(bytes > bytesMax ? { kind: "too_large" } : { kind: "bytes", bytes: joined(chunks, bytes) }));
    request.on("error", () => resolve({ kind: "aborted" }));
    // After `end` it changes nothing; without one, the sender is gone.
    request.on("close", () => resolve({ kind: "aborted" }));
  });
}

export function joined(chunks: readonly Uint8Array[], bytes: number): Uint8Array {
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/** Bytes that somebody in front has kept, such as a `rawBody`; undefined for anything else. */
export function keptBytes(value: unknown): Uint8Array | undefined {
  if (typeof value === "string") return utf8(value);
  return value instanceof Uint8Array ? value : undefined;
}

export function incomingOf(request: NodeRequest, body: Body): Incoming {
  return { method: request.method ?? "", url: request.url ?? "/", headers: request.rawHeaders, body };
}

export function sendNode(response: NodeResponse, answer: Answer | undefined): void {
  // A timeout of the program may have answered while the handler worked.
  if (answer === undefined || response.headersSent || response.destroyed) return;
  const { status, headers, body } = answer;
  const length: Record<string, number> = status === 204 || status === 304 ? {} : { "content-length": body.length };
  response.writeHead(status, { ...headers, ...length });
  response.end(body);
}
