// What is checked of a request before its body is read: cheap, and in the order that tells a stranger least.
import { providers } from "@posthorn/sdk";
import type { RequestHead } from "../core/event.ts";
import type { RejectionCause, Source } from "../core/source.ts";
import type { LiveSource } from "./catalog-source.ts";
import type { Refusal } from "./verification.ts";

/** What is known of a request before its body is read. */
export interface Arrival extends RequestHead {
  token: string;
  contentType: string | undefined;
  /** Null when the request does not say. */
  contentLength: number | null;
}

export type ArrivalVerdict =
  | { ok: true; bodyBytesMax: number }
  | { ok: false; cause: RejectionCause; message: string; retryAfterSeconds: number | null };

function refused(cause: RejectionCause, message: string, retryAfterSeconds: number | null = null): ArrivalVerdict & { ok: false } {
  return { ok: false, cause, message, retryAfterSeconds };
}

export const UNKNOWN_SOURCE = refused("unknown_source", "No source has this ingest URL.");

/** Takes a token of the source's rate limit only when everything else is right. */
export function checkArrival(live: LiveSource, arrival: Arrival, now: number, bodyBytesDefault: number): ArrivalVerdict {
  const { source } = live;
  if (!source.enabled) return refused("source_disabled", `The source ${source.name} is disabled.`);
  if (!live.allowsAddress(arrival.remoteAddress)) {
    return refused("ip_not_allowed", `${arrival.remoteAddress} is in none of the ranges the source allows.`);
  }
  const tests = live.handshakeMethods.has(arrival.method);
  if (!live.methods.has(arrival.method) && !tests) {
    const { cause, message } = methodRefusal(source, arrival.method);
    return refused(cause, message);
  }
  // A test of the endpoint often has no body and then no type.
  if (!live.allowsContentType(arrival.contentType) && !(tests && arrival.contentType === undefined)) {
    return refused(
      "content_type_not_allowed",
      `Content type ${arrival.contentType ?? "(none)"} is not among ${source.allowedContentTypes.join(", ")}.`,
    );
  }
  const repeated = repeatedHeader(arrival.headers, source.provider);
  if (repeated !== null) return refused("duplicate_header", `duplicate_header: The header ${repeated} is present more than once.`);
  const bodyBytesMax = source.bodyBytesMax ?? bodyBytesDefault;
  if (arrival.contentLength !== null && arrival.contentLength > bodyBytesMax) {
    return refused("too_large", `The body has ${arrival.contentLength} bytes; the source takes ${bodyBytesMax}.`);
  }
  const token = live.bucket?.take(now);
  if (token !== undefined && !token.ok) {
    return refused("rate_limited", "More requests came than the source's rate limit lets through.", Math.ceil(token.retryAfterMs / 1000));
  }
  return { ok: true, bodyBytesMax };
}

// Of two copies, our rules would read one and a receiver behind us the other. Headers of a signature are the SDK's to count.
const ONCE_ALWAYS = ["host", "content-type"];
const ONCE: ReadonlyMap<string, readonly string[]> = new Map(
  providers.map(({ id, eventId }) => {
    const idHeaders = eventId.filter((at) => at.startsWith("header:")).map((at) => at.slice("header:".length));
    return [id, [...ONCE_ALWAYS, ...idHeaders]];
  }),
);

/** The name of a header that is there twice and must not be; null for none. */
function repeatedHeader(headers: readonly string[], provider: string): string | null {
  const once = ONCE.get(provider) ?? ONCE_ALWAYS;
  let seen = 0;
  for (let i = 0; i < headers.length; i += 2) {
    const header = headers[i]!;
    for (let at = 0; at < once.length; at += 1) {
      const name = once[at]!;
      if (header.length !== name.length || header.toLowerCase() !== name) continue;
      if ((seen & (1 << at)) !== 0) return name;
      seen |= 1 << at;
    }
  }
  return null;
}

export function methodRefusal({ allowedMethods }: Source, method: string): Refusal {
  return { cause: "method_not_allowed", message: `${method} is not among ${allowedMethods.join(", ")}.` };
}
