// The URL of a signing certificate, as a request names it: trusted only when it is exactly one of the vendor's own.
import type { CertUrlRule, Params } from "../provider.ts";
import { ConfigError, failure, type VerifyFailure } from "../result.ts";
import { textParam } from "./hmac-params.ts";

/**
 * The failure of a certificate URL, or undefined when it may be fetched and, where `configured` says which certificate
 * is at hand, is that one. The rule is about the text itself: what a URL parser would repair is refused.
 */
export function checkCertUrl(text: string, rule: CertUrlRule, configured: string | undefined): VerifyFailure | undefined {
  if (!isTrusted(text, rule))
    return failure("untrusted_key_source", "The request names a certificate that is not at an address of the vendor.");
  if (configured !== undefined && configured !== text)
    return failure("unknown_key", "The request is signed with another certificate of the vendor than the one that is configured.");
  return undefined;
}

// Letters, digits and a few marks only: no userinfo, port, query, fragment, escape or backslash can be in it.
const CERT_URL = /^https:\/\/([a-z0-9.-]{1,253})(\/[A-Za-z0-9/._-]{1,512})$/;

function isTrusted(text: string, rule: CertUrlRule): boolean {
  const [, host = "", path = ""] = CERT_URL.exec(text) ?? [];
  if (host === "" || path.includes("..") || (rule.suffix !== undefined && !path.endsWith(rule.suffix))) return false;
  return isVendorHost(host, rule);
}

/** Whether a host name, in lower case, is exactly one of the rule's. */
export function isVendorHost(host: string, rule: CertUrlRule): boolean {
  return rule.hosts.includes(host) || (rule.regionalHosts ?? []).some((pattern) => isRegional(host, pattern));
}

// `sns.*.amazonaws.com`: the star is one label of at least three letters, digits or dashes, and nothing else.
function isRegional(host: string, pattern: string): boolean {
  const [before, after] = pattern.split("*");
  if (before === undefined || after === undefined || !host.startsWith(before) || !host.endsWith(after)) return false;
  return /^[a-z0-9-]{3,63}$/.test(host.slice(before.length, host.length - after.length));
}

/**
 * The certificate URL that a test event names: the parameter `certUrl`, or an address of the vendor at which there is
 * nothing. Throws ConfigError for one that no receiver would take.
 */
export function signingCertUrl(params: Params, rule: CertUrlRule): string {
  const host = rule.hosts[0] ?? rule.regionalHosts?.[0]?.replace("*", "us-east-1") ?? "";
  const url = textParam(params, "certUrl") ?? `https://${host}/test-event${rule.suffix ?? ".pem"}`;
  if (!isTrusted(url, rule)) throw new ConfigError("params.certUrl", "is not an address of the vendor");
  return url;
}
