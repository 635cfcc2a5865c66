// Contract of split requests: the request whole, its items as events, all or nothing, and both gone together.
import { describe, expect } from "vitest";
import { itemRequest } from "../../src/core/event.ts";
import type { AcceptItem, SplitDraft, SplitOutcome } from "../../src/store/store.ts";
import { seededRandom } from "../kit/random.ts";
import { allPages, draft } from "../kit/store.ts";
import { type ContractTest, newDelivery, type OpenBench, dispatch } from "./store-bench.ts";

const DAY_MS = 86_400_000;
const FAR = { sourceId: null, exceptSourceIds: [], before: Number.MAX_SAFE_INTEGER / 4096, limit: 100 };

export function splitItem(id: string, changes: Partial<AcceptItem> = {}): AcceptItem {
  return {
    type: "item.made",
    key: null,
    providerEventId: id,
    occurredAt: null,
    dedupe: { key: `src_1:${id}`, windowMs: DAY_MS },
    body: Buffer.from(`{"id":"${id}"}`),
    contentType: null,
    ...changes,
  };
}

export function splitDraft(receivedAt: number, items: AcceptItem[], changes: Partial<SplitDraft> = {}): SplitDraft {
  const body = Buffer.from(`[${items.map((item) => Buffer.from(item.body).toString()).join(",")}]`);
  return { sourceId: "src_1", receivedAt, request: draft(receivedAt, { body }).request, items, ...changes };
}

/** The event of each item, new or repeated. */
function idsOf(outcome: SplitOutcome): string[] {
  return outcome.items.map((item) => (item.kind === "accepted" ? item.event.id : item.of));
}

const kindsOf = (outcome: SplitOutcome) => outcome.items.map((item) => item.kind);

export function describeSplit(open: OpenBench, test: ContractTest): void {
  describe("a split request", () => {
    test("is kept whole, and each item is an event with its own bytes and the request's head, also after reopening", async () => {
      const bench = await open();
      const body = seededRandom("whole batch").fill(new Uint8Array(70_000));
      const headers = ["X-A", "1", "x-a", "2", "Content-Type", "application/x-www-form-urlencoded"];
      const request = { method: "PUT", pathTail: "/a%2Fb", query: "q=%zz", headers, remoteAddress: "2001:db8::1", body };
      const items = [
        splitItem("one", { key: "k1", occurredAt: 1_700_000_000_123, contentType: "application/json" }),
        splitItem("two", { dedupe: null, body: Uint8Array.of(0, 255, 128), type: "other.type", providerEventId: null }),
        splitItem("three", { body: new Uint8Array(0) }),
      ];
      const outcome = await bench.store.acceptSplit(splitDraft(bench.now, items, { request }));
      expect(kindsOf(outcome)).toEqual(["accepted", "accepted", "accepted"]);
      const look = async () => {
        const ids = idsOf(outcome);
        for (const [index, id] of ids.entries()) {
          const item = items[index]!;
          const event = await bench.store.event(id);
          expect(event).toMatchObject({
            requestId: outcome.requestId,
            sourceId: "src_1",
            tenantId: null,
            receivedAt: bench.now,
            type: item.type,
            key: item.key,
            providerEventId: item.providerEventId,
            occurredAt: item.occurredAt,
            bodyBytes: item.body.byteLength,
          });
          expect(event!.request).toEqual({ ...itemRequest(request, item), body: new Uint8Array(item.body) });
          const given = outcome.items[index]!;
          expect(given.kind === "accepted" && { ...given.event.request, body: new Uint8Array(given.event.request.body) }).toEqual(
            event!.request,
          );
          expect(given).toMatchObject({ event: { ...event, request: expect.anything() } });
        }
        expect(await bench.store.request(outcome.requestId)).toEqual({
          id: outcome.requestId,
          sourceId: "src_1",
          outcome: "accepted",
          cause: null,
          message: "Split into 3 events.",
          eventId: ids[0],
          eventIds: ids,
          receivedAt: bench.now,
          bodyBytes: 70_000,
          request: { ...request, body },
        });
        expect((await bench.store.eventsBySeq((await bench.store.undispatched(10)).map((event) => event.seq))).map(({ id }) => id)).toEqual(
          ids,
        );
      };
      await look();
      await bench.reopen();
      await look();
      const item = (await bench.store.event(idsOf(outcome)[0]!))!;
      expect(item.request.headers).toEqual(["X-A", "1", "x-a", "2", "Content-Type", "application/json"]);
    });

    test("has one record in the list, under its own number, in pages with all the others", async () => {
      const bench = await open();
      const plain = await bench.accept({ sourceId: "src_1" });
      bench.now += 10;
      const split = await bench.store.acceptSplit(splitDraft(bench.now, [splitItem("a"), splitItem("b"), splitItem("c")]));
      bench.now += 10;
      const other = await bench.accept({ sourceId: "src_2" });
      const expected = [other.requestId, split.requestId, plain.requestId];
      for (const limit of [1, 2, 10]) {
        expect((await allPages(bench.store.requests, {}, limit)).map(({ id }) => id)).toEqual(expected);
        expect((await allPages(bench.store.requests, { outcome: "accepted" }, limit)).map(({ id }) => id)).toEqual(expected);
      }
      const ofSource = await allPages(bench.store.requests, { sourceId: "src_1" });
      expect(ofSource.map(({ id, outcome }) => [id, outcome])).toEqual([
        [split.requestId, "accepted"],
        [plain.requestId, "accepted"],
      ]);
      const between = await bench.store.requests({ limit: 10, cursor: null, since: bench.now - 10, until: bench.now });
      expect(between.data.map(({ id }) => id)).toEqual([split.requestId]);
      expect(await allPages(bench.store.requests, { outcome: "duplicate" })).toEqual([]);
      // An item's event has no request record of its own.
      expect(await bench.store.request(idsOf(split)[0]!.replace("evt_", "req_"))).toBeNull();
      expect(await bench.store.request(plain.requestId!)).toMatchObject({ eventId: plain.id, eventIds: [plain.id] });
    });

    test("answers repeated items one by one: of earlier events, of other batches, and of the same batch", async () => {
      const bench = await open();
      const plain = await bench.accept({ sourceId: "src_1", dedupe: { key: "src_1:a", windowMs: DAY_MS } });
      const first = await bench.store.acceptSplit(splitDraft(bench.now, [splitItem("a"), splitItem("b"), splitItem("b"), splitItem("c")]));
      expect(kindsOf(first)).toEqual(["duplicate", "accepted", "duplicate", "accepted"]);
      const [a, b, again, c] = idsOf(first);
      expect([a, again]).toEqual([plain.id, b]);
      const second = await bench.store.acceptSplit(splitDraft(bench.now, [splitItem("c"), splitItem("d")]));
      expect([kindsOf(second), idsOf(second)[0]]).toEqual([["duplicate", "accepted"], c]);
      expect(await bench.store.request(first.requestId)).toMatchObject({
        outcome: "accepted",
        eventIds: [a, b, b, c],
        message: "Split into 2 events; 2 items repeat earlier ones.",
      });
      expect(await bench.store.request(second.requestId)).toMatchObject({ message: "Split into 1 event; 1 item repeats earlier ones." });
      // And the other way round: what came in a batch is known when it comes alone.
      const alone = await bench.store.accept(draft(bench.now, { sourceId: "src_1", dedupe: { key: "src_1:d", windowMs: DAY_MS } }));
      expect(alone).toMatchObject({ kind: "duplicate", of: idsOf(second)[1] });
      expect((await allPages(bench.store.events, {})).length).toBe(4);
    });

    test("with nothing new is kept as a duplicate, with the start of its body", async () => {
      const bench = await open();
      const items = [splitItem("a"), splitItem("b")];
      const first = await bench.store.acceptSplit(splitDraft(bench.now, items));
      const request = draft(bench.now, { body: new Uint8Array(100_000).fill(7) }).request;
      const repeat = await bench.store.acceptSplit(splitDraft(bench.now, items, { request }));
      expect([kindsOf(repeat), idsOf(repeat)]).toEqual([["duplicate", "duplicate"], idsOf(first)]);
      const record = await bench.store.request(repeat.requestId);
      expect(record).toMatchObject({ outcome: "duplicate", eventId: idsOf(first)[0], eventIds: idsOf(first), bodyBytes: 100_000 });
      expect(record!.message).toBe("Nothing new: 2 items repeat earlier ones.");
      expect(record!.request.body.byteLength).toBeLessThan(100_000);
      expect((await allPages(bench.store.requests, { outcome: "duplicate" })).map(({ id }) => id)).toEqual([repeat.requestId]);
    });

    test("20 copies at once make each item exactly one event, also beside plain ones and over a restart", async () => {
      const bench = await open();
      const items = Array.from({ length: 30 }, (_, i) => splitItem(`i${i}`));
      const copies = Array.from({ length: 20 }, () => bench.store.acceptSplit(splitDraft(bench.now, items)));
      const plain = Array.from({ length: 20 }, () =>
        bench.store.accept(draft(bench.now, { sourceId: "src_1", dedupe: { key: "src_1:i7", windowMs: DAY_MS } })),
      );
      const outcomes = await Promise.all(copies);
      await Promise.all(plain);
      await bench.reopen();
      outcomes.push(await bench.store.acceptSplit(splitDraft(bench.now, items)));
      const events = await allPages(bench.store.events, { ascending: true });
      expect(events).toHaveLength(items.length);
      expect(new Set(events.map((event) => event.providerEventId))).toEqual(new Set(items.map((item) => item.providerEventId)));
      for (const outcome of outcomes) expect(idsOf(outcome)).toEqual(idsOf(outcomes[0]!));
      const requests = await allPages(bench.store.requests, {});
      expect(requests.filter(({ outcome }) => outcome === "accepted")).toHaveLength(1);
    });

    test("bodies and order hold when split and plain drafts share a commit", async () => {
      const bench = await open();
      const random = seededRandom("mixed commit");
      const wanted: string[] = [];
      const work: Promise<unknown>[] = [];
      for (let i = 0; i < 60; i += 1) {
        const bodies = Array.from({ length: random.chance(0.5) ? 1 : 1 + random.int(8) }, () =>
          random.fill(new Uint8Array(random.int(900))),
        );
        for (const body of bodies) wanted.push(Buffer.from(body).toString("hex"));
        if (bodies.length === 1) work.push(bench.accept({ sourceId: "src_1", body: bodies[0]! }));
        else
          work.push(
            bench.store.acceptSplit(
              splitDraft(
                bench.now,
                bodies.map((body) => splitItem("", { dedupe: null, body })),
              ),
            ),
          );
      }
      await Promise.all(work);
      const seqs = (await allPages(bench.store.events, { ascending: true })).map((event) => event.seq);
      const kept = await bench.store.eventsBySeq(seqs);
      expect(kept.map((event) => Buffer.from(event.request.body).toString("hex"))).toEqual(wanted);
      expect((await bench.store.undispatched(1000)).map((event) => event.seq)).toEqual(seqs);
    });

    test("goes with the last of its events, and neither retention nor a sweep takes it before", async () => {
      const bench = await open();
      const split = await bench.store.acceptSplit(splitDraft(bench.now, [splitItem("a"), splitItem("b"), splitItem("c")]));
      const repeat = await bench.store.acceptSplit(splitDraft(bench.now, [splitItem("a"), splitItem("b"), splitItem("c")]));
      const events = await bench.store.undispatched(10);
      const [waiting] = await dispatch(bench.store, events, [newDelivery(events[1]!)]);
      await bench.store.sweep(bench.now + 400 * DAY_MS, bench.now + 400 * DAY_MS);
      expect(await bench.store.request(split.requestId)).not.toBeNull();
      expect(await bench.store.request(repeat.requestId)).toBeNull();
      expect(await bench.store.deleteExpired({ ...FAR, limit: 1 })).toBe(1);
      expect(await bench.store.deleteExpired(FAR)).toBe(1);
      expect(await bench.store.request(split.requestId)).toMatchObject({ outcome: "accepted" });
      expect((await allPages(bench.store.events, {})).map(({ id }) => id)).toEqual([events[1]!.id]);
      await bench.bring(waiting!, "delivered");
      expect(await bench.store.deleteExpired(FAR)).toBe(1);
      expect(await bench.store.request(split.requestId)).toBeNull();
      expect(await allPages(bench.store.requests, {})).toEqual([]);
      // Its keys went with it.
      expect(kindsOf(await bench.store.acceptSplit(splitDraft(bench.now, [splitItem("a")])))).toEqual(["accepted"]);
    });

    test("counts in the store's size until it is gone", async () => {
      const bench = await open();
      const request = draft(bench.now, { body: new Uint8Array(2_000_000) }).request;
      await bench.store.acceptSplit(splitDraft(bench.now, [splitItem("a")], { request }));
      const [event] = await bench.store.undispatched(1);
      await bench.store.commitDispatch([event!], []);
      const before = await bench.store.size();
      expect(before.usedBytes).toBeGreaterThan(2_000_000);
      await bench.store.deleteExpired(FAR);
      expect(before.usedBytes - (await bench.store.size()).usedBytes).toBeGreaterThan(1_900_000);
    });

    test("the cap on duplicates leaves accepted ones alone", async () => {
      const bench = await open({ requestsKeptMax: 4 });
      const kept: string[] = [];
      for (let i = 0; i < 30; i += 1) {
        const items = [splitItem(`i${i}`)];
        kept.push((await bench.store.acceptSplit(splitDraft(bench.now, items))).requestId);
        await bench.store.acceptSplit(splitDraft(bench.now, items));
      }
      expect((await allPages(bench.store.requests, { outcome: "accepted" })).map(({ id }) => id)).toEqual(kept.toReversed());
      expect((await allPages(bench.store.requests, { outcome: "duplicate" })).length).toBeLessThanOrEqual(5);
    });

    test("is refused after close, as anything is", async () => {
      const bench = await open();
      const early = bench.store.acceptSplit(splitDraft(bench.now, [splitItem("a")]));
      await bench.store.close();
      await expect(early).resolves.toMatchObject({ items: [{ kind: "accepted" }] });
      await expect(bench.store.acceptSplit(splitDraft(bench.now, [splitItem("b")]))).rejects.toThrow(/clos/i);
      await bench.reopen();
      expect(await allPages(bench.store.events, {})).toHaveLength(1);
    });
  });

  describe("the provider's own time", () => {
    test("is kept beside the time of receipt, for plain events and items, in lists too", async () => {
      const bench = await open();
      const times = [null, 0, 1_700_000_000_999, 253_402_300_799_999];
      for (const occurredAt of times) await bench.accept({ sourceId: "src_1", occurredAt });
      await bench.store.acceptSplit(splitDraft(bench.now, [splitItem("a", { occurredAt: 5 }), splitItem("b")]));
      await bench.reopen();
      const listed = await allPages(bench.store.events, { ascending: true });
      expect(listed.map((event) => event.occurredAt)).toEqual([...times, 5, null]);
      expect(listed.map((event) => event.receivedAt)).toEqual(listed.map(() => bench.now));
      const whole = await bench.store.eventsBySeq(listed.map((event) => event.seq));
      expect(whole.map((event) => event.occurredAt)).toEqual([...times, 5, null]);
    });

    test("an event names its request, except one that was published", async () => {
      const bench = await open();
      expect((await bench.accept({ sourceId: null })).requestId).toBeNull();
      const event = await bench.accept({ sourceId: "src_1" });
      expect(event.requestId).toBe(event.id.replace("evt_", "req_"));
      expect((await bench.store.event(event.id))!.requestId).toBe(event.requestId);
    });
  });
}
