// Contract of configuration documents, their revisions, and idempotency records.
import { describe, expect } from "vitest";
import type { ConfigChange, ConfigRow, IdempotencyRecord } from "../../src/store/store.ts";
import { START_MS, type ContractTest, type OpenBench } from "./store-bench.ts";

function row(id: string, doc: string, sealed: Uint8Array | null = null): ConfigRow {
  return { kind: "source", id, doc, sealed };
}

function put(given: ConfigRow): ConfigChange {
  return { op: "put", row: given };
}

export function describeConfig(open: OpenBench, test: ContractTest): void {
  describe("configuration", () => {
    test("reads back what was put, with its sealed bytes, also after reopening", async () => {
      const bench = await open();
      const rows = [row("src_1", '{"a":1}', Uint8Array.of(0, 1, 255)), { ...row("dst_1", "{}"), kind: "destination" as const }];
      await bench.store.applyConfig(rows.map(put), bench.now, null);
      await bench.reopen();
      const { rows: kept } = await bench.store.config();
      expect(kept.toSorted((a, b) => (a.kind < b.kind ? 1 : -1))).toEqual(rows);
    });

    test("its version grows with every change, and a change made from an older one is refused", async () => {
      const bench = await open();
      const before = await bench.store.configVersion();
      const first = await bench.store.applyConfig([put(row("src_1", "v1"))], START_MS, null, before);
      if (first.kind !== "done") throw new Error("not applied");
      expect(first.version).toBeGreaterThan(before);
      expect(await bench.store.applyConfig([put(row("src_1", "v2"))], START_MS, null, before)).toEqual({ kind: "stale" });
      const { version, rows } = await bench.store.config();
      expect([version, await bench.store.configVersion()]).toEqual([first.version, first.version]);
      expect(rows.map(({ doc }) => doc)).toEqual(["v1"]);
      await bench.reopen();
      expect(await bench.store.configVersion()).toBe(first.version);
    });

    test("the same id of another kind is another document", async () => {
      const bench = await open();
      await bench.store.applyConfig([put(row("x", "1")), put({ ...row("x", "2"), kind: "subscription" })], bench.now, null);
      expect((await bench.store.config()).rows.map((kept) => kept.doc).toSorted()).toEqual(["1", "2"]);
    });

    test("changes of one call happen together or not at all", async () => {
      const bench = await open();
      const broken = put({ ...row("src_2", "{}"), doc: null as unknown as string });
      await expect(bench.store.applyConfig([put(row("src_1", "{}")), broken], bench.now, null)).rejects.toThrow();
      expect((await bench.store.config()).rows).toEqual([]);
      await bench.store.applyConfig([put(row("src_1", "{}")), { op: "delete", kind: "source", id: "src_1" }], bench.now, null);
      expect((await bench.store.config()).rows).toEqual([]);
    });

    test("a failing call does not take along calls that share its commit", async () => {
      const bench = await open();
      const broken = put({ ...row("src_2", "{}"), doc: null as unknown as string });
      const calls = [
        bench.accept(),
        bench.store.applyConfig([broken], bench.now, null),
        bench.store.applyConfig([put(row("src_3", "{}"))], bench.now, null),
        bench.accept(),
      ];
      const outcomes = await Promise.allSettled(calls);
      expect(outcomes.map((outcome) => outcome.status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled"]);
      expect((await bench.store.config()).rows.map((kept) => kept.id)).toEqual(["src_3"]);
      expect(await bench.store.undispatched(10)).toHaveLength(2);
    });

    test("earlier versions are kept with the time they were replaced, in order", async () => {
      const bench = await open();
      await bench.store.applyConfig([put(row("src_1", "v1", Uint8Array.of(1)))], START_MS, null);
      await bench.store.applyConfig([put(row("src_1", "v2"))], START_MS + 10, null);
      await bench.store.applyConfig([{ op: "delete", kind: "source", id: "src_1" }], START_MS + 20, null);
      await bench.store.applyConfig([put(row("src_1", "v3"))], START_MS + 30, null);
      expect(await bench.store.configRevisions("source", "src_1")).toEqual([
        { doc: "v1", replacedAt: START_MS + 10 },
        { doc: "v2", replacedAt: START_MS + 20 },
      ]);
      expect(await bench.store.configRevisions("destination", "src_1")).toEqual([]);
    });
  });

  describe("idempotency", () => {
    const record = (key: string, fingerprint = "f"): IdempotencyRecord => ({
      key,
      fingerprint,
      response: Uint8Array.of(9, 0, 9),
      createdAt: START_MS,
    });

    test("a guarded change commits with its record, and a repeat changes nothing", async () => {
      const bench = await open();
      expect(await bench.store.idempotencyRecord("k")).toBeNull();
      expect(await bench.store.applyConfig([put(row("src_1", "v1"))], START_MS, record("k"))).toEqual({ kind: "done", version: 1 });
      const again = await bench.store.applyConfig([put(row("src_1", "v2"))], START_MS, record("k", "other"));
      expect(again).toEqual({ kind: "repeated", record: record("k") });
      expect((await bench.store.config()).rows.map((kept) => kept.doc)).toEqual(["v1"]);
      await bench.reopen();
      expect(await bench.store.idempotencyRecord("k")).toEqual(record("k"));
    });

    test("of 20 repeats at once exactly one happens", async () => {
      const bench = await open();
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, i) => bench.store.applyConfig([put(row(`src_${i}`, "{}"))], START_MS, record("k"))),
      );
      expect(answers.filter((answer) => answer.kind === "done")).toHaveLength(1);
      expect((await bench.store.config()).rows).toHaveLength(1);
    });

    test("a guarded change that fails leaves no record, so that a repeat can succeed", async () => {
      const bench = await open();
      const broken = put({ ...row("src_1", "{}"), doc: null as unknown as string });
      await expect(bench.store.applyConfig([broken], START_MS, record("k"))).rejects.toThrow();
      expect(await bench.store.idempotencyRecord("k")).toBeNull();
      expect(await bench.store.applyConfig([put(row("src_1", "{}"))], START_MS, record("k"))).toMatchObject({ kind: "done" });
    });
  });
}
