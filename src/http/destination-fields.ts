// From what a caller wrote about a destination to the fields of one; what was left out takes the default or stays.
import type { Destination, DestinationSignature } from "../core/destination.ts";
import { defaultRetryPolicy } from "../core/retry-schedule.ts";
import { newSharedSecret, newSigningSecret } from "../flow/catalog-keys.ts";
import { ATTEMPT_DEADLINE_DEFAULT_MS, CONNECT_TIMEOUT_DEFAULT_MS, RESPONSE_BYTES_DEFAULT } from "../limits.ts";
import type { Random } from "../system/random.ts";
import { retryPolicyOf } from "./retry-policy.ts";
import type { DestinationUpdate } from "./schemas/destination.ts";

export function destinationDefaults(concurrencyMax: number): Omit<Destination, "id" | "name" | "type" | "url" | "createdAt" | "updatedAt"> {
  return {
    tenantId: null,
    method: null,
    forwardPath: false,
    forwardQuery: false,
    forwardHeaders: true,
    headers: {},
    auth: { kind: "none" },
    signature: { kind: "none" },
    tls: null,
    http2: false,
    retry: defaultRetryPolicy(),
    deadlineMs: ATTEMPT_DEADLINE_DEFAULT_MS,
    connectTimeoutMs: CONNECT_TIMEOUT_DEFAULT_MS,
    responseBytesMax: RESPONSE_BYTES_DEFAULT,
    concurrencyMax,
    adaptiveConcurrency: true,
    rateLimit: null,
    ordering: { kind: "unordered" },
    state: { kind: "active" },
  };
}

/** Only the fields that were given, and the secret when one had to be made for them. */
export function destinationFields(body: DestinationUpdate, random: Random): { fields: Partial<Destination>; secret: string | null } {
  const { signature, retry, tenantId: _fixed, ...plain } = body;
  const fields: Partial<Destination> = Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== undefined));
  if (retry !== undefined) fields.retry = retryPolicyOf(retry);
  // A deadline shorter than the default connect timeout means both.
  if (fields.deadlineMs !== undefined && fields.connectTimeoutMs === undefined) {
    fields.connectTimeoutMs = Math.min(fields.deadlineMs, CONNECT_TIMEOUT_DEFAULT_MS);
  }
  if (signature === undefined) return { fields, secret: null };
  const made = signatureOf(signature, random);
  fields.signature = made.signature;
  return { fields, secret: made.secret };
}

function signatureOf(
  given: NonNullable<DestinationUpdate["signature"]>,
  random: Random,
): { signature: DestinationSignature; secret: string | null } {
  switch (given.kind) {
    case "none":
      return { signature: given, secret: null };
    case "standard-webhooks": {
      if (given.secrets !== undefined) return { signature: { kind: given.kind, secrets: given.secrets }, secret: null };
      const secret = newSigningSecret(random);
      return { signature: { kind: given.kind, secrets: [secret] }, secret };
    }
    case "hmac": {
      const secret = given.secret ?? newSharedSecret(random);
      const signature: DestinationSignature = {
        kind: "hmac",
        algorithm: given.algorithm ?? "sha256",
        header: given.header,
        prefix: given.prefix ?? "",
        encoding: given.encoding ?? "hex",
        content: given.content ?? "{body}",
        timestampHeader: given.timestampHeader ?? null,
        secret,
      };
      return { signature, secret: given.secret === undefined ? secret : null };
    }
  }
}
