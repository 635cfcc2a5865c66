// Hints for failures that are about keys and tokens: another algorithm, account or certificate, a rotated key, a neighbour's secret.
import { utf8Text } from "./encoding.ts";
import { jsonObject, valueAt } from "./json.ts";
import { parseJwt } from "./jwt-text.ts";
import { limits } from "./limits.ts";
import type { Attempts } from "./diagnose-url.ts";
import type { CertUrlRule, JwtScheme, Provider } from "./provider.ts";
import { headerReader, type WebhookRequest } from "./request.ts";
import type { VerifyCause } from "./result.ts";

export type KeyHintCode = "key_rotated" | "other_endpoint" | "untrusted_certificate" | "wrong_algorithm" | "wrong_claim";

export interface KeyHint {
  readonly code: KeyHintCode;
  readonly message: string;
}

/** A secret of another endpoint of the same owner. */
export interface OtherSecret {
  /** What the owner calls that endpoint. */
  readonly name: string;
  readonly secret: string;
}

const KEY_CAUSES = ["algorithm_not_allowed", "claim_mismatch", "untrusted_key_source", "unknown_key"] as const;
type KeyCause = (typeof KEY_CAUSES)[number];

export function isKeyCause(cause: VerifyCause): cause is KeyCause {
  return KEY_CAUSES.some((each) => each === cause);
}

type Subject = Pick<Attempts, "request" | "provider" | "options">;

/** Reads what the request says of its own signature; nothing of it is trusted. Never throws. */
export function keyHints(cause: KeyCause, subject: Subject): KeyHint[] {
  switch (cause) {
    case "algorithm_not_allowed":
      return algorithmHints(subject);
    case "claim_mismatch":
      return claimHints(subject);
    case "untrusted_key_source":
      return [untrustedHint(subject)];
    case "unknown_key":
      return [rotatedHint(subject)];
  }
}

const OTHERS_MAX = 64;
const OTHERS_OF_LARGE_BODY_MAX = 8;

/** Whether the secret of another endpoint made the signature. */
export async function otherSecretHints(subject: Attempts, others: readonly OtherSecret[]): Promise<KeyHint[]> {
  const { request, options, attempt } = subject;
  const large = request.body.length > limits.diagnoseBodyBytesMax;
  for (const { name, secret } of others.slice(0, large ? OTHERS_OF_LARGE_BODY_MAX : OTHERS_MAX)) {
    if (secret === "" || !(await attempt(request, { ...options, secret, secrets: undefined })).ok) continue;
    return [
      {
        code: "other_endpoint",
        message: `The secret belongs to another endpoint: the one of ${shown(name)} made this signature. Save that secret here, or let the sender send to the other endpoint.`,
      },
    ];
  }
  return [];
}

function algorithmHints({ request, provider }: Subject): KeyHint[] {
  const { scheme } = provider;
  const hint = (message: string): KeyHint[] => [{ code: "wrong_algorithm", message }];
  if (scheme.kind === "asymmetric" && scheme.algorithmHeader !== undefined) {
    const { name, value } = scheme.algorithmHeader;
    return hint(
      `The header ${name} is ${shown(headerOf(request, name))}, but ${provider.name} uses ${value}: let no proxy change that header, and refuse what is signed otherwise.`,
    );
  }
  if (scheme.kind !== "jwt") return [];
  const header = tokenOf(request, scheme)?.header;
  const alg = valueAt(header, ["alg"]);
  const wanted = scheme.algs.join(" or ");
  if (typeof alg === "string" && alg.toLowerCase() === "none")
    return hint(
      `The token is not signed at all (alg "none"): ${provider.name} signs with ${wanted}, so refuse it and find out who sends it.`,
    );
  if (valueAt(header, ["crit"]) !== undefined)
    return hint(`The token demands an extension (crit) that is not supported: turn it off at the sender.`);
  if (scheme.algs.some((each) => each === alg))
    return hint(`No key for ${shown(alg)} is given: give the key of ${provider.name} that belongs to this algorithm.`);
  return hint(
    `The token is signed with ${shown(alg)}, but ${provider.name} signs with ${wanted}: let the sender use that, or choose the provider whose token this is.`,
  );
}

function claimHints({ request, provider, options }: Subject): KeyHint[] {
  const { scheme } = provider;
  const hint = (message: string): KeyHint => ({ code: "wrong_claim", message });
  if (scheme.kind === "body-signature" && scheme.layout === "aws-sns") {
    const topic = valueAt(jsonObject(request.body), ["TopicArn"]);
    return [
      hint(
        `The message is of the topic ${shown(topic)}: if that topic is yours, save it as params.topicArn; if not, remove its subscription.`,
      ),
    ];
  }
  if (scheme.kind !== "jwt") return [];
  const claims = tokenOf(request, scheme)?.claims;
  const hints: KeyHint[] = [];
  const iss = valueAt(claims, ["iss"]);
  if (scheme.iss !== undefined && iss !== scheme.iss)
    hints.push(
      hint(
        `The token is of the issuer ${shown(iss)}, and those of ${provider.name} are of "${scheme.iss}": choose the provider whose token this is.`,
      ),
    );
  for (const { claim, param } of scheme.claims ?? []) {
    const [found, wanted] = [valueAt(claims, [claim]), options.params?.[param]];
    if (wanted === undefined || found === wanted || (Array.isArray(found) && found.includes(wanted))) continue;
    hints.push(
      hint(
        `The token says ${claim} is ${shown(found)}, and params.${param} is ${shown(wanted)}: correct params.${param}, or the ${claim} at ${provider.name}.`,
      ),
    );
  }
  for (const claim of scheme.trueClaims ?? [])
    if (valueAt(claims, [claim]) !== true)
      hints.push(
        hint(`The token says ${claim} is ${shown(valueAt(claims, [claim]))}: let the sender use an account for which it is true.`),
      );
  if (hints.length === 0)
    hints.push(
      hint(
        `A claim that ${provider.name} always sends is missing or malformed: check that the sender is ${provider.name} itself and that no gateway makes the token anew.`,
      ),
    );
  return hints;
}

function untrustedHint({ request, provider }: Subject): KeyHint {
  const rule = certRuleOf(provider);
  const host = /^[a-z]+:\/\/([^/?#]*)/i.exec(certUrlOf(request, provider))?.[1];
  const hosts = [...(rule?.hosts ?? []), ...(rule?.regionalHosts ?? [])].join(", ");
  return {
    code: "untrusted_certificate",
    message: `The request names a certificate at ${shown(host)}, and those of ${provider.name} are at ${hosts}: refuse it, do not fetch that certificate, and check that ${provider.name} is the right provider.`,
  };
}

function rotatedHint({ request, provider }: Subject): KeyHint {
  const { scheme, keySource } = provider;
  if (certRuleOf(provider) !== undefined)
    return {
      code: "key_rotated",
      message: `The key was rotated: download the certificate at ${shown(certUrlOf(request, provider))}, and save it as the public key and its address as params.certUrl.`,
    };
  const kid = scheme.kind === "jwt" ? valueAt(tokenOf(request, scheme)?.header, ["kid"]) : undefined;
  const where =
    keySource?.kind === "jwks" || keySource?.kind === "pem" ? `from ${keySource.url}` : `from ${provider.name} (${provider.docsUrl})`;
  return {
    code: "key_rotated",
    message: `The key was rotated: ${provider.name} signed with the key ${shown(kid)}; fetch the current one ${where} and save it as the public key.`,
  };
}

function certRuleOf({ scheme }: Provider): CertUrlRule | undefined {
  return scheme.kind === "asymmetric" || scheme.kind === "body-signature" ? scheme.certUrl : undefined;
}

function certUrlOf(request: WebhookRequest, { scheme }: Provider): string {
  if (scheme.kind === "asymmetric" && scheme.certUrl !== undefined) return headerOf(request, scheme.certUrl.header) ?? "";
  const url = valueAt(jsonObject(request.body), ["SigningCertURL"]);
  return typeof url === "string" ? url : "";
}

function tokenOf(request: WebhookRequest, { header, prefix = "" }: JwtScheme): ReturnType<typeof parseJwt> {
  const text = header === undefined ? utf8Text(request.body) : headerOf(request, header);
  return parseJwt((text ?? "").slice(prefix.length));
}

function headerOf(request: WebhookRequest, name: string): string | undefined {
  const reader = headerReader();
  const slot = reader.slot(name);
  return reader.read(request.headers)[slot] ?? undefined;
}

// Whatever stands in a request may be long, and no text at all.
function shown(value: unknown): string {
  const text = value === undefined ? "missing" : JSON.stringify(value);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
