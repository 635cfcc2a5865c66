// The generic `hmac` provider: a recipe written by its user as parameters, checked as strictly as our own.
import type { Encoding } from "../encoding.ts";
import type { HmacAlgorithm, HmacScheme, KeyEncoding, Params, TimestampUnit } from "../provider.ts";
import { ConfigError } from "../result.ts";
import { assertHeaderName } from "../template.ts";

/** Everything the generic provider reads, besides the names used as `{param:x}`. */
export const hmacParamNames = [
  "algorithm",
  "header",
  "prefix",
  "encoding",
  "content",
  "secretEncoding",
  "timestampHeader",
  "timestampUnit",
  "toleranceSeconds",
] as const;

const algorithms: Readonly<Record<string, HmacAlgorithm>> = { sha1: "hmac-sha1", sha256: "hmac-sha256", sha512: "hmac-sha512" };
const encodings: Readonly<Record<string, Encoding>> = { hex: "hex", base64: "base64", base64url: "base64url" };
const secretEncodings: Readonly<Record<string, KeyEncoding>> = { utf8: "utf8", hex: "hex", base64: "base64" };
const units: Readonly<Record<string, TimestampUnit>> = { s: "s", ms: "ms", rfc3339: "rfc3339", "http-date": "http-date" };

/** The recipe that `params` describe, over the defaults in `base`. Throws ConfigError at `params.<name>`. */
export function hmacSchemeFromParams(base: HmacScheme, params: Params): HmacScheme {
  const header = textParam(params, "header") ?? base.sig.header[0] ?? "";
  assertHeaderName(header, "params.header");
  return {
    kind: "hmac",
    alg: choice(params, "algorithm", algorithms) ?? base.alg,
    key: choice(params, "secretEncoding", secretEncodings) ?? base.key,
    sig: { header: [header.toLowerCase()], prefix: textParam(params, "prefix") ?? base.sig.prefix ?? "" },
    enc: choice(params, "encoding", encodings) ?? base.enc,
    content: textParam(params, "content") ?? base.content,
    ...timestampRule(params),
  };
}

function timestampRule(params: Params): Pick<HmacScheme, "ts"> {
  const header = textParam(params, "timestampHeader");
  const unit = choice(params, "timestampUnit", units);
  const toleranceSeconds = secondsParam(params, "toleranceSeconds");
  if (header === undefined) {
    if (unit !== undefined) throw new ConfigError("params.timestampUnit", "needs params.timestampHeader");
    if (toleranceSeconds !== undefined) throw new ConfigError("params.toleranceSeconds", "needs params.timestampHeader");
    return {};
  }
  assertHeaderName(header, "params.timestampHeader");
  return {
    ts: { from: `header:${header.toLowerCase()}`, unit: unit ?? "s", toleranceSeconds: toleranceSeconds ?? 300, future: true },
  };
}

/** A text parameter, or undefined when absent. Throws ConfigError when it is no text. */
export function textParam(params: Params, name: string): string | undefined {
  const value = Object.hasOwn(params, name) ? params[name] : undefined;
  if (value !== undefined && typeof value !== "string") throw new ConfigError(`params.${name}`, "must be a string");
  return value;
}

function choice<Value>(params: Params, name: string, values: Readonly<Record<string, Value>>): Value | undefined {
  const text = textParam(params, name);
  if (text === undefined) return undefined;
  const value = Object.hasOwn(values, text) ? values[text] : undefined;
  if (value === undefined) throw new ConfigError(`params.${name}`, `is "${text}"; it must be one of ${Object.keys(values).join(", ")}`);
  return value;
}

// Settings of a form arrive as text, so digits are taken as a number too.
function secondsParam(params: Params, name: string): number | undefined {
  const value = Object.hasOwn(params, name) ? params[name] : undefined;
  if (value === undefined) return undefined;
  const seconds = typeof value === "string" && /^\d{1,9}$/.test(value) ? Number(value) : value;
  if (typeof seconds !== "number" || !Number.isFinite(seconds) || seconds < 0) {
    throw new ConfigError(`params.${name}`, "must be a number of seconds, 0 or more");
  }
  return seconds;
}
