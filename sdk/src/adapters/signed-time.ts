// When a verified request was signed, by the sender's clock, read from where its scheme keeps that time.
import { utf8Text } from "../encoding.ts";
import { parseJson, valueAt } from "../json.ts";
import { jwtClaims } from "../jwt-text.ts";
import type { CanonicalScheme, HmacRecipe, HmacScheme, Params, Provider, TimestampUnit } from "../provider.ts";
import { hmacSchemeFromParams } from "../schemes/hmac-params.ts";
import { onlyPair } from "../signature-header.ts";
import { parseTimestamp } from "../timestamp.ts";

/** The first value of a header, by lower-case name. */
type HeaderOf = (name: string) => string | undefined;

/** Undefined where the scheme signs no time. Call it only with a request that verified: nothing is checked here. */
export function signedTime(provider: Provider, params: Params, header: HeaderOf, body: Uint8Array): Date | undefined {
  const { scheme } = provider;
  switch (scheme.kind) {
    case "hmac":
      return recipeTime(recipeOf(scheme, params), header, body);
    case "standard-webhooks":
      return dateOf(firstOf(header, ...scheme.headerPrefixes.map((prefix) => `${prefix}-timestamp`)), "s");
    case "asymmetric":
      return scheme.ts && dateOf(header(scheme.ts.header), scheme.ts.unit);
    case "canonical":
      return canonicalTime(scheme, header);
    case "jwt": {
      const text = scheme.header === undefined ? utf8Text(body) : header(scheme.header);
      const token = (text ?? "").slice(scheme.prefix?.length ?? 0);
      const issued = valueAt(jwtClaims(token), ["iat"]);
      return typeof issued === "number" && Math.abs(issued) < 1e12 ? new Date(issued * 1000) : undefined;
    }
    case "http-signature":
      return dateOf(/;created=(\d{1,12})(?:;|$)/.exec(header("signature-input") ?? "")?.[1], "s");
    case "body-signature":
    case "token":
    case "basic":
    case "none":
      return undefined;
  }
}

function canonicalTime({ layout }: CanonicalScheme, header: HeaderOf): Date | undefined {
  switch (layout) {
    case "contentful":
      return dateOf(header("x-contentful-timestamp"), "ms");
    case "hook0":
      return dateOf(onlyPair(header("x-hook0-signature") ?? "", "t"), "s");
    case "hygraph":
      return dateOf(onlyPair(header("gcms-signature") ?? "", "t"), "ms");
  }
}

function recipeOf(scheme: HmacScheme, params: Params): HmacRecipe {
  if (scheme.fromParams === true) return hmacSchemeFromParams(scheme, params);
  const { versions } = scheme;
  const version = versions === undefined ? undefined : params[versions.param];
  return (typeof version === "string" ? versions?.recipes[version] : undefined) ?? scheme;
}

function recipeTime({ ts, sig }: HmacRecipe, header: HeaderOf, body: Uint8Array): Date | undefined {
  // Of several sets with a time each, nothing tells here which one has matched.
  if (ts === undefined || sig.setSep !== undefined) return undefined;
  if (ts.from.startsWith("header:")) return dateOf(firstOf(header, ...ts.from.slice("header:".length).split("|")), ts.unit);
  if (ts.from.startsWith("json:")) {
    const value = valueAt(parseJson(body), ts.from.slice("json:".length).split("."));
    return typeof value === "string" || typeof value === "number" ? dateOf(String(value), ts.unit) : undefined;
  }
  const parts = (firstOf(header, ...sig.header) ?? "").split(sig.sep ?? ",").map((part) => part.trim());
  const start = `${sig.tsKey}=`;
  return dateOf(sig.parse === "csv" ? parts[0] : parts.find((part) => part.startsWith(start))?.slice(start.length), ts.unit);
}

function firstOf(header: HeaderOf, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = header(name);
    if (value !== undefined) return value;
  }
  return undefined;
}

function dateOf(text: string | undefined, unit: TimestampUnit): Date | undefined {
  const instant = text === undefined ? undefined : parseTimestamp(text, unit);
  return instant === undefined ? undefined : new Date(instant);
}
