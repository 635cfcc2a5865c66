// The recipe of an HMAC run forwards: the headers a sender would add.
import type { SchemeConfig } from "../config.ts";
import { encode } from "../encoding.ts";
import { sortedForm } from "../form.ts";
import { isRecord, jsonObject, parseJson, valueAt, withValueAt } from "../json.ts";
import type { CompiledSigner, PreparedSignature, SignRequest } from "../plan.ts";
import type { HmacRecipe, HmacScheme, TimestampRule, TimestampUnit } from "../provider.ts";
import { headerPairs } from "../request.ts";
import { ConfigError } from "../result.ts";
import { formatTimestamp } from "../timestamp.ts";
import { compileRecipe, signedTarget, timestampHeaders } from "./hmac.ts";
import { digestInQuery } from "./hmac-url.ts";
import { withQueryValue } from "./query-value.ts";
import { signedHeaders } from "./signed-headers.ts";

/** Throws ConfigError like `compileHmac`. */
export function compileHmacSigner(config: SchemeConfig, data: HmacScheme): CompiledSigner {
  const compiled = compileRecipe(config, data);
  const { scheme, reader, template, keys } = compiled;
  const timestampHeader = timestampHeaders(scheme)[0];
  const unit = scheme.ts?.unit ?? "s";
  const jsonPath = scheme.ts === undefined ? undefined : jsonTimePath(scheme.ts);
  const isId = (name: string): boolean => config.provider.eventId.includes(`header:${name}`);

  // A body that is no form is signed by its digest, where the provider has a place for one in the URL.
  function needsDigest(request: SignRequest, name: string): boolean {
    const url = compiled.signedUrl(request);
    return url !== undefined && digestInQuery(url, name) === undefined && !isForm(request);
  }

  function withDigest(request: SignRequest, digest: Uint8Array | undefined): string | undefined {
    const url = request.url ?? compiled.signedUrl(request);
    if (digest === undefined || url === undefined || scheme.bodyDigestQuery === undefined) return undefined;
    return withQueryValue(url, scheme.bodyDigestQuery, encode("hex", digest));
  }

  function prepare(given: SignRequest, [digest]: readonly Uint8Array[]): PreparedSignature {
    const timestamp = formatTimestamp(given.timestampMs, unit);
    const url = withDigest(given, digest);
    const body = jsonPath === undefined ? undefined : withJsonTime(given.body, jsonPath, timestamp, unit);
    const request = { ...given, url: url ?? given.url, body: body ?? given.body };
    const headers = signedHeaders({ template, reader, request, isId });
    if (template.usesMethod && request.method === undefined) throw new ConfigError("method", "is needed: it is part of what is signed");
    const target = signedTarget(compiled, request);
    if ("ok" in target) throw new ConfigError("url", target.message);
    const content = template.render(target, reader.read(headers), timestamp);
    if ("ok" in content) throw new ConfigError("body", content.message);
    if (timestampHeader !== undefined) headers.push([timestampHeader, timestamp]);
    return {
      content,
      finish(signatures) {
        const { query } = scheme.sig;
        const inQuery = query !== undefined && withQueryValue(url ?? request.url, query, formatSignatures(scheme, timestamp, signatures));
        const signedUrl = inQuery === false ? url : inQuery;
        return {
          headers: inQuery === false ? [...headers, ...signatureHeaders(scheme, timestamp, signatures)] : headers,
          ...(signedUrl === undefined ? {} : { url: signedUrl }),
          ...(body === undefined ? {} : { body }),
        };
      },
    };
  }

  const { bodyDigestQuery: name } = scheme;
  const hashes: CompiledSigner["hashes"] = name === undefined ? undefined : (request) => (needsDigest(request, name) ? [request.body] : []);
  return { keys, encoding: scheme.enc, hashes, prepare };
}

// What the sender says of its body counts; JSON is a form, too, as far as its letters go.
function isForm({ headers, body }: SignRequest): boolean {
  const type = headerPairs(headers ?? []).find(([name]) => name.toLowerCase() === "content-type")?.[1];
  if (type !== undefined) return type.toLowerCase().startsWith("application/x-www-form-urlencoded");
  const json = parseJson(body);
  return sortedForm(body) !== undefined && !(isRecord(json) || Array.isArray(json));
}

function jsonTimePath({ from }: TimestampRule): string[] | undefined {
  return from.startsWith("json:") ? from.slice("json:".length).split(".") : undefined;
}

/** The body with the time of the signature in it; undefined when it is there already. */
function withJsonTime(body: Uint8Array | string, path: readonly string[], timestamp: string, unit: TimestampUnit): string | undefined {
  const root = jsonObject(body);
  if (root === undefined) throw new ConfigError("body", `must be a JSON object: its ${path.join(".")} is the time of the signature`);
  const time = unit === "s" || unit === "ms" ? Number(timestamp) : timestamp;
  return valueAt(root, path) === time ? undefined : JSON.stringify(withValueAt(root, path, time));
}

function signatureHeaders(scheme: HmacRecipe, timestamp: string, signatures: readonly string[]): [string, string][] {
  const { header, every, setSep } = scheme.sig;
  const one = (some: readonly string[]): string => formatSignatures(scheme, timestamp, some);
  if (every === true) return header.slice(0, signatures.length).map((name, index) => [name, one(signatures.slice(index, index + 1))]);
  const value = setSep === undefined ? one(signatures) : signatures.map((signature) => one([signature])).join(setSep);
  return [[header[0] ?? "", value]];
}

function formatSignatures(scheme: HmacRecipe, timestamp: string, signatures: readonly string[]): string {
  const { parse = "raw", sep = ",", prefix = "", labelEnd, sigKey = "v1", tsKey } = scheme.sig;
  switch (parse) {
    case "raw":
      // One value has room for one signature: the first secret is the current one.
      return `${prefix}${signatures[0]}`;
    case "csv":
      return [timestamp, ...signatures].join(sep);
    case "list":
      // Labels are numbers of keys at the senders that have them.
      return signatures.map((signature, index) => `${labelEnd === undefined ? "" : index + 1 + labelEnd}${prefix}${signature}`).join(sep);
    case "kv":
      return [...(tsKey === undefined ? [] : [`${tsKey}=${timestamp}`]), ...signatures.map((signature) => `${sigKey}=${signature}`)].join(
        sep,
      );
  }
}
