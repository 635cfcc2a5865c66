// Makes the tokens of providers that share a secret with us, for test events: the recipe of jwt.ts, run forwards.
import { refuseUnknownParams, type SchemeConfig } from "../config.ts";
import { encode, utf8 } from "../encoding.ts";
import type { CompiledSigner, PreparedSignature, SignRequest } from "../plan.ts";
import type { JwtScheme } from "../provider.ts";
import { ConfigError } from "../result.ts";
import { textParam } from "./hmac-params.ts";
import { urlReader } from "./hmac-url.ts";
import { jwtKeys, paramNames, symmetricAlgorithms } from "./jwt.ts";
import { canonicalRequest } from "./jwt-query-hash.ts";

/** How long a token lives that must expire. */
const LIFE_SECONDS = 180;

/** Signs with the first secret and the provider's first algorithm. Throws ConfigError for a provider with a key pair. */
export function compileJwtSigner(config: SchemeConfig, scheme: JwtScheme): CompiledSigner {
  const alg = scheme.algs[0] ?? "HS256";
  const algorithm = symmetricAlgorithms[alg];
  if (algorithm === undefined)
    throw new ConfigError("provider", `${config.provider.name} signs with a private key that only the vendor has`);
  if (scheme.header === undefined)
    throw new ConfigError("provider", `${config.provider.name} sends its token as the body, which a signature cannot become`);
  const name: string = scheme.header;
  refuseUnknownParams(config, paramNames(scheme));
  const keys = jwtKeys(config, scheme)
    .filter((key) => key.algorithm === algorithm && key.secretIndex === 0)
    .map(({ bytes }) => ({ algorithm, bytes }));
  const basePath = (textParam(config.params, "basePath") ?? "").replace(/\/$/, "");
  const signedUrl = urlReader(config);
  const header = part({ alg, typ: "JWT" });

  function claimsOf(given: SignRequest): object {
    const request = { ...given, url: signedUrl(given) };
    const { bodyHash, urlHashClaim, queryHashClaim } = scheme;
    const seconds = Math.floor(request.timestampMs / 1000);
    const timed = scheme.expires === true || scheme.maxAgeSeconds !== undefined;
    const equal = (scheme.claims ?? []).map(({ claim, param }) => [claim, textParam(config.params, param)]);
    return {
      ...(scheme.iss === undefined ? {} : { iss: scheme.iss }),
      ...Object.fromEntries(equal),
      ...(timed ? { iat: seconds } : {}),
      ...(scheme.expires === true ? { exp: seconds + LIFE_SECONDS } : {}),
      ...(request.id === undefined ? {} : { jti: request.id }),
      ...(bodyHash === undefined ? {} : { [bodyHash.claim]: encode(bodyHash.enc, request.sha256(request.body)) }),
      ...(urlHashClaim === undefined ? {} : { [urlHashClaim]: encode("hex", request.sha256(needUrl(request))) }),
      ...(queryHashClaim === undefined ? {} : { [queryHashClaim]: encode("hex", request.sha256(queryText(request, basePath))) }),
    };
  }

  function prepare(request: SignRequest): PreparedSignature {
    const text = `${header}.${part(claimsOf(request))}`;
    const finish: PreparedSignature["finish"] = (signatures) => ({
      headers: [[name, `${scheme.prefix ?? ""}${text}.${signatures[0]}`]],
    });
    return { content: [text], finish };
  }

  return { keys, encoding: "base64url", prepare };
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
