// An HMAC over method, path, named headers and body as lines, where the request itself names the headers: Contentful. Other layouts have a file of their own.
import type { SchemeConfig } from "../config.ts";
import { decode } from "../encoding.ts";
import { limits } from "../limits.ts";
import { type CompiledScheme, type CompiledSigner, digestBytes, type Plan, type PreparedSignature, type SignRequest } from "../plan.ts";
import type { CanonicalScheme } from "../provider.ts";
import { headerReader, type HeadersInput, type WebhookRequest } from "../request.ts";
import { ConfigError, failure, type VerifyFailure } from "../result.ts";
import { checkTimestamp, formatTimestamp, type TimestampCheck } from "../timestamp.ts";
import { needHeader } from "./asymmetric.ts";
import { compileHook0, compileHook0Signer } from "./canonical-hook0.ts";
import { compileHygraph, compileHygraphSigner } from "./canonical-hygraph.ts";
import { headersByName } from "./canonical-headers.ts";
import { secretKeys } from "./secret-keys.ts";
import { urlReader } from "./hmac-url.ts";

const SIGNATURE = "x-contentful-signature";
const SIGNED_HEADERS = "x-contentful-signed-headers";
const TIMESTAMP = "x-contentful-timestamp";

const mismatch = failure(
  "signature_mismatch",
  "The signature does not match: the secret is another one, or method, path, headers or body are not what was signed.",
);

/** Throws ConfigError for secrets that are too short. */
export function compileCanonical(config: SchemeConfig, scheme: CanonicalScheme): CompiledScheme {
  switch (scheme.layout) {
    case "contentful":
      return compileContentful(config, scheme);
    case "hook0":
      return compileHook0(config, scheme);
    case "hygraph":
      return compileHygraph(config, scheme);
  }
}

/** Throws ConfigError for secrets that are too short. */
export function compileCanonicalSigner(config: SchemeConfig, scheme: CanonicalScheme): CompiledSigner {
  switch (scheme.layout) {
    case "contentful":
      return compileContentfulSigner(config);
    case "hook0":
      return compileHook0Signer(config);
    case "hygraph":
      return compileHygraphSigner(config);
  }
}

function compileContentful(config: SchemeConfig, scheme: CanonicalScheme): CompiledScheme {
  const keys = secretKeys(config, "hmac-sha256", { params: ["url"] });
  const signedUrl = urlReader(config);
  const reader = headerReader();
  const slots = [SIGNATURE, SIGNED_HEADERS, TIMESTAMP].map((name) => reader.slot(name));
  // Contentful refuses an age equal to its limit, unlike all others; ages are whole milliseconds.
  const limit = config.toleranceSeconds ?? scheme.toleranceSeconds;
  const toleranceSeconds = limit === undefined ? undefined : limit - 0.001;
  const check: TimestampCheck = { unit: "ms", toleranceSeconds, future: false };

  function read(request: WebhookRequest, nowMs: number): Plan | VerifyFailure {
    const values = reader.read(request.headers);
    const signature = needHeader(values[slots[0] ?? 0], SIGNATURE);
    if (typeof signature !== "string") return signature;
    const names = needHeader(values[slots[1] ?? 1], SIGNED_HEADERS);
    if (typeof names !== "string") return names;
    const timestamp = needHeader(values[slots[2] ?? 2], TIMESTAMP);
    if (typeof timestamp !== "string") return timestamp;
    const bytes = decode("hex", signature);
    if (bytes?.length !== digestBytes["hmac-sha256"])
      return failure("malformed_signature", `The header ${SIGNATURE} is not hex of the full length.`);
    const headers = signedHeaders(names, request.headers);
    if (typeof headers !== "string") return headers;
    const url = signedUrl(request);
    const path = url === undefined ? undefined : canonicalPath(url);
    if (path === undefined || typeof request.method !== "string")
      return failure("malformed_request", "This provider signs the method and url of the request: pass them to verify.");
    const failed = checkTimestamp(timestamp, check, nowMs);
    if (failed !== undefined) return failed;
    const head = `${request.method}\n${path}\n${headers}\n`;
    return { ok: true, content: [head, request.body], candidates: [{ algorithm: "hmac-sha256", bytes }] };
  }

  return { keys, unsigned: false, mismatch, read };
}

/** Signs the two headers that must be signed and no others. Throws ConfigError without method or url. */
function compileContentfulSigner(config: SchemeConfig): CompiledSigner {
  const keys = secretKeys(config, "hmac-sha256", { params: ["url"] }).slice(0, 1);
  const signedUrl = urlReader(config);

  function prepare(request: SignRequest): PreparedSignature {
    const url = signedUrl(request);
    const path = url === undefined ? undefined : canonicalPath(url);
    if (path === undefined) throw new ConfigError("url", "is needed: it is part of what is signed");
    if (request.method === undefined) throw new ConfigError("method", "is needed: it is part of what is signed");
    const names = `${SIGNED_HEADERS},${TIMESTAMP}`;
    const timestamp = formatTimestamp(request.timestampMs, "ms");
    const lines = `${SIGNED_HEADERS}:${names};${TIMESTAMP}:${timestamp}`;
    const headers: [string, string][] = [
      [SIGNED_HEADERS, names],
      [TIMESTAMP, timestamp],
    ];
    return {
      content: [`${request.method}\n${path}\n${lines}\n`, request.body],
      finish: (signatures) => ({ headers: [...headers, [SIGNATURE, signatures[0] ?? ""]] }),
    };
  }

  return { keys, encoding: "hex", prepare };
}

/** `name:value` of every signed header, sorted and joined with `;`. */
function signedHeaders(list: string, headers: HeadersInput): string | VerifyFailure {
  const names = list.split(",").map((name) => name.trim().toLowerCase());
  // A list that leaves these two out would let anyone renew an old request, or choose what else was signed.
  if (!names.includes(SIGNED_HEADERS) || !names.includes(TIMESTAMP) || names.length > limits.signedHeadersMax)
    return failure("malformed_signature", `The header ${SIGNED_HEADERS} does not name itself and ${TIMESTAMP}.`);
  if (new Set(names).size !== names.length) return failure("malformed_signature", `The header ${SIGNED_HEADERS} names a header twice.`);
  const values = headersByName(headers);
  const lines: string[] = [];
  for (const name of names.toSorted()) {
    const value = needHeader(values.get(name), name);
    if (typeof value !== "string") return value;
    lines.push(`${name}:${value.trim()}`);
  }
  return lines.join(";");
}

// Contentful's own library escapes the query as one text and then the whole again, so `?a=b` is signed as `?a%253Db`.
function canonicalPath(url: string): string | undefined {
  const path = /^https?:\/\/[^/?#]*([^#]*)/i.exec(url)?.[1] ?? (url.startsWith("/") ? url : undefined);
  if (path === undefined) return undefined;
  const [pathname = "", search = ""] = path.split("?");
  try {
    return encodeURI(search === "" ? pathname || "/" : `${pathname || "/"}?${encodeURIComponent(search)}`);
  } catch {
    return undefined;
  }
}
