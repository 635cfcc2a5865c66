// A transport whose receivers are a function: answers, delays, hangs and failures, all in test time.
import type { Exchange, OutboundRequest, Transport, TransportFailure } from "../../src/outbound/transport.ts";
import type { Clock } from "../../src/system/clock.ts";

export type Script =
  | { status: number; headers?: string[]; body?: string; afterMs?: number }
  | { failure: TransportFailure; afterMs?: number }
  /** Answers nothing until the deadline. */
  | "hang";

export interface Sent {
  /** Test time at which it left. */
  at: number;
  url: string;
  method: string;
  headers: readonly string[];
  body: Buffer;
  eventId: string;
  /** As the request says: 1 for the first. */
  attempt: number;
  /** The first value of a header, by lower-case name. */
  header(name: string): string | undefined;
}

/** `n` is 1 for the first request of all. */
export type Respond = (sent: Sent, n: number) => Script;

export interface ScriptedTransport extends Transport {
  readonly sent: Sent[];
  readonly inFlight: number;
  respond: Respond;
}

/** For a clock to watch: whether more has been sent since it was last asked. The worker begins attempts over several turns. */
export function isSending({ sent }: ScriptedTransport): () => boolean {
  let known = 0;
  return () => {
    const more = sent.length > known;
    known = sent.length;
    return more;
  };
}

export function createScriptedTransport(clock: Clock, respond: Respond = () => ({ status: 200 })): ScriptedTransport {
  const sent: Sent[] = [];
  let inFlight = 0;

  function exchange(request: OutboundRequest, signal?: AbortSignal): Promise<Exchange> {
    const arrival = sentOf(request, clock.now());
    const script = transport.respond(arrival, sent.push(arrival));
    inFlight += 1;
    return new Promise((resolve) => {
      const end = (make: (totalMs: number) => Exchange) => {
        timer.cancel();
        signal?.removeEventListener("abort", onAbort);
        inFlight -= 1;
        resolve(make(clock.now() - arrival.at));
      };
      const onAbort = () => end((totalMs) => failed("cancelled", totalMs));
      signal?.addEventListener("abort", onAbort, { once: true });
      const afterMs = script === "hang" ? Infinity : (script.afterMs ?? 0);
      const late = afterMs > request.deadlineMs;
      const timer = clock.after(late ? request.deadlineMs : afterMs, () => {
        end((totalMs) => (late || script === "hang" ? failed("response_timeout", totalMs) : endOf(script, totalMs)));
      });
    });
  }

  const transport: ScriptedTransport = {
    sent,
    get inFlight() {
      return inFlight;
    },
    respond,
    exchange,
    checkUrl: (url) => ({ ok: true, url: new URL(url) }),
    close: () => Promise.resolve(),
  };
  return transport;
}

function failed(failure: TransportFailure, totalMs: number): Exchange {
  return { kind: "failure", failure, message: `Scripted: ${failure}.`, timings: { firstByteMs: null, totalMs } };
}

function endOf(script: Exclude<Script, "hang">, totalMs: number): Exchange {
  if ("failure" in script) return failed(script.failure, totalMs);
  const { status, headers = [], body = "" } = script;
  return { kind: "response", status, headers, body: Buffer.from(body), truncated: false, timings: { firstByteMs: totalMs, totalMs } };
}

function sentOf(request: OutboundRequest, at: number): Sent {
  const header = (name: string) => {
    const index = request.headers.findIndex((value, i) => i % 2 === 0 && value === name);
    return index < 0 ? undefined : request.headers[index + 1];
  };
  return {
    at,
    url: request.url,
    method: request.method,
    headers: [...request.headers],
    body: Buffer.from(request.body ?? []),
    eventId: header("posthorn-event-id") ?? "",
    attempt: Number(header("posthorn-attempt")),
    header,
  };
}
