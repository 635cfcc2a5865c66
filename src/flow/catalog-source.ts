// Turns a source into what the hot path asks of it: everything that can be made once is made here, when it is saved.
import {
  checkKeyOptions,
  ConfigError,
  createHandshaker,
  createVerifier,
  fetchesKeys,
  type Handshaker,
  type KeyOptions,
  type Params,
  type Provider,
  type Verifier,
  type VerifyResult,
  type WebhookRequest,
  providerById,
  signsUrl,
} from "@posthorn/sdk";
import { createAddressMatcher, parseCidr } from "../core/cidr.ts";
import { createTokenBucket, type TokenBucket } from "../core/rate.ts";
import type { Source, SourceResponse, SourceSecret } from "../core/source.ts";
import type { FieldProblem } from "../errors.ts";
import { compileDedupe, compileKeyFrom, type CompiledDedupe, type RequestFacts } from "./catalog-extract.ts";
import { HAS_BATCHES } from "./facts.ts";
import type { KeyedSource } from "./vendor-keys.ts";

export interface LiveSource {
  readonly source: Source;
  /** With the secrets that are in force at `nowMs`. Never throws. */
  verify(request: WebhookRequest, nowMs: number): VerifyResult;
  /** What fetching the vendor's keys needs; null where `verify` has everything it takes. */
  keyed(nowMs: number): KeyedSource | null;
  /** Null where the provider never tests the endpoint. */
  readonly handshaker: Handshaker | null;
  readonly handshakeMethods: ReadonlySet<string>;
  readonly methods: ReadonlySet<string>;
  /** Takes the header's value; true for every value when the source names no types. */
  allowsContentType(contentType: string | undefined): boolean;
  allowsAddress(ip: string): boolean;
  readonly bucket: TokenBucket | null;
  readonly dedupe: CompiledDedupe | null;
  /** The ordering key; null when the source has no rule or the request lacks it. */
  keyOf(facts: RequestFacts): string | null;
  readonly response: CompiledResponse;
}

export interface CompiledResponse {
  readonly status: number;
  /** Flat list, `content-length` included. */
  readonly headers: readonly string[];
  /** A text, because Node sends it in one write with the head; bytes would be a second one, 5 µs more per request. */
  readonly body: string;
}

/** `previous` lends its bucket, so that saving a source's name does not hand out a fresh burst. */
export function compileSource(source: Source, previous?: LiveSource): LiveSource {
  const dedupe = compileDedupe(source.id, source.dedupe);
  const keyFrom = compileKeyFrom(source.keyFrom);
  const contentTypes = new Set(source.allowedContentTypes.map((type) => type.toLowerCase()));
  const matchesAddress = createAddressMatcher(source.allowedIps);
  const readKey = keyFrom.ok ? keyFrom.value : null;
  return {
    source,
    verify: compileVerify(source),
    keyed: compileKeyed(source),
    handshaker: compileHandshaker(source),
    handshakeMethods: new Set(providerById(source.provider)?.handshakes?.flatMap(({ methods }) => methods)),
    methods: new Set(source.allowedMethods),
    allowsContentType: (value) => contentTypes.size === 0 || contentTypes.has(mediaType(value)),
    allowsAddress: source.allowedIps.length === 0 ? () => true : matchesAddress,
    bucket: bucketOf(source, previous),
    dedupe: dedupe.ok ? dedupe.value : null,
    keyOf: (facts) => readKey?.(facts) ?? null,
    response: compileResponse(source.response),
  };
}

function compileVerify(source: Source): LiveSource["verify"] {
  let verify: Verifier["verify"] = () => ({ ok: false, cause: "no_secret", message: "Every secret of this source has expired." });
  // Until when the compiled verifier is right: the earliest expiry among the secrets it holds.
  let validUntil = -Infinity;

  function compileAt(nowMs: number): void {
    const active = activeSecrets(source.secrets, nowMs);
    validUntil = active.reduce((earliest, secret) => Math.min(earliest, secret.expiresAt ?? Infinity), Infinity);
    try {
      verify = verifierOf(source, active).verify;
    } catch (error) {
      // With nothing in force left, or written by a version whose SDK knew more: refuse everything, and say why.
      const message = active.length === 0 && source.secrets.length > 0 ? "Every secret of this source has expired." : messageOf(error);
      verify = () => ({ ok: false, cause: "no_secret", message });
    }
  }

  return (request, nowMs) => {
    if (nowMs >= validUntil || validUntil === -Infinity) compileAt(nowMs);
    return verify(request, nowMs);
  };
}

function compileHandshaker({ provider, secrets, params }: Source): Handshaker | null {
  if (providerById(provider)?.handshakes === undefined) return null;
  // The newest secret signs the answers; it stands first.
  return createHandshaker({ provider, secrets: secrets.map(({ value }) => value), params: params as Params });
}

/** Providers that bring the secret themselves, in a handshake: a source of theirs starts without one. */
function learnsSecret(provider: string): boolean {
  return providerById(provider)?.handshakes?.some(({ effect }) => effect?.kind === "learn-secret") === true;
}

/** A new object only when other secrets come into force, because verifiers are kept by it. */
function compileKeyed(source: Source): LiveSource["keyed"] {
  const provider = providerById(source.provider);
  if (provider?.keySource === undefined) return () => null;
  let keyed: KeyedSource | null = null;
  let validUntil = -Infinity;
  return (nowMs) => {
    if (nowMs < validUntil) return keyed;
    const active = activeSecrets(source.secrets, nowMs);
    validUntil = active.reduce((earliest, secret) => Math.min(earliest, secret.expiresAt ?? Infinity), Infinity);
    const options = { ...keyOptions(provider, source, active), toleranceSeconds: source.toleranceSeconds ?? undefined };
    keyed = fetchesKeys(options) ? options : null;
    return keyed;
  };
}

function keyOptions(provider: Provider, source: Source, secrets: readonly SourceSecret[]): KeyOptions {
  const publicKeys = source.publicKey === null ? [] : [source.publicKey];
  return { provider, secrets: secrets.map(({ value }) => value), publicKeys, params: source.params as Params };
}

function activeSecrets(secrets: readonly SourceSecret[], nowMs: number): SourceSecret[] {
  return secrets.filter((secret) => secret.expiresAt === null || secret.expiresAt > nowMs);
}

function verifierOf(source: Source, secrets: readonly SourceSecret[]): Verifier {
  return createVerifier({
    provider: source.provider,
    secrets: secrets.map((secret) => secret.value),
    publicKey: source.publicKey ?? undefined,
    // The schemas admit nothing but texts, numbers and booleans, and the SDK looks again.
    params: source.params as Params,
    toleranceSeconds: source.toleranceSeconds ?? undefined,
    keysLater: true,
  });
}

/** Everything wrong with a source that its schema cannot see. */
export function checkSource(source: Source, nowMs: number): FieldProblem[] {
  const problems = [...checkVerifier(source, nowMs), ...checkSignedUrl(source), ...checkSplit(source), ...checkResponse(source.response)];
  for (const [index, range] of source.allowedIps.entries()) {
    const parsed = parseCidr(range);
    if (!parsed.ok) problems.push({ path: `allowedIps[${index}]`, message: parsed.message });
  }
  const dedupe = compileDedupe(source.id, source.dedupe);
  if (!dedupe.ok) problems.push(dedupe.problem);
  const keyFrom = compileKeyFrom(source.keyFrom);
  if (!keyFrom.ok) problems.push(keyFrom.problem);
  return problems;
}

const STAND_IN: SourceSecret = { value: "stands-in-for-a-secret-to-come-0", expiresAt: null };

function checkVerifier(source: Source, nowMs: number): FieldProblem[] {
  const active = activeSecrets(source.secrets, nowMs);
  // With every secret expired, the source refuses requests until it gets a new one; that must not block other changes.
  let checked = active.length > 0 ? active : source.secrets;
  // The other options are checked with a secret that only stands in for the one to come.
  if (checked.length === 0 && source.publicKey === null && learnsSecret(source.provider)) checked = [STAND_IN];
  try {
    verifierOf(source, checked);
    const provider = providerById(source.provider);
    const options = provider && keyOptions(provider, source, checked);
    if (options !== undefined && fetchesKeys(options)) checkKeyOptions(options);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const message = withSecretHint(messageOf(error), error.path, providerById(source.provider)?.secretHint);
    return [{ path: secretPath(error.path, source.secrets, checked), message }];
  }
}

/** A wrong secret, key or parameter is put right at the vendor's, so its own words for where to look follow. */
function withSecretHint(message: string, path: string, hint: string | undefined): string {
  if (hint === undefined || !/^(secrets|publicKey|params)\b/.test(path)) return message;
  return `${message.replace(/[.]?$/, ".")} ${hint}`;
}

/** Behind proxies and tunnels nobody but the owner knows the URL that the provider signs. */
function checkSignedUrl({ provider, params }: Source): FieldProblem[] {
  const record = providerById(provider);
  if (record === undefined || !signsUrl(record) || typeof params["url"] === "string") return [];
  return [
    {
      path: "params.url",
      message: `${record.name} signs the URL it calls. Give the ingest URL exactly as it is registered there, or set POSTHORN_PUBLIC_URL before the source is made, and it is filled in.`,
    },
  ];
}

/** Nothing would ever be split, and the owner would wait for events that do not come. */
function checkSplit({ provider, split }: Source): FieldProblem[] {
  const record = providerById(provider);
  if (!split || record === undefined || HAS_BATCHES.has(provider)) return [];
  const message = `${record.name} sends one event per request, so there is nothing to split. Providers with batches are ${[...HAS_BATCHES].toSorted().join(", ")}.`;
  return [{ path: "split", message }];
}

/** The verifier counts the secrets it was given; the caller counts the ones in the source. */
function secretPath(path: string, all: readonly SourceSecret[], checked: readonly SourceSecret[]): string {
  const index = /^secrets\[(\d+)\]$/.exec(path)?.[1];
  const secret = index === undefined ? undefined : checked[Number(index)];
  return secret === undefined ? path : `secrets[${all.indexOf(secret)}]`;
}

// A response header the server writes itself; a second one would break the framing of the connection.
const OWN_HEADERS = new Set(["content-length", "transfer-encoding", "connection", "keep-alive", "upgrade", "trailer", "te", "date"]);

function checkResponse(response: SourceResponse): FieldProblem[] {
  const problems: FieldProblem[] = [];
  for (const [name, value] of Object.entries(response.headers)) {
    const path = `response.headers.${name}`;
    if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)) problems.push({ path, message: "This is not a header name." });
    else if (OWN_HEADERS.has(name.toLowerCase())) problems.push({ path, message: "Posthorn writes this header itself." });
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value))
      problems.push({ path, message: "The value holds a line break or a character outside Latin-1." });
  }
  if (response.body !== "" && (response.status === 204 || response.status === 205)) {
    problems.push({ path: "response.body", message: `A ${response.status} answer has no body.` });
  }
  return problems;
}

function compileResponse({ status, headers, body }: SourceResponse): CompiledResponse {
  const flat = Object.entries(headers).flat();
  // The dashboard lives on the same origin: whatever the owner of a source answers must not run there.
  flat.push("x-content-type-options", "nosniff");
  if (/html|xml|svg/i.test(headerOf(headers, "content-type"))) flat.push("content-security-policy", "sandbox");
  if (status !== 204) flat.push("content-length", String(Buffer.byteLength(body, "utf8")));
  return { status, headers: flat, body };
}

function headerOf(headers: Readonly<Record<string, string>>, lowerName: string): string {
  return Object.entries(headers).find(([name]) => name.toLowerCase() === lowerName)?.[1] ?? "";
}

function bucketOf(source: Source, previous: LiveSource | undefined): TokenBucket | null {
  const { rateLimit } = source;
  if (rateLimit === null) return null;
  const before = previous?.source.rateLimit;
  const unchanged = before?.perSecond === rateLimit.perSecond && before.burst === rateLimit.burst;
  return unchanged && previous?.bucket ? previous.bucket : createTokenBucket(rateLimit);
}

function mediaType(contentType: string | undefined): string {
  if (contentType === undefined) return "";
  const end = contentType.indexOf(";");
  return (end === -1 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
}

/** ConfigError puts its path in front of the message; the path has a field of its own here. */
function messageOf(error: unknown): string {
  if (error instanceof ConfigError) return error.message.slice(error.path.length + 2);
  return error instanceof Error ? error.message : String(error);
}
