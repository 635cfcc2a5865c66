// Hook0, which delivers for Coinbase: an HMAC over time, the names of some headers, their values, and the body, joined with dots.
//
// The request names the headers itself, which can only add to what is signed: time and body always are.
import type { SchemeConfig } from "../config.ts";
import { isRecord, parseJson } from "../json.ts";
import { limits } from "../limits.ts";
import { type CompiledScheme, type CompiledSigner, digestBytes, type Plan, type PreparedSignature, type SignRequest } from "../plan.ts";
import type { CanonicalScheme } from "../provider.ts";
import type { WebhookRequest } from "../request.ts";
import { ConfigError, failure, type VerifyFailure } from "../result.ts";
import { onlyPair, parseSignatures, type SignatureFormat } from "../signature-header.ts";
import { checkTimestamp, formatTimestamp, type TimestampCheck } from "../timestamp.ts";
import { needHeader } from "./asymmetric.ts";
import { headersByName } from "./canonical-headers.ts";
import { secretKeys } from "./secret-keys.ts";

const SIGNATURE = "x-hook0-signature";
/** Those that Coinbase signs. */
const NAMES = ["content-type", "x-event-id", "x-event-type"];

const format: SignatureFormat = {
  rule: { header: [SIGNATURE], parse: "kv", sigKey: "v1", tsKey: "t" },
  encoding: "hex",
  algorithm: "hmac-sha256",
  bytes: digestBytes["hmac-sha256"],
};

const mismatch = failure(
  "signature_mismatch",
  "The signature does not match: the secret is another one, or the body or one of the signed headers is not what was signed.",
);
const noJson = failure("malformed_request", "The body is not JSON, as all bodies of this sender are.");

// A name with a dot, which no header of theirs has, could be read as a name and the start of a value.
const HEADER_NAME = /^[!#$%&'*+^_`|~0-9a-z-]{1,128}$/;

export function compileHook0(config: SchemeConfig, scheme: CanonicalScheme): CompiledScheme {
  const keys = secretKeys(config, "hmac-sha256");
  const check: TimestampCheck = { unit: "s", toleranceSeconds: config.toleranceSeconds ?? scheme.toleranceSeconds, future: true };

  function read({ headers, body }: WebhookRequest, nowMs: number): Plan | VerifyFailure {
    const given = headersByName(headers);
    const signature = needHeader(given.get(SIGNATURE), SIGNATURE);
    if (typeof signature !== "string") return signature;
    const parsed = parseSignatures(signature, format);
    if (!parsed.ok) return parsed;
    const { candidates, timestamp } = parsed;
    if (timestamp === undefined) return failure("malformed_timestamp", `The header ${SIGNATURE} holds no t= timestamp.`);
    const names = onlyPair(signature, "h");
    if (names === undefined) return failure("malformed_signature", `The header ${SIGNATURE} does not hold one h= list of header names.`);
    const values = signedValues(names, given);
    if (typeof values !== "string") return values;
    const stale = checkTimestamp(timestamp, check, nowMs);
    if (stale !== undefined) return stale;
    return { ok: true, content: [`${timestamp}.${names}.${values}.`, body], candidates, after: () => (isJson(body) ? undefined : noJson) };
  }

  return { keys, unsigned: false, mismatch, read };
}

// What is signed does not tell where the last header ends and the body begins: both may hold dots, so a body from a dot in it
// onwards has the signature of the whole. In JSON that dot stands within a number or a text, so what follows is no object or
// array of JSON, and neither is a body with the end of a header before it. That is why the body must be one.
function isJson(body: Uint8Array | string): boolean {
  const value = parseJson(body);
  return isRecord(value) || Array.isArray(value);
}

/** The values of the named headers, joined with dots. */
function signedValues(list: string, given: ReadonlyMap<string, string | null>): string | VerifyFailure {
  const names = list === "" ? [] : list.split(" ");
  if (names.length > limits.signedHeadersMax || new Set(names).size !== names.length || !names.every((name) => HEADER_NAME.test(name)))
    return failure("malformed_signature", `The h= list of ${SIGNATURE} is not made of different header names in lower case.`);
  const values: string[] = [];
  for (const name of names) {
    const value = needHeader(given.get(name), name);
    if (typeof value !== "string") return value;
    values.push(value);
  }
  return values.join(".");
}

/** Signs content type, id and type, as far as they are given. Throws ConfigError for a body that is no JSON. */
export function compileHook0Signer(config: SchemeConfig): CompiledSigner {
  // Of several signatures, receivers that use the vendors' code read one.
  const keys = secretKeys(config, "hmac-sha256").slice(0, 1);

  function prepare({ id, type, headers = [], body, timestampMs }: SignRequest): PreparedSignature {
    if (!isJson(body)) throw new ConfigError("body", "must be a JSON object or array, as all bodies of this sender are");
    const signed = signedHeaders(headersByName(headers), { "x-event-id": id, "x-event-type": type });
    const timestamp = formatTimestamp(timestampMs, "s");
    const names = signed.map(([name]) => name).join(" ");
    const values = signed.map(([, value]) => value).join(".");
    return {
      content: [`${timestamp}.${names}.${values}.`, body],
      finish([signature = ""]) {
        // The content type is the request's own and is there already.
        const added = signed.filter(([name]) => name !== "content-type");
        return { headers: [...added, [SIGNATURE, `t=${timestamp},h=${names},v1=${signature}`]] };
      },
    };
  }

  return { keys, encoding: "hex", prepare };
}

type Facts = Readonly<Record<string, string | undefined>>;

function signedHeaders(given: ReadonlyMap<string, string | null>, facts: Facts): [name: string, value: string][] {
  return NAMES.flatMap((name): [string, string][] => {
    const value = given.has(name) ? given.get(name) : facts[name];
    if (value === undefined) return [];
    if (value === null) throw new ConfigError(`headers.${name}`, "is given more than once");
    if (!/^[\x20-\x7e]*$/.test(value)) throw new ConfigError(`headers.${name}`, "must be printable ASCII");
    return [[name, value]];
  });
}
