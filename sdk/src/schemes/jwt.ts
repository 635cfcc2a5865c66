// A JSON Web Token in a header, or as the body, with claims about the request: Plaid, Netlify, MessageBird, Google, Atlassian, Wix.
//
// The algorithm must be on the provider's list and belong to a configured key; `kid` only picks among the configured
// keys, and `jku`, `x5u`, `jwk` and `x5c` are not read at all (RFC 8725, sections 3.1 and 3.10).
import { needSecret, refusePublicKey, refuseUnknownParams, secretBytes, type SchemeConfig } from "../config.ts";
import { decode, utf8Text } from "../encoding.ts";
import { valueAt } from "../json.ts";
import { type JwtText, parseJwt } from "../jwt-text.ts";
import { type Algorithm, type CompiledScheme, digestBytes, type Key, type Plan } from "../plan.ts";
import type { AsymmetricAlgorithm, HmacAlgorithm, JwtAlgorithm, JwtScheme } from "../provider.ts";
import { headerReader, type WebhookRequest } from "../request.ts";
import { ConfigError, failure, type VerifyFailure } from "../result.ts";
import { needHeader } from "./asymmetric.ts";
import { asymmetricKeys, fitsAlgorithm } from "./asymmetric-keys.ts";
import { textParam } from "./hmac-params.ts";
import { urlReader } from "./hmac-url.ts";
import { checkClaims, type Claims, compileClaims } from "./jwt-claims.ts";
import { canonicalRequest } from "./jwt-query-hash.ts";

/** The HMAC of each HS algorithm; the others have none. */
export const symmetricAlgorithms: Readonly<Partial<Record<JwtAlgorithm, HmacAlgorithm>>> = {
  HS256: "hmac-sha256",
  HS384: "hmac-sha384",
  HS512: "hmac-sha512",
};
/** The signature of each algorithm with a key pair. */
export const asymmetricAlgorithms: Readonly<Partial<Record<JwtAlgorithm, AsymmetricAlgorithm>>> = {
  ES256: "ecdsa-p256-sha256-raw",
  RS256: "rsa-sha256",
};

const mismatch = failure(
  "signature_mismatch",
  "The token does not match: the key is another one, or the request is not exactly the one the token was made for.",
);
const malformed = failure("malformed_signature", "The token is not three parts of base64url with JSON in the first two.");

/** Throws ConfigError for keys that do not fit the algorithms of the provider, and for absent or unknown parameters. */
export function compileJwt(config: SchemeConfig, scheme: JwtScheme): CompiledScheme {
  refuseUnknownParams(config, paramNames(scheme));
  const keys = jwtKeys(config, scheme);
  const keyIds = keys.map((key) => key.keyId);
  const rules = compileClaims(scheme, config.params, config.toleranceSeconds);
  const basePath = (textParam(config.params, "basePath") ?? "").replace(/\/$/, "");
  const signedUrl = urlReader(config);
  const reader = headerReader();
  const { header: name, prefix = "" } = scheme;
  const slot = name === undefined ? 0 : reader.slot(name);

  function read(request: WebhookRequest, nowMs: number): Plan | VerifyFailure {
    const value = name === undefined ? utf8Text(request.body) : needHeader(reader.read(request.headers)[slot], name);
    if (value === undefined) return malformed;
    if (typeof value !== "string") return value;
    if (value.slice(0, prefix.length).toLowerCase() !== prefix.toLowerCase())
      return failure("malformed_signature", `The header ${name} does not start with "${prefix}".`);
    const token = parseJwt(value.slice(prefix.length));
    if (token === undefined) return malformed;
    const algorithm = algorithmOf(token, scheme, keys);
    if (typeof algorithm !== "string") return algorithm;
    const keyId = valueAt(token.header, ["kid"]);
    if (typeof keyId === "string" && !keyIds.some((id) => id === undefined || id === keyId))
      return failure("unknown_key", "The token names a key that is not among the configured ones.");
    const digests = requestDigests(token.claims, scheme, { ...request, url: signedUrl(request) }, basePath);
    if ("ok" in digests) return digests;
    return {
      ok: true,
      content: [token.signed],
      candidates: [{ algorithm, bytes: token.signature, keyId: typeof keyId === "string" ? keyId : undefined }],
      digests,
      after: () => checkClaims(token.claims, rules, nowMs),
    };
  }

  return { keys, unsigned: false, mismatch, read };
}

/** The parameters a source of this provider may have. */
export function paramNames(scheme: JwtScheme): string[] {
  const names = (scheme.claims ?? []).map(({ param }) => param);
  if (scheme.queryHashClaim !== undefined) names.push("basePath", "url");
  if (scheme.urlHashClaim !== undefined) names.push("url");
  if (scheme.algs.some((alg) => asymmetricAlgorithms[alg] !== undefined)) names.push("kid");
  return names;
}

/** Throws ConfigError for keys that do not fit the algorithms of the provider. */
export function jwtKeys(config: SchemeConfig, scheme: JwtScheme): Key[] {
  const publicAlgorithms = scheme.algs.flatMap((alg) => asymmetricAlgorithms[alg] ?? []);
  if (publicAlgorithms.length > 0) {
    // A secret and a public key for one provider is how RS256 keys end up as HMAC secrets.
    if (publicAlgorithms.length !== scheme.algs.length) throw new ConfigError("provider.scheme.algs", "mixes shared secrets and key pairs");
    return asymmetricKeys(config, publicAlgorithms, textParam(config.params, "kid"));
  }
  needSecret(config);
  refusePublicKey(config);
  return config.secrets.flatMap((secret, secretIndex) => {
    const bytes = secretBytes(secret, "utf8", `secrets[${secretIndex}]`);
    return scheme.algs.flatMap((alg) => {
      const algorithm = symmetricAlgorithms[alg];
      return algorithm === undefined ? [] : [{ algorithm, bytes, secretIndex }];
    });
  });
}

function algorithmOf(token: JwtText, scheme: JwtScheme, keys: readonly Key[]): Algorithm | VerifyFailure {
  const name = valueAt(token.header, ["alg"]);
  const alg = scheme.algs.find((each) => each === name);
  const algorithm = alg && (symmetricAlgorithms[alg] ?? asymmetricAlgorithms[alg]);
  if (algorithm === undefined || !keys.some((key) => key.algorithm === algorithm))
    return failure("algorithm_not_allowed", `The token is signed with another algorithm than ${scheme.algs.join(" or ")}.`);
  // Extensions the receiver must understand or refuse (RFC 7515, section 4.1.11): we understand none.
  if (valueAt(token.header, ["crit"]) !== undefined)
    return failure("algorithm_not_allowed", "The token needs an extension that is not supported.");
  const { length } = token.signature;
  const fits =
    algorithm in digestBytes ? length === digestBytes[algorithm as HmacAlgorithm] : fitsAlgorithm(algorithm as AsymmetricAlgorithm, length);
  return fits ? algorithm : failure("malformed_signature", "The signature of the token is not of the full length.");
}

type Digests = NonNullable<Plan["digests"]>;

/** What the hash claims of the token stand for. */
function requestDigests(claims: Claims, scheme: JwtScheme, request: WebhookRequest, basePath: string): Digests | VerifyFailure {
  const { bodyHash, urlHashClaim, queryHashClaim } = scheme;
  const digests: Digests[number][] = [];
  if (bodyHash !== undefined) {
    const absent = bodyHash.absentWhenEmpty === true && request.body.length === 0 && valueAt(claims, [bodyHash.claim]) === undefined;
    const sha256 = absent ? undefined : hashClaim(claims, bodyHash.claim, bodyHash.enc);
    if (sha256 !== undefined && "ok" in sha256) return sha256;
    if (sha256 !== undefined) digests.push({ content: request.body, sha256 });
  }
  if (urlHashClaim !== undefined) {
    if (typeof request.url !== "string")
      return failure("malformed_request", "This provider signs the url of the request: pass it to verify.");
    const sha256 = hashClaim(claims, urlHashClaim, "hex");
    if ("ok" in sha256) return sha256;
    digests.push({ content: request.url, sha256 });
  }
  if (queryHashClaim !== undefined) {
    if (typeof request.url !== "string" || typeof request.method !== "string")
      return failure("malformed_request", "This provider signs the method and url of the request: pass them to verify.");
    const content = canonicalRequest(request.method, request.url, basePath);
    if (content === undefined) return failure("malformed_request", "The url of the request is not an absolute URL.");
    const sha256 = hashClaim(claims, queryHashClaim, "hex");
    if ("ok" in sha256) return sha256;
    digests.push({ content, sha256 });
  }
  return digests;
}

function hashClaim(claims: Claims, name: string, enc: "hex" | "base64" | "base64url"): Uint8Array | VerifyFailure {
  const value = valueAt(claims, [name]);
  const bytes = typeof value === "string" ? decode(enc, value) : undefined;
  return bytes?.length === 32 ? bytes : failure("claim_mismatch", `The claim ${name} of the token is not a SHA-256 in ${enc}.`);
}
