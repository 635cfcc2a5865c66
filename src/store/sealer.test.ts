// What is sealed opens with the same key for the same record, and for nothing else.
import { describe, expect, test } from "vitest";
import { systemRandom } from "../system/random.ts";
import { createSealer, UnsealError } from "./sealer.ts";

const key = new Uint8Array(32).fill(7);
const sealer = createSealer(key, systemRandom);

describe("sealer", () => {
  test("opens what it sealed, also after a restart", () => {
    const value = { secrets: ["whsec_x", "é"], nothing: null };
    expect(createSealer(key, systemRandom).open("source:src_1", sealer.seal("source:src_1", value))).toEqual(value);
  });

  test("never seals the same way twice, and shows nothing of the value", () => {
    const [one, two] = [sealer.seal("a", "a long secret text"), sealer.seal("a", "a long secret text")];
    expect(Buffer.compare(one, two)).not.toBe(0);
    expect(Buffer.from(one).toString("latin1")).not.toContain("secret");
  });

  test("refuses another record, another key, another version and every changed byte", () => {
    const sealed = sealer.seal("source:src_1", { a: 1 });
    expect(() => sealer.open("source:src_2", sealed)).toThrow(UnsealError);
    expect(() => createSealer(new Uint8Array(32).fill(8), systemRandom).open("source:src_1", sealed)).toThrow(UnsealError);
    for (let i = 0; i < sealed.length; i += 1) {
      const changed = Uint8Array.from(sealed);
      changed[i]! ^= 1;
      expect(() => sealer.open("source:src_1", changed)).toThrow(UnsealError);
    }
    for (const short of [new Uint8Array(0), sealed.subarray(0, 20), sealed.subarray(0, -1)])
      expect(() => sealer.open("source:src_1", short)).toThrow(UnsealError);
  });

  test("refuses a key of the wrong length", () => {
    expect(() => createSealer(new Uint8Array(16), systemRandom)).toThrow(/32 bytes/);
  });
});
