// Shards are the same for ever, and even.
import { describe, expect, it } from "vitest";
import { seededRandom } from "../../tests/kit/random.ts";
import { createIdSource, newId } from "./id.ts";
import { SHARDS, shardOf } from "./shard.ts";

describe("shardOf", () => {
  it("never changes: rows in stores carry what it answered once", () => {
    expect(["", "a", "dst_06f5z6w3m0000000000000000a", "job_06f5z6w3m0000000000000000b"].map(shardOf)).toMatchInlineSnapshot(`
      [
        25,
        32,
        45,
        55,
      ]
    `);
  });

  it("spreads ids that were made one after another", () => {
    const ids = createIdSource({ now: () => Date.UTC(2026, 10, 21), after: () => ({ cancel() {} }) }, seededRandom("shards"));
    const counts = Array.from({ length: SHARDS }, () => 0);
    for (let made = 0; made < 64_000; made += 1) counts[shardOf(newId(ids, "dst"))]! += 1;
    expect(Math.min(...counts)).toBeGreaterThan(850);
    expect(Math.max(...counts)).toBeLessThan(1150);
  });
});
