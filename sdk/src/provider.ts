// What a provider is: a record of plain data. Adding one is adding a file in providers/ and a line in its list.
import type { Encoding } from "./encoding.ts";
import type { Handshake } from "./handshake-rule.ts";

/** Options of a source that are not secret, for example the header of the generic `hmac` provider. */
export type Params = Readonly<Record<string, string | number | boolean>>;

/**
 * Where a fact about the event stands. `header:x-github-delivery`. `json:data.0.id` inside a JSON body. `form:name` in a
 * form body, and `form:payload:event.0.id` inside the JSON of a form field. `key:!update_id`: the first key of a JSON
 * body that is another one. `jwt:x-signature:jti`: a claim of the token in a header. `text:{json:a}.{json:b}`: several of these in a text, absent when one of them is.
 */
export type Location = `header:${string}` | `json:${string}` | `form:${string}` | `key:!${string}` | `jwt:${string}` | `text:${string}`;

/** `sha256-prefix` is no HMAC: plain SHA-256 over the secret followed by the content, as some older senders do. */
export type HmacAlgorithm = "hmac-sha1" | "hmac-sha256" | "hmac-sha384" | "hmac-sha512" | "sha256-prefix";

/** ECDSA signatures are DER, or with `-raw` the two numbers side by side as in a JWT. RSA is PKCS #1 v1.5. */
export type AsymmetricAlgorithm = "ed25519" | "ecdsa-p256-sha256" | "ecdsa-p256-sha256-raw" | "rsa-sha256" | "rsa-sha1";

/**
 * How the text of a secret becomes key bytes. `utf8`: the text as it is. `whsec`: base64 after an optional `whsec_`
 * or `v1,whsec_` prefix. `whsec-or-utf8`: base64 after `whsec_`, or else the text as it is. `nfkd`: UTF-8 after Unicode normalisation.
 * `sha1-utf8`: the 20 bytes of the SHA-1 of the text.
 */
export type KeyEncoding = "utf8" | "nfkd" | "hex" | "base64" | "whsec" | "whsec-or-utf8" | "sha1-utf8";

/** `http-date` is the one form of RFC 9110 that senders may write, `Thu, 09 Oct 2025 08:53:20 GMT`. */
export type TimestampUnit = "s" | "ms" | "rfc3339" | "http-date";

/** The signature header. `header` lists alternatives, the first one present counts. */
export interface SignatureRule {
  readonly header: readonly string[];
  /** The query parameter that holds the signature, for senders that have no header for it; `header` is then empty. */
  readonly query?: string;
  /** true: the sender may repeat the header; its values are one list. Everywhere else a repeated header is refused. */
  readonly repeats?: true;
  /** true: the headers are no alternatives; each one present holds the signature of another key. */
  readonly every?: true;
  /**
   * `raw` (default): one signature. `list`: several, split at `sep`. `kv`: `t=1,v1=abc` pairs, split at `sep`.
   * `csv`: the timestamp, then signatures, split at `sep`.
   */
  readonly parse?: "raw" | "list" | "kv" | "csv";
  /** In `kv`: stands between sets of pairs, each with a timestamp of its own. */
  readonly setSep?: string;
  readonly sep?: string;
  /** Stands before each signature; in a list, items without it are other versions and are ignored. */
  readonly prefix?: string;
  /** In `list`: ends the label that stands before each signature, such as the id of its key, and that is not read. */
  readonly labelEnd?: string;
  /** In `kv`: the key of signatures, for example `v1`. */
  readonly sigKey?: string;
  /** In `kv`: the key of the timestamp, for example `t`. */
  readonly tsKey?: string;
}

export interface TimestampRule {
  /**
   * `sig`: from the `tsKey` of the signature header. `header:a|b`: the first of these headers present. `json:a.b`: from
   * the signed JSON body, read only once the signature has matched.
   */
  readonly from: "sig" | `header:${string}` | `json:${string}`;
  readonly unit: TimestampUnit;
  /** Largest accepted age, inclusive; undefined: any age, because the provider states no limit. */
  readonly toleranceSeconds?: number;
  /** true: a timestamp further ahead than the tolerance is refused; false: the future is accepted, as Stripe does. */
  readonly future: boolean;
  /** With `future`: the largest accepted lead, where it is another one than the age. */
  readonly aheadSeconds?: number;
}

/** One HMAC over a template, in a header: the recipe of most providers. */
export interface HmacRecipe {
  readonly alg: HmacAlgorithm;
  readonly key: KeyEncoding;
  readonly sig: SignatureRule;
  readonly enc: Encoding;
  /** Signed bytes: literals and `{body} {ts} {method} {url} {form} {form:name} {header:a|b} {param:x}`. */
  readonly content: string;
  readonly ts?: TimestampRule;
  /** true: the sender writes the signed URL with or without its port, as registered or percent-escaped; all are tried. */
  readonly anyPort?: true;
  /** A query parameter with the SHA-256 of the body in hex; where present, it stands for `{form}` in the content. */
  readonly bodyDigestQuery?: string;
}

export interface HmacScheme extends HmacRecipe {
  readonly kind: "hmac";
  /** Versions of the signature that the sender may use instead, chosen by the parameter of this name, never by a request. */
  readonly versions?: { readonly param: string; readonly recipes: Readonly<Record<string, HmacRecipe>> };
  /** The generic provider: the fields above are defaults which `params` replaces. */
  readonly fromParams?: boolean;
}

/** https://github.com/standard-webhooks/standard-webhooks: `v1` HMAC and `v1a` ed25519 in one list. */
export interface StandardWebhooksScheme {
  readonly kind: "standard-webhooks";
  readonly key: KeyEncoding;
  /** Accepted families of `<prefix>-id`, `<prefix>-timestamp`, `<prefix>-signature`; the first is used to sign. */
  readonly headerPrefixes: readonly string[];
  readonly toleranceSeconds: number;
}

/** A shared secret sent as it is: no protection of the body, and anyone who sees one request can forge the next. */
export interface TokenScheme {
  readonly kind: "token";
  readonly header?: string;
  /** Stands before the token in the header, compared without case, for example `Bearer `. */
  readonly prefix?: string;
  readonly query?: string;
  /** Leads to the token inside a JSON body, for example `token`; header and query are then not read. */
  readonly json?: string;
  /** true: header and query are both given, and the sender uses either of them. */
  readonly either?: true;
  /** The generic provider: `params.header`, `params.prefix` or `params.query` replace the fields above. */
  readonly fromParams?: boolean;
}

/** HTTP Basic (RFC 7617); the secret is `user:password`. */
export interface BasicScheme {
  readonly kind: "basic";
}

/** Nothing is checked. */
export interface NoneScheme {
  readonly kind: "none";
}

/** Which certificate URLs of a request are the vendor's: the exact hosts, and hosts with `*` for one label, the region. */
export interface CertUrlRule {
  readonly hosts: readonly string[];
  readonly regionalHosts?: readonly string[];
  /** How the path must end, for example `.pem`. */
  readonly suffix?: string;
}

/** One signature of the vendor's private key over a template, in a header. */
export interface AsymmetricScheme {
  readonly kind: "asymmetric";
  readonly alg: AsymmetricAlgorithm;
  readonly header: string;
  readonly enc: Encoding;
  /** As in HmacScheme. */
  readonly content: string;
  /** `crc32`: `{body}` is the CRC-32 of the body as a decimal number. */
  readonly bodyAs?: "crc32";
  readonly ts?: { readonly header: string; readonly unit: TimestampUnit; readonly toleranceSeconds?: number };
  /** The header that names the certificate. It is checked, never followed: the certificate is given as public key. */
  readonly certUrl?: CertUrlRule & { readonly header: string };
  /** A header that names the algorithm, and the one value that is accepted. */
  readonly algorithmHeader?: { readonly name: string; readonly value: string };
}

export type JwtAlgorithm = "HS256" | "HS384" | "HS512" | "ES256" | "RS256";

/** A JSON Web Token (RFC 7519) with claims about the request. */
export interface JwtScheme {
  readonly kind: "jwt";
  /** Absent: the whole body is the token. */
  readonly header?: string;
  /** Stands before the token, compared without case, for example `Bearer `. */
  readonly prefix?: string;
  /** The only algorithms accepted, all of one family: secrets for HS…, public keys for the others. */
  readonly algs: readonly JwtAlgorithm[];
  /** How far the clocks may differ, for `exp`, `nbf` and an `iat` in the future. */
  readonly leewaySeconds: number;
  /** true: `exp` must be there. It is always checked when it is. */
  readonly expires?: true;
  /** Largest age by `iat`, inclusive, which must then be there. */
  readonly maxAgeSeconds?: number;
  readonly iss?: string;
  /** Claims that must equal a parameter of the source, which must be given unless it is optional. */
  readonly claims?: readonly { readonly claim: string; readonly param: string; readonly optional?: true }[];
  /** Claims that must be `true`. */
  readonly trueClaims?: readonly string[];
  /** The claim with the SHA-256 of the body. `absentWhenEmpty`: it may be missing when there is no body. */
  readonly bodyHash?: { readonly claim: string; readonly enc: Encoding; readonly absentWhenEmpty?: true };
  /** The claim with the SHA-256 of the full URL, in hex. */
  readonly urlHashClaim?: string;
  /** The claim with Atlassian's query string hash: SHA-256 of method, path and sorted query, in hex. */
  readonly queryHashClaim?: string;
}

/** The signature or shared secret stands inside the body, over some of its fields; each layout is code of its own. */
export interface BodySignatureScheme {
  readonly kind: "body-signature";
  readonly layout: "adyen" | "aws-sns" | "mailgun" | "braintree" | "dropbox-sign" | "microsoft-graph" | "paddle-classic";
  readonly key?: KeyEncoding;
  readonly certUrl?: CertUrlRule;
}

/** An HMAC over parts of the request that the vendor puts together in a way of its own; each layout is code of its own. */
export interface CanonicalScheme {
  readonly kind: "canonical";
  readonly layout: "contentful" | "hook0" | "hygraph";
  /** Undefined: any age, because the vendor states no limit. */
  readonly toleranceSeconds?: number;
}

/**
 * An ed25519 signature over header fields and parts of the request that it names itself (RFC 9421). The body is bound by
 * Content-Digest (RFC 9530), which must be among what it names.
 */
export interface HttpSignatureScheme {
  readonly kind: "http-signature";
  /** Largest difference between `created` and now, both ways, inclusive. */
  readonly toleranceSeconds: number;
}

export type Scheme =
  | HmacScheme
  | StandardWebhooksScheme
  | TokenScheme
  | BasicScheme
  | NoneScheme
  | AsymmetricScheme
  | JwtScheme
  | BodySignatureScheme
  | CanonicalScheme
  | HttpSignatureScheme;

/** When the event happened, by the provider's own clock. */
export interface TimeLocation {
  readonly from: Location;
  readonly unit: TimestampUnit;
}

/** A body that carries several events: where its array is, and where id, type, time and key stand inside one item. */
export interface BatchRule {
  /** `json:` is the body itself, `json:data.events` inside it, `form:name` the JSON of a form field. */
  readonly items: `json:${string}` | `form:${string}`;
  /** As in Provider, with the item as the body; every item needs one for the body to be deduped as a whole. */
  readonly id?: readonly Location[];
  readonly type?: readonly Location[];
  readonly time?: readonly TimeLocation[];
  readonly key?: readonly Location[];
}

/** Where the vendor's public keys can be had, for a receiver that was given none. */
export type KeySource =
  /** The certificate at the address that the request names and the rule `certUrl` of the scheme allows. */
  | { readonly kind: "certificate" }
  /** A JWKS (RFC 7517) at a fixed address; `at` leads to it inside other JSON. */
  | { readonly kind: "jwks"; readonly url: string; readonly at?: string }
  /** A PEM public key as the value at `at` inside the JSON at a fixed address, or the whole answer without `at`. */
  | { readonly kind: "pem"; readonly url: string; readonly at?: string }
  /** One JWK by the `kid` of the token, asked for with the credentials in the named parameters, as Plaid wants it. */
  | {
      readonly kind: "jwk-by-id";
      /** Addresses by the value of the parameter `environment`; the first is the default. */
      readonly urls: Readonly<Record<string, string>>;
      /** Names of the JSON fields of the question: `kid` under one name, parameters and the secret under others. */
      readonly idField: string;
      readonly paramFields: Readonly<Record<string, string>>;
      readonly secretField: string;
      /** Leads to the JWK in the answer. */
      readonly at: string;
    };

/** One request as the vendor sends it, without its signature: `sign` adds that. */
export interface Sample {
  /** The type of the event, as `extract` reads it. */
  readonly type: string;
  readonly method?: "POST" | "GET" | "PUT" | "DELETE";
  /** Headers beside those of the signature, lower case; `content-type` is application/json when absent. */
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON is a value and is sent compact; a text is sent as it is. */
  readonly body: unknown;
}

export interface Provider {
  /** Equal to the file name. */
  readonly id: string;
  readonly name: string;
  /** Where the vendor documents the signature. */
  readonly docsUrl: string;
  readonly scheme: Scheme;
  /** Alternatives, first hit counts; only ids that stay the same over redeliveries, because they dedupe. */
  readonly eventId: readonly Location[];
  readonly eventType: readonly Location[];
  /** Alternatives, first hit counts. */
  readonly eventTime?: readonly TimeLocation[];
  /** What the event is about (a customer, an issue, a message): the subject of a CloudEvent and a natural ordering key. */
  readonly eventKey?: readonly Location[];
  /** false: the body is not covered by the signature, so a valid request may carry a changed body. */
  readonly bodyAuthenticated: boolean;
  /** Requests by which the vendor tests the endpoint; the first that applies counts. */
  readonly handshakes?: readonly Handshake[];
  /** How a body with several events is cut into them. */
  readonly batch?: BatchRule;
  /** true: requests in the form of CloudEvents 1.0 are read as such. */
  readonly cloudEvents?: true;
  /** Steps for a person who sets the webhook up at the vendor, as plain sentences. */
  readonly setup: readonly string[];
  /** Where the vendor shows the secret or key, in the vendor's own words; part of the error when it is missing or wrong. */
  readonly secretHint?: string;
  /** Where the vendor's public keys can be had. */
  readonly keySource?: KeySource;
  /** The answer the vendor wants where a plain 200 is not enough. */
  readonly answer?: { readonly status: number; readonly contentType?: string; readonly body?: string };
  /** Requests for test events, one per common type, with invented data. */
  readonly samples?: readonly Sample[];
  /** Shortest secret, where the vendor's own ones are shorter than we would take. */
  readonly secretBytesMin?: number;
  /** true: from memory of the vendor's documentation, not checked against it. */
  readonly experimental?: true;
  /** Seconds within which the vendor wants its answer. */
  readonly answerWithinSeconds?: number;
  /** How the vendor repeats a failed delivery, as a plain sentence. */
  readonly retry?: string;
  /** Where requests come from: CIDR ranges and addresses, or the URL at which the vendor publishes them. */
  readonly ipRanges?: readonly string[];
}

/** Whether the signature covers the URL, so that a source needs the public URL as it is registered at the provider. */
export function signsUrl(provider: Provider): boolean {
  const { scheme } = provider;
  if (scheme.kind === "canonical") return scheme.layout === "contentful";
  if (scheme.kind === "jwt") return scheme.urlHashClaim !== undefined || scheme.queryHashClaim !== undefined;
  if (scheme.kind !== "hmac") return false;
  return [scheme, ...Object.values(scheme.versions?.recipes ?? {})].some((recipe) => recipe.content.includes("{url}"));
}

/** Whether the vendor signs with a private key, so that a receiver needs its public key and no secret. */
export function usesKeyPair({ scheme }: Provider): boolean {
  if (scheme.kind === "jwt") return !scheme.algs.some((alg) => alg.startsWith("HS"));
  if (scheme.kind === "body-signature") return scheme.layout === "aws-sns" || scheme.layout === "paddle-classic";
  return scheme.kind === "asymmetric" || scheme.kind === "http-signature";
}

const CANONICAL_HEADERS: Readonly<Record<CanonicalScheme["layout"], string>> = {
  contentful: "x-contentful-signature",
  hook0: "x-hook0-signature",
  hygraph: "gcms-signature",
};

/** The headers that carry a provider's signature, in lower case; empty where nothing about the header tells the provider, as with Authorization. */
export function signatureHeaders(provider: Provider): readonly string[] {
  const { scheme } = provider;
  switch (scheme.kind) {
    case "hmac":
      return scheme.sig.header.filter((name) => name !== "authorization");
    case "standard-webhooks":
      return scheme.headerPrefixes.map((prefix) => `${prefix}-signature`);
    case "token":
      return scheme.header === undefined || scheme.header === "authorization" ? [] : [scheme.header];
    case "asymmetric":
      return [scheme.header];
    case "jwt":
      return scheme.header === undefined || scheme.header === "authorization" ? [] : [scheme.header];
    case "canonical":
      return [CANONICAL_HEADERS[scheme.layout]];
    case "http-signature":
      return ["signature-input"];
    case "body-signature":
    case "basic":
    case "none":
      return [];
  }
}

/** The parameters that the provider's handshakes read. */
export function handshakeParams(provider: Provider): string[] {
  return (provider.handshakes ?? []).flatMap((rule) => [
    ...(rule.demands ?? []).flatMap((demand) => ("param" in demand ? [demand.param] : [])),
    ...[rule.text, ...Object.values(rule.headers ?? {}), ...Object.values(rule.json ?? {})]
      .flatMap((template) => [...String(template).matchAll(/\{param:([^{}]+)\}/g)])
      .map(([, name = ""]) => name),
    ...(rule.effect?.kind === "fetch" ? [rule.effect.param] : []),
  ]);
}
