// Contract of retention and caps: everything about an event goes together, and nothing that is still to be done goes.
import { describe, expect } from "vitest";
import type { HandshakeRequest, RejectedRequest, RetentionSlice } from "../../src/store/store.ts";
import { allPages, draft } from "../kit/store.ts";
import { due, newDelivery, settlement, START_MS, type ContractTest, type OpenBench, dispatch } from "./store-bench.ts";

const FAR = START_MS + 1e9;

function slice(changes: Partial<RetentionSlice> = {}): RetentionSlice {
  return { before: FAR, sourceId: null, exceptSourceIds: [], limit: 100, ...changes };
}

function rejected(at: number, message = "m"): RejectedRequest {
  return {
    outcome: "rejected",
    sourceId: null,
    cause: "unknown_source",
    message,
    receivedAt: at,
    bodyBytes: 0,
    request: draft(at, { body: new Uint8Array(0) }).request,
  };
}

function handshake(at: number, message = "h"): HandshakeRequest {
  return { ...rejected(at, message), outcome: "handshake", cause: null, sourceId: "src_1" };
}

export function describeRetention(open: OpenBench, test: ContractTest): void {
  describe("retention", () => {
    test("deletes everything about an event: attempts, deliveries, dedupe key, records of its copies", async () => {
      const bench = await open();
      const dedupe = { key: "k", windowMs: 1e12 };
      const delivery = await bench.deliver({}, { sourceId: "src_1", dedupe });
      const copy = await bench.store.accept(draft(bench.now, { sourceId: "src_1", dedupe }));
      await bench.store.settle([settlement(delivery, bench.now, { state: "delivered" })]);
      const [attempt] = await allPages(bench.store.attempts, {});
      expect(await bench.store.deleteExpired(slice())).toBe(1);
      expect(await bench.store.event(delivery.eventId)).toBeNull();
      expect(await bench.store.delivery(delivery.id)).toBeNull();
      expect(await bench.store.attempt(attempt!.id)).toBeNull();
      expect(await allPages(bench.store.attempts, {})).toEqual([]);
      expect(copy.kind === "duplicate" && (await bench.store.request(copy.requestId))).toBeNull();
      expect(await allPages(bench.store.requests, {})).toEqual([]);
      expect((await bench.store.accept(draft(bench.now, { sourceId: "src_1", dedupe }))).kind).toBe("accepted");
    });

    test("keeps the dedupe key that a newer event has taken over", async () => {
      const bench = await open();
      const dedupe = { key: "k", windowMs: 1000 };
      const old = await bench.accept({ dedupe });
      bench.now += 5000;
      const young = await bench.accept({ dedupe });
      await bench.store.commitDispatch([old, young], []);
      expect(await bench.store.deleteExpired(slice({ before: old.receivedAt + 1 }))).toBe(1);
      expect(await bench.store.accept(draft(bench.now, { dedupe }))).toMatchObject({ kind: "duplicate", of: young.id });
    });

    test("keeps events with a waiting delivery, and events that no dispatch has covered", async () => {
      const bench = await open();
      const waiting = await bench.deliver();
      const dead = await bench.bring(await bench.deliver(), "dead");
      const cancelled = await bench.bring(await bench.deliver(), "cancelled");
      const undispatched = await bench.accept();
      expect(await bench.store.deleteExpired(slice())).toBe(2);
      expect(await bench.store.event(waiting.eventId)).not.toBeNull();
      expect(await bench.store.event(undispatched.id)).not.toBeNull();
      expect([await bench.store.event(dead.eventId), await bench.store.event(cancelled.eventId)]).toEqual([null, null]);
      expect((await bench.store.undispatched(10)).map((event) => event.id)).toEqual([undispatched.id]);
    });

    test("takes only what was received before, the oldest first, up to the limit", async () => {
      const bench = await open();
      const events = [];
      for (let i = 0; i < 5; i += 1) {
        events.push(await bench.accept());
        bench.now += 10;
      }
      await bench.store.commitDispatch(events, []);
      const left = async () => (await allPages(bench.store.events, { ascending: true })).map((event) => event.id);
      expect(await bench.store.deleteExpired(slice({ before: events[3]!.receivedAt, limit: 2 }))).toBe(2);
      expect(await left()).toEqual([events[2]!.id, events[3]!.id, events[4]!.id]);
      expect(await bench.store.deleteExpired(slice({ before: events[3]!.receivedAt, limit: 2 }))).toBe(1);
      expect(await bench.store.deleteExpired(slice({ before: events[3]!.receivedAt, limit: 2 }))).toBe(0);
      expect(await left()).toEqual([events[3]!.id, events[4]!.id]);
    });

    test("works per source, and for all sources but the ones with a rule of their own", async () => {
      const bench = await open();
      const [one, two, none] = [await bench.accept({ sourceId: "src_1" }), await bench.accept({ sourceId: "src_2" }), await bench.accept()];
      await bench.store.commitDispatch([one, two, none], []);
      const left = async () => (await allPages(bench.store.events, { ascending: true })).map((event) => event.id);
      expect(await bench.store.deleteExpired(slice({ exceptSourceIds: ["src_1"] }))).toBe(2);
      expect(await left()).toEqual([one.id]);
      expect(await bench.store.deleteExpired(slice({ sourceId: "src_2" }))).toBe(0);
      expect(await bench.store.deleteExpired(slice({ sourceId: "src_1" }))).toBe(1);
      expect([await left(), two.sourceId]).toEqual([[], "src_2"]);
    });

    test("an attempt that ends after its event is gone leaves nothing behind", async () => {
      const bench = await open();
      const delivery = await bench.bring(await bench.deliver(), "cancelled");
      await bench.store.deleteExpired(slice());
      await bench.store.settle([settlement(delivery, bench.now, { state: "delivered" })]);
      expect(await bench.store.delivery(delivery.id)).toBeNull();
      expect(await allPages(bench.store.attempts, {})).toEqual([]);
    });

    test("sweep drops old requests that became no event and keeps young ones and every event", async () => {
      const bench = await open();
      const event = await bench.accept({ sourceId: "src_1" });
      await bench.store.recordRequests([rejected(START_MS, "old"), rejected(START_MS + 1000, "young")]);
      await bench.store.sweep(START_MS + 2000, START_MS + 1000);
      const kept = await allPages(bench.store.requests, {});
      expect(new Set(kept.map((request) => request.message ?? request.eventId))).toEqual(new Set([event.id, "young"]));
    });

    test("sweep forgets idempotency records after their day, and not before", async () => {
      const bench = await open();
      const record = { key: "k", fingerprint: "f", response: Uint8Array.of(1), createdAt: START_MS };
      await bench.store.applyConfig([], START_MS, record);
      await bench.store.sweep(START_MS + 86_400_000, 0);
      expect(await bench.store.idempotencyRecord("k")).toEqual(record);
      await bench.store.sweep(START_MS + 86_400_001, 0);
      expect(await bench.store.idempotencyRecord("k")).toBeNull();
    });

    test("size falls when events go, and names the oldest that is left", async () => {
      const bench = await open();
      expect(await bench.store.size()).toMatchObject({ oldestEventAt: null });
      const large = await bench.accept({ body: new Uint8Array(2_000_000) });
      bench.now += 10;
      const small = await bench.accept();
      await bench.store.commitDispatch([large, small], []);
      const before = await bench.store.size();
      expect(before.usedBytes).toBeGreaterThan(2_000_000);
      expect(before.oldestEventAt).toBe(large.receivedAt);
      await bench.store.deleteExpired(slice({ limit: 1 }));
      const after = await bench.store.size();
      expect(before.usedBytes - after.usedBytes).toBeGreaterThan(1_900_000);
      expect(after.oldestEventAt).toBe(small.receivedAt);
    });
  });

  describe("rejected requests", () => {
    test("are kept with cause, precise reason and the part of the body they came with", async () => {
      const bench = await open();
      const request = { ...draft(START_MS).request, method: "PUT", headers: ["X-A", "1", "x-a", "2"], body: Uint8Array.of(0, 255) };
      const given: RejectedRequest = {
        outcome: "rejected",
        sourceId: "src_1",
        cause: "stale_timestamp",
        message: "Nine minutes old.",
        receivedAt: START_MS,
        bodyBytes: 99,
        request,
      };
      await bench.store.recordRequests([given]);
      const [head] = await allPages(bench.store.requests, {});
      const record = await bench.store.request(head!.id);
      expect(record).toEqual({ id: head!.id, eventId: null, eventIds: [], ...given });
    });

    test("handshakes are kept beside them, with what was answered and no cause, and are listed by their outcome", async () => {
      const bench = await open();
      const given = { ...handshake(START_MS, "Echoed the challenge."), bodyBytes: 3 };
      await bench.store.recordRequests([rejected(START_MS), given, rejected(START_MS)]);
      const [head, ...more] = await allPages(bench.store.requests, { outcome: "handshake" });
      expect(more).toEqual([]);
      expect(await bench.store.request(head!.id)).toEqual({ id: head!.id, eventId: null, eventIds: [], ...given });
      expect(await allPages(bench.store.requests, {})).toHaveLength(3);
      expect(await allPages(bench.store.requests, { outcome: "rejected" })).toHaveLength(2);
      await bench.store.sweep(START_MS, START_MS + 1);
      expect(await allPages(bench.store.requests, {})).toEqual([]);
    });

    test("handshakes have a cap of their own", async () => {
      const bench = await open({ requestsKeptMax: 20 });
      await bench.store.recordRequests([rejected(START_MS)]);
      for (let i = 0; i < 10; i += 1) await bench.store.recordRequests(Array.from({ length: 10 }, () => handshake(START_MS + i)));
      const kept = await allPages(bench.store.requests, { outcome: "handshake" });
      expect(kept.length).toBeGreaterThanOrEqual(20);
      expect(kept.length).toBeLessThanOrEqual(30);
      expect(kept[0]!.receivedAt).toBe(START_MS + 9);
      expect(await allPages(bench.store.requests, { outcome: "rejected" })).toHaveLength(1);
    });

    test("are capped, the newest stay, and a flood of them does not push out duplicates", async () => {
      const bench = await open({ requestsKeptMax: 20 });
      const dedupe = { key: "k", windowMs: 1e9 };
      await bench.accept({ sourceId: "src_1", dedupe });
      const copy = await bench.store.accept(draft(bench.now, { sourceId: "src_1", dedupe }));
      for (let i = 0; i < 300; i += 1) await bench.store.recordRequests([rejected(START_MS + i, `r${i}`)]);
      const kept = await allPages(bench.store.requests, { outcome: "rejected" });
      expect(kept.length).toBeGreaterThanOrEqual(20);
      expect(kept.length).toBeLessThanOrEqual(25);
      expect(kept.slice(0, 20).map((request) => request.message)).toEqual(Array.from({ length: 20 }, (_, i) => `r${299 - i}`));
      expect(copy.kind === "duplicate" && (await bench.store.request(copy.requestId))).toMatchObject({ outcome: "duplicate" });
    });

    test("the cap holds over restarts that come before it is reached", async () => {
      const bench = await open({ requestsKeptMax: 20 });
      for (let round = 0; round < 12; round += 1) {
        await bench.store.recordRequests(Array.from({ length: 4 }, (_, i) => rejected(START_MS + round * 10 + i)));
        await bench.reopen();
      }
      expect((await allPages(bench.store.requests, { outcome: "rejected" })).length).toBeLessThanOrEqual(25);
    });

    test("duplicates have a cap of their own", async () => {
      const bench = await open({ requestsKeptMax: 20 });
      const dedupe = { key: "k", windowMs: 1e9 };
      await bench.store.recordRequests([rejected(START_MS)]);
      await Promise.all(Array.from({ length: 200 }, () => bench.store.accept(draft(bench.now, { dedupe }))));
      const duplicates = await allPages(bench.store.requests, { outcome: "duplicate" });
      expect(duplicates.length).toBeGreaterThanOrEqual(20);
      expect(duplicates.length).toBeLessThanOrEqual(25);
      expect(await allPages(bench.store.requests, { outcome: "rejected" })).toHaveLength(1);
    });

    test("a delivery of an event that is gone is not made up again by a late dispatch", async () => {
      const bench = await open();
      const event = await bench.accept();
      const [made] = await dispatch(bench.store, [event], [newDelivery(event)]);
      await bench.bring(made!, "delivered");
      await bench.store.deleteExpired(slice());
      expect(await bench.store.dueDeliveries(due(FAR))).toEqual({ deliveries: [], nextDueAt: null, bodyBytes: 0 });
      expect(await bench.store.waitingDestinations()).toEqual([]);
    });
  });
}
