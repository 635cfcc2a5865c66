// Contract of the lists: every filter, newest first, cursors without gap or repeat.
import { describe, expect } from "vitest";
import type { ListQuery, Page, RejectedRequest, Store } from "../../src/store/store.ts";
import { seededRandom } from "../kit/random.ts";
import { allPages, draft } from "../kit/store.ts";
import { newDelivery, settlement, type Bench, type ContractTest, type OpenBench, dispatch } from "./store-bench.ts";
import { splitDraft, splitItem } from "./store.split.contract.ts";

const PLAIN: ListQuery = { limit: 100, cursor: null, since: null, until: null };

function rejected(at: number, changes: Partial<RejectedRequest> = {}): RejectedRequest {
  return {
    outcome: "rejected",
    sourceId: "src_1",
    cause: "bad_signature",
    message: "No signature matched.",
    receivedAt: at,
    bodyBytes: 2,
    request: draft(at).request,
    ...changes,
  };
}

/** The list read with pages of every small size equals the list read at once. */
async function expectPagesToFit<Q extends ListQuery, T extends { id: string }>(
  read: (query: Q) => Promise<Page<T>>,
  query: Omit<Q, keyof ListQuery>,
  ids: string[],
): Promise<void> {
  for (const limit of [1, 2, 3, 7, ids.length, ids.length + 1]) {
    if (limit === 0) continue;
    expect(
      (await allPages(read, query, limit)).map((item) => item.id),
      `pages of ${limit}`,
    ).toEqual(ids);
  }
}

export function describeLists(open: OpenBench, test: ContractTest): void {
  describe("the list of events", () => {
    test("filters by every field", async () => {
      const bench = await open();
      const a = await bench.accept({ sourceId: "src_1", type: "invoice.paid", key: "k1", providerEventId: "p1" });
      const b = await bench.accept({ sourceId: "src_2", type: "invoice.line.added", tenantId: "tnt_1" });
      const c = await bench.accept({ type: "invoice", key: "k1" });
      const d = await bench.accept({ type: "invoicexpaid" });
      const ids = async (query: Partial<Parameters<Store["events"]>[0]>) =>
        (await bench.store.events({ ...PLAIN, ...query })).data.map((event) => event.id);
      expect(await ids({})).toEqual([d.id, c.id, b.id, a.id]);
      expect(await ids({ sourceId: "src_1" })).toEqual([a.id]);
      expect(await ids({ tenantId: "tnt_1" })).toEqual([b.id]);
      expect(await ids({ key: "k1" })).toEqual([c.id, a.id]);
      expect(await ids({ providerEventId: "p1" })).toEqual([a.id]);
      expect(await ids({ type: "invoice" })).toEqual([c.id]);
      expect(await ids({ type: "invoice.*" })).toEqual([b.id, a.id]);
      expect(await ids({ type: "invoice.**" })).toEqual([b.id, a.id]);
      expect(await ids({ type: "**" })).toEqual([d.id, c.id, b.id, a.id]);
      expect(await ids({ type: "invoice%" })).toEqual([]);
      expect(await ids({ key: "k1", sourceId: "src_1" })).toEqual([a.id]);
      expect(await ids({ sourceId: "src_none" })).toEqual([]);
      expect(await ids({ ascending: true })).toEqual([a.id, b.id, c.id, d.id]);
    });

    test("carries heads without bodies, and says how large they are", async () => {
      const bench = await open();
      const event = await bench.accept({ body: Buffer.from("twelve bytes") });
      const [head] = (await bench.store.events(PLAIN)).data;
      const { body: _, ...request } = event.request;
      expect(head).toEqual({ ...event, request });
      expect(head!.bodyBytes).toBe(12);
    });

    test("since is inclusive, until is not", async () => {
      const bench = await open();
      const ids: string[] = [];
      const start = bench.now;
      for (let i = 0; i < 5; i += 1) {
        ids.push((await bench.accept()).id);
        bench.now += 10;
      }
      const between = await bench.store.events({ ...PLAIN, since: start + 10, until: start + 30, ascending: true });
      expect(between.data.map((event) => event.id)).toEqual([ids[1], ids[2]]);
    });

    test("pages have no gap and no repeat in either direction, also with a filter and with new events coming in", async () => {
      const bench = await open();
      const ids: string[] = [];
      for (let i = 0; i < 20; i += 1) ids.push((await bench.accept({ key: i % 3 === 0 ? "third" : null })).id);
      await expectPagesToFit(bench.store.events, {}, ids.toReversed());
      await expectPagesToFit(bench.store.events, { ascending: true }, ids);
      await expectPagesToFit(bench.store.events, { key: "third" }, ids.filter((_, i) => i % 3 === 0).toReversed());
      const first = await bench.store.events({ ...PLAIN, limit: 10 });
      await bench.accept();
      const second = await bench.store.events({ ...PLAIN, limit: 10, cursor: first.nextCursor });
      expect([...first.data, ...second.data].map((event) => event.id)).toEqual(ids.toReversed());
    });
  });

  describe("the list of requests", () => {
    /** Requests of every outcome by turns, plain and split. */
    async function mixed(bench: Bench, count: number): Promise<void> {
      const random = seededRandom("mixed requests");
      for (let i = 0; i < count; i += 1) {
        bench.now += 1;
        const dedupe = { key: `k${random.int(4)}`, windowMs: 1e9 };
        if (random.chance(0.4))
          await bench.store.recordRequests([rejected(bench.now, { cause: random.pick(["bad_signature", "too_large"]) })]);
        else if (random.chance(0.2)) await bench.store.recordRequests([{ ...rejected(bench.now), outcome: "handshake", cause: null }]);
        else if (random.chance(0.3)) await bench.store.acceptSplit(splitDraft(bench.now, [splitItem("a"), splitItem(`b${random.int(3)}`)]));
        else
          await bench.store.accept(
            draft(bench.now, { sourceId: random.pick(["src_1", "src_2"]), dedupe: random.chance(0.5) ? dedupe : null }),
          );
      }
    }

    test("merges all of them by time, in pages of any size", async () => {
      const bench = await open();
      await mixed(bench, 60);
      const all = await allPages(bench.store.requests, {}, 250);
      expect(all).toHaveLength(60);
      expect(all.map((request) => request.receivedAt)).toEqual(all.map((request) => request.receivedAt).toSorted((a, b) => b - a));
      expect(new Set(all.map((request) => request.outcome))).toEqual(new Set(["accepted", "duplicate", "rejected", "handshake"]));
      await expectPagesToFit(
        bench.store.requests,
        {},
        all.map((request) => request.id),
      );
      for (const sourceId of ["src_1", "src_2"]) {
        await expectPagesToFit(
          bench.store.requests,
          { sourceId },
          all.filter((request) => request.sourceId === sourceId).map((request) => request.id),
        );
      }
    });

    test("filters by outcome and by cause", async () => {
      const bench = await open();
      await mixed(bench, 40);
      const all = await allPages(bench.store.requests, {}, 250);
      for (const outcome of ["accepted", "duplicate", "rejected", "handshake"] as const) {
        await expectPagesToFit(
          bench.store.requests,
          { outcome },
          all.filter((request) => request.outcome === outcome).map((request) => request.id),
        );
      }
      await expectPagesToFit(
        bench.store.requests,
        { cause: "too_large" as const },
        all.filter((request) => request.cause === "too_large").map((request) => request.id),
      );
    });

    test("bounds by time hold over both kinds", async () => {
      const bench = await open();
      const start = bench.now;
      await mixed(bench, 30);
      const page = await bench.store.requests({ ...PLAIN, since: start + 10, until: start + 20 });
      expect(page.data.map((request) => request.receivedAt)).toEqual(Array.from({ length: 10 }, (_, i) => start + 19 - i));
    });

    test("events published without a source are no requests", async () => {
      const bench = await open();
      await bench.accept({ sourceId: null });
      expect((await bench.store.requests(PLAIN)).data).toEqual([]);
    });
  });

  describe("the list of deliveries", () => {
    test("filters by every field", async () => {
      const bench = await open();
      const a = await bench.deliver({ destinationId: "dst_a", subscriptionId: "sub_1" }, { sourceId: "src_1", type: "order.made" });
      const b = await bench.deliver(
        { destinationId: "dst_b", subscriptionId: "sub_2", trigger: "replay", jobId: "job_1" },
        { type: "order.sent" },
      );
      const c = await bench.deliver({ destinationId: "dst_c", subscriptionId: null });
      await bench.bring(a, "dead");
      await bench.bring(b, "delivered");
      const ids = async (query: Partial<Parameters<Store["deliveries"]>[0]>) =>
        (await bench.store.deliveries({ ...PLAIN, ...query })).data.map((delivery) => delivery.id);
      expect(await ids({})).toEqual([c.id, b.id, a.id]);
      expect(await ids({ state: "dead" })).toEqual([a.id]);
      expect(await ids({ state: "waiting" })).toEqual([c.id]);
      expect(await ids({ state: "delivered" })).toEqual([b.id]);
      expect(await ids({ state: "cancelled" })).toEqual([]);
      expect(await ids({ destinationId: "dst_b" })).toEqual([b.id]);
      expect(await ids({ destinationIds: ["dst_a", "dst_c"] })).toEqual([c.id, a.id]);
      expect(await ids({ destinationIds: [] })).toEqual([]);
      expect(await ids({ subscriptionId: "sub_1" })).toEqual([a.id]);
      expect(await ids({ eventId: b.eventId })).toEqual([b.id]);
      expect(await ids({ eventId: "evt_nonsense" })).toEqual([]);
      expect(await ids({ jobId: "job_1" })).toEqual([b.id]);
      expect(await ids({ sourceId: "src_1" })).toEqual([a.id]);
      expect(await ids({ type: "order.*" })).toEqual([b.id, a.id]);
      expect(await ids({ type: "order.made", state: "dead" })).toEqual([a.id]);
    });

    test("pages have no gap and no repeat, and bounds are on the time of making", async () => {
      const bench = await open();
      const ids: string[] = [];
      const start = bench.now;
      for (let i = 0; i < 12; i += 1) {
        ids.push((await bench.deliver({ destinationId: i % 2 === 0 ? "dst_a" : "dst_b" })).id);
        bench.now += 10;
      }
      await expectPagesToFit(bench.store.deliveries, {}, ids.toReversed());
      await expectPagesToFit(bench.store.deliveries, { destinationId: "dst_a" }, ids.filter((_, i) => i % 2 === 0).toReversed());
      const page = await bench.store.deliveries({ ...PLAIN, since: start + 20, until: start + 50 });
      expect(page.data.map((delivery) => delivery.id)).toEqual(ids.slice(2, 5).toReversed());
    });
  });

  describe("the list of attempts", () => {
    test("filters by delivery, event and destination, in pages of any size", async () => {
      const bench = await open();
      const event = await bench.accept();
      const made = await dispatch(bench.store, [event], [newDelivery(event), newDelivery(event, { destinationId: "dst_b" })]);
      const other = await bench.deliver();
      for (const delivery of [...made, other]) {
        for (let attempts = 0; attempts < 4; attempts += 1)
          await bench.store.settle([settlement({ ...delivery, attempts }, bench.now, { state: "waiting" })]);
      }
      const all = await allPages(bench.store.attempts, {}, 250);
      expect(all).toHaveLength(12);
      const ids = (keep: (attempt: (typeof all)[number]) => boolean) => all.filter(keep).map((attempt) => attempt.id);
      await expectPagesToFit(
        bench.store.attempts,
        {},
        ids(() => true),
      );
      await expectPagesToFit(
        bench.store.attempts,
        { deliveryId: other.id },
        ids((attempt) => attempt.deliveryId === other.id),
      );
      await expectPagesToFit(
        bench.store.attempts,
        { eventId: event.id },
        ids((attempt) => attempt.eventId === event.id),
      );
      await expectPagesToFit(
        bench.store.attempts,
        { destinationId: "dst_b" },
        ids((attempt) => attempt.destinationId === "dst_b"),
      );
      expect((await bench.store.attempts({ ...PLAIN, deliveryId: "dlv_nonsense" })).data).toEqual([]);
    });
  });

  describe("a rare filter on a long list", () => {
    test("still finds everything when the walk is cut into pages", async () => {
      const bench = await open();
      const rare: string[] = [];
      for (let block = 0; block < 5; block += 1) {
        await Promise.all(Array.from({ length: 9_000 }, () => bench.accept({ body: new Uint8Array(0) })));
        rare.push((await bench.accept({ key: "rare", sourceId: "src_1" })).id);
      }
      expect((await allPages(bench.store.events, { key: "rare" }, 50)).map((event) => event.id)).toEqual(rare.toReversed());
      expect((await allPages(bench.store.events, { key: "rare", ascending: true }, 50)).map((event) => event.id)).toEqual(rare);
      expect((await allPages(bench.store.requests, { sourceId: "src_1" }, 50)).map((request) => request.eventId)).toEqual(
        rare.toReversed(),
      );
    });
  });
}
