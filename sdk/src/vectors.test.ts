// Known answers: every vector of sdk/vectors, made with the vendors' own libraries.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { verify, type VerifyCause } from "./index.ts";

interface Vector {
  readonly id: string;
  readonly valid: boolean;
  readonly reason?: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly bodyEncoding: "utf8" | "base64";
  readonly secret?: string;
  readonly publicKey?: string;
  readonly now: number | null;
  readonly toleranceSec?: number | null;
  readonly expectedEvent?: { id?: string; type?: string };
}

// The vectors' words for what we call more precisely.
const causes: Readonly<Record<string, VerifyCause>> = {
  signature_mismatch: "signature_mismatch",
  signature_missing: "missing_header",
  timestamp_too_old: "timestamp_too_old",
  timestamp_too_new: "timestamp_in_future",
};

// The same scheme under the headers of Svix.
const providerOf: Readonly<Record<string, string>> = { svix: "standard-webhooks" };

for (const file of ["github", "standard-webhooks", "stripe", "svix"]) {
  const vectors = JSON.parse(readFileSync(new URL(`../vectors/${file}.json`, import.meta.url), "utf8")) as Vector[];
  describe(file, () => {
    test.each(vectors)("$id", async (vector) => {
      const result = await verify(
        {
          method: vector.method,
          url: vector.url,
          headers: vector.headers,
          body: Buffer.from(vector.body, vector.bodyEncoding),
        },
        {
          provider: providerOf[file] ?? file,
          secret: vector.secret ?? undefined,
          publicKey: vector.publicKey ?? undefined,
          nowMs: (vector.now ?? 0) * 1000,
          toleranceSeconds: vector.toleranceSec ?? undefined,
        },
      );
      if (vector.valid) {
        expect(result).toMatchObject({ ok: true, event: vector.expectedEvent ?? {} });
      } else {
        expect(result).toMatchObject({ ok: false, cause: causes[vector.reason ?? ""] });
      }
    });
  });
}
