// One value in the query of a URL: a shared token, or a signature of a sender that has no header for it.
import { ConfigError, failure, type VerifyFailure } from "../result.ts";

/** The value of the query parameter `name`, which must be there once, or the failure. */
export function queryValue(url: string | undefined, name: string): string | VerifyFailure {
  if (typeof url !== "string")
    return failure("malformed_request", `The query parameter ${name} is in the URL of the request: pass the URL to verify.`);
  const values = queryValues(url, name);
  const [value] = values;
  if (value === undefined) return failure("missing_header", `The query parameter ${name} is missing.`);
  if (values.length > 1) return failure("duplicate_header", `The query parameter ${name} is present more than once.`);
  return value;
}

export function hasQueryValue(url: string | undefined, name: string): boolean {
  return typeof url === "string" && queryValues(url, name).length > 0;
}

function queryValues(url: string, name: string): string[] {
  const start = url.indexOf("?");
  return start < 0 ? [] : new URLSearchParams(url.slice(start + 1).split("#", 1)[0]).getAll(name);
}

/** The URL with the parameter added to its query. Throws ConfigError without a URL. */
export function withQueryValue(url: string | undefined, name: string, value: string): string {
  if (url === undefined) throw new ConfigError("url", `is needed: ${name} becomes part of its query`);
  const [path = "", fragment] = url.split("#", 2);
  const pair = new URLSearchParams([[name, value]]).toString();
  return `${path}${path.includes("?") ? "&" : "?"}${pair}${fragment === undefined ? "" : `#${fragment}`}`;
}
