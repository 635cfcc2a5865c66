// What a handshake is: data that says when a vendor tests the endpoint and which answer it wants.
import type { CertUrlRule } from "./provider.ts";

/**
 * Where a handshake reads the request: a query parameter (decoded), a header, the JSON body, a field of a form (URL-encoded
 * or multipart), `form:json:event.type` inside the JSON of a field, or `body`, the whole body as text. What is there more than once is absent.
 */
export type RequestLocation = `query:${string}` | `header:${string}` | `json:${string}` | `form:${string}` | "body";

/** Holds or does not: then the request is no such handshake. `empty`: a list without items. */
export type HandshakeCondition =
  | { readonly at: RequestLocation; readonly is: "present" | "absent" | "empty" }
  | { readonly at: RequestLocation; readonly equals: string | number };

/**
 * Fails or does not: then the request is such a handshake, and refused. `matches` is a regular expression for the whole
 * value where there is one (400). `param`: equal to this parameter of the source (403).
 */
export type HandshakeDemand =
  | { readonly at: RequestLocation; readonly matches: string }
  | { readonly at: RequestLocation; readonly param: string };

/** An HMAC with the first secret; `sha1`: the key is the raw SHA-1 of the secret. It stands as `{mac}` in templates. */
export interface HandshakeMac {
  readonly alg: "hmac-sha1" | "hmac-sha256";
  readonly key: "utf8" | "sha1";
  readonly content: RequestLocation;
  readonly enc: "hex" | "base64";
}

export type HandshakeEffectRule =
  /** GET this address, which must be one of the rule, and only when the source has the parameter `param` and the value at `equals` is the same. */
  | {
      readonly kind: "fetch";
      readonly url: RequestLocation;
      readonly urls: Omit<CertUrlRule, "suffix">;
      readonly param: string;
      readonly equals: RequestLocation;
    }
  /** From now on the vendor signs with this. */
  | { readonly kind: "learn-secret"; readonly secret: RequestLocation };

/**
 * A request by which a vendor tests the endpoint; it does not become an event. Texts of the answer are templates with
 * `{query:x}`, `{header:x}`, `{json:x}`, `{form:x}`, `{param:x}` and `{mac}`: without these values there is no handshake.
 */
export interface Handshake {
  /** What it is, for people. */
  readonly name: string;
  /** true: answered only once the signature has verified; otherwise before, because the vendor does not sign it. */
  readonly signed?: true;
  readonly methods: readonly ("GET" | "HEAD" | "OPTIONS" | "POST")[];
  readonly when?: readonly HandshakeCondition[];
  readonly demands?: readonly HandshakeDemand[];
  readonly mac?: HandshakeMac;
  /** Default 200. */
  readonly status?: number;
  /** Templates; a header whose value is absent is left out. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The body as text/plain. */
  readonly text?: string;
  /** In place of text/plain; the text must then be free of markup. */
  readonly contentType?: "text/html";
  /** The body as a JSON object; texts are templates. */
  readonly json?: Readonly<Record<string, string | number>>;
  readonly effect?: HandshakeEffectRule;
  /** true: the request is also an event. */
  readonly alsoEvent?: true;
}
