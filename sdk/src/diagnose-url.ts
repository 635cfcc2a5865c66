// Where a signature covers the URL and nothing fits: tries the ways in which the configured URL usually differs from the signed one.
import { limits } from "./limits.ts";
import type { Provider } from "./provider.ts";
import { signsUrl } from "./provider.ts";
import { headerPairs, type WebhookRequest } from "./request.ts";
import type { VerifyResult } from "./result.ts";
import type { VerifyOptions } from "./webhook.ts";

export type UrlHintCode = "url_host" | "url_path" | "url_port" | "url_query" | "url_scheme" | "url_trailing_slash";

export interface UrlHint {
  readonly code: UrlHintCode;
  readonly message: string;
}

/** The request and options as they failed, and the way to try others. `attempt` must not mind the age of the request. */
export interface Attempts {
  readonly request: WebhookRequest;
  readonly provider: Provider;
  readonly options: VerifyOptions;
  readonly attempt: (request: WebhookRequest, options: VerifyOptions) => VerifyResult | Promise<VerifyResult>;
}

interface Parts {
  readonly scheme: string;
  readonly host: string;
  /** With its colon; empty for none. */
  readonly port: string;
  readonly path: string;
  /** With its question mark; empty for none. */
  readonly query: string;
}

type PartName = keyof Parts;

/** Each try costs one verification, and most bodies are small. */
const TRIES_MAX = 128;
const CHANGES_MAX = 3;

/** What has to change in the URL for the signature to fit; empty when no usual change makes it fit. Never throws. */
export async function urlHints({ request, provider, options, attempt }: Attempts): Promise<UrlHint[]> {
  if (!signsUrl(provider)) return [];
  const registered = options.params?.["url"];
  const configured = partsOf(configuredUrl(typeof registered === "string" ? registered : undefined, request.url));
  if (configured === undefined) return [];
  const { url: _url, ...params } = options.params ?? {};
  // A large body costs milliseconds a try, so only the simplest changes are tried with it.
  const changesMax = request.body.length > limits.diagnoseBodyBytesMax ? 1 : CHANGES_MAX;
  for (const parts of variants(configured, alternativesOf(configured, request, registered), changesMax)) {
    const result = await attempt({ ...request, url: textOf(parts) }, { ...options, params });
    if (result.ok) return changed(configured, parts).map((name) => hintOf(name, parts, configured, provider));
  }
  return [];
}

/** The URL that was checked: the registered one, with the query of the request where it has one. */
function configuredUrl(registered: string | undefined, requested: string | undefined): string {
  if (registered === undefined) return requested ?? "";
  const query = requested?.indexOf("?") ?? -1;
  return requested === undefined || query < 0 ? registered : (registered.split("?", 1)[0] ?? "") + requested.slice(query);
}

// By hand, because the URL class repairs what is exactly the difference: default ports and the slash after a bare host.
function partsOf(url: string): Parts | undefined {
  const match = /^(https?):\/\/(\[[^\]]*\]|[^/?#:]*)(:\d{1,5})?([^?#]*)(\?[^#]*)?/i.exec(url);
  if (match === null) return undefined;
  const [, scheme = "", host = "", port = "", path = "", query = ""] = match;
  return { scheme, host, port, path, query };
}

function textOf({ scheme, host, port, path, query }: Parts): string {
  return `${scheme}://${host}${port}${path}${query}`;
}

type Alternatives = Readonly<Record<PartName, readonly string[]>>;

function alternativesOf(configured: Parts, request: WebhookRequest, registered: unknown): Alternatives {
  const seen = [partsOf(request.url ?? ""), partsOf(typeof registered === "string" ? registered : "")].filter((each) => each !== undefined);
  const named = namedHosts(request).flatMap((host) => partsOf(`http://${host}`) ?? []);
  const { path } = configured;
  const others = (name: PartName, values: readonly string[]): string[] =>
    [...new Set([configured[name], ...values])].filter((value, index) => index === 0 || value !== "" || name !== "host").slice(0, 5);
  return {
    scheme: others("scheme", [configured.scheme.toLowerCase() === "https" ? "http" : "https"]),
    host: others(
      "host",
      [...named, ...seen].map(({ host }) => host),
    ),
    port: others("port", ["", ":443", ":80", ...named.map(({ port }) => port)]),
    path: others("path", [path.endsWith("/") ? path.slice(0, -1) : `${path}/`, ...seen.map((each) => each.path)]),
    query: others("query", ["", ...seen.map(({ query }) => query)]),
  };
}

/** Hosts as proxies pass them on. They are only tried here; nobody trusts them. */
function namedHosts({ headers }: WebhookRequest): string[] {
  const names = ["host", "x-forwarded-host", "x-original-host"];
  return headerPairs(headers).flatMap(([name, value]) =>
    names.includes(name.toLowerCase()) ? [value.split(",", 1)[0]?.trim() ?? ""] : [],
  );
}

/** Every combination but the configured one, those with the fewest changes first. */
function variants(configured: Parts, others: Alternatives, changesMax: number): Parts[] {
  let all: Parts[] = [configured];
  for (const name of ["scheme", "path", "query", "host", "port"] as const)
    all = all.flatMap((parts) => others[name].map((value) => ({ ...parts, [name]: value })));
  return all
    .map((parts) => ({ parts, changes: changed(configured, parts).length }))
    .filter(({ changes }) => changes >= 1 && changes <= changesMax)
    .toSorted((a, b) => a.changes - b.changes)
    .slice(0, TRIES_MAX)
    .map(({ parts }) => parts);
}

function changed(configured: Parts, parts: Parts): PartName[] {
  return (["scheme", "host", "port", "path", "query"] as const).filter((name) => parts[name] !== configured[name]);
}

function hintOf(name: PartName, signed: Parts, configured: Parts, provider: Provider): UrlHint {
  const fix = `Give the URL exactly as it is registered at ${provider.name} (params.url), or register the configured one there.`;
  switch (name) {
    case "scheme":
      return { code: "url_scheme", message: `The signed URL differs: ${signed.scheme} vs ${configured.scheme} as configured. ${fix}` };
    case "host":
      return {
        code: "url_host",
        message: `The signed URL differs: host ${shown(signed.host)} vs ${configured.host} as configured. ${fix}`,
      };
    case "port": {
      const [theirs, ours] = [signed.port, configured.port].map((port) => (port === "" ? "no port" : `port ${port.slice(1)}`));
      return { code: "url_port", message: `The signed URL differs: ${theirs} vs ${ours} as configured. ${fix}` };
    }
    case "path": {
      if (signed.path.replace(/\/$/, "") !== configured.path.replace(/\/$/, ""))
        return {
          code: "url_path",
          message: `The signed URL differs: path ${shown(signed.path)} vs ${configured.path} as configured. ${fix}`,
        };
      const [theirs, ours] = signed.path.endsWith("/") ? ["a slash", "none"] : ["no slash", "one"];
      return {
        code: "url_trailing_slash",
        message: `The signed URL differs: ${theirs} at the end of the path vs ${ours} as configured. ${fix}`,
      };
    }
    case "query": {
      // The query may hold something that is nobody's business, so it is not quoted.
      const what = signed.query === "" ? "no query vs one" : configured.query === "" ? "a query vs none" : "another query than the one";
      return {
        code: "url_query",
        message: `The signed URL differs: ${what} in the request. Verify with the query as it came, and let no proxy add, drop or rewrite it; what is registered at ${provider.name} belongs into params.url.`,
      };
    }
  }
}

function shown(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
