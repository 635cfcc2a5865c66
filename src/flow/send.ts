// send: a due delivery becomes one HTTP attempt and an Outcome value. No database, no decisions about what comes next.
import { createSigner, type Signer } from "@posthorn/sdk";
import type { Attempt, Delivery } from "../core/delivery.ts";
import type { Destination } from "../core/destination.ts";
import type { Event } from "../core/event.ts";
import type { Exchange, Transport } from "../outbound/transport.ts";
import type { Clock } from "../system/clock.ts";
import { CREDENTIAL_MASK } from "./credentials.ts";

export interface Outcome {
  startedAt: number;
  durationMs: number;
  /** As sent, with credentials masked. */
  request: Attempt["request"];
  result: Attempt["result"];
}

export interface Sender {
  attempt(delivery: Delivery, event: Event, destination: Destination): Promise<Outcome>;
}

interface BuiltRequest {
  method: string;
  url: string;
  headers: string[];
  body: Uint8Array | null;
  /** The headers with credentials masked, for the attempt's record. */
  shownHeaders: string[];
}

/** What is the same for every delivery of one version of a destination, worked out once. */
interface Prepared {
  /** The destination's own headers, in order: static ones and credentials. */
  headers: string[];
  /** Lower-case names that the destination sets and that therefore are not forwarded. */
  own: Set<string>;
  /** Names among them whose values an owner typed in: often keys, so none is written to an attempt's record. */
  typedIn: Set<string>;
  signer: Signer | null;
  /** The header that carries the timestamp of a custom HMAC, when it has one. */
  timestampHeader: string | null;
}

/**
 * Headers of the received request that belong to its connection, not to the event; the transport and HTTP set their
 * own. `expect` would make a receiver wait for a body that is already on its way.
 */
const CONNECTION_HEADERS = new Set([
  "host",
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "content-length",
  "expect",
  "accept-encoding",
]);
const MASK = "***";
const SECRET_NAME = /^(authorization|cookie|proxy-authorization)$|token|secret|password|api-?key/i;

export function createSender(options: {
  transport: Transport;
  clock: Clock;
  credentialHeaders: (event: Event) => ReadonlySet<string>;
}): Sender {
  const { transport, clock } = options;
  // Destinations are immutable values: a changed one is a new object, and the old preparation goes with the old one.
  const prepared = new WeakMap<Destination, Prepared>();

  function prepare(destination: Destination): Prepared {
    let made = prepared.get(destination);
    if (made === undefined) {
      made = prepareDestination(destination);
      prepared.set(destination, made);
    }
    return made;
  }

  function build(delivery: Delivery, event: Event, destination: Destination, startedAt: number): BuiltRequest {
    const ready = prepare(destination);
    const { request } = event;
    const method = destination.method ?? request.method;
    const url = targetUrl(destination, event);
    const body = request.body.byteLength === 0 && (method === "GET" || method === "HEAD") ? null : request.body;
    const headers = destination.forwardHeaders
      ? forwardedHeaders(event, ready.own, options.credentialHeaders(event))
      : contentHeaders(event);
    headers.push(...ready.headers);
    headers.push(
      "posthorn-event-id",
      event.id,
      "posthorn-event-type",
      headerSafe(event.type),
      "posthorn-attempt",
      String(delivery.attempts + 1),
    );
    if (ready.signer !== null) {
      const timestampSeconds = Math.floor(startedAt / 1000);
      const signed = ready.signer.sign({ id: event.id, timestampSeconds, method, url, body: request.body });
      for (const [name, value] of signed.headers) headers.push(name, value);
      if (ready.timestampHeader !== null && !signed.headers.some(([name]) => name === ready.timestampHeader)) {
        headers.push(ready.timestampHeader, String(timestampSeconds));
      }
    }
    return { method, url, headers, body, shownHeaders: masked(headers, ready.typedIn) };
  }

  return {
    async attempt(delivery, event, destination) {
      const startedAt = clock.now();
      let built: BuiltRequest;
      try {
        built = build(delivery, event, destination, startedAt);
      } catch (error) {
        return unbuildable(destination, startedAt, error);
      }
      const { method, url, headers, body, shownHeaders } = built;
      const { deadlineMs, connectTimeoutMs, responseBytesMax } = destination;
      const exchange = await transport.exchange({ method, url, headers, body, deadlineMs, connectTimeoutMs, responseBytesMax });
      return {
        startedAt,
        durationMs: Math.round(exchange.timings.totalMs),
        request: { method, url, headers: shownHeaders },
        result: resultOf(exchange),
      };
    },
  };
}

function resultOf(exchange: Exchange): Outcome["result"] {
  switch (exchange.kind) {
    case "response":
      return { kind: "response", status: exchange.status, headers: exchange.headers, body: exchange.body, truncated: exchange.truncated };
    case "failure":
      return { kind: "failure", failure: exchange.failure, message: exchange.message };
  }
}

/** One destination that cannot be sent to must not end the program; its owner finds the reason at the attempt. */
function unbuildable(destination: Destination, startedAt: number, error: unknown): Outcome {
  const message = `The request could not be built: ${error instanceof Error ? error.message : String(error)}`;
  return {
    startedAt,
    durationMs: 0,
    request: { method: destination.method ?? "POST", url: destination.url, headers: [] },
    result: { kind: "failure", failure: "invalid_request", message },
  };
}

function prepareDestination(destination: Destination): Prepared {
  const headers: string[] = [];
  for (const [name, value] of Object.entries(destination.headers)) headers.push(name.toLowerCase(), value);
  const { auth, signature } = destination;
  switch (auth.kind) {
    case "none":
      break;
    case "basic":
      headers.push("authorization", `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString("base64")}`);
      break;
    case "bearer":
      headers.push("authorization", `Bearer ${auth.token}`);
      break;
    case "apiKey":
      headers.push(auth.header.toLowerCase(), auth.value);
      break;
  }
  const own = new Set(headers.filter((_, index) => index % 2 === 0));
  const typedIn = new Set(own);
  for (const name of ["posthorn-event-id", "posthorn-event-type", "posthorn-attempt"]) own.add(name);
  const made: Prepared = { headers, own, typedIn, signer: null, timestampHeader: null };
  switch (signature.kind) {
    case "none":
      break;
    case "standard-webhooks":
      // A receiver that finds two ids or signatures must refuse both: ours stand alone.
      for (const name of ["webhook-id", "webhook-timestamp", "webhook-signature"]) own.add(name);
      made.signer = createSigner({ provider: "standard-webhooks", secrets: signature.secrets });
      break;
    case "hmac": {
      own.add(signature.header.toLowerCase());
      made.timestampHeader = signature.timestampHeader?.toLowerCase() ?? null;
      if (made.timestampHeader !== null) own.add(made.timestampHeader);
      const { algorithm, header, prefix, encoding, content, timestampHeader, secret } = signature;
      const params = { algorithm, header, prefix, encoding, content, ...(timestampHeader === null ? {} : { timestampHeader }) };
      made.signer = createSigner({ provider: "hmac", secrets: [secret], params });
      break;
    }
  }
  return made;
}

/** The received headers in order, less the connection's, the destination's own, and what proved the sender to us. */
function forwardedHeaders(event: Event, own: Set<string>, credentials: ReadonlySet<string>): string[] {
  const headers: string[] = [];
  const flat = event.request.headers;
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const name = flat[i]!.toLowerCase();
    // A masked value stays behind also when the source that asked for it is gone.
    if (CONNECTION_HEADERS.has(name) || own.has(name) || credentials.has(name) || flat[i + 1] === CREDENTIAL_MASK) continue;
    headers.push(name, flat[i + 1]!);
  }
  return headers;
}

/** Without forwarding, what describes the body still goes along: the bytes mean nothing without their type. */
function contentHeaders(event: Event): string[] {
  const headers: string[] = [];
  const flat = event.request.headers;
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const name = flat[i]!.toLowerCase();
    if (name === "content-type" || name === "content-encoding") headers.push(name, flat[i + 1]!);
  }
  return headers;
}

function targetUrl(destination: Destination, event: Event): string {
  const { pathTail, query } = event.request;
  const addsPath = destination.forwardPath && pathTail !== "";
  const addsQuery = destination.forwardQuery && query !== "";
  if (!addsPath && !addsQuery) return destination.url;
  const [base, ownQuery] = splitQuery(destination.url);
  const path = addsPath ? `${base.replace(/\/$/, "")}${pathTail}` : base;
  const queries = [ownQuery, addsQuery ? query : ""].filter((part) => part !== "");
  return queries.length === 0 ? path : `${path}?${queries.join("&")}`;
}

function splitQuery(url: string): [base: string, query: string] {
  const at = url.indexOf("?");
  return at < 0 ? [url, ""] : [url.slice(0, at), url.slice(at + 1)];
}

function masked(headers: readonly string[], typedIn: ReadonlySet<string>): string[] {
  const copy = [...headers];
  for (let i = 0; i + 1 < copy.length; i += 2) {
    if (typedIn.has(copy[i]!) || SECRET_NAME.test(copy[i]!)) copy[i + 1] = MASK;
  }
  return copy;
}

/** Types come from providers and may hold anything; a header may not. */
function headerSafe(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?");
}
