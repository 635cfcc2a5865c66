// Makes a POST repeatable: the answer is sealed and commits together with the write it belongs to.
import { createHash } from "node:crypto";
import type { ApiKey } from "../core/api-key.ts";
import { ProblemError } from "../errors.ts";
import { IDEMPOTENCY_KEY_CHARACTERS_MAX } from "../limits.ts";
import type { Sealer } from "../store/sealer.ts";
import type { IdempotencyRecord } from "../store/store.ts";
import { type Answer, json } from "./route.ts";

export interface RequestIdentity {
  method: string;
  /** Path and query. */
  target: string;
  body: Uint8Array;
}

export interface Idempotency {
  /** Scoped to the API key, as the store keeps it. */
  readonly key: string;
  record(status: number, body: unknown, at: number): IdempotencyRecord;
  /** Throws `idempotency_conflict` when the record belongs to another request. */
  repeat(record: IdempotencyRecord): Answer;
}

export function readIdempotencyKey(header: string | string[] | undefined): string | null {
  if (header === undefined) return null;
  if (
    typeof header !== "string" ||
    !/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(header) ||
    header.length > IDEMPOTENCY_KEY_CHARACTERS_MAX
  ) {
    throw new ProblemError("invalid_idempotency_key", `It must be 1 to ${IDEMPOTENCY_KEY_CHARACTERS_MAX} printable ASCII characters.`);
  }
  return header;
}

export function createIdempotency(sealer: Sealer, apiKey: ApiKey, text: string, request: RequestIdentity): Idempotency {
  const key = `${apiKey.id}:${text}`;
  const fingerprint = createHash("sha256").update(`${request.method} ${request.target}\n`).update(request.body).digest("base64url");
  const context = `idempotency:${key}`;
  return {
    key,
    record: (status, body, at) => ({ key, fingerprint, response: sealer.seal(context, { status, body }), createdAt: at }),
    repeat(record) {
      if (record.fingerprint !== fingerprint) {
        throw new ProblemError("idempotency_conflict", "This Idempotency-Key was used for a request with another path or body.");
      }
      const { status, body } = sealer.open(context, record.response) as { status: number; body: unknown };
      return json(status, body, { "idempotent-replayed": "true" });
    },
  };
}
