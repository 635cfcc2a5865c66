// One exchange under way: collects the response for undici and ends exactly once, as a value.
import type { Dispatcher } from "undici";
import type { Deadlined, DeadlineQueue, Deadlines } from "./deadline.ts";
import {
  cancelled,
  describeDeadline,
  describeExchangeError,
  type ExchangePhase,
  type FailureText,
  headersTooLarge,
  tooManyBytes,
  tooManyInterim,
} from "./failure.ts";
import type { Lane, LaneLoad, Origin } from "./lanes.ts";
import type { ConnectionFacts, Exchange, ExchangeTimings, OutboundRequest } from "./transport.ts";

// A receiver may announce progress with 1xx responses; more than this is an attempt to keep the connection busy.
const INTERIM_RESPONSES_MAX = 32;
// The parser of HTTP/1.1 holds this itself; a session of HTTP/2 knows no such bound.
const RESPONSE_HEADER_BYTES_MAX = 16 * 1024;
// What an answer may weigh on the wire: its headers, 32 interim ones, and its body in chunks of one byte, which take six.
const WIRE_BYTES_BASE = (INTERIM_RESPONSES_MAX + 2) * RESPONSE_HEADER_BYTES_MAX;
const WIRE_BYTES_PER_BODY_BYTE = 8;
const EMPTY = new Uint8Array(0);

export class ExchangeRun implements LaneLoad, Deadlined {
  dueAt = 0;
  queue: DeadlineQueue | null = null;
  previous: Deadlined | null = null;
  next: Deadlined | null = null;

  /** The lane that carries this exchange; null before one was free and after the end. */
  lane: Lane | null = null;
  settled = false;
  readonly request: OutboundRequest;
  readonly origin: Origin;
  readonly dispatchOptions: Dispatcher.DispatchOptions;
  readonly #deadlines: Deadlines;
  readonly #resolve: (exchange: Exchange) => void;
  readonly #startedAt: number;
  #controller: Dispatcher.DispatchController | null = null;
  #firstByteAt = -1;
  #status = 0;
  #headers: string[] = [];
  #body: Uint8Array = EMPTY;
  #bodyBytes = 0;
  #bytesReceived = 0;
  #interim = 0;
  #signal: AbortSignal | null = null;
  #onAbort: (() => void) | null = null;

  constructor(
    request: OutboundRequest,
    origin: Origin,
    dispatchOptions: Dispatcher.DispatchOptions,
    deadlines: Deadlines,
    resolve: (exchange: Exchange) => void,
  ) {
    this.request = request;
    this.origin = origin;
    this.dispatchOptions = dispatchOptions;
    this.#deadlines = deadlines;
    this.#resolve = resolve;
    this.#startedAt = deadlines.now();
    deadlines.add(this, this.#startedAt, request.deadlineMs);
  }

  watch(signal: AbortSignal): void {
    this.#signal = signal;
    this.#onAbort = () => this.cancel();
    signal.addEventListener("abort", this.#onAbort, { once: true });
    if (signal.aborted) this.cancel();
  }

  cancel(): void {
    this.cut(cancelled);
  }

  expire(): void {
    this.cut(describeDeadline(this.#phase(), this.request.deadlineMs));
  }

  /** Ends the exchange now, and with it the connection it is on, which can carry nothing else any more. */
  cut(text: FailureText): void {
    if (this.settled) return;
    this.#settle(this.#failureOf(text));
    this.#dropLane();
  }

  #phase(): ExchangePhase {
    if (this.#firstByteAt >= 0) return "response";
    if (this.#controller !== null) return "request";
    return this.lane?.dial?.phase ?? "queue";
  }

  heardBytes(bytes: number): void {
    if (bytes > WIRE_BYTES_BASE + WIRE_BYTES_PER_BODY_BYTE * this.request.responseBytesMax) this.cut(tooManyBytes);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    if (this.settled) return;
    if (status < 200) {
      this.#interim += 1;
      if (this.#interim > INTERIM_RESPONSES_MAX) this.cut(tooManyInterim);
      return;
    }
    this.#firstByteAt = this.#deadlines.now();
    this.#status = status;
    this.#headers = flatHeaders(controller.rawHeaders);
    if (this.#connectionFacts()?.httpVersion === "2" && headerBytes(this.#headers) > RESPONSE_HEADER_BYTES_MAX) this.cut(headersTooLarge);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.settled) return;
    this.#bytesReceived += chunk.length;
    const room = this.request.responseBytesMax - this.#bodyBytes;
    const truncated = chunk.length > room;
    this.#keep(truncated ? chunk.subarray(0, room) : chunk, truncated);
    if (!truncated) return;
    this.#settle(this.#responseOf(true));
    this.#dropLane();
  }

  onResponseEnd(): void {
    if (this.settled) return;
    this.#settle(this.#responseOf(false));
    const lane = this.lane;
    this.lane = null;
    if (lane !== null) this.origin.release(lane);
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    if (this.settled) return;
    this.#settle(this.#failureOf(describeExchangeError(error, (this.lane?.served ?? 0) > 0)));
    this.#dropLane();
  }

  /** A body in one piece, the usual case, is kept without a copy; more pieces share one buffer that grows by doubling. */
  #keep(chunk: Uint8Array, isLast: boolean): void {
    const used = this.#bodyBytes;
    if (used === 0) {
      // The cut piece of a large chunk is copied, or 16 KiB would hold on to 64.
      this.#body = isLast ? new Uint8Array(chunk) : chunk;
      this.#bodyBytes = chunk.length;
      return;
    }
    const needed = used + chunk.length;
    if (needed > this.#body.length) {
      const grown = new Uint8Array(Math.min(Math.max(needed * 2, 1_024), this.request.responseBytesMax));
      grown.set(this.#body.subarray(0, used));
      this.#body = grown;
    }
    this.#body.set(chunk, used);
    this.#bodyBytes = needed;
  }

  #responseOf(truncated: boolean): Exchange {
    const body = this.#body.length === this.#bodyBytes ? this.#body : this.#body.subarray(0, this.#bodyBytes);
    return {
      kind: "response",
      status: this.#status,
      headers: this.#headers,
      body,
      truncated,
      bytesReceived: this.#bytesReceived,
      timings: this.#timings(),
      ...this.#trace(),
    };
  }

  #failureOf({ failure, message, detail }: FailureText): Exchange {
    return { kind: "failure", failure, message, detail, timings: this.#timings(), ...this.#trace() };
  }

  #timings(): ExchangeTimings {
    const now = this.#deadlines.now();
    return {
      firstByteMs: this.#firstByteAt < 0 ? null : this.#firstByteAt - this.#startedAt,
      totalMs: now - this.#startedAt,
    };
  }

  #connectionFacts(): ConnectionFacts | null {
    return this.lane?.facts ?? null;
  }

  #trace(): { sentHeaders?: string[]; connection?: ConnectionFacts } {
    const connection = this.#connectionFacts();
    if (connection === null) return {};
    // undici writes the head right after this call, so without it nothing went out.
    return this.#controller === null ? { connection } : { connection, sentHeaders: this.#sentHeaders(connection) };
  }

  /** What undici adds to the headers it is given, where it adds it. */
  #sentHeaders(connection: ConnectionFacts): string[] {
    const { headers, method } = this.dispatchOptions;
    const { body } = this.request;
    const host = this.origin.authority;
    const sent =
      connection.httpVersion === "2" ? [":authority", host] : ["host", host, "connection", method === "HEAD" ? "close" : "keep-alive"];
    for (const part of headers as string[]) sent.push(part);
    const bytes = body === null ? 0 : body.byteLength;
    if (bytes > 0 || method === "POST" || method === "PUT" || method === "PATCH") sent.push("content-length", String(bytes));
    return sent;
  }

  #settle(exchange: Exchange): void {
    this.settled = true;
    this.#deadlines.remove(this);
    if (this.#onAbort !== null) this.#signal?.removeEventListener("abort", this.#onAbort);
    this.#resolve(exchange);
  }

  #dropLane(): void {
    const lane = this.lane;
    this.lane = null;
    // Aborting through the controller first stops the parser within the chunk it is reading.
    this.#controller?.abort(new Error("cut"));
    if (lane !== null) this.origin.discard(lane);
  }
}

/** A list over HTTP/1.1, an object over HTTP/2. */
function flatHeaders(raw: Dispatcher.DispatchController["rawHeaders"]): string[] {
  const flat: string[] = [];
  if (raw === undefined || raw === null) return flat;
  if (Array.isArray(raw)) {
    for (const part of raw) flat.push(typeof part === "string" ? part : part.toString("latin1"));
    return flat;
  }
  for (const [name, value] of Object.entries(raw)) {
    for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined) flat.push(name, one);
  }
  return flat;
}

function headerBytes(flat: readonly string[]): number {
  let bytes = 0;
  for (const part of flat) bytes += part.length;
  return bytes;
}
