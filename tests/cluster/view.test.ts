// What `npm run cluster` draws, and what its keys mean.
import { describe, expect, test } from "vitest";
import { createKeys } from "../../scripts/cluster/keys.ts";
import type { NodeFigures } from "../../scripts/cluster/figures.ts";
import { drawLine, drawTable, type Snapshot } from "../../scripts/cluster/view.ts";

const ready: NodeFigures = {
  name: "node-1",
  state: "ready",
  shards: 32,
  inFlight: 3,
  queued: 12,
  acceptedPerSecond: 2.04,
  deliveredPerSecond: 1.96,
  p50Ms: 7.25,
  p99Ms: 412.6,
  beatAgoMs: 1_340,
};
const gone: NodeFigures = {
  name: "node-2",
  state: "gone",
  shards: 0,
  inFlight: null,
  queued: null,
  acceptedPerSecond: null,
  deliveredPerSecond: null,
  p50Ms: null,
  p99Ms: null,
  beatAgoMs: null,
};
const snapshot: Snapshot = {
  nodes: [ready, gone],
  database: "up",
  traffic: { acknowledged: 120, resent: 2, arrived: 117, repeats: 1 },
  question: null,
  said: Array.from({ length: 20 }, (_, index) => `said ${index + 1}`),
};
const wide = { columns: 200, colors: false };

describe("the table", () => {
  test("has a line for each node, under headings that stand where the figures do", () => {
    const [headings, first, second] = drawTable(snapshot, wide);
    expect(first).toMatch(/^node-1 +ready +32 +3 +12 +2\.0 +2\.0 +7\.3 ms +413 ms +1\.3 s ago$/);
    expect(second).toMatch(/^node-2 +gone +0( +–){7}$/);
    expect(headings).toHaveLength(first!.length);
    expect(headings!.indexOf("QUEUED") + "QUEUED".length).toBe(first!.indexOf(" 12 ") + " 12".length);
  });

  test("counts what is acknowledged and not yet delivered", () => {
    expect(drawTable(snapshot, wide).join("\n")).toContain("120 acknowledged, 117 delivered, 3 under way; 2 sent again, 1 delivered twice");
    expect(drawTable({ ...snapshot, traffic: null }, wide).join("\n")).toContain("No traffic");
  });

  test("shows the newest of what was said, and the question of a key instead of the keys", () => {
    const lines = drawTable({ ...snapshot, question: "Kill which node?" }, wide);
    expect(lines.filter((line) => line.startsWith("said"))).toEqual(snapshot.said.slice(-8));
    expect(lines).toContain("Kill which node?");
    expect(lines.join("\n")).not.toContain("q quit");
  });

  test("stays within the terminal, so that a redraw finds each line where it was", () => {
    for (const line of drawTable(snapshot, { columns: 40, colors: false })) expect(line.length).toBeLessThanOrEqual(40);
  });

  test("is a single line elsewhere than on a terminal", () => {
    expect(drawLine(snapshot)).toBe(
      "node-1 ready shards=32 accepted/s=2.0 delivered/s=2.0 p99=413 ms | node-2 gone shards=0 accepted/s=– delivered/s=– p99=– | database up | 120 acknowledged, 117 delivered, 3 under way; 2 sent again, 1 delivered twice",
    );
  });
});

describe("a key", () => {
  test.each([
    ["k", "kill"],
    ["r", "restart"],
    ["p", "pause"],
  ])("%s asks which node, and acts on the number", (key, kind) => {
    const keys = createKeys(3);
    expect(keys.press(key)).toBeNull();
    expect(keys.question).toContain("1 to 3");
    expect(keys.press("2")).toEqual({ kind, node: 1 });
    expect(keys.question).toBeNull();
  });

  test.each(["4", "0", "x", "q"])("%s is no node: nothing happens, and nothing is asked any more", (key) => {
    const keys = createKeys(3);
    keys.press("k");
    expect(keys.press(key)).toBeNull();
    expect(keys.question).toBeNull();
    expect(keys.press("1")).toBeNull();
  });

  test("d restarts the database, q and Ctrl-C end, also in the middle of a question", () => {
    const keys = createKeys(3);
    expect(keys.press("d")).toEqual({ kind: "database" });
    expect(keys.press("q")).toEqual({ kind: "quit" });
    keys.press("k");
    expect(keys.press("\u0003")).toEqual({ kind: "quit" });
  });
});
