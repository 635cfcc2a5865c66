// HTTP Message Signatures (RFC 9421) with ed25519, whose body is bound by Content-Digest (RFC 9530): MailChannels.
//
// Strict on purpose: one signature, in the one spelling that serialisation gives (RFC 8941), over plain header fields and
// parts of the request. Components with parameters, such as `;sf` or `;req`, are refused, because nobody here sends them.
import { refuseUnknownParams, type SchemeConfig } from "../config.ts";
import { decode } from "../encoding.ts";
import { limits } from "../limits.ts";
import type { CompiledScheme, Plan } from "../plan.ts";
import type { HttpSignatureScheme } from "../provider.ts";
import { headerPairs, headerReader, type WebhookRequest } from "../request.ts";
import { failure, type VerifyFailure } from "../result.ts";
import { checkTimestamp, type TimestampCheck } from "../timestamp.ts";
import { needHeader } from "./asymmetric.ts";
import { asymmetricKeys, fitsAlgorithm } from "./asymmetric-keys.ts";
import { textParam } from "./hmac-params.ts";
import { urlReader } from "./hmac-url.ts";

const mismatch = failure(
  "signature_mismatch",
  "The signature does not match: the public key is another one, or the body or a signed header is not what was signed.",
);

const KEY = "[a-z*][a-z0-9_.*-]{0,63}";
const STRING = '"((?:[\\x20-\\x21\\x23-\\x5b\\x5d-\\x7e]|\\\\["\\\\]){0,256})"';
const COMPONENT = '"@?[a-z0-9!#$%&\'*+.^_`|~-]{1,128}"';
const INPUT = new RegExp(`^(${KEY})=(\\((${COMPONENT}(?: ${COMPONENT})*)\\)((?:;${KEY}=(?:\\d{1,12}|${STRING}))*))$`);
const PARAMETER = new RegExp(`;(${KEY})=(?:(\\d{1,12})|${STRING})`, "g");
const BYTES = new RegExp(`^(${KEY})=:([A-Za-z0-9+/]*={0,2}):$`);

interface SignatureInput {
  readonly label: string;
  /** The member as it was sent, which is the last line of what is signed. */
  readonly text: string;
  readonly components: readonly string[];
  readonly parameters: ReadonlyMap<string, string>;
}

/** Throws ConfigError for a key that is no ed25519 public key. */
export function compileHttpSignature(config: SchemeConfig, scheme: HttpSignatureScheme): CompiledScheme {
  refuseUnknownParams(config, ["keyid", "url"]);
  const keyid = textParam(config.params, "keyid");
  const keys = asymmetricKeys(config, ["ed25519"], keyid);
  // A key without an id may be any, so then the name in a request says nothing.
  const keyIds = keys.some(({ keyId }) => keyId === undefined) ? undefined : keys.map(({ keyId }) => keyId);
  const signedUrl = urlReader(config);
  const reader = headerReader();
  const names = ["signature-input", "signature", "content-digest"] as const;
  const slots = names.map((name) => reader.slot(name));
  const check: TimestampCheck = { unit: "s", toleranceSeconds: config.toleranceSeconds ?? scheme.toleranceSeconds, future: true };

  function read(request: WebhookRequest, nowMs: number): Plan | VerifyFailure {
    const values = reader.read(request.headers);
    const texts: string[] = [];
    for (const [index, name] of names.entries()) {
      const value = needHeader(values[slots[index] ?? 0], name);
      if (typeof value !== "string") return value;
      texts.push(value.trim());
    }
    const [inputText = "", signature = "", digest = ""] = texts;
    const input = parseInput(inputText);
    if (input === undefined)
      return failure("malformed_signature", "The header signature-input is not one signature over content-digest and plain components.");
    const bytes = bytesOf(signature, input.label);
    if (bytes === undefined || !fitsAlgorithm("ed25519", bytes.length))
      return failure("malformed_signature", "The header signature does not hold 64 bytes under the label of signature-input.");
    const failed = checkParameters(input, keyIds, check, nowMs);
    if (failed !== undefined) return failed;
    const sha256 = sha256Of(digest);
    if (sha256 === undefined) return failure("algorithm_not_allowed", "The header content-digest holds no sha-256 of the full length.");
    const base = signatureBase(input, { ...request, url: signedUrl(request) });
    if (typeof base !== "string") return base;
    return { ok: true, content: [base], candidates: [{ algorithm: "ed25519", bytes }], digests: [{ content: request.body, sha256 }] };
  }

  return { keys, unsigned: false, mismatch, read };
}

function parseInput(header: string): SignatureInput | undefined {
  const [, label, text, list = "", rest = ""] = INPUT.exec(header) ?? [];
  if (label === undefined || text === undefined) return undefined;
  const components = list.split(" ").map((component) => component.slice(1, -1));
  // A component that is named twice is an error (RFC 9421, section 2), and without the digest the body is anyone's.
  if (new Set(components).size !== components.length || components.length > limits.signedHeadersMax) return undefined;
  if (!components.includes("content-digest")) return undefined;
  const parameters = new Map<string, string>();
  for (const [, name = "", number, string] of rest.matchAll(PARAMETER)) {
    if (parameters.has(name)) return undefined;
    parameters.set(name, number ?? (string ?? "").replaceAll(/\\(["\\])/g, "$1"));
  }
  return { label, text, components, parameters };
}

function bytesOf(member: string, label: string): Uint8Array | undefined {
  const [, name, base64 = ""] = BYTES.exec(member) ?? [];
  return name === label ? decode("base64", base64) : undefined;
}

/** The SHA-256 of a Content-Digest; digests of other kinds beside it are not looked at. */
function sha256Of(header: string): Uint8Array | undefined {
  const members = header.split(",").map((member) => member.trim());
  const found = members.filter((member) => member.startsWith("sha-256="));
  const bytes = found.length === 1 ? bytesOf(found[0] ?? "", "sha-256") : undefined;
  return bytes?.length === 32 ? bytes : undefined;
}

function checkParameters(
  { parameters }: SignatureInput,
  keyIds: readonly (string | undefined)[] | undefined,
  check: TimestampCheck,
  nowMs: number,
): VerifyFailure | undefined {
  const alg = parameters.get("alg");
  if (alg !== undefined && alg !== "ed25519")
    return failure("algorithm_not_allowed", "The signature names another algorithm than ed25519.");
  const keyid = parameters.get("keyid");
  if (keyid !== undefined && keyIds !== undefined && !keyIds.includes(keyid))
    return failure("unknown_key", `The request is signed with the key "${keyid}", which is not among the configured ones.`);
  const failed = checkTimestamp(parameters.get("created") ?? "", check, nowMs);
  if (failed !== undefined) return failed;
  const expires = parameters.get("expires");
  if (expires !== undefined && !(Math.floor(nowMs / 1000) < Number(expires)))
    return failure("timestamp_too_old", "The signature has expired.");
  return undefined;
}

/** The text that is signed (RFC 9421, section 2.5). */
export function signatureBase(
  { components, text }: Pick<SignatureInput, "components" | "text">,
  request: WebhookRequest,
): string | VerifyFailure {
  let base = "";
  for (const name of components) {
    const value = name.startsWith("@") ? derivedValue(name, request) : fieldValue(name, request);
    if (value === undefined)
      return failure("missing_header", `The component ${name} is signed, but the request has none, or none that is supported.`);
    base += `"${name}": ${value}\n`;
  }
  return `${base}"@signature-params": ${text}`;
}

function fieldValue(name: string, request: WebhookRequest): string | undefined {
  const values = headerPairs(request.headers).filter(([each]) => each.toLowerCase() === name);
  return values.length === 0 ? undefined : values.map(([, value]) => value.trim()).join(", ");
}

function derivedValue(name: string, { method, url = "" }: WebhookRequest): string | undefined {
  if (name === "@method") return method;
  if (!URL.canParse(url)) return undefined;
  const { protocol, host, pathname, search } = new URL(url);
  switch (name) {
    case "@target-uri":
      return url;
    case "@authority":
      return host;
    case "@scheme":
      return protocol.slice(0, -1);
    case "@path":
      return pathname;
    case "@query":
      return search === "" ? "?" : search;
    default:
      return undefined;
  }
}
