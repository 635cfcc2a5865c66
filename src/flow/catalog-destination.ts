// Everything wrong with a destination that its schema cannot see: the URL, its headers, its signature, its schedule.
import { ConfigError, createSigner } from "@posthorn/sdk";
import type { Destination } from "../core/destination.ts";
import { validateRetryPolicy } from "../core/retry-schedule.ts";
import type { FieldProblem } from "../errors.ts";
import type { UrlVerdict } from "../outbound/transport.ts";
import { checkDestinationTls } from "./catalog-tls.ts";
import { checkOrdering } from "./ordering.ts";

/** What the outbound side says of a destination before anything is dialled. */
export interface OutboundRules {
  checkUrl(url: string): UrlVerdict;
  checkHeaders(headers: readonly (readonly [name: string, value: string])[]): { ok: true } | { ok: false; index: number; message: string };
}

export function checkDestination(destination: Destination, rules: OutboundRules): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const url = rules.checkUrl(destination.url);
  if (!url.ok) problems.push({ path: "url", message: url.message });
  problems.push(...checkStaticHeaders(destination, rules), ...checkAuth(destination, rules), ...checkSignature(destination));
  problems.push(...checkDestinationTls(destination.tls), ...checkOrdering(destination));
  for (const { path, message } of validateRetryPolicy(destination.retry)) problems.push({ path: `retry.${path}`, message });
  if (destination.connectTimeoutMs > destination.deadlineMs) {
    problems.push({ path: "connectTimeoutMs", message: "Connecting is part of the attempt, so this is at most deadlineMs." });
  }
  return problems;
}

function checkStaticHeaders({ headers }: Destination, rules: OutboundRules): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const pairs = Object.entries(headers);
  const seen = new Set<string>();
  for (const pair of pairs) {
    const verdict = rules.checkHeaders([pair]);
    if (!verdict.ok) problems.push({ path: `headers.${pair[0]}`, message: verdict.message });
    const lower = pair[0].toLowerCase();
    if (seen.has(lower)) problems.push({ path: `headers.${pair[0]}`, message: "The same header is here twice, in different case." });
    seen.add(lower);
  }
  const all = rules.checkHeaders(pairs);
  if (!all.ok && problems.length === 0) problems.push({ path: "headers", message: all.message });
  return problems;
}

function checkAuth({ auth }: Destination, rules: OutboundRules): FieldProblem[] {
  switch (auth.kind) {
    case "none":
      return [];
    case "basic":
      return auth.username.includes(":")
        ? [{ path: "auth.username", message: "A user name cannot hold a colon in Basic authentication." }]
        : [];
    case "bearer":
      return headerProblem(rules, ["authorization", `Bearer ${auth.token}`], "auth.token");
    case "apiKey":
      return headerProblem(rules, [auth.header, auth.value], "auth.header");
    case "oauth2": {
      // The token URL is called on the owner's word as the destination is, so it passes the same guard.
      const verdict = rules.checkUrl(auth.tokenUrl);
      return verdict.ok ? [] : [{ path: "auth.tokenUrl", message: verdict.message }];
    }
    case "aws-sigv4":
      return auth.sessionToken === null ? [] : headerProblem(rules, ["x-amz-security-token", auth.sessionToken], "auth.sessionToken");
  }
}

function headerProblem(rules: OutboundRules, pair: [string, string], path: string): FieldProblem[] {
  const verdict = rules.checkHeaders([pair]);
  return verdict.ok ? [] : [{ path, message: verdict.message }];
}

/** Makes the signer that deliveries will use; whatever it refuses would fail every delivery. */
function checkSignature({ signature }: Destination): FieldProblem[] {
  try {
    switch (signature.kind) {
      case "none":
        return [];
      case "standard-webhooks":
        createSigner({ provider: "standard-webhooks", secrets: signature.secrets });
        return [];
      case "hmac": {
        const { algorithm, header, prefix, encoding, content, timestampHeader, secret } = signature;
        const params = { algorithm, header, prefix, encoding, content, ...(timestampHeader === null ? {} : { timestampHeader }) };
        createSigner({ provider: "hmac", secrets: [secret], params });
        return [];
      }
    }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const own = error.path.replace(/^params\./, "").replace(/^secrets\[0\]$/, signature.kind === "hmac" ? "secret" : "secrets[0]");
    return [{ path: `signature.${own}`, message: error.message.slice(error.path.length + 2) }];
  }
}
