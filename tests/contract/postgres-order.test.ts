// Order over several nodes on PostgreSQL: whoever accepts, dispatches and looks, each key goes in the order of its acknowledgements.
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import type { DeliveryState } from "../../src/core/delivery.ts";
import type { Event } from "../../src/core/event.ts";
import { CLASSES } from "../../src/core/lane.ts";
import { shardOf } from "../../src/core/shard.ts";
import { dueDeliveries, waitingDestinations } from "../../src/store/postgres/due.ts";
import { expireDeliveries } from "../../src/store/postgres/expiry.ts";
import { createListReads } from "../../src/store/postgres/lists.ts";
import { blockerOf, placeInLines, unblock } from "../../src/store/postgres/order.ts";
import { lineOf } from "../../src/store/postgres/order-places.ts";
import type { NewDelivery, OrderPlace, Store } from "../../src/store/store.ts";
import { systemClock } from "../../src/system/clock.ts";
import { openBareDatabase } from "../kit/bare-database.ts";
import { acceptOne, postgresRig } from "./postgres-rig.ts";
import { dispatch, due, newDelivery, settlement, START_MS } from "./store-bench.ts";

const { place, open, look, url } = postgresRig({ relaxed: true });
const HOUR_MS = 3_600_000;

const inLine = (key: string): OrderPlace => ({ key, position: null });
const ordered = (event: Event, changes: Partial<NewDelivery> = {}) => newDelivery(event, { order: inLine(event.key ?? ""), ...changes });

/** Two nodes, of which the second one's clock is an hour behind: its numbers are smaller than those of what came before. */
async function openPair(schema = place()): Promise<[Store, Store]> {
  const behind = { now: () => systemClock.now() - HOUR_MS, after: systemClock.after };
  return [(await open(schema)).store, (await open(schema, { clock: behind })).store];
}

const node = fc.constantFrom(0 as const, 1 as const);
const key = fc.constantFrom("x", "y", "z");
const act = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("accept" as const), node, key }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("dispatch" as const), node, which: fc.array(fc.nat(), { minLength: 1, maxLength: 3 }) }),
  },
  // Both dispatch and look at the same moment, and one of them accepts.
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("together" as const), node, key, which: fc.tuple(fc.nat(), fc.nat()) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("look" as const), node }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("settle" as const),
      node,
      which: fc.nat(),
      how: fc.constantFrom("delivered" as const, "dead" as const, "again" as const, "skipped" as const),
    }),
  },
);
type Act = typeof act extends fc.Arbitrary<infer T> ? T : never;

interface Course {
  destinationId: string;
  stores: [Store, Store];
  accepted: Map<string, string[]>;
  /** Acknowledged, and covered by no dispatch. */
  waiting: Event[];
  /** By key, the events whose deliveries were answered as due, each at its first time. */
  answered: Map<string, string[]>;
  /** Delivery ids that may be under way, with the keys of their events. */
  free: Set<string>;
  keyOf: Map<string, string>;
}

async function accept(course: Course, on: number, eventKey: string): Promise<Event> {
  const event = await acceptOne(course.stores[on]!, { key: eventKey });
  course.accepted.set(eventKey, [...(course.accepted.get(eventKey) ?? []), event.id]);
  course.keyOf.set(event.id, eventKey);
  return event;
}

/** Takes out of what waits, in an order that has nothing to do with acceptance. */
function take({ waiting }: Course, which: readonly number[]): Event[] {
  const taken: Event[] = [];
  for (const index of which) {
    const [event] = waiting.splice(index % Math.max(1, waiting.length), 1);
    if (event !== undefined) taken.push(event);
  }
  return taken;
}

async function send({ stores, destinationId }: Course, on: number, events: readonly Event[]): Promise<void> {
  if (events.length === 0) return;
  const drafts = events.map((event) => ordered(event, { destinationId }));
  await dispatch(stores[on]!, events, drafts);
}

async function glance({ stores, destinationId, answered, keyOf, free }: Course, on: number): Promise<void> {
  for (const of of CLASSES) {
    const { deliveries } = await stores[on]!.dueDeliveries(due(START_MS, { destinationId, class: of, limit: 100 }));
    for (const { id, eventId } of deliveries) {
      if (free.has(id)) continue;
      free.add(id);
      const eventKey = keyOf.get(eventId)!;
      const before = answered.get(eventKey) ?? [];
      if (!before.includes(eventId)) answered.set(eventKey, [...before, eventId]);
    }
  }
}

async function settle({ stores, free }: Course, on: number, which: number, how: "delivered" | "dead" | "again" | "skipped"): Promise<void> {
  const id = [...free][which % Math.max(1, free.size)];
  if (id === undefined) return;
  free.delete(id);
  const delivery = (await stores[on]!.delivery(id))!;
  const state: DeliveryState = how === "delivered" || how === "dead" ? how : "waiting";
  await stores[on]!.settle([{ ...settlement(delivery, START_MS, { state }), leavesLine: how === "skipped" }]);
}

async function follow(course: Course, acts: readonly Act[]): Promise<void> {
  for (const one of acts) {
    switch (one.kind) {
      case "accept":
        course.waiting.push(await accept(course, one.node, one.key));
        break;
      case "dispatch":
        await send(course, one.node, take(course, one.which));
        break;
      case "together": {
        const [mine, theirs] = [take(course, [one.which[0]]), take(course, [one.which[1]])];
        const [event] = await Promise.all([
          accept(course, one.node, one.key),
          send(course, one.node, mine),
          send(course, 1 - one.node, theirs),
          glance(course, one.node),
        ]);
        course.waiting.push(event);
        break;
      }
      case "look":
        await glance(course, one.node);
        break;
      case "settle":
        await settle(course, one.node, one.which, one.how);
        break;
    }
  }
}

/** Dispatches the rest, the last one first, and delivers everything that there is. */
async function finish(course: Course): Promise<void> {
  while (course.waiting.length > 0) {
    await send(course, course.waiting.length % 2, [course.waiting.pop()!]);
    await glance(course, course.waiting.length % 2);
  }
  for (await glance(course, 0); course.free.size > 0; await glance(course, 0)) await settle(course, 1, 0, "delivered");
}

describe("two nodes that share an order", () => {
  it("answer each key in the order of its acknowledgements, whatever they do", { timeout: 120_000 }, async () => {
    const stores = await openPair();
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 8, maxLength: 40 }), async (acts) => {
        // A run that failed may have left some, which would hold back the next ones.
        await stores[0].commitDispatch(await stores[0].undispatched(1_000), []);
        const destinationId = `dst_run_${(run += 1)}`;
        const course: Course = {
          destinationId,
          stores,
          accepted: new Map(),
          waiting: [],
          answered: new Map(),
          free: new Set(),
          keyOf: new Map(),
        };
        await follow(course, acts);
        await finish(course);
        expect(Object.fromEntries(course.answered)).toEqual(Object.fromEntries(course.accepted));
        expect((await stores[0].waitingDestinations()).filter((one) => one.destinationId === destinationId)).toEqual([]);
      }),
      { numRuns: 20 },
    );
  });

  it("hold back what an event that is not dispatched may come before, and look again soon; other keys wait as long", async () => {
    const [a, b] = await openPair();
    const first = await acceptOne(a, { key: "x" });
    const second = await acceptOne(b, { key: "x" });
    const other = await acceptOne(a, { key: "y" });
    const plain = await acceptOne(b);
    const [late] = await dispatch(b, [second, other, plain], [ordered(second), ordered(other), newDelivery(plain)]);
    const kept = await a.dueDeliveries(due(START_MS));
    expect([kept.deliveries.map(({ eventId }) => eventId), kept.nextDueAt]).toEqual([[plain.id], START_MS + 20]);
    expect(late!.order).toEqual({ key: "x", late: false, blocked: false });
    const [early] = await dispatch(a, [first], [ordered(first)]);
    expect(early!.order).toEqual({ key: "x", late: false, blocked: false });
    expect((await a.delivery(late!.id))!.order!.blocked).toBe(true);
    expect(await b.blockerOf(late!.id)).toBe(early!.id);
    const free = await b.dueDeliveries(due(START_MS));
    expect(free.deliveries.map(({ eventId }) => eventId).toSorted()).toEqual([first.id, other.id, plain.id].toSorted());
    expect(free.nextDueAt).toBeNull();
  });

  it("put what comes after a later one was answered right behind it, and call it late", async () => {
    const [a, b] = await openPair();
    const [first, second, third] = [await acceptOne(a), await acceptOne(b), await acceptOne(a)];
    const drafts = [ordered(second), ordered(third)];
    const [let2, let3] = await dispatch(a, [second, third], drafts);
    // Nobody dispatches the first one as what it is: its row goes, and its delivery comes later, as one does that is made by hand.
    await a.commitDispatch([first], []);
    expect((await a.dueDeliveries(due(START_MS))).deliveries.map(({ id }) => id)).toEqual([let2!.id]);
    const [late] = await dispatch(b, [], [ordered(first)]);
    expect(late!.order).toEqual({ key: "", late: true, blocked: true });
    expect(late!.reason).toContain("late");
    const order: string[] = [];
    for (;;) {
      const [next] = (await b.dueDeliveries(due(START_MS))).deliveries;
      if (next === undefined) break;
      order.push(next.id);
      await b.settle([settlement(next, START_MS, { state: "delivered" })]);
    }
    expect(order).toEqual([let2!.id, late!.id, let3!.id]);
  });

  it("keep the order of a replay's steps, which waits for no event", async () => {
    const [a, b] = await openPair();
    const [first, second] = [await acceptOne(a), await acceptOne(b)];
    await a.commitDispatch([first, second], []);
    const waiting = await acceptOne(a);
    const replay = { trigger: "replay" as const, jobId: "job_1" };
    const made = await dispatch(b, [], [ordered(second, replay), ordered(first, replay)]);
    const [head] = (await a.dueDeliveries(due(START_MS, { class: "replay" }))).deliveries;
    expect(head!.id).toBe(made[0]!.id);
    await b.settle([settlement(head!, START_MS, { state: "delivered" })]);
    expect((await a.dueDeliveries(due(START_MS, { class: "replay" }))).deliveries.map(({ id }) => id)).toEqual([made[1]!.id]);
    expect((await a.undispatched(10)).map(({ id }) => id)).toEqual([waiting.id]);
  });

  it("let the next one go exactly once when both settle, cancel and place at the same moment", { timeout: 60_000 }, async () => {
    const [a, b] = await openPair();
    for (let round = 0; round < 15; round += 1) {
      const destinationId = `dst_round_${round}`;
      const events = [await acceptOne(a), await acceptOne(b), await acceptOne(a)];
      const [first, second, third] = await dispatch(
        a,
        events,
        events.map((event) => ordered(event, { destinationId })),
      );
      await a.dueDeliveries(due(START_MS, { destinationId }));
      const more = await acceptOne(b);
      const [made] = await Promise.all([
        dispatch(b, [more], [ordered(more, { destinationId })]),
        a.settle([settlement(first!, START_MS, { state: "delivered" })]),
        b.commandDeliveries([second!.id], { kind: "cancel", at: START_MS }, null),
        round % 2 === 0 ? a.commandDeliveries([third!.id], { kind: "cancel", at: START_MS }, null) : null,
      ]);
      const { deliveries } = await a.dueDeliveries(due(START_MS, { destinationId }));
      expect(deliveries.map(({ id }) => id)).toEqual([round % 2 === 0 ? made[0]!.id : third!.id]);
      const blocked = await a.dueDeliveries(due(START_MS, { destinationId, blocked: true }));
      expect(blocked.deliveries.map(({ id }) => id)).toEqual(round % 2 === 0 ? [] : [made[0]!.id]);
    }
  });
});

describe("what is kept for an order", () => {
  it("is the provider's furthest place of each key, until the events before it are gone", async () => {
    const schema = place();
    const { store } = await open(schema);
    const at = (position: number): OrderPlace => ({ key: "k", position: { by: "timestamp", at: position } });
    const now = systemClock.now();
    const event = await acceptOne(store);
    const [made] = await dispatch(store, [event], [newDelivery(event, { order: at(7) })]);
    await store.dueDeliveries(due(now));
    await store.settle([settlement(made!, now, { state: "delivered" })]);
    const kept = () => look(async (client) => (await client.query("SELECT line, order_by, at FROM frontiers")).rows, schema);
    expect(await kept()).toEqual([{ line: String(lineOf("dst_a", "k", null)), order_by: 1, at: "7" }]);
    await store.sweep(now, 0);
    expect(await kept()).toHaveLength(1);
    await store.deleteExpired({ before: now + HOUR_MS, sourceId: null, exceptSourceIds: [], limit: 10 });
    await store.sweep(now, 0);
    expect(await kept()).toEqual([]);
  });

  it("is asked of indexes alone, with a hundred thousand that wait in many lines", { timeout: 60_000 }, async () => {
    const database = await openBareDatabase(url());
    onTestFinished(() => database.dispose());
    const shard = shardOf("dst_a");
    await database.query({
      text: `INSERT INTO deliveries (seq, tail, shard, event_seq, event_tail, destination_id, attempts, lane, next_at, trigger, line, order_place, order_tie, order_key)
         SELECT n, '0000000000000', ${shard}, n, '0000000000000', 'dst_a', n % 2, CASE WHEN n <= 50000 THEN 0 ELSE 3 END, n, 'event', n % 50000, n, n, 'k' || n % 50000
         FROM generate_series(1, 100000) n`,
    });
    await database.query({ text: "ANALYZE deliveries" });
    const before = database.log.length;
    await dueDeliveries(database, due(500_000));
    await placeInLines(database, [{ shard, destinationId: "dst_a", jobId: null, order: inLine("k"), accepted: 1 }]);
    await unblock(database, [{ shard, line: 77 }]);
    await blockerOf(database, 60_000, "0000000000000");
    await expireDeliveries(database, { now: START_MS, limit: 10, skipSeqs: [1], shards: [shard] });
    const failed = { includeWaiting: true, since: null, until: START_MS };
    await createListReads(database).deliveries({ limit: 50, cursor: null, since: null, until: null, ascending: true, failed });
    const plans: string[] = [];
    for (const { text, values = [] } of database.log.slice(before)) {
      plans.push((await database.query({ text: `EXPLAIN ${text}`, values })).join("\n"));
    }
    expect(plans.filter((plan) => plan.includes("Seq Scan on deliveries"))).toEqual([]);
    for (const index of ["due", "gate", "line", "expiry"]) expect(plans.join("\n")).toContain(`using deliveries_${index} on`);
    expect((await waitingDestinations(database, [shard])).map(({ class: of, nextDueAt }) => [of, nextDueAt])).toEqual([["fresh", 1]]);
  });
});
