// What a handshake sees of a request: the value at one of its places, read at most once each way and within a bound.
import type { RequestLocation } from "./handshake-rule.ts";
import { parseJson, valueAt } from "./json.ts";
import { limits } from "./limits.ts";
import { anyFormFields } from "./multipart.ts";
import { headerPairs, isBody, type WebhookRequest } from "./request.ts";
import { utf8Text } from "./encoding.ts";

/** The value at a place, or undefined when it is absent or there more than once. */
export type Reading = (at: RequestLocation) => unknown;

export function readingOf(request: WebhookRequest): Reading {
  // Before verification anybody can make us parse, so only bodies of the size of a handshake are looked at.
  const body = isBody(request.body) && request.body.length <= limits.handshakeBodyBytesMax ? request.body : "";
  let json: unknown;
  let form: readonly (readonly [string, string])[] | undefined;
  let query: URLSearchParams | undefined;
  let headers: readonly (readonly [string, string])[] | undefined;
  return (at) => {
    const colon = at.indexOf(":");
    const name = at.slice(colon + 1);
    switch (at.slice(0, Math.max(colon, 0))) {
      case "query":
        return only((query ??= queryOf(request.url)).getAll(name));
      case "header":
        return only((headers ??= headerPairs(request.headers)).flatMap(([each, value]) => (each.toLowerCase() === name ? [value] : [])));
      case "json":
        return valueAt((json ??= parseJson(body)), name.split("."));
      case "form": {
        const [field = "", path] = name.split(":", 2);
        const value = only((form ??= anyFormFields(body) ?? []).flatMap(([each, text]) => (each === field ? [text] : [])));
        return path === undefined || value === undefined ? value : valueAt(parseJson(value), path.split("."));
      }
      default:
        return utf8Text(body);
    }
  };
}

function only(values: readonly string[]): string | undefined {
  return values.length === 1 ? values[0] : undefined;
}

function queryOf(url: unknown): URLSearchParams {
  const start = typeof url === "string" ? url.indexOf("?") : -1;
  return new URLSearchParams(typeof url === "string" && start >= 0 ? url.slice(start + 1).split("#", 1)[0] : "");
}
