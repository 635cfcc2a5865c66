// SHA-1, SHA-256 and HMAC in plain arithmetic against those of Node.
import fc from "fast-check";
import { createHash, createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { hmac, sha1, sha256 } from "./sha.ts";

const bytes = fc.uint8Array({ maxLength: 300 });

test("digests are those of Node at every length around a block", () => {
  for (let length = 0; length <= 200; length++) {
    const content = Buffer.alloc(length, length);
    expect(Buffer.from(sha1(content))).toEqual(createHash("sha1").update(content).digest());
    expect(Buffer.from(sha256(content))).toEqual(createHash("sha256").update(content).digest());
  }
});

test("and of random bytes", () => {
  fc.assert(
    fc.property(bytes, (content) => {
      expect(Buffer.from(sha1(content))).toEqual(createHash("sha1").update(content).digest());
      expect(Buffer.from(sha256(content))).toEqual(createHash("sha256").update(content).digest());
    }),
  );
});

test("HMACs are those of Node, with keys shorter and longer than a block", () => {
  fc.assert(
    fc.property(bytes, fc.oneof(bytes, fc.string({ unit: "grapheme" })), (key, content) => {
      for (const hash of ["sha1", "sha256"] as const)
        expect(Buffer.from(hmac(`hmac-${hash}`, key, content))).toEqual(createHmac(hash, key).update(content).digest());
    }),
  );
});
