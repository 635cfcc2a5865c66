// Why does this request not verify? Tries what usually goes wrong and says which fix would make it verify.
import { bodyVariants } from "./body-variants.ts";
import type { Encoding } from "./encoding.ts";
import { withMoreHints } from "./diagnose-more.ts";
import type { KeyHintCode, OtherSecret } from "./diagnose-key.ts";
import type { UrlHintCode } from "./diagnose-url.ts";
import type { Engine } from "./engine.ts";
import { bestEngine } from "./engines.ts";
import { signatureHeaders, type KeyEncoding, type Provider } from "./provider.ts";
import { providerById, providers } from "./providers/index.ts";
import { headerPairs, headerReader, isBody, type WebhookRequest } from "./request.ts";
import type { VerifyCause, VerifyResult } from "./result.ts";
import { hmacParamNames, hmacSchemeFromParams } from "./schemes/hmac-params.ts";
import { check, configFailure, verifierOptions, type VerifyOptions } from "./webhook.ts";

export type HintCode =
  | KeyHintCode
  | UrlHintCode
  | "body_line_ends"
  | "body_newline"
  | "body_reserialized"
  | "header_missing"
  | "legacy_signature"
  | "other_provider"
  | "rotated_key"
  | "secret_decoding"
  | "secret_quotes"
  | "secret_whitespace"
  | "signature_prefix_missing"
  | "stale_timestamp"
  | "timestamp_in_milliseconds"
  | "wrong_encoding"
  | "wrong_secret";

export interface Hint {
  readonly code: HintCode;
  /** One plain sentence that names the fix. */
  readonly message: string;
}

export interface Diagnosis {
  readonly ok: boolean;
  /** Undefined when the request verifies. */
  readonly cause: VerifyCause | undefined;
  readonly message: string;
  readonly hints: readonly Hint[];
}

export interface DiagnoseOptions extends VerifyOptions {
  /** Secrets of the owner's other endpoints: when one of them made the signature, the diagnosis says which. At most 64 are tried. */
  readonly otherSecrets?: readonly OtherSecret[];
}

/** Larger than any age: the hints ask whether a signature fits, not when it was made. 30,000 years in seconds. */
const ANY_AGE_SECONDS = 1e12;

/** What is being diagnosed, with recipes of the generic provider already resolved, so that variants can change them. */
interface Case {
  readonly engine: Engine;
  readonly request: WebhookRequest;
  readonly provider: Provider;
  readonly options: VerifyOptions;
  readonly nowMs: number;
}

/**
 * Verifies like `verify`, and on failure tries variants of the body, the secret and the signature header.
 * Never rejects. Costs some twenty verifications, and up to a hundred more where the URL is signed or other secrets are given: for tools and dashboards, not for the path of every request.
 */
export function diagnose(request: WebhookRequest, options: DiagnoseOptions): Promise<Diagnosis> {
  return diagnoseWith(bestEngine(), request, options);
}

/** `diagnose` with a given executor. */
export async function diagnoseWith(engine: Engine, request: WebhookRequest, options: DiagnoseOptions): Promise<Diagnosis> {
  try {
    const nowMs = options.nowMs ?? Date.now();
    const result = await check(engine, request, { ...options, nowMs });
    if (result.ok) return verified(result.secretIndex);
    if (!isBody(request.body)) return { ...result, hints: [] };
    const subject = caseOf(engine, request, options, nowMs);
    if (subject === undefined) return { ...result, hints: [] };
    const hints = await hintsFor(result.cause, result.message, subject);
    const anyAge = (changed: WebhookRequest, other: VerifyOptions) =>
      check(engine, changed, { ...other, provider: subject.provider, toleranceSeconds: ANY_AGE_SECONDS, nowMs });
    return { ...result, hints: await withMoreHints(hints, result.cause, { ...subject, attempt: anyAge }, options.otherSecrets ?? []) };
  } catch (error) {
    return { ...configFailure(error), hints: [] };
  }
}

function verified(secretIndex: number | undefined): Diagnosis {
  const rotated = secretIndex !== undefined && secretIndex > 0;
  const message = `The request verifies with secret ${(secretIndex ?? 0) + 1}, not with the first: the sender still signs with the other one, so keep it until the sender has switched.`;
  return { ok: true, cause: undefined, message: "The request verifies.", hints: rotated ? [{ code: "rotated_key", message }] : [] };
}

function caseOf(engine: Engine, request: WebhookRequest, options: VerifyOptions, nowMs: number): Case | undefined {
  const provider = typeof options.provider === "string" ? providerById(options.provider) : options.provider;
  if (provider === undefined) return undefined;
  const { scheme } = provider;
  if (scheme.kind !== "hmac" || scheme.fromParams !== true) return { engine, request, provider, options, nowMs };
  const params = options.params ?? {};
  try {
    const resolved = { ...provider, scheme: hmacSchemeFromParams(scheme, params) };
    const names: readonly string[] = hmacParamNames;
    const rest = Object.fromEntries(Object.entries(params).filter(([name]) => !names.includes(name)));
    return { engine, request, provider: resolved, options: { ...options, params: rest }, nowMs };
  } catch {
    return undefined;
  }
}

/** The outcome with something changed, whatever the age of the timestamp is. */
function tryWith(
  subject: Case,
  change: { request?: WebhookRequest; provider?: Provider; secrets?: readonly string[] },
): Promise<VerifyResult> {
  const { request = subject.request, provider = subject.provider, secrets } = change;
  const base: VerifyOptions = { ...subject.options, nowMs: subject.nowMs, provider, toleranceSeconds: ANY_AGE_SECONDS };
  return check(subject.engine, request, secrets === undefined ? base : { ...base, secret: undefined, secrets });
}

async function hintsFor(cause: VerifyCause, message: string, subject: Case): Promise<Hint[]> {
  switch (cause) {
    case "missing_header":
    case "duplicate_header":
      return missingHeaderHints(message, subject);
    case "malformed_signature":
    case "unknown_signature_version":
      return [...(await signatureFormHints(subject)), ...otherProviderHints(subject)];
    case "malformed_timestamp":
      return timestampFormHints(subject);
    case "timestamp_too_old":
    case "timestamp_in_future":
      return staleHints(message, subject);
    case "signature_mismatch":
    case "wrong_token":
    case "wrong_credentials":
      return mismatchHints(subject);
    case "invalid_config":
      return secretTextHints(subject);
    case "algorithm_not_allowed":
    case "claim_mismatch":
    case "untrusted_key_source":
    case "unknown_key":
    case "key_unavailable":
    case "no_secret":
    case "malformed_request":
      return [];
  }
}

function missingHeaderHints(message: string, subject: Case): Hint[] {
  const names = new Set(headerPairs(subject.request.headers).map(([name]) => name.toLowerCase()));
  if (names.has("x-hub-signature") && signatureHeaders(subject.provider).includes("x-hub-signature-256")) {
    return [
      {
        code: "legacy_signature",
        message:
          "Only the old SHA-1 header x-hub-signature is present: let the sender send x-hub-signature-256, and check that no proxy drops it.",
      },
    ];
  }
  const hints = otherProviderHints(subject);
  if (hints.length === 0) {
    hints.push({
      code: "header_missing",
      message: `${message} Check that a secret is set at the sender and that no proxy drops or repeats the header.`,
    });
  }
  return hints;
}

function otherProviderHints(subject: Case): Hint[] {
  const own = signatureHeaders(subject.provider);
  const names = new Set(headerPairs(subject.request.headers).map(([name]) => name.toLowerCase()));
  const found = new Map<string, string[]>();
  for (const provider of providers) {
    if (provider.id === subject.provider.id || (provider.scheme.kind === "hmac" && provider.scheme.fromParams === true)) continue;
    const header = signatureHeaders(provider).find((name) => names.has(name) && !own.includes(name));
    if (header !== undefined) found.set(header, [...(found.get(header) ?? []), provider.name]);
  }
  return [...found].map(([header, providerNames]) => ({
    code: "other_provider",
    message: `The header ${header} is present: this looks like ${someOf(providerNames)}; choose that provider.`,
  }));
}

// Some headers are the habit of a dozen providers; three names show what is meant.
function someOf(names: readonly string[]): string {
  return names.length > 4 ? `${names.slice(0, 3).join(", ")} or another` : names.join(" or ");
}

async function signatureFormHints(subject: Case): Promise<Hint[]> {
  const { provider } = subject;
  const { scheme } = provider;
  const accepted = (result: VerifyResult): boolean => result.ok || result.cause === "signature_mismatch";
  const prefix = scheme.kind === "standard-webhooks" ? "v1," : scheme.kind === "hmac" ? (scheme.sig.prefix ?? "") : "";
  if (prefix !== "" && accepted(await tryWith(subject, { request: withPrefix(subject, prefix) }))) {
    return [
      {
        code: "signature_prefix_missing",
        message: `The signature stands there without its prefix: let the sender write "${prefix}" before it.`,
      },
    ];
  }
  if (scheme.kind !== "hmac") return [];
  const encodings: readonly Encoding[] = ["hex", "base64", "base64url"];
  for (const enc of encodings) {
    if (enc === scheme.enc || !accepted(await tryWith(subject, { provider: { ...provider, scheme: { ...scheme, enc } } }))) continue;
    return [
      {
        code: "wrong_encoding",
        message: `The signature is written in ${enc}, but ${scheme.enc} is expected: change the encoding at the sender or here.`,
      },
    ];
  }
  return [];
}

function withPrefix(subject: Case, prefix: string): WebhookRequest {
  const own = signatureHeaders(subject.provider);
  const headers = headerPairs(subject.request.headers).map(([name, value]): [string, string] => [
    name,
    own.includes(name.toLowerCase()) ? `${prefix}${value}` : value,
  ]);
  return { ...subject.request, headers };
}

async function timestampFormHints(subject: Case): Promise<Hint[]> {
  const { provider } = subject;
  const { scheme } = provider;
  const milliseconds: Hint = {
    code: "timestamp_in_milliseconds",
    message: "The timestamp is in milliseconds, but whole seconds are expected: let the sender divide it by 1000.",
  };
  if (scheme.kind === "standard-webhooks") {
    const reader = headerReader();
    const slots = scheme.headerPrefixes.map((prefix) => reader.slot(`${prefix}-timestamp`));
    const values = reader.read(subject.request.headers);
    return slots.some((slot) => /^\d{13}$/.test(values[slot] ?? "")) ? [milliseconds] : [];
  }
  if (scheme.kind !== "hmac" || scheme.ts?.unit !== "s") return [];
  const result = await tryWith(subject, { provider: { ...provider, scheme: { ...scheme, ts: { ...scheme.ts, unit: "ms" } } } });
  return result.ok || result.cause === "signature_mismatch" ? [milliseconds] : [];
}

async function staleHints(message: string, subject: Case): Promise<Hint[]> {
  if (!(await tryWith(subject, {})).ok) return mismatchHints(subject);
  return [
    {
      code: "stale_timestamp",
      message: `The signature itself is right. ${message} Check the clocks of both machines; to verify a stored request, pass the time it was received.`,
    },
  ];
}

async function mismatchHints(subject: Case): Promise<Hint[]> {
  const hints = [...(await bodyHints(subject)), ...(await secretTextHints(subject)), ...(await secretDecodingHints(subject))];
  if (hints.length > 0) return hints;
  const others = otherProviderHints(subject);
  const message =
    "The signature is well-formed, but no given secret made it for this body: copy the secret of exactly this endpoint from the sender again, and pass the raw body.";
  return [...others, { code: "wrong_secret", message }];
}

async function bodyHints(subject: Case): Promise<Hint[]> {
  if (!isBody(subject.request.body) || !subject.provider.bodyAuthenticated) return [];
  for (const variant of bodyVariants(subject.request.body)) {
    if (!(await tryWith(subject, { request: { ...subject.request, body: variant.body } })).ok) continue;
    return [
      {
        code: variant.code,
        message: `The signature verifies when ${variant.when}: verify the raw bytes as received, before any parser or editor changes them.`,
      },
    ];
  }
  return [];
}

async function secretTextHints(subject: Case): Promise<Hint[]> {
  const secrets = allSecrets(subject.options);
  const trimmed = secrets.map((secret) => secret.trim());
  if (differs(secrets, trimmed) && (await tryWith(subject, { secrets: trimmed })).ok) {
    return [{ code: "secret_whitespace", message: "The secret has spaces or a line break around it: remove them." }];
  }
  const bare = trimmed.map((secret) => secret.replace(/^(["'`])(.*)\1$/s, "$2").trim());
  if (differs(trimmed, bare) && (await tryWith(subject, { secrets: bare })).ok) {
    return [{ code: "secret_quotes", message: "The secret has quotation marks around it: remove them." }];
  }
  return [];
}

const decodingNames: Readonly<Record<KeyEncoding, string>> = {
  utf8: "plain text, prefix included",
  nfkd: "Unicode-normalised text",
  hex: "hex",
  base64: "base64",
  whsec: 'base64 after "whsec_"',
  "whsec-or-utf8": 'base64 after "whsec_", or plain text without it',
  "sha1-utf8": "the SHA-1 of plain text",
};

async function secretDecodingHints(subject: Case): Promise<Hint[]> {
  const { provider } = subject;
  const { scheme } = provider;
  if (scheme.kind !== "hmac" && scheme.kind !== "standard-webhooks") return [];
  const keys: readonly KeyEncoding[] = ["utf8", "whsec", "base64", "hex"];
  for (const key of keys) {
    if (key === scheme.key || !(await tryWith(subject, { provider: { ...provider, scheme: { ...scheme, key } } })).ok) continue;
    return [
      {
        code: "secret_decoding",
        message: `The signature verifies when the secret is taken as ${decodingNames[key]}; ${provider.name} takes it as ${decodingNames[scheme.key]}: correct the secret's decoding at the sender, or choose the provider that decodes it so.`,
      },
    ];
  }
  const bare = allSecrets(subject.options).map((secret) => secret.replace(/^whsec_/, ""));
  const asText: Provider = { ...provider, scheme: { ...scheme, key: "utf8" } };
  if (!differs(allSecrets(subject.options), bare) || !(await tryWith(subject, { provider: asText, secrets: bare })).ok) return [];
  return [
    {
      code: "secret_decoding",
      message: 'The signature verifies when the secret is taken as plain text without "whsec_": let the sender decode its base64 first.',
    },
  ];
}

function allSecrets(options: VerifyOptions): readonly string[] {
  return verifierOptions(options).secrets ?? [];
}

function differs(left: readonly string[], right: readonly string[]): boolean {
  return left.some((text, index) => text !== right[index]);
}
