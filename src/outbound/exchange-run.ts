// One exchange under way: collects the response for undici and ends exactly once, as a value.
import type { Dispatcher } from "undici";
import type { Deadlined, DeadlineQueue, Deadlines } from "./deadline.ts";
import { cancelled, describeDeadline, describeExchangeError, type FailureText, tooManyInterim } from "./failure.ts";
import type { Lane, LaneLoad, Origin } from "./lanes.ts";
import type { Exchange, OutboundRequest } from "./transport.ts";

// A receiver may announce progress with 1xx responses; more than this is an attempt to keep the connection busy.
const INTERIM_RESPONSES_MAX = 32;
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

  #phase(): "queue" | "lookup" | "connect" | "handshake" | "request" | "response" {
    if (this.#firstByteAt >= 0) return "response";
    if (this.#controller !== null) return "request";
    return this.lane?.dial?.phase ?? "queue";
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
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.settled) return;
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
      timings: this.#timings(),
    };
  }

  #failureOf(text: FailureText): Exchange {
    return { kind: "failure", failure: text.failure, message: text.message, timings: this.#timings() };
  }

  #timings(): { firstByteMs: number | null; totalMs: number } {
    const now = this.#deadlines.now();
    return {
      firstByteMs: this.#firstByteAt < 0 ? null : this.#firstByteAt - this.#startedAt,
      totalMs: now - this.#startedAt,
    };
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

function flatHeaders(raw: Dispatcher.DispatchController["rawHeaders"]): string[] {
  const flat: string[] = [];
  if (!Array.isArray(raw)) return flat;
  for (const part of raw) flat.push(typeof part === "string" ? part : part.toString("latin1"));
  return flat;
}
