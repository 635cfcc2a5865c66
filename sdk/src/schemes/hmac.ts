// One HMAC over a template of the request, in a header: GitHub, Stripe, and most providers after them.
import { needSecret, refusePublicKey, refuseUnknownParams, secretBytes, type SchemeConfig } from "../config.ts";
import {
  digestBytes,
  type CompiledScheme,
  type CompiledSigner,
  type Key,
  type Plan,
  type PreparedSignature,
  type SignRequest,
} from "../plan.ts";
import type { HmacScheme } from "../provider.ts";
import { headerReader, type HeaderReader, type WebhookRequest } from "../request.ts";
import { ConfigError, failure, type VerifyFailure } from "../result.ts";
import { parseSignatures, type SignatureFormat } from "../signature-header.ts";
import { compileTemplate, firstValue, type Template } from "../template.ts";
import { checkTimestamp, formatTimestamp, type TimestampCheck } from "../timestamp.ts";
import { hmacParamNames, hmacSchemeFromParams } from "./hmac-params.ts";

interface Compiled {
  readonly scheme: HmacScheme;
  readonly reader: HeaderReader;
  readonly template: Template;
  readonly keys: readonly Key[];
}

function compile(config: SchemeConfig, data: HmacScheme): Compiled {
  const scheme = data.fromParams === true ? hmacSchemeFromParams(data, config.params) : data;
  const path = data.fromParams === true ? "params.content" : "provider.scheme.content";
  needSecret(config);
  refusePublicKey(config);
  const reader = headerReader();
  const template = compileTemplate(scheme.content, path, config.params, reader);
  if (template.usesTimestamp && scheme.ts === undefined) throw new ConfigError(path, "uses {ts}, but no timestamp header is given");
  refuseUnknownParams(config, data.fromParams === true ? [...hmacParamNames, ...template.params] : template.params);
  if (data.fromParams === true) assertSafe(template, scheme, path);
  const keys = config.secrets.map((secret, secretIndex) => ({
    algorithm: scheme.alg,
    bytes: secretBytes(secret, scheme.key, `secrets[${secretIndex}]`),
    secretIndex,
  }));
  return { scheme, reader, template, keys };
}

// A recipe written by hand must not look safe while it is not; recipes of vendors are what the vendors do.
function assertSafe(template: Template, scheme: HmacScheme, path: string): void {
  if (!template.usesBody) throw new ConfigError(path, "must contain {body}, or anyone could change the body of a signed request");
  if (scheme.ts !== undefined && !template.usesTimestamp) {
    throw new ConfigError(path, "must contain {ts} when there is a timestamp header, or anyone could renew an old request");
  }
}

const mismatch = failure(
  "signature_mismatch",
  "The signature does not match: the secret is another one, or the body is not the exact bytes that were signed.",
);

/** Throws ConfigError when the provider's recipe, the parameters or the secrets cannot work. */
export function compileHmac(config: SchemeConfig, data: HmacScheme): CompiledScheme {
  const { scheme, reader, template, keys } = compile(config, data);
  const format: SignatureFormat = { rule: scheme.sig, encoding: scheme.enc, algorithm: scheme.alg, bytes: digestBytes[scheme.alg] };
  const signatureSlots = scheme.sig.header.map((name) => reader.slot(name));
  const signatureNames = scheme.sig.header.join(" or ");
  const timestampNames = timestampHeaders(scheme);
  const timestampSlots = timestampNames.map((name) => reader.slot(name));
  const check: TimestampCheck | undefined = scheme.ts && {
    unit: scheme.ts.unit,
    toleranceSeconds: config.toleranceSeconds ?? scheme.ts.toleranceSeconds,
    future: scheme.ts.future,
  };

  function read(request: WebhookRequest, nowMs: number): Plan | VerifyFailure {
    const values = reader.read(request.headers);
    const signature = firstValue(values, signatureSlots);
    if (signature === undefined) return failure("missing_header", `The signature header ${signatureNames} is missing.`);
    if (signature === null) return failure("duplicate_header", `The signature header ${signatureNames} is present more than once.`);
    const parsed = parseSignatures(signature, format);
    if (!parsed.ok) return parsed;
    let timestamp = parsed.timestamp;
    if (check !== undefined) {
      if (timestampSlots.length > 0) {
        const value = firstValue(values, timestampSlots);
        if (value === null) return failure("duplicate_header", `The header ${timestampNames.join(" or ")} is present more than once.`);
        timestamp = value;
      }
      if (timestamp === undefined) return missingTimestamp(scheme, timestampNames);
      const failed = checkTimestamp(timestamp, check, nowMs);
      if (failed !== undefined) return failed;
    }
    const content = template.render(request, values, timestamp ?? "");
    return "ok" in content ? content : { ok: true, content, candidates: parsed.candidates };
  }

  return { keys, unsigned: false, mismatch, read };
}

function timestampHeaders(scheme: HmacScheme): readonly string[] {
  return scheme.ts !== undefined && scheme.ts.from !== "sig" ? scheme.ts.from.slice("header:".length).split("|") : [];
}

function missingTimestamp(scheme: HmacScheme, names: readonly string[]): VerifyFailure {
  if (names.length > 0) return failure("missing_header", `The timestamp header ${names.join(" or ")} is missing.`);
  return failure("malformed_timestamp", `The header ${scheme.sig.header[0]} holds no ${scheme.sig.tsKey}= timestamp.`);
}

/** The same recipe, run forwards. Throws ConfigError like `compileHmac`. */
export function compileHmacSigner(config: SchemeConfig, data: HmacScheme): CompiledSigner {
  const { scheme, reader, template, keys } = compile(config, data);
  const signatureHeader = scheme.sig.header[0] ?? "";
  const timestampHeader = timestampHeaders(scheme)[0];
  const unit = scheme.ts?.unit ?? "s";
  const idHeaders = config.provider.eventId;

  // The headers that are part of the signed content: the caller's own, or the event id where the provider puts it there.
  function signedHeaders(request: SignRequest): [string, string][] {
    const values = request.headers === undefined ? [] : reader.read(request.headers);
    return template.headers.map((names) => {
      const name = names[0] ?? "";
      const given = firstValue(
        values,
        names.map((each) => reader.slot(each)),
      );
      const value = given ?? (idHeaders.includes(`header:${name}`) ? request.id : undefined);
      if (value === undefined) throw new ConfigError(`headers.${name}`, "is part of what is signed, so it must be given");
      return [name, value];
    });
  }

  function prepare(request: SignRequest): PreparedSignature {
    const timestamp = formatTimestamp(request.timestampMs, unit);
    const headers = signedHeaders(request);
    const content = template.render(request, reader.read(headers), timestamp);
    if ("ok" in content) throw new ConfigError("request", content.message);
    if (timestampHeader !== undefined) headers.push([timestampHeader, timestamp]);
    return {
      content,
      finish(signatures) {
        headers.push([signatureHeader, formatSignatures(scheme, timestamp, signatures)]);
        return { headers };
      },
    };
  }

  return { keys: keys.map(({ bytes }) => ({ algorithm: scheme.alg, bytes })), encoding: scheme.enc, prepare };
}

function formatSignatures(scheme: HmacScheme, timestamp: string, signatures: readonly string[]): string {
  const { parse = "raw", sep = ",", prefix = "", sigKey = "v1", tsKey } = scheme.sig;
  switch (parse) {
    case "raw":
      // One value has room for one signature: the first secret is the current one.
      return `${prefix}${signatures[0]}`;
    case "list":
      return signatures.map((signature) => `${prefix}${signature}`).join(sep);
    case "kv":
      return [...(tsKey === undefined ? [] : [`${tsKey}=${timestamp}`]), ...signatures.map((signature) => `${sigKey}=${signature}`)].join(
        sep,
      );
  }
}
