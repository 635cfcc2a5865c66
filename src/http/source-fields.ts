// From what a caller wrote about a source to the fields of one; what was left out takes the default or stays.
import { findProvider } from "@posthorn/sdk";
import type { DedupeRule, Source, SourceAuth } from "../core/source.ts";
import { DEDUPE_WINDOW_DEFAULT_MS } from "../limits.ts";
import { INGEST_METHODS, type SourceUpdate } from "./schemas/source.ts";

const RESPONSE_DEFAULT = { status: 200, headers: { "content-type": "application/json" }, body: '{"ok":true}' };

/** `provider` sets the answer where it wants another one than a plain 200. */
export function sourceDefaults(provider = "none"): Omit<Source, "id" | "name" | "token" | "createdAt" | "updatedAt"> {
  return {
    enabled: true,
    provider,
    params: {},
    secrets: [],
    publicKey: null,
    toleranceSeconds: null,
    auth: { kind: "none" },
    allowedMethods: [...INGEST_METHODS],
    allowedContentTypes: [],
    allowedIps: [],
    rateLimit: null,
    dedupe: { by: "providerEventId", windowMs: DEDUPE_WINDOW_DEFAULT_MS },
    response: responseFor(provider),
    keyFrom: null,
    split: false,
    bodyBytesMax: null,
    retentionDays: null,
  };
}

/** Discord wants 204, Salesforce an acknowledgement in SOAP: facts of the catalogue. */
function responseFor(provider: string): Source["response"] {
  const answer = findProvider(provider)?.answer;
  if (answer === undefined) return RESPONSE_DEFAULT;
  const { status, contentType, body = "" } = answer;
  return { status, headers: body === "" ? {} : { "content-type": contentType ?? "text/plain; charset=utf-8" }, body };
}

/** Only the fields that were given. */
export function sourceFields(body: SourceUpdate): Partial<Source> {
  const { secrets, auth, dedupe, rateLimit, response, provider, ...plain } = body;
  const fields: Partial<Source> = Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== undefined));
  // Stored by its id, whatever the caller wrote; a name that means nobody is refused when the source is checked.
  if (provider !== undefined) fields.provider = findProvider(provider)?.id ?? provider;
  if (secrets !== undefined) {
    fields.secrets = secrets.map((given) =>
      typeof given === "string" ? { value: given, expiresAt: null } : { value: given.value, expiresAt: given.expiresAt ?? null },
    );
  }
  if (auth !== undefined) fields.auth = authOf(auth);
  if (dedupe !== undefined) fields.dedupe = dedupeOf(dedupe);
  // A burst below one second's worth would make the rate unreachable.
  if (rateLimit !== undefined)
    fields.rateLimit =
      rateLimit === null ? null : { perSecond: rateLimit.perSecond, burst: rateLimit.burst ?? Math.max(1, Math.ceil(rateLimit.perSecond)) };
  if (response !== undefined) fields.response = responseOf(response);
  return fields;
}

function authOf(auth: NonNullable<SourceUpdate["auth"]>): SourceAuth {
  return auth.kind === "none" ? auth : { ...auth, required: auth.required ?? false };
}

function dedupeOf(rule: NonNullable<SourceUpdate["dedupe"]>): DedupeRule {
  return rule.by === "none" ? rule : { ...rule, windowMs: rule.windowMs ?? DEDUPE_WINDOW_DEFAULT_MS };
}

/** A part left out takes the default, except that a body of one's own has no type until one says so. */
function responseOf(response: NonNullable<SourceUpdate["response"]>): Source["response"] {
  const status = response.status ?? RESPONSE_DEFAULT.status;
  const bodiless = status === 204 || status === 205;
  const body = response.body ?? (bodiless ? "" : RESPONSE_DEFAULT.body);
  const headers =
    response.headers ??
    (body === "" ? {} : response.body === undefined ? RESPONSE_DEFAULT.headers : { "content-type": "text/plain; charset=utf-8" });
  return { status, headers, body };
}
