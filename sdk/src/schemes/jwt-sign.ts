// Makes tokens, for test events: the recipe of jwt.ts, run forwards.
import { refuseUnknownParams, type SchemeConfig } from "../config.ts";
import { encode, type Encoding, utf8 } from "../encoding.ts";
import { jsonObject } from "../json.ts";
import type { CompiledSigner, PreparedSignature, SigningKey, SignRequest } from "../plan.ts";
import type { JwtAlgorithm, JwtScheme } from "../provider.ts";
import { ConfigError } from "../result.ts";
import { signingKey } from "./asymmetric-keys.ts";
import { textParam } from "./hmac-params.ts";
import { urlReader } from "./hmac-url.ts";
import { asymmetricAlgorithms, jwtKeys, paramNames, symmetricAlgorithms } from "./jwt.ts";
import { compileClaims } from "./jwt-claims.ts";
import { canonicalRequest } from "./jwt-query-hash.ts";

/** How long a token lives that must expire. */
const LIFE_SECONDS = 180;

/**
 * Signs with the first secret, for ES256 and RS256 a private key, and the provider's first algorithm. Throws ConfigError
 * for a key that does not fit and for absent or unknown parameters.
 */
export function compileJwtSigner(config: SchemeConfig, scheme: JwtScheme): CompiledSigner {
  const alg = scheme.algs[0] ?? "HS256";
  refuseUnknownParams(config, paramNames(scheme));
  const { equal, mustBeTrue } = compileClaims(scheme, config.params, undefined);
  const kid = textParam(config.params, "kid");
  const basePath = (textParam(config.params, "basePath") ?? "").replace(/\/$/, "");
  const signedUrl = urlReader(config);
  const header = part({ alg, typ: "JWT", ...(kid === undefined ? {} : { kid }) });
  const { bodyHash, urlHashClaim, queryHashClaim } = scheme;

  // In one order here and in the claims.
  function hashes(given: SignRequest): (string | Uint8Array)[] {
    const request = { ...given, url: signedUrl(given) };
    return [
      ...(bodyHash === undefined ? [] : [request.body]),
      ...(urlHashClaim === undefined ? [] : [needUrl(request)]),
      ...(queryHashClaim === undefined ? [] : [queryText(request, basePath)]),
    ];
  }

  function hashClaims([...digests]: readonly Uint8Array[]): object {
    const next = (enc: Encoding): string => encode(enc, digests.shift() ?? new Uint8Array());
    return {
      ...(bodyHash === undefined ? {} : { [bodyHash.claim]: next(bodyHash.enc) }),
      ...(urlHashClaim === undefined ? {} : { [urlHashClaim]: next("hex") }),
      ...(queryHashClaim === undefined ? {} : { [queryHashClaim]: next("hex") }),
    };
  }

  function claimsOf(request: SignRequest, digests: readonly Uint8Array[]): object {
    const seconds = Math.floor(request.timestampMs / 1000);
    const timed = scheme.expires === true || scheme.maxAgeSeconds !== undefined;
    return {
      ...Object.fromEntries(equal),
      ...Object.fromEntries(mustBeTrue.map((claim) => [claim, true])),
      ...(timed ? { iat: seconds } : {}),
      ...(scheme.expires === true ? { exp: seconds + LIFE_SECONDS } : {}),
      ...(request.id === undefined ? {} : { jti: request.id }),
      ...hashClaims(digests),
    };
  }

  function prepare(request: SignRequest, digests: readonly Uint8Array[]): PreparedSignature {
    const text = `${header}.${part({ ...bodyClaims(scheme, request), ...claimsOf(request, digests) })}`;
    const finish: PreparedSignature["finish"] = ([signature = ""]) => {
      const token = `${scheme.prefix ?? ""}${text}.${signature}`;
      return scheme.header === undefined
        ? { headers: [["content-type", "text/plain"]], body: token }
        : { headers: [[scheme.header, token]] };
    };
    return { content: [text], finish };
  }

  return { keys: [keyOf(config, scheme, alg)], encoding: "base64url", hashes, prepare };
}

/** Where the whole body is the token, the given body is the JSON of its claims. */
function bodyClaims(scheme: JwtScheme, { body }: SignRequest): object {
  if (scheme.header !== undefined) return {};
  const claims = jsonObject(body);
  if (claims === undefined) throw new ConfigError("body", "must be a JSON object: its fields become the claims of the token");
  return claims;
}

function keyOf(config: SchemeConfig, scheme: JwtScheme, alg: JwtAlgorithm): SigningKey {
  const asymmetric = asymmetricAlgorithms[alg];
  if (asymmetric !== undefined) return signingKey(config, asymmetric);
  const algorithm = symmetricAlgorithms[alg];
  const key = jwtKeys(config, scheme).find((each) => each.algorithm === algorithm && each.secretIndex === 0);
  if (algorithm === undefined || key === undefined) throw new ConfigError("secrets", "is empty: a secret is needed to sign");
  return { algorithm, bytes: key.bytes, path: "secrets[0]" };
}

function part(value: object): string {
  return encode("base64url", utf8(JSON.stringify(value)));
}

function needUrl(request: SignRequest): string {
  if (request.url === undefined) throw new ConfigError("url", "is needed: it is part of what is signed");
  return request.url;
}

function queryText(request: SignRequest, basePath: string): string {
  if (request.method === undefined) throw new ConfigError("method", "is needed: it is part of what is signed");
  const text = canonicalRequest(request.method, needUrl(request), basePath);
  if (text === undefined) throw new ConfigError("url", "is not an absolute URL");
  return text;
}
