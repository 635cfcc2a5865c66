// Known answers: every vector of sdk/vectors, made with the vendors' own libraries, in both executors.
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { engines } from "../tests/engines.ts";
import type { Params, VerifyCause } from "./index.ts";
import { verifyWith } from "./webhook.ts";

interface Vector {
  readonly id: string;
  readonly provider: string;
  readonly params?: Params;
  readonly valid: boolean;
  readonly reason?: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly bodyEncoding: "utf8" | "base64";
  readonly secret?: string;
  readonly publicKey?: string | object;
  readonly now: number | null;
  readonly toleranceSec?: number | null;
  /** null: the request has no such fact. */
  readonly expectedEvent?: { id?: string | null; type?: string | null };
}

// The vectors' words for what we call more precisely.
const causes: Readonly<Record<string, readonly VerifyCause[]>> = {
  signature_mismatch: ["signature_mismatch", "wrong_token", "wrong_credentials"],
  signature_missing: ["missing_header"],
  timestamp_too_old: ["timestamp_too_old"],
  timestamp_too_new: ["timestamp_in_future"],
  algorithm_not_allowed: ["algorithm_not_allowed"],
  claim_mismatch: ["claim_mismatch"],
  untrusted_key_source: ["untrusted_key_source"],
};

const folder = new URL("../vectors/", import.meta.url);

// Files with an underscore hold other things than signed requests: handshakes.
for (const file of readdirSync(folder).filter((name) => !name.startsWith("_"))) {
  const vectors = JSON.parse(readFileSync(new URL(file, folder), "utf8")) as Vector[];
  describe.each(engines)(`${file} with %s`, (_, engine) => {
    test.each(vectors)("$id", async (vector) => {
      const result = await verifyWith(
        engine,
        {
          method: vector.method,
          url: vector.url,
          headers: vector.headers,
          body: Buffer.from(vector.body, vector.bodyEncoding),
        },
        {
          provider: vector.provider,
          params: vector.params,
          secret: vector.secret ?? undefined,
          publicKey: typeof vector.publicKey === "object" ? JSON.stringify(vector.publicKey) : vector.publicKey,
          nowMs: (vector.now ?? 0) * 1000,
          toleranceSeconds: vector.toleranceSec ?? undefined,
        },
      );
      if (vector.valid) {
        expect(result).toMatchObject({ ok: true });
        const event = result.ok ? result.event : {};
        const expected = Object.entries(vector.expectedEvent ?? {}).map(([name, fact]) => [name, fact ?? undefined]);
        expect(event).toEqual({ ...event, ...Object.fromEntries(expected) });
      } else {
        expect(result.ok ? "verified" : result.cause).toBeOneOf([...(causes[vector.reason ?? ""] ?? [])]);
      }
    });
  });
}
