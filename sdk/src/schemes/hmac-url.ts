// Signatures over the URL: which URL was signed, its spelling with and without a port, and the body digest in its query.
import type { SchemeConfig } from "../config.ts";
import { decode } from "../encoding.ts";
import type { WebhookRequest } from "../request.ts";
import { ConfigError } from "../result.ts";
import { textParam } from "./hmac-params.ts";

const ABSOLUTE = /^https?:\/\/[^\s#]+$/i;

/**
 * What was signed as the URL of a request, or undefined when that is not known. The URL registered at the provider
 * (`params.url`) stands for the request's own, which proxies and tunnels change; only the query is the request's, because
 * some senders add to it. Throws ConfigError for a `params.url` that is no absolute URL.
 */
export function urlReader(config: SchemeConfig): (request: Pick<WebhookRequest, "url">) => string | undefined {
  const registered = textParam(config.params, "url");
  if (registered === undefined) return ({ url }) => (typeof url === "string" ? url : undefined);
  if (!ABSOLUTE.test(registered)) throw new ConfigError("params.url", "must be the full URL as registered at the provider, with https://");
  const [base = ""] = registered.split("?", 1);
  return ({ url }) => {
    const query = typeof url === "string" ? url.indexOf("?") : -1;
    return typeof url === "string" && query >= 0 ? base + url.slice(query) : registered;
  };
}

// What a URL parser writes as a percent-escape: spaces, quotation marks, brackets, and letters beyond ASCII.
const ESCAPED = /[\s"'<>`{}|\\^]|[^\x21-\x7e]/;

/**
 * The other spellings of a URL that a sender may have signed: without its port or with the usual one, and both again as a
 * URL parser escapes them, where that makes a difference.
 */
export function otherSpellings(url: string): string[] {
  const bare = otherPort(url);
  const ports = bare === undefined ? [] : [bare];
  if (!ESCAPED.test(url) || !URL.canParse(url)) return ports;
  const escaped = new URL(url).href;
  const other = otherPort(escaped);
  return [...ports, escaped, ...(other === undefined ? [] : [other])];
}

/** The same URL with its port left out, or with the usual port of its scheme added. */
function otherPort(url: string): string | undefined {
  const parts = /^(https?):\/\/([^/?#]*)(.*)$/is.exec(url);
  const [, scheme = "", authority = "", rest = ""] = parts ?? [];
  if (parts === null) return undefined;
  const bare = authority.replace(/:\d{1,5}$/, "");
  const other = bare === authority ? `${authority}:${scheme.toLowerCase() === "https" ? "443" : "80"}` : bare;
  return `${scheme}://${other}${rest}`;
}

/** The SHA-256 in the query parameter `name`: undefined where it is absent, null where it is no digest or there twice. */
export function digestInQuery(url: string, name: string): Uint8Array | null | undefined {
  const start = url.indexOf("?");
  if (start < 0) return undefined;
  const values = new URLSearchParams(url.slice(start + 1).split("#", 1)[0]).getAll(name);
  const [value] = values;
  if (value === undefined) return undefined;
  const digest = values.length === 1 ? decode("hex", value) : undefined;
  return digest !== undefined && digest.length === 32 ? digest : null;
}
