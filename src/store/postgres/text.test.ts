// Texts that PostgreSQL refuses are kept under others, each under its own.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keepable, restored } from "./text.ts";

const units = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.constantFrom(0, 0x1a, 0x30, 0x31, 0x61, 0xd83d, 0xdc09)), { maxLength: 12 })
  .map((codes) => String.fromCharCode(...codes));

describe("keepable", () => {
  it("makes every text one that PostgreSQL takes, and restored gives it back", () => {
    fc.assert(
      fc.property(units, (text) => {
        const kept = keepable(text);
        expect(kept.isWellFormed() && !kept.includes("\0")).toBe(true);
        expect(restored(kept)).toBe(text);
      }),
    );
  });

  it("leaves ordinary texts as they are", () => {
    for (const text of ["", "invoice.paid", "\t\n\u{1f409}é", '{"a":"\\u0000"}']) expect(keepable(text)).toBe(text);
  });

  it("keeps what a prefix is a prefix of", () => {
    fc.assert(fc.property(units, units, (start, rest) => keepable(`${start}.${rest}`).startsWith(keepable(`${start}.`))));
  });
});
