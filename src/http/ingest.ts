// The hot path: one request to /in/{token} on plain node:http, read within its limits and handed to accept.
import type { IncomingMessage, ServerResponse } from "node:http";
import { clientAddress, createAddressMatcher } from "../core/cidr.ts";
import { headerValue } from "../core/event.ts";
import { REJECTION_STATUS, type RejectionCause } from "../core/source.ts";
import type { AcceptAnswer, Acceptor } from "../flow/accept.ts";
import type { Arrival } from "../flow/arrival.ts";
import type { LiveSource } from "../flow/catalog-source.ts";
import { INGEST_PATH_BYTES_MAX, OVERLOAD_RETRY_AFTER_SECONDS } from "../limits.ts";

const PREFIX = "/in/";
const NO_BODY = Buffer.alloc(0);

export interface IngestOptions {
  acceptor: Acceptor;
  trustedProxies: readonly string[];
  /** Bodies in memory that are not committed yet; above it requests are turned away before their body is read. */
  pendingBytesMax: number;
}

export interface Ingest {
  handle(request: IncomingMessage, response: ServerResponse): void;
  readonly pendingBytes: number;
}

export function createIngest(options: IngestOptions): Ingest {
  const { acceptor } = options;
  const isTrusted = createAddressMatcher(options.trustedProxies);
  const believesProxies = options.trustedProxies.length > 0;
  let pendingBytes = 0;

  function addressOf(request: IncomingMessage): string {
    const peer = request.socket.remoteAddress ?? "";
    return believesProxies ? clientAddress(peer, request.headers["x-forwarded-for"]?.toString(), isTrusted) : peer;
  }

  function handle(request: IncomingMessage, response: ServerResponse): void {
    const arrival = readArrival(request, addressOf(request));
    if (arrival === null) {
      answerRejected(request, response, "unknown_source", null);
      return;
    }
    const learning = acceptor.learn(arrival.token);
    if (learning === null) {
      admit(request, response, arrival);
      return;
    }
    void learning.then((looked) => {
      // Nobody can say that there is no such source: a 404 would make the sender give up for good.
      if (looked) admit(request, response, arrival);
      else answerRejected(request, response, "store_unavailable", OVERLOAD_RETRY_AFTER_SECONDS);
    });
  }

  function admit(request: IncomingMessage, response: ServerResponse, arrival: Arrival): void {
    // The sender may have hung up during the look.
    if (request.destroyed) return;
    const admission = acceptor.admit(arrival);
    if (!admission.ok) {
      answerRejected(request, response, admission.cause, admission.retryAfterSeconds);
      return;
    }
    const announced = arrival.contentLength ?? 0;
    if (pendingBytes + announced > options.pendingBytesMax) {
      acceptor.refuse(admission.live.source, "overloaded", "Too many bodies were waiting to be committed.", arrival, null, announced);
      answerRejected(request, response, "overloaded", OVERLOAD_RETRY_AFTER_SECONDS);
      return;
    }
    readBody(request, response, arrival, admission.live, admission.bodyBytesMax);
  }

  function readBody(request: IncomingMessage, response: ServerResponse, arrival: Arrival, live: LiveSource, bytesMax: number): void {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let done = false;

    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (done) return;
      pendingBytes += chunk.length;
      // Checked here too: an announced length is only a claim, a chunked body announces none, and many may start at once.
      const cause = bytes > bytesMax ? "too_large" : pendingBytes > options.pendingBytesMax ? "overloaded" : null;
      if (cause === null) {
        chunks.push(chunk);
        return;
      }
      done = true;
      pendingBytes -= bytes;
      const message = cause === "too_large" ? `More than ${bytesMax} bytes came.` : "Too many bodies were waiting to be committed.";
      acceptor.refuse(live.source, cause, message, arrival, chunks[0] ?? null, bytes);
      // The rest may take its time to come; what is already here is not needed any more.
      chunks.length = 0;
      answerRejected(request, response, cause, cause === "overloaded" ? OVERLOAD_RETRY_AFTER_SECONDS : null);
    });
    request.on("end", () => {
      if (done) return;
      done = true;
      const body = chunks.length === 1 ? chunks[0]! : chunks.length === 0 ? NO_BODY : Buffer.concat(chunks, bytes);
      const { method, pathTail, query, headers, remoteAddress } = arrival;
      void acceptor.accept(live, { method, pathTail, query, headers, remoteAddress, body }).then((answer) => {
        pendingBytes -= bytes;
        respond(request, response, answer, method);
      });
    });
    request.on("close", () => {
      if (done) return;
      done = true;
      pendingBytes -= bytes;
      // The sender hung up before the end: nothing of it counts.
      acceptor.refuse(live.source, "incomplete_body", `The connection ended after ${bytes} bytes.`, arrival, chunks[0] ?? null, bytes);
    });
  }

  return {
    handle,
    get pendingBytes() {
      return pendingBytes;
    },
  };
}

/** Takes the target apart without decoding it: the token, the tail and the query stay the sender's bytes. Null when it is no ingest URL. */
function readArrival(request: IncomingMessage, remoteAddress: string): Arrival | null {
  const target = request.url ?? "";
  if (!target.startsWith(PREFIX) || target.length > INGEST_PATH_BYTES_MAX) return null;
  const queryAt = target.indexOf("?");
  const pathEnd = queryAt < 0 ? target.length : queryAt;
  const slashAt = target.indexOf("/", PREFIX.length);
  const tokenEnd = slashAt < 0 || slashAt > pathEnd ? pathEnd : slashAt;
  const token = target.slice(PREFIX.length, tokenEnd);
  if (token === "") return null;
  const headers = request.rawHeaders;
  const length = request.headers["content-length"];
  return {
    token,
    method: request.method ?? "GET",
    pathTail: target.slice(tokenEnd, pathEnd),
    query: queryAt < 0 ? "" : target.slice(queryAt + 1),
    headers,
    remoteAddress,
    contentType: headerValue(headers, "content-type"),
    // The parser has already refused anything that is not one plain number.
    contentLength: length === undefined ? null : Number(length),
  };
}

function respond(request: IncomingMessage, response: ServerResponse, answer: AcceptAnswer, method: string): void {
  if (answer.kind === "rejected") {
    answerRejected(request, response, answer.cause, REJECTION_STATUS[answer.cause] === 503 ? OVERLOAD_RETRY_AFTER_SECONDS : null);
    return;
  }
  // An event that was accepted and a handshake that was answered look alike from here.
  const { status, headers, body } = answer.response;
  response.writeHead(status, headers as string[]);
  if (method === "HEAD" || body === "") response.end();
  else response.end(body, "utf8");
}

/** The caller sees a status and nothing else; the reason is kept for the owner. */
function answerRejected(request: IncomingMessage, response: ServerResponse, cause: RejectionCause, retryAfterSeconds: number | null): void {
  if (response.headersSent) return;
  if (cause === "too_large" || cause === "overloaded") response.shouldKeepAlive = false;
  const status = REJECTION_STATUS[cause];
  const body = REFUSALS[status];
  const headers = ["content-type", "application/problem+json", "content-length", String(Buffer.byteLength(body))];
  if (retryAfterSeconds !== null) headers.push("retry-after", String(retryAfterSeconds));
  if (!response.shouldKeepAlive) headers.push("connection", "close");
  response.writeHead(status, headers);
  if (response.shouldKeepAlive || !awaitsBody(request)) response.end(body);
  else endAfterBody(request, response, body);
}

const REFUSALS: Record<(typeof REJECTION_STATUS)[RejectionCause], string> = {
  400: problem(400, "Bad request"),
  401: problem(401, "Unauthorized"),
  403: problem(403, "Forbidden"),
  404: problem(404, "Not found"),
  405: problem(405, "Method not allowed"),
  413: problem(413, "Content too large"),
  415: problem(415, "Unsupported media type"),
  429: problem(429, "Too many requests"),
  503: problem(503, "Service unavailable"),
};

function problem(status: number, title: string): string {
  return JSON.stringify({ type: "about:blank", title, status });
}

function awaitsBody(request: IncomingMessage): boolean {
  const { headers } = request;
  return !request.complete && (headers["content-length"] !== undefined || headers["transfer-encoding"] !== undefined);
}

// Above the largest body a source may take: a sender that honestly sent too much still gets its answer.
const DROPPED_BYTES_MAX = 32 * 1024 ** 2;

/**
 * The answer leaves at once; the connection closes when the body has come and was dropped. Closing under a sender that
 * still writes resets the connection, and most senders then never look at the answer.
 */
function endAfterBody(request: IncomingMessage, response: ServerResponse, body: string): void {
  response.write(body);
  let dropped = 0;
  request.on("data", (chunk: Buffer) => {
    dropped += chunk.length;
    if (dropped > DROPPED_BYTES_MAX) request.destroy();
  });
  request.once("close", () => response.end());
}
