// What a provider is: a record of plain data. Adding one is adding a file in providers/ and a line in its list.
import type { Encoding } from "./encoding.ts";

/** Options of a source that are not secret, for example the header of the generic `hmac` provider. */
export type Params = Readonly<Record<string, string | number | boolean>>;

/** Where a fact about the event stands: `header:x-github-delivery`, or `json:data.0.id` inside a JSON body. */
export type Location = `header:${string}` | `json:${string}`;

export type HmacAlgorithm = "hmac-sha1" | "hmac-sha256" | "hmac-sha512";

/**
 * How the text of a secret becomes key bytes. `utf8`: the text as it is. `whsec`: base64 after an optional `whsec_`
 * prefix. `nfkd`: UTF-8 after Unicode normalisation.
 */
export type KeyEncoding = "utf8" | "nfkd" | "hex" | "base64" | "whsec";

export type TimestampUnit = "s" | "ms" | "rfc3339";

/** The signature header. `header` lists alternatives, the first one present counts. */
export interface SignatureRule {
  readonly header: readonly string[];
  /** `raw` (default): one signature. `list`: several, split at `sep`. `kv`: `t=1,v1=abc` pairs, split at `sep`. */
  readonly parse?: "raw" | "list" | "kv";
  readonly sep?: string;
  /** Stands before each signature; in a list, items without it are other versions and are ignored. */
  readonly prefix?: string;
  /** In `kv`: the key of signatures, for example `v1`. */
  readonly sigKey?: string;
  /** In `kv`: the key of the timestamp, for example `t`. */
  readonly tsKey?: string;
}

export interface TimestampRule {
  /** `sig`: from the `tsKey` of the signature header. `header:a|b`: the first of these headers present. */
  readonly from: "sig" | `header:${string}`;
  readonly unit: TimestampUnit;
  /** Largest accepted age, inclusive; undefined: any age, because the provider states no limit. */
  readonly toleranceSeconds?: number;
  /** true: a timestamp further ahead than the tolerance is refused; false: the future is accepted, as Stripe does. */
  readonly future: boolean;
}

/** One HMAC over a template, in a header: the recipe of most providers. */
export interface HmacScheme {
  readonly kind: "hmac";
  readonly alg: HmacAlgorithm;
  readonly key: KeyEncoding;
  readonly sig: SignatureRule;
  readonly enc: Encoding;
  /** Signed bytes: literals and `{body} {ts} {method} {url} {header:a|b} {param:x}`. */
  readonly content: string;
  readonly ts?: TimestampRule;
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

export type Scheme = HmacScheme | StandardWebhooksScheme | TokenScheme | BasicScheme | NoneScheme;

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
  /** false: the body is not covered by the signature, so a valid request may carry a changed body. */
  readonly bodyAuthenticated: boolean;
  /** Steps for a person who sets the webhook up at the vendor, as plain sentences. */
  readonly setup: readonly string[];
}

/** The headers that carry a provider's signature, in lower case; empty where nothing about the header tells the provider, as with Authorization. */
export function signatureHeaders(provider: Provider): readonly string[] {
  const { scheme } = provider;
  switch (scheme.kind) {
    case "hmac":
      return scheme.sig.header;
    case "standard-webhooks":
      return scheme.headerPrefixes.map((prefix) => `${prefix}-signature`);
    case "token":
      return scheme.header === undefined || scheme.header === "authorization" ? [] : [scheme.header];
    case "basic":
    case "none":
      return [];
  }
}
