// The shared secrets a sender proves itself with: they are checked, and then neither stored nor passed on.
import { providerById } from "@posthorn/sdk";
import type { RequestHead } from "../core/event.ts";
import type { Source } from "../core/source.ts";

/** What stands in a stored request instead of a shared secret. */
export const CREDENTIAL_MASK = "***";
const NONE: ReadonlySet<string> = new Set();

export interface Credentials {
  /** Lower-case names of headers whose value is a secret shared with the sender. */
  headers: ReadonlySet<string>;
  /** Name of a query parameter that is one; null for none. */
  query: string | null;
}

const NO_CREDENTIALS: Credentials = { headers: NONE, query: null };

// Sources are immutable values: what is known of one version is dropped with it.
const known = new WeakMap<Source, Credentials>();

export function credentialsOf(source: Source | undefined): Credentials {
  if (source === undefined) return NO_CREDENTIALS;
  let credentials = known.get(source);
  if (credentials === undefined) {
    credentials = findCredentials(source);
    known.set(source, credentials);
  }
  return credentials;
}

function findCredentials({ provider, params, auth }: Source): Credentials {
  const headers = new Set<string>();
  let query: string | null = null;
  if (auth.kind === "basic" || auth.kind === "bearer") headers.add("authorization");
  if (auth.kind === "apiKey") headers.add(auth.header.toLowerCase());
  const scheme = providerById(provider)?.scheme;
  if (scheme?.kind === "basic") headers.add("authorization");
  if (scheme?.kind === "token") {
    // Where the token stands: what the source says, for the schemes that may be told, or the provider's own place.
    const told = scheme.fromParams === true ? params : {};
    if (typeof told["query"] === "string") query = told["query"];
    else if (typeof told["header"] === "string") headers.add(told["header"].toLowerCase());
    else if (scheme.header !== undefined) headers.add(scheme.header.toLowerCase());
    else if (scheme.query !== undefined) query = scheme.query;
    // The sender may use either place, whatever the other one holds.
    if (scheme.either === true && scheme.query !== undefined) query = scheme.query;
  }
  return headers.size === 0 && query === null ? NO_CREDENTIALS : { headers, query };
}

/** The same request with those values masked; the very same object when there is nothing to mask. */
export function withoutCredentials<T extends RequestHead>(request: T, credentials: Credentials): T {
  if (credentials === NO_CREDENTIALS) return request;
  const headers = [...request.headers];
  for (let i = 0; i + 1 < headers.length; i += 2) {
    if (credentials.headers.has(headers[i]!.toLowerCase())) headers[i + 1] = CREDENTIAL_MASK;
  }
  return { ...request, headers, query: credentials.query === null ? request.query : maskQuery(request.query, credentials.query) };
}

function maskQuery(query: string, name: string): string {
  return query
    .split("&")
    .map((pair) => {
      const at = pair.indexOf("=");
      return at >= 0 && decodeName(pair.slice(0, at)) === name ? `${pair.slice(0, at)}=${CREDENTIAL_MASK}` : pair;
    })
    .join("&");
}

function decodeName(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}
