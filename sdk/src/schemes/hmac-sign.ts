// The recipe of an HMAC run forwards: the headers a sender would add.
import type { SchemeConfig } from "../config.ts";
import type { CompiledSigner, PreparedSignature, SignRequest } from "../plan.ts";
import type { HmacRecipe, HmacScheme } from "../provider.ts";
import { ConfigError } from "../result.ts";
import { firstValue } from "../template.ts";
import { formatTimestamp } from "../timestamp.ts";
import { compileRecipe, signedTarget, timestampHeaders } from "./hmac.ts";
import { withQueryValue } from "./query-value.ts";

/** Throws ConfigError like `compileHmac`. */
export function compileHmacSigner(config: SchemeConfig, data: HmacScheme): CompiledSigner {
  const compiled = compileRecipe(config, data);
  const { scheme, reader, template, keys } = compiled;
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
    const target = signedTarget(compiled, request);
    if ("ok" in target) throw new ConfigError("url", target.message);
    const content = template.render(target, reader.read(headers), timestamp);
    if ("ok" in content) throw new ConfigError("request", content.message);
    if (timestampHeader !== undefined) headers.push([timestampHeader, timestamp]);
    return {
      content,
      finish(signatures) {
        const { query } = scheme.sig;
        if (query !== undefined)
          return { headers, url: withQueryValue(request.url, query, formatSignatures(scheme, timestamp, signatures)) };
        return { headers: [...headers, ...signatureHeaders(scheme, timestamp, signatures)] };
      },
    };
  }

  return { keys: keys.map(({ bytes }) => ({ algorithm: scheme.alg, bytes })), encoding: scheme.enc, prepare };
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
