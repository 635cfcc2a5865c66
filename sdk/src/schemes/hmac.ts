// One HMAC over a template of the request, in a header: GitHub, Stripe, and most providers after them.
import { needSecret, refusePublicKey, refuseUnknownParams, secretKey, type SchemeConfig } from "../config.ts";
import { parseJson, valueAt } from "../json.ts";
import { limits } from "../limits.ts";
import { digestBytes, type Candidate, type CompiledScheme, type Content, type Key, type Plan } from "../plan.ts";
import type { HmacAlgorithm, HmacRecipe, HmacScheme } from "../provider.ts";
import { headerPairs, headerReader, type HeaderReader, type HeadersInput, type HeaderValues, type WebhookRequest } from "../request.ts";
import { ConfigError, failure, type VerifyFailure } from "../result.ts";
import { parseSignatures, parseSignatureSets, type ParsedSignatures, type SignatureFormat } from "../signature-header.ts";
import { compileTemplate, firstValue, type Template } from "../template.ts";
import { checkTimestamp, type TimestampCheck } from "../timestamp.ts";
import { hmacParamNames, hmacSchemeFromParams, textParam } from "./hmac-params.ts";
import { digestInQuery, otherSpellings, urlReader } from "./hmac-url.ts";
import { queryValue } from "./query-value.ts";

/** A recipe with its parameters filled in, for verifying and for signing. */
export interface CompiledRecipe {
  readonly scheme: HmacRecipe;
  readonly reader: HeaderReader;
  readonly template: Template;
  readonly keys: readonly (Key & { readonly algorithm: HmacAlgorithm; readonly path: string })[];
  /** The URL as it was signed. */
  readonly signedUrl: (request: Pick<WebhookRequest, "url">) => string | undefined;
}

/** Throws ConfigError when the provider's recipe, the parameters or the secrets cannot work. */
export function compileRecipe(config: SchemeConfig, data: HmacScheme): CompiledRecipe {
  const scheme = data.fromParams === true ? hmacSchemeFromParams(data, config.params) : versionOf(config, data);
  const path = data.fromParams === true ? "params.content" : "provider.scheme.content";
  needSecret(config);
  refusePublicKey(config);
  const reader = headerReader();
  const template = compileTemplate(scheme.content, path, config.params, reader);
  if (template.usesTimestamp && (scheme.ts === undefined || scheme.ts.from.startsWith("json:")))
    throw new ConfigError(path, "uses {ts}, but no timestamp header is given");
  refuseUnknownParams(config, [
    ...(data.fromParams === true ? hmacParamNames : []),
    ...(data.versions === undefined ? [] : [data.versions.param]),
    ...(template.usesUrl ? ["url"] : []),
    ...template.params,
  ]);
  if (data.fromParams === true) assertSafe(template, scheme, path);
  const keys = config.secrets.map((secret, secretIndex) => ({
    algorithm: scheme.alg,
    ...secretKey(secret, scheme.key, `secrets[${secretIndex}]`, config.provider.secretBytesMin),
    secretIndex,
  }));
  return { scheme, reader, template, keys, signedUrl: urlReader(config) };
}

// Which version counts is the owner's choice: a request that chose it could choose the weakest.
function versionOf(config: SchemeConfig, data: HmacScheme): HmacRecipe {
  if (data.versions === undefined) return data;
  const { param, recipes } = data.versions;
  const version = textParam(config.params, param);
  if (version === undefined) return data;
  const recipe = Object.hasOwn(recipes, version) ? recipes[version] : undefined;
  if (recipe === undefined)
    throw new ConfigError(`params.${param}`, `is "${version}"; it must be one of ${Object.keys(recipes).join(", ")}`);
  return recipe;
}

type Target = Pick<WebhookRequest, "method" | "url" | "body">;

/** The request as it was signed, with the registered URL; unchanged for recipes that sign no URL. */
export function signedTarget({ template, scheme, signedUrl }: CompiledRecipe, request: Target): Target | VerifyFailure {
  if (!template.usesUrl) return request;
  const url = signedUrl(request);
  if (url === undefined)
    return failure(
      "malformed_request",
      "This provider signs the URL of the request: pass it to verify, or give the registered one as params.url.",
    );
  const digestParam = scheme.bodyDigestQuery;
  const digest = digestParam === undefined ? undefined : digestInQuery(url, digestParam);
  if (digest === null) return failure("signature_mismatch", `The query parameter ${digestParam} is not one SHA-256 in hex.`);
  return { method: request.method, url, body: digest === undefined ? request.body : "" };
}

// A recipe written by hand must not look safe while it is not; recipes of vendors are what the vendors do.
function assertSafe(template: Template, scheme: HmacRecipe, path: string): void {
  if (!template.usesBody) throw new ConfigError(path, "must contain {body}, or anyone could change the body of a signed request");
  if (scheme.ts !== undefined && !template.usesTimestamp) {
    throw new ConfigError(path, "must contain {ts} when there is a timestamp header, or anyone could renew an old request");
  }
}

const mismatch = failure(
  "signature_mismatch",
  "The signature does not match: the secret is another one, or the body is not the exact bytes that were signed.",
);

/** Throws ConfigError like `compileRecipe`. */
export function compileHmac(config: SchemeConfig, data: HmacScheme): CompiledScheme {
  const compiled = compileRecipe(config, data);
  const { scheme, reader, template, keys } = compiled;
  const readSignatures = signatureReader(scheme, reader);
  const timestampNames = timestampHeaders(scheme);
  const timestampSlots = timestampNames.map((name) => reader.slot(name));
  const check = timestampCheck(config, scheme);
  const jsonPath = scheme.ts?.from.startsWith("json:") === true ? scheme.ts.from.slice("json:".length).split(".") : undefined;
  const finish = template.usesUrl ? urlPlanner(compiled) : undefined;
  if (scheme.sig.setSep !== undefined) return { keys, unsigned: false, mismatch, read: setsReader(compiled, scheme.sig.setSep, check) };

  function read(request: WebhookRequest, nowMs: number): Plan | VerifyFailure {
    const values = reader.read(request.headers);
    const parsed = readSignatures(values, request);
    if (!parsed.ok) return parsed;
    let timestamp = parsed.timestamp;
    if (check !== undefined && jsonPath === undefined) {
      if (timestampSlots.length > 0) {
        const value = firstValue(values, timestampSlots);
        if (value === null) return failure("duplicate_header", `The header ${timestampNames.join(" or ")} is present more than once.`);
        timestamp = value;
      }
      if (timestamp === undefined) return missingTimestamp(scheme, timestampNames);
      const failed = checkTimestamp(timestamp, check, nowMs);
      if (failed !== undefined) return failed;
    }
    if (finish !== undefined) return finish(request, values, timestamp ?? "", parsed.candidates);
    const content = template.render(request, values, timestamp ?? "");
    if ("ok" in content) return content;
    if (check === undefined || jsonPath === undefined) return { ok: true, content, candidates: parsed.candidates };
    return { ok: true, content, candidates: parsed.candidates, after: () => checkJsonTimestamp(request.body, jsonPath, check, nowMs) };
  }

  return { keys, unsigned: false, mismatch, read };
}

function timestampCheck(config: SchemeConfig, scheme: HmacRecipe): TimestampCheck | undefined {
  return (
    scheme.ts && {
      unit: scheme.ts.unit,
      toleranceSeconds: config.toleranceSeconds ?? scheme.ts.toleranceSeconds,
      future: scheme.ts.future,
      aheadSeconds: config.toleranceSeconds ?? scheme.ts.aheadSeconds,
    }
  );
}

type SignatureReader = (values: HeaderValues, request: WebhookRequest) => ParsedSignatures | VerifyFailure;

function signatureReader(scheme: HmacRecipe, reader: HeaderReader): SignatureReader {
  const format = formatOf(scheme);
  const slots = scheme.sig.header.map((name) => reader.slot(name));
  const { every, repeats, header, query, sep = "," } = scheme.sig;
  if (query !== undefined) {
    return (_values, { url }) => {
      const signature = queryValue(url, query);
      return typeof signature === "string" ? parseSignatures(signature, format) : signature;
    };
  }
  if (every === true) return (values) => readEvery(values, slots, format);
  if (repeats === true) {
    return (values, { headers }) => {
      const signature = oneSignature(scheme, firstValue(values, slots) === null ? joined(headers, header, sep) : firstValue(values, slots));
      return typeof signature === "string" ? parseSignatures(signature, format) : signature;
    };
  }
  return (values) => {
    const signature = oneSignature(scheme, firstValue(values, slots));
    return typeof signature === "string" ? parseSignatures(signature, format) : signature;
  };
}

function joined(headers: HeadersInput, names: readonly string[], separator: string): string {
  return headerPairs(headers)
    .filter(([name]) => names.includes(name.toLowerCase()))
    .map(([, value]) => value)
    .join(separator);
}

function formatOf(scheme: HmacRecipe): SignatureFormat {
  return { rule: scheme.sig, encoding: scheme.enc, algorithm: scheme.alg, bytes: digestBytes[scheme.alg] };
}

function oneSignature(scheme: HmacRecipe, value: string | null | undefined): string | VerifyFailure {
  if (value === undefined) return failure("missing_header", `The signature header ${scheme.sig.header.join(" or ")} is missing.`);
  if (value === null)
    return failure("duplicate_header", `The signature header ${scheme.sig.header.join(" or ")} is present more than once.`);
  return value;
}

// Each header holds the signature of another key, so one of them that cannot be read leaves the others to count.
function readEvery(values: HeaderValues, slots: readonly number[], format: SignatureFormat): ParsedSignatures | VerifyFailure {
  const candidates: Candidate[] = [];
  let failed: VerifyFailure | undefined;
  for (const [index, slot] of slots.entries()) {
    const value = values[slot];
    if (value === undefined) continue;
    const name = format.rule.header[index];
    if (value === null) return failure("duplicate_header", `The signature header ${name} is present more than once.`);
    const parsed = parseSignatures(value, format);
    if (!parsed.ok) failed ??= parsed;
    else if (candidates.length < limits.signaturesMax) candidates.push(...parsed.candidates);
  }
  if (candidates.length > 0) return { ok: true, candidates, timestamp: undefined };
  return failed ?? failure("missing_header", `The signature header ${format.rule.header[0]} is missing.`);
}

/** Sets with a timestamp each, during a rotation: those that are recent enough count, each over its own content. */
function setsReader(compiled: CompiledRecipe, separator: string, check: TimestampCheck | undefined): CompiledScheme["read"] {
  const { scheme, reader, template } = compiled;
  const format = formatOf(scheme);
  const slots = scheme.sig.header.map((name) => reader.slot(name));
  return (request, nowMs) => {
    const values = reader.read(request.headers);
    const signature = oneSignature(scheme, firstValue(values, slots));
    if (typeof signature !== "string") return signature;
    const sets = parseSignatureSets(signature, separator, format);
    if ("ok" in sets) return sets;
    const contents: Content[] = [];
    const candidates: Candidate[] = [];
    let failed: VerifyFailure | undefined;
    for (const { timestamp, candidates: some } of sets) {
      const stale = timestamp === undefined ? missingTimestamp(scheme, []) : check && checkTimestamp(timestamp, check, nowMs);
      failed ??= stale;
      if (stale !== undefined) continue;
      const content = template.render(request, values, timestamp ?? "");
      if ("ok" in content) return content;
      contents.push(content);
      candidates.push(...some.slice(0, limits.signaturesMax - candidates.length));
    }
    const [content, ...alternatives] = contents;
    if (content === undefined) return failed ?? mismatch;
    return alternatives.length === 0 ? { ok: true, content, candidates } : { ok: true, content, candidates, alternatives };
  };
}

type UrlPlanner = (
  request: WebhookRequest,
  values: HeaderValues,
  timestamp: string,
  candidates: readonly Candidate[],
) => Plan | VerifyFailure;

/** The end of `read` for recipes that sign the URL. */
function urlPlanner(compiled: CompiledRecipe): UrlPlanner {
  const { scheme, template } = compiled;
  const { bodyDigestQuery } = scheme;
  return (request, values, timestamp, candidates) => {
    const target = signedTarget(compiled, request);
    if ("ok" in target) return target;
    const { url = "" } = target;
    const content = template.render(target, values, timestamp);
    if ("ok" in content) return content;
    const spellings = scheme.anyPort === true ? otherSpellings(url) : [];
    const rendered = spellings.map((other) => template.render({ ...target, url: other }, values, timestamp));
    const alternatives = rendered.filter((each): each is Content => !("ok" in each));
    const sha256 = bodyDigestQuery === undefined ? undefined : digestInQuery(url, bodyDigestQuery);
    return {
      ok: true,
      content,
      candidates,
      ...(alternatives.length === 0 ? {} : { alternatives }),
      ...(sha256 === undefined || sha256 === null ? {} : { digests: [{ content: request.body, sha256 }] }),
    };
  };
}

function checkJsonTimestamp(
  body: Uint8Array | string,
  path: readonly string[],
  check: TimestampCheck,
  nowMs: number,
): VerifyFailure | undefined {
  const value = valueAt(parseJson(body), path);
  const text = typeof value === "string" || typeof value === "number" ? String(value) : "";
  return checkTimestamp(text, check, nowMs);
}

/** Alternatives for the header of the timestamp; empty where it stands elsewhere. */
export function timestampHeaders(scheme: HmacRecipe): readonly string[] {
  return scheme.ts?.from.startsWith("header:") === true ? scheme.ts.from.slice("header:".length).split("|") : [];
}

function missingTimestamp(scheme: HmacRecipe, names: readonly string[]): VerifyFailure {
  if (names.length > 0) return failure("missing_header", `The timestamp header ${names.join(" or ")} is missing.`);
  return failure("malformed_timestamp", `The header ${scheme.sig.header[0]} holds no ${scheme.sig.tsKey}= timestamp.`);
}
