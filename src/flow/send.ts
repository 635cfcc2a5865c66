// send: a due delivery becomes one HTTP attempt and an Outcome value. No database, no decisions about what comes next.
import { createSigner, type Signer } from "@posthorn/sdk";
import type { AttemptFacts } from "../core/attempt-facts.ts";
import { type AwsSigner, createAwsSigner } from "../core/aws-sigv4.ts";
import type { Attempt, Delivery } from "../core/delivery.ts";
import type { Destination } from "../core/destination.ts";
import type { Event } from "../core/event.ts";
import type { ConnectionProfile, Exchange, Transport } from "../outbound/transport.ts";
import type { Clock } from "../system/clock.ts";
import { CREDENTIAL_MASK } from "./credentials.ts";
import { HOPS_HEADER, HOPS_MAX, hopsOf } from "./hops.ts";
import { exchangeWithToken } from "./oauth-exchange.ts";
import { createOAuthTokens, type OAuthAuth } from "./oauth-tokens.ts";
import { connectionProfile } from "./send-connection.ts";

export interface Outcome {
  startedAt: number;
  durationMs: number;
  /** As sent, with credentials masked. */
  request: Attempt["request"];
  result: Attempt["result"];
  facts?: AttemptFacts;
}

export interface Sender {
  attempt(delivery: Delivery, event: Event, destination: Destination): Promise<Outcome>;
}

interface Sending {
  delivery: Delivery;
  event: Event;
  destination: Destination;
  startedAt: number;
  /** How often the event had been passed on before. */
  hops: number;
}

interface BuiltRequest {
  method: string;
  url: string;
  headers: string[];
  body: Uint8Array | null;
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
  aws: AwsSigner | null;
  oauth: OAuthAuth | null;
  profile: ConnectionProfile | null;
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
  "http2-settings",
  // Not the connection's, and yet nothing a receiver may be told in somebody else's name: a session, or that a cloud may
  // answer with credentials.
  "cookie",
  "metadata",
  "metadata-flavor",
  "x-google-metadata-request",
  "x-metadata-token",
  "x-aws-ec2-metadata-token",
  "x-aws-ec2-metadata-token-ttl-seconds",
]);
const MASK = "***";
const NO_BODY = new Uint8Array(0);
const AWS_HEADERS = ["authorization", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token"];
const SECRET_NAME = /^(authorization|cookie|proxy-authorization)$|token|secret|password|api-?key/i;

export function createSender(options: {
  transport: Transport;
  clock: Clock;
  credentialHeaders: (event: Event) => ReadonlySet<string>;
}): Sender {
  const { transport, clock } = options;
  const tokens = createOAuthTokens({ transport, clock });
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

  return {
    async attempt(delivery, event, destination) {
      const startedAt = clock.now();
      const hops = hopsOf(event.request);
      if (hops >= HOPS_MAX) return looped(destination, startedAt);
      let built: BuiltRequest;
      try {
        built = buildRequest(prepare(destination), { delivery, event, destination, startedAt, hops }, options.credentialHeaders);
      } catch (error) {
        return unbuildable(destination, startedAt, error);
      }
      const { deadlineMs, connectTimeoutMs, responseBytesMax } = destination;
      const { oauth, profile, typedIn } = prepare(destination);
      const request = { ...built, deadlineMs, connectTimeoutMs, responseBytesMax, profile };
      const ended = oauth === null ? null : await exchangeWithToken({ transport, tokens, clock }, oauth, request);
      const exchange = ended === null ? await transport.exchange(request) : ended.exchange;
      const { method, url, headers } = built;
      return {
        startedAt,
        durationMs: Math.round(ended === null ? exchange.timings.totalMs : clock.now() - startedAt),
        request: { method, url, headers: masked(exchange.sentHeaders ?? headers, typedIn) },
        result: ended?.refused ?? resultOf(exchange),
        facts: factsOf(exchange),
      };
    },
  };
}

/** What differs from delivery to delivery. `credentialHeaders` gives the names of headers that prove the sender to us. */
function buildRequest(
  ready: Prepared,
  { delivery, event, destination, startedAt, hops }: Sending,
  credentialHeaders: (event: Event) => ReadonlySet<string>,
): BuiltRequest {
  const { request } = event;
  const method = destination.method ?? request.method;
  const url = ready.aws === null ? targetUrl(destination, event) : withoutPlus(targetUrl(destination, event));
  const body = request.body.byteLength === 0 && (method === "GET" || method === "HEAD") ? null : request.body;
  const headers = destination.forwardHeaders ? forwardedHeaders(event, ready.own, credentialHeaders(event)) : contentHeaders(event);
  headers.push(...ready.headers);
  headers.push(
    "posthorn-event-id",
    event.id,
    "posthorn-event-type",
    headerSafe(event.type),
    "posthorn-attempt",
    String(delivery.attempts + 1),
    HOPS_HEADER,
    String(hops + 1),
  );
  if (ready.signer !== null) {
    const timestampSeconds = Math.floor(startedAt / 1000);
    const signed = ready.signer.sign({ id: event.id, timestampSeconds, method, url, body: request.body });
    for (const [name, value] of signed.headers) headers.push(name, value);
    if (ready.timestampHeader !== null && !signed.headers.some(([name]) => name === ready.timestampHeader)) {
      headers.push(ready.timestampHeader, String(timestampSeconds));
    }
  }
  if (ready.aws !== null) {
    const signed = awsSigned(headers);
    for (const pair of ready.aws.sign({ method, url, headers: signed, body: body ?? NO_BODY, nowMs: startedAt })) headers.push(...pair);
  }
  return { method, url, headers, body };
}

function resultOf(exchange: Exchange): Outcome["result"] {
  switch (exchange.kind) {
    case "response":
      return { kind: "response", status: exchange.status, headers: exchange.headers, body: exchange.body, truncated: exchange.truncated };
    case "failure":
      return { kind: "failure", failure: exchange.failure, message: exchange.message };
  }
}

function factsOf(exchange: Exchange): AttemptFacts {
  const { connection, timings } = exchange;
  const { firstByteMs, totalMs } = timings;
  return {
    dnsMs: connection?.dnsMs ?? null,
    connectMs: connection?.connectMs ?? null,
    tlsMs: connection?.tlsMs ?? null,
    firstByteMs,
    bodyMs: firstByteMs === null ? null : totalMs - firstByteMs,
    reused: connection?.reused ?? false,
    remote: connection?.remote ?? null,
    httpVersion: connection?.httpVersion ?? null,
    tlsVersion: connection?.tlsVersion ?? null,
    certificateExpiresAt: connection?.certificateExpiresAt ?? null,
    responseBytes: exchange.kind === "response" ? (exchange.bytesReceived ?? exchange.body.byteLength) : null,
    detail: exchange.kind === "failure" ? (exchange.detail ?? null) : null,
  };
}

/** Passing it on once more would not end: whoever built the circle finds the reason at the delivery. */
function looped(destination: Destination, startedAt: number): Outcome {
  const message = `The event has been passed on ${HOPS_MAX} times already, so it goes in a circle and was not sent again.`;
  return {
    startedAt,
    durationMs: 0,
    request: { method: destination.method ?? "POST", url: destination.url, headers: [] },
    result: { kind: "failure", failure: "loop", message },
  };
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
    // A token is asked for, or a signature made, when a request is sent.
    case "none":
    case "oauth2":
    case "aws-sigv4":
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
  for (const name of ["posthorn-event-id", "posthorn-event-type", "posthorn-attempt", HOPS_HEADER]) own.add(name);
  if (auth.kind === "oauth2") own.add("authorization");
  if (auth.kind === "aws-sigv4") for (const name of AWS_HEADERS) own.add(name);
  const made: Prepared = {
    headers,
    own,
    typedIn,
    signer: null,
    timestampHeader: null,
    aws: auth.kind === "aws-sigv4" ? createAwsSigner(auth) : null,
    oauth: auth.kind === "oauth2" ? auth : null,
    profile: connectionProfile(destination),
  };
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
    // The transport refuses every proxy header, so one that was passed on would end each attempt.
    if (
      CONNECTION_HEADERS.has(name) ||
      name.startsWith("proxy-") ||
      own.has(name) ||
      credentials.has(name) ||
      flat[i + 1] === CREDENTIAL_MASK
    )
      continue;
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

/** Masks in place: the request is over, and nobody else holds the list. */
function masked(headers: string[], typedIn: ReadonlySet<string>): string[] {
  for (let i = 0; i + 1 < headers.length; i += 2) {
    if (typedIn.has(headers[i]!) || saysSecret(headers[i]!)) headers[i + 1] = MASK;
  }
  return headers;
}

// The same dozen names come with every delivery, and a pattern costs several times a look-up.
const judgedNames = new Map<string, boolean>();
const JUDGED_NAMES_MAX = 1_000;

function saysSecret(name: string): boolean {
  let secret = judgedNames.get(name);
  if (secret === undefined) {
    secret = SECRET_NAME.test(name);
    if (judgedNames.size >= JUDGED_NAMES_MAX) judgedNames.clear();
    judgedNames.set(name, secret);
  }
  return secret;
}

/** AWS reads a plus in a query as a plus in some services and as a space in others; nobody misreads `%20`. */
function withoutPlus(url: string): string {
  const [base, query] = splitQuery(url);
  return query === "" ? base : `${base}?${query.replaceAll("+", "%20")}`;
}

/** What describes the body is signed with it; the rest may be changed on the way without harm. */
function awsSigned(headers: readonly string[]): [string, string][] {
  const signed: [string, string][] = [];
  for (let i = 0; i + 1 < headers.length; i += 2) {
    if (headers[i] === "content-type" || headers[i]!.startsWith("x-amz-")) signed.push([headers[i]!, headers[i + 1]!]);
  }
  return signed;
}

/** Types come from providers and may hold anything; a header may not. */
function headerSafe(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?");
}
