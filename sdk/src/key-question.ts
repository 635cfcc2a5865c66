// Which key of the vendor a request needs, and where it can be had. Pure: what is fetched, and how, is the caller's.
import { utf8Text } from "./encoding.ts";
import { jsonObject, valueAt } from "./json.ts";
import { parseJwt } from "./jwt-text.ts";
import { limits } from "./limits.ts";
import type { KeySource, Params, Provider } from "./provider.ts";
import { headerReader, type WebhookRequest } from "./request.ts";
import { ConfigError, failure, type VerifyFailure } from "./result.ts";
import { checkCertUrl } from "./schemes/asymmetric-cert-url.ts";

export interface KeyQuestion {
  readonly kind: KeySource["kind"];
  /** Equal questions have equal answers: what a cache goes by. Holds no secret. */
  readonly id: string;
  readonly method: "GET" | "POST";
  /** https, at an address the provider's record allows. Redirects must not be followed. */
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body?: string;
  /** The key the request names, where several come in one answer. */
  readonly keyId?: string;
}

/** The part of a source's options that says whether and how keys are fetched. */
export interface KeyOptions {
  readonly provider: Provider;
  readonly secrets: readonly string[];
  readonly publicKeys: readonly string[];
  readonly params: Params;
}

/** Whether the vendor's keys are fetched: it hands them out, and none is pinned. */
export function fetchesKeys({ provider, secrets, publicKeys }: KeyOptions): boolean {
  const source = provider.keySource;
  if (source === undefined || publicKeys.length > 0) return false;
  // Elsewhere a public key may stand among the secrets; here the secret is that of the account that asks.
  return source.kind === "jwk-by-id" || secrets.length === 0;
}

/** Throws ConfigError when the account that keys are asked for with is not complete. */
export function checkKeyOptions({ provider, secrets, params }: KeyOptions): void {
  const source = provider.keySource;
  if (source?.kind !== "jwk-by-id") return;
  if (secrets.length === 0) throw new ConfigError("secrets", `is empty: ${provider.name} hands its keys out to its customers only`);
  for (const param of Object.values(source.paramFields)) {
    if (typeof params[param] !== "string" || params[param] === "") throw new ConfigError(`params.${param}`, "is needed to fetch the keys");
  }
  environmentUrl(source, params);
}

/**
 * The question to ask before this request can be verified. A request that names a key nowhere, or at an address that
 * is not the vendor's, is a failure: nothing is fetched for it. Only for options that `fetchesKeys`.
 */
export function keyQuestion(options: KeyOptions, request: WebhookRequest): KeyQuestion | VerifyFailure {
  const source = options.provider.keySource;
  switch (source?.kind) {
    case "certificate":
      return certificateQuestion(options.provider, request);
    case "jwks":
    case "pem":
      return { ...get(source.kind, source.url), ...keyIdOf(options.provider, request) };
    case "jwk-by-id":
      return jwkQuestion(options, source, request);
    case undefined:
      return failure("no_secret", `${options.provider.name} has no place where its keys are published.`);
  }
}

function get(kind: KeySource["kind"], url: string): KeyQuestion {
  return { kind, id: url, method: "GET", url, headers: [] };
}

function certificateQuestion({ name, scheme }: Provider, request: WebhookRequest): KeyQuestion | VerifyFailure {
  if ((scheme.kind !== "asymmetric" && scheme.kind !== "body-signature") || scheme.certUrl === undefined)
    return failure("no_secret", `${name} names no certificate.`);
  const url =
    scheme.kind === "asymmetric" && scheme.certUrl !== undefined
      ? headerOf(request, scheme.certUrl.header)
      : valueAt(jsonObject(request.body), ["SigningCertURL"]);
  if (typeof url !== "string") return failure("missing_header", "The request names no certificate of the vendor.");
  return checkCertUrl(url, scheme.certUrl, undefined) ?? get("certificate", url);
}

function jwkQuestion(options: KeyOptions, source: KeySource & { kind: "jwk-by-id" }, request: WebhookRequest): KeyQuestion | VerifyFailure {
  const { keyId } = keyIdOf(options.provider, request);
  // A key id becomes part of a question in the owner's name; vendors' ids are UUIDs and the like.
  if (keyId === undefined || !/^[A-Za-z0-9_.-]{1,128}$/.test(keyId))
    return failure("unknown_key", "The token does not name a key, so none can be asked for.");
  const url = environmentUrl(source, options.params);
  const account = Object.entries(source.paramFields).map(([field, param]) => [field, options.params[param]]);
  const body = { ...Object.fromEntries(account), [source.secretField]: options.secrets[0], [source.idField]: keyId };
  return {
    kind: source.kind,
    id: `${url} ${JSON.stringify(account)} ${keyId}`,
    method: "POST",
    url,
    headers: [["content-type", "application/json"]],
    body: JSON.stringify(body),
    keyId,
  };
}

function environmentUrl({ urls }: KeySource & { kind: "jwk-by-id" }, params: Params): string {
  const names = Object.keys(urls);
  const name = params["environment"] ?? names[0];
  const url = typeof name === "string" && Object.hasOwn(urls, name) ? urls[name] : undefined;
  if (url === undefined) throw new ConfigError("params.environment", `must be one of ${names.join(", ")}`);
  return url;
}

/** The `kid` in the token of the request, where the provider sends one. */
function keyIdOf({ scheme }: Provider, request: WebhookRequest): { keyId?: string } {
  if (scheme.kind !== "jwt") return {};
  const value = (scheme.header === undefined ? utf8Text(request.body) : headerOf(request, scheme.header)) ?? "";
  const token = value.length > limits.jwtCharsMax ? undefined : parseJwt(value.slice(scheme.prefix?.length ?? 0));
  const keyId = token && valueAt(token.header, ["kid"]);
  return typeof keyId === "string" ? { keyId } : {};
}

function headerOf(request: WebhookRequest, name: string): string | undefined {
  const reader = headerReader();
  const slot = reader.slot(name);
  return reader.read(request.headers)[slot] ?? undefined;
}
