// Why a kept request verifies or not: checked again with the secrets of today, as if it were the moment it came.
import {
  diagnose,
  type Hint,
  type Params,
  type Provider,
  providerById,
  verify,
  type VerifyCause,
  type VerifyOptions,
  type VerifyOutcome,
} from "@posthorn/sdk";
import type { RejectionCause, Source } from "../core/source.ts";
import type { RequestRecord } from "../store/store.ts";
import type { Clock } from "../system/clock.ts";
import type { Catalog } from "./catalog.ts";
import { CREDENTIAL_MASK, type Credentials, credentialsOf } from "./credentials.ts";
import { LARGE_BODY_BYTES } from "./large-bodies.ts";
import type { VendorKeys } from "./vendor-keys.ts";
import { webhookRequest } from "./verification.ts";

export interface RequestDiagnosis {
  /** Null when what was kept is not enough to tell. */
  ok: boolean | null;
  cause: VerifyCause | null;
  message: string;
  hints: readonly Hint[];
  /** What the verdict could not take into account. */
  notes: string[];
  /** Null when the source is gone. */
  provider: string | null;
}

/** Of that many other sources the secrets are tried, so that a mistake between two of one's own is named. */
const OTHER_SOURCES_MAX = 50;

export interface DiagnosisOptions {
  catalog: Pick<Catalog, "liveSource" | "sources">;
  vendorKeys: Pick<VendorKeys, "find">;
  /** Says which secrets are in force. */
  clock: Clock;
}

/** Holds no secret, nor a part of one. */
export async function diagnoseRequest({ catalog, vendorKeys, clock }: DiagnosisOptions, record: RequestRecord): Promise<RequestDiagnosis> {
  const nowMs = clock.now();
  const live = record.sourceId === null ? undefined : catalog.liveSource(record.sourceId);
  const source = live?.source;
  const provider = source && providerById(source.provider);
  if (source === undefined || provider === undefined)
    return unknown(null, "The request belongs to no source that exists, so there is nothing to check it with.");
  const { request, receivedAt, bodyBytes } = record;
  const masked = maskedIn(record, credentialsOf(source));
  if (masked.some((name) => carriesProof(provider, name)))
    return unknown(
      source.provider,
      "The shared secret of the request is masked in what was kept, so it cannot be checked again. Send a test request, and compare the secret of the source with the sender's.",
    );
  const received = webhookRequest(request);
  const keyed = live?.keyed(nowMs) ?? null;
  const found = keyed === null ? null : await vendorKeys.find(keyed, received, receivedAt);
  if (found?.ok === false) return { ...verdictOf(found), notes: [], provider: source.provider };
  const secrets = found === null ? secretsOf(source, nowMs) : [];
  const options: VerifyOptions = {
    provider,
    secrets,
    publicKey: found?.publicKey ?? source.publicKey ?? undefined,
    params: source.params as Params,
    toleranceSeconds: source.toleranceSeconds ?? undefined,
    nowMs: receivedAt,
  };
  const missing = bodyBytes - request.body.byteLength;
  const notes = notesOf(record, masked, missing);
  if (request.body.byteLength > LARGE_BODY_BYTES) {
    const result = await verify(received, options);
    return { ...verdictOf(result), notes: result.ok ? notes : [...notes, LARGE_BODY_NOTE], provider: source.provider };
  }
  const diagnosis = await diagnose(received, { ...options, otherSecrets: otherSecrets(catalog.sources(), source, nowMs) });
  const { ok, cause = null, message, hints } = diagnosis;
  // A signature over the whole body can neither fit nor be refuted by its first part; what was wrong before that stays wrong.
  if (missing > 0 && !ok && cause !== null && NEEDS_BODY.has(cause))
    return { ...unknown(source.provider, "The signature covers a body that was kept in part only, so it cannot be checked again."), notes };
  return { ok, cause, message, hints, notes, provider: source.provider };
}

// A hundred tries of megabytes each would stop everybody else for a second.
const LARGE_BODY_NOTE = "The body is larger than 1 MiB, so nothing was tried to find out what would make it verify.";

function verdictOf(result: VerifyOutcome): Pick<RequestDiagnosis, "ok" | "cause" | "message" | "hints"> {
  if (result.ok) return { ok: true, cause: null, message: "The request verifies.", hints: [] };
  return { ok: false, cause: result.cause, message: result.message, hints: [] };
}

function unknown(provider: string | null, message: string): RequestDiagnosis {
  return { ok: null, cause: null, message, hints: [], notes: [], provider };
}

const NEEDS_BODY: ReadonlySet<VerifyCause> = new Set(["signature_mismatch", "claim_mismatch", "malformed_request", "malformed_timestamp"]);

/** Header names, and `?name` for a parameter of the query, whose value was not kept. */
function maskedIn({ request }: RequestRecord, credentials: Credentials): string[] {
  const names: string[] = [];
  for (let at = 0; at + 1 < request.headers.length; at += 2) {
    const name = request.headers[at]!.toLowerCase();
    if (credentials.headers.has(name) && request.headers[at + 1] === CREDENTIAL_MASK) names.push(name);
  }
  const { query } = credentials;
  if (query !== null && new URLSearchParams(request.query).getAll(query).includes(CREDENTIAL_MASK)) names.push(`?${query}`);
  return names;
}

/** Whether the provider's own proof stands there, and not a credential beside it. */
function carriesProof({ scheme }: Provider, name: string): boolean {
  switch (scheme.kind) {
    case "token":
    case "basic":
      return true;
    case "hmac":
      return scheme.sig.header.includes(name);
    case "jwt":
    case "asymmetric":
      return scheme.header === name;
    case "standard-webhooks":
    case "canonical":
    case "http-signature":
    case "body-signature":
    case "none":
      return false;
  }
}

function secretsOf(source: Source, nowMs: number): string[] {
  return source.secrets.filter(({ expiresAt }) => expiresAt === null || expiresAt > nowMs).map(({ value }) => value);
}

// Those of the same provider first: two repositories, two shops.
function otherSecrets(sources: readonly Source[], own: Source, nowMs: number): { name: string; secret: string }[] {
  const others = sources.filter(({ id }) => id !== own.id);
  const sorted = [
    ...others.filter(({ provider }) => provider === own.provider),
    ...others.filter(({ provider }) => provider !== own.provider),
  ];
  return sorted.slice(0, OTHER_SOURCES_MAX).flatMap((source) => secretsOf(source, nowMs).map((secret) => ({ name: source.name, secret })));
}

// Refused for something else, before anybody looked at the signature.
const BEFORE_SIGNATURE: ReadonlySet<RejectionCause> = new Set([
  "unknown_source",
  "source_disabled",
  "method_not_allowed",
  "content_type_not_allowed",
  "ip_not_allowed",
  "rate_limited",
  "too_large",
  "incomplete_body",
  "overloaded",
  "store_unavailable",
]);

function notesOf({ cause, message, request, bodyBytes }: RequestRecord, masked: readonly string[], missing: number): string[] {
  const notes: string[] = [];
  if (cause !== null && BEFORE_SIGNATURE.has(cause))
    notes.push(
      `The request was refused for something else, before its signature was looked at: ${cause}${message === null ? "." : `: ${message}`}`,
    );
  if (missing > 0) notes.push(`${request.body.byteLength} of the body's ${bodyBytes} bytes were kept.`);
  if (masked.length > 0)
    notes.push(`The credential in ${masked.join(", ")} is masked in what was kept: only the signature beside it was checked.`);
  return notes;
}
