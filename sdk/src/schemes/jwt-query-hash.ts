// Atlassian's canonical request, whose SHA-256 is the claim `qsh`: method, path and sorted query, joined with `&`.
// Source: atlassian-jwt (npm), createCanonicalRequest.

// The path as it stands in the request: a URL parser would resolve `..` in it, and another path was signed then.
const PARTS = /^https?:\/\/[^/?#]+([^?#]*)(?:\?([^#]*))?/i;

/** Undefined when `url` is no absolute URL. `basePath`: the path of the app's base URL, which is not signed. */
export function canonicalRequest(method: string, url: string, basePath: string): string | undefined {
  const parts = URL.canParse(url) ? PARTS.exec(url) : null;
  if (parts === null) return undefined;
  const [, pathname = "", query = ""] = parts;
  return `${method.toUpperCase()}&${canonicalPath(pathname, basePath)}&${canonicalQuery(new URLSearchParams(query))}`;
}

function canonicalPath(pathname: string, basePath: string): string {
  const path = pathname === basePath || pathname.startsWith(`${basePath}/`) ? pathname.slice(basePath.length) : pathname;
  if (path === "" || path === "/") return "/";
  const absolute = path.startsWith("/") ? path : `/${path}`;
  // An unescaped separator in the path would let a path and a query sign the same text.
  return absolute.replaceAll("&", "%26").replace(/\/$/, "");
}

function canonicalQuery(params: URLSearchParams): string {
  const names = [...new Set(params.keys())].filter((name) => name !== "jwt").toSorted();
  return names.map((name) => `${encode(name)}=${params.getAll(name).toSorted().map(encode).join(",")}`).join("&");
}

// RFC 3986: encodeURIComponent leaves these five as they are.
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
}
