// A shared token sent as it is: in a header, in the query of the URL, or in a field of the JSON body.
import { needSecret, refusePublicKey, refuseUnknownParams, secretBytes, type SchemeConfig } from "../config.ts";
import { utf8 } from "../encoding.ts";
import { jsonObject, valueAt, withValueAt } from "../json.ts";
import type { CompiledScheme, CompiledSigner, Plan, SignedHeaders, SignRequest } from "../plan.ts";
import type { TokenScheme } from "../provider.ts";
import { headerReader, type WebhookRequest } from "../request.ts";
import { ConfigError, failure, type VerifyFailure } from "../result.ts";
import { assertHeaderName } from "../template.ts";
import { textParam } from "./hmac-params.ts";
import { hasQueryValue, queryValue, withQueryValue } from "./query-value.ts";

const mismatch = failure("wrong_token", "The token of the request is not the configured one.");

interface Place {
  readonly header: string;
  readonly prefix: string;
  /** When given, the token is in the query and the header is not read, unless `either` is true. */
  readonly query: string | undefined;
  readonly either: boolean;
  /** When given, the token is in the body, and neither header nor query is read. */
  readonly json: readonly string[] | undefined;
}

function placeOf(config: SchemeConfig, scheme: TokenScheme): Place {
  needSecret(config);
  refusePublicKey(config);
  refuseUnknownParams(config, scheme.fromParams === true ? ["header", "prefix", "query"] : []);
  const header = textParam(config.params, "header")?.toLowerCase();
  const query = textParam(config.params, "query") ?? (header === undefined ? scheme.query : undefined);
  if (query === "") throw new ConfigError("params.query", "is empty");
  if (header !== undefined && query !== undefined) throw new ConfigError("params.query", "cannot be given together with params.header");
  if (header !== undefined) assertHeaderName(header, "params.header");
  const isDefault = header === undefined || header === scheme.header;
  return {
    header: header ?? scheme.header ?? "authorization",
    // `Bearer ` belongs to Authorization; in a header of one's own the token stands alone.
    prefix: textParam(config.params, "prefix") ?? (isDefault ? (scheme.prefix ?? "") : ""),
    query,
    either: scheme.either === true && query !== undefined,
    json: scheme.json?.split("."),
  };
}

/** Throws ConfigError for empty or short tokens and for parameters that contradict each other. */
export function compileToken(config: SchemeConfig, scheme: TokenScheme): CompiledScheme {
  const place = placeOf(config, scheme);
  const reader = headerReader();
  const slot = reader.slot(place.header);
  const keys = config.secrets.map((secret, secretIndex) => ({
    algorithm: "equal" as const,
    bytes: secretBytes(secret, "utf8", `secrets[${secretIndex}]`),
    secretIndex,
  }));

  function read(request: WebhookRequest): Plan | VerifyFailure {
    const token = tokenOf(request, reader.read(request.headers)[slot], place);
    if (typeof token !== "string") return token;
    return { ok: true, content: [], candidates: [{ algorithm: "equal", bytes: utf8(token) }] };
  }

  return { keys, unsigned: false, mismatch, read };
}

function tokenOf({ url, body }: WebhookRequest, value: string | null | undefined, place: Place): string | VerifyFailure {
  if (place.json !== undefined) return bodyToken(body, place.json);
  if (place.query === undefined) return headerToken(value, place);
  if (!place.either) return queryValue(url, place.query);
  const inQuery = hasQueryValue(url, place.query);
  if (value === undefined)
    return inQuery
      ? queryValue(url, place.query)
      : failure("missing_header", `The header ${place.header} and the query parameter ${place.query} are missing.`);
  // A sender must not use both (RFC 6750, section 2): it is not said which one counts.
  return inQuery ? failure("duplicate_header", `The token is in the header ${place.header} and in the query.`) : headerToken(value, place);
}

function bodyToken(body: Uint8Array | string, path: readonly string[]): string | VerifyFailure {
  const root = jsonObject(body);
  if (root === undefined) return failure("malformed_request", "The body is no JSON object, so it holds no token.");
  const token = valueAt(root, path);
  if (token === undefined) return failure("missing_header", `The body has no field ${path.join(".")}.`);
  return typeof token === "string" ? token : failure("wrong_token", `The field ${path.join(".")} of the body is no text.`);
}

function headerToken(value: string | null | undefined, place: Place): string | VerifyFailure {
  if (value === undefined) return failure("missing_header", `The header ${place.header} is missing.`);
  if (value === null) return failure("duplicate_header", `The header ${place.header} is present more than once.`);
  // The name of an authentication scheme is case-insensitive (RFC 9110, section 11.1).
  const prefix = value.slice(0, place.prefix.length);
  if (prefix.toLowerCase() !== place.prefix.toLowerCase())
    return failure("wrong_token", `The header ${place.header} does not start with "${place.prefix}".`);
  return value.slice(place.prefix.length);
}

/** Sends the first secret: a token has no room for two. Throws ConfigError like `compileToken`. */
export function compileTokenSigner(config: SchemeConfig, scheme: TokenScheme): CompiledSigner {
  const place = placeOf(config, scheme);
  const secret = config.secrets[0] ?? "";
  secretBytes(secret, "utf8", "secrets[0]");
  return { keys: [], encoding: "hex", prepare: (request) => ({ content: [], finish: () => withToken(request, place, secret) }) };
}

function withToken({ url, body }: SignRequest, place: Place, secret: string): SignedHeaders {
  if (place.json !== undefined) {
    const root = jsonObject(body);
    if (root === undefined) throw new ConfigError("body", `must be a JSON object: its field ${place.json.join(".")} is the token`);
    return { headers: [], body: JSON.stringify(withValueAt(root, place.json, secret)) };
  }
  if (place.query === undefined || place.either) return { headers: [[place.header, `${place.prefix}${secret}`]] };
  return { headers: [], url: withQueryValue(url, place.query, secret) };
}
