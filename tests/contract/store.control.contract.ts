// Contract of what controls deliveries from outside an attempt: expiry, and what jobs recover, cancel and look up.
import { describe, expect } from "vitest";
import { createIdSource, newId } from "../../src/core/id.ts";
import { newJob, type JobTask } from "../../src/core/job.ts";
import type { Delivery, DeliveryState } from "../../src/core/delivery.ts";
import type { JobEffect } from "../../src/store/store.ts";
import { systemClock } from "../../src/system/clock.ts";
import { seededRandom } from "../kit/random.ts";
import { allPages } from "../kit/store.ts";
import { dispatch, due, newDelivery, settlement, START_MS, type Bench, type ContractTest, type OpenBench } from "./store-bench.ts";

const STATES: DeliveryState[] = ["waiting", "delivered", "dead", "cancelled"];
const LATER = START_MS + 1000;
const expire = (bench: Bench, now: number, changes: { limit?: number; skipSeqs?: number[] } = {}) =>
  bench.store.expireDeliveries({ now, limit: 10, skipSeqs: [], ...changes });

export function describeControl(open: OpenBench, test: ContractTest): void {
  describe("expiry", () => {
    test("bounds read back with the event and the delivery, also after reopening", async () => {
      const bench = await open();
      const delivery = await bench.deliver({ expiresAt: LATER }, { deliverBefore: LATER + 5, occurredAt: START_MS - 5 });
      expect(delivery).toMatchObject({ expiresAt: LATER, attemptsBefore: 0 });
      await bench.reopen();
      expect(await bench.store.delivery(delivery.id)).toEqual(delivery);
      expect(await bench.store.event(delivery.eventId)).toMatchObject({
        deliverBefore: LATER + 5,
        occurredAt: START_MS - 5,
        requestId: null,
      });
      expect((await bench.store.event((await bench.accept()).id))!.deliverBefore).toBeNull();
    });

    for (const state of STATES) {
      test(`a ${state} delivery whose time has passed ${state === "waiting" ? "ends as dead" : "stays as it is"}`, async () => {
        const bench = await open();
        const before = await bench.bring(await bench.deliver({ expiresAt: LATER }), state);
        expect((await expire(bench, LATER - 1)).deliveries).toEqual([]);
        const { deliveries, nextExpiryAt } = await expire(bench, LATER);
        const after = await bench.store.delivery(before.id);
        expect(nextExpiryAt).toBeNull();
        if (state !== "waiting") {
          expect(deliveries).toEqual([]);
          expect(after).toEqual(before);
          return;
        }
        expect(deliveries).toEqual([after]);
        expect(after).toMatchObject({ state: "dead", attempts: 0, nextAttemptAt: null, finishedAt: LATER });
        expect(after!.reason).toContain("expired");
        expect(await bench.store.waitingDestinations()).toEqual([]);
      });
    }

    test("takes the earliest first, leaves out attempts under way, and says when to ask again", async () => {
      const bench = await open();
      const made: Delivery[] = [];
      for (const at of [30, 10, 20, 900]) made.push(await bench.deliver({ expiresAt: START_MS + at }));
      await bench.deliver({ expiresAt: null });
      const [third, first, second] = made;
      const [skipSeqs, now] = [[first!.seq], START_MS + 30];
      const one = await expire(bench, now, { limit: 1, skipSeqs });
      expect([one.deliveries.map(({ id }) => id), one.nextExpiryAt]).toEqual([[second!.id], now]);
      const rest = await expire(bench, now, { limit: 1, skipSeqs });
      expect([rest.deliveries.map(({ id }) => id), rest.nextExpiryAt]).toEqual([[third!.id], START_MS + 900]);
      expect((await expire(bench, now, { skipSeqs })).deliveries).toEqual([]);
      expect(await bench.store.delivery(first!.id)).toEqual(first);
    });

    test("a retry by hand lifts the bound, because a person says so", async () => {
      const bench = await open();
      const delivery = await bench.deliver({ expiresAt: LATER });
      await expire(bench, LATER);
      await bench.store.commandDeliveries([delivery.id], { kind: "retry", at: LATER + 1 }, null);
      expect(await bench.store.delivery(delivery.id)).toMatchObject({ state: "waiting", expiresAt: null, trigger: "manual" });
      expect((await expire(bench, LATER + 2)).deliveries).toEqual([]);
    });
  });

  describe("where events have got to", () => {
    test("is one entry for each delivery, in any state", async () => {
      const bench = await open();
      const first = await bench.bring(await bench.deliver(), "dead");
      const [again] = await dispatch(
        bench.store,
        [],
        [newDelivery({ id: first.eventId, seq: first.eventSeq }, { destinationId: "dst_b" })],
      );
      const other = await bench.deliver();
      const none = await bench.accept();
      const { reached, undispatched } = await bench.store.reachOfEvents([first.eventSeq, none.seq]);
      expect(undispatched).toEqual([none.seq]);
      expect(reached).toEqual([
        { eventSeq: first.eventSeq, destinationId: "dst_a", state: "dead" },
        { eventSeq: again!.eventSeq, destinationId: "dst_b", state: "waiting" },
      ]);
      expect((await bench.store.reachOfEvents([other.eventSeq])).reached).toHaveLength(1);
      expect(await bench.store.reachOfEvents([])).toEqual({ reached: [], undispatched: [] });
    });
  });

  describe("what failed", () => {
    test("is what is dead, and what was tried and waits where that is asked for, by the time it failed", async () => {
      const bench = await open();
      const fails = async (at: number, state: DeliveryState, event = {}) => {
        const delivery = await bench.deliver({}, event);
        await bench.store.settle([settlement(delivery, at, { state })]);
        return delivery.id;
      };
      const dead = [await fails(START_MS + 10, "dead", { tenantId: "acme" }), await fails(START_MS + 20, "dead")];
      const waiting = [await fails(START_MS + 10, "waiting"), await fails(START_MS + 20, "waiting")];
      await fails(START_MS + 20, "delivered");
      await bench.deliver();
      const found = async (includeWaiting: boolean, since: number | null, until: number, more: object = {}) =>
        (await allPages(bench.store.deliveries, { ascending: true, failed: { includeWaiting, since, until }, ...more }, 1)).map(
          ({ id }) => id,
        );
      const END = START_MS + 100;
      expect(await found(false, null, END)).toEqual(dead);
      expect(await found(false, null, END, { state: "dead" })).toEqual(dead);
      expect(await found(true, null, END)).toEqual([...dead, ...waiting]);
      expect(await found(true, START_MS + 20, END)).toEqual([dead[1], waiting[1]]);
      expect(await found(true, null, START_MS + 20)).toEqual([dead[0], waiting[0]]);
      expect(await found(true, null, END, { tenantId: "acme" })).toEqual([dead[0]]);
    });
  });

  describe("steps of jobs that change deliveries", () => {
    const put = async (bench: Bench, task: JobTask) => {
      const ids = createIdSource({ now: () => bench.now, after: systemClock.after }, seededRandom(bench.now));
      const job = newJob(task, { id: newId(ids, "job"), ratePerSecond: null, plan: { events: null, deliveries: 9 }, now: bench.now });
      await bench.store.putJob(job, null);
      return job;
    };
    const recover = (...deliveryIds: string[]): JobEffect => ({ kind: "recover", deliveryIds, at: LATER, reason: "Recovered." });
    const cancel = (...deliveryIds: string[]): JobEffect => ({ kind: "cancel", deliveryIds, at: LATER, reason: "Cancelled." });

    for (const state of STATES) {
      const recovers = state === "dead" || state === "waiting";
      test(`recovering a ${state} delivery ${recovers ? "gives it a fresh schedule among the replays" : "changes nothing"}`, async () => {
        const bench = await open();
        const tried = await bench.deliver({ jobId: "job_first" });
        if (recovers) await bench.store.settle([settlement(tried, START_MS, { state, nextAttemptAt: LATER + 9 })]);
        const before = recovers ? (await bench.store.delivery(tried.id))! : await bench.bring(tried, state);
        const job = await put(bench, { kind: "recover", filter: {} });
        const stepped = await bench.store.stepJob({ ...job, cursor: "c1" }, null, recover(before.id, "dlv_nothing"));
        const after = (await bench.store.delivery(before.id))!;
        expect(stepped).toEqual({ job: { ...job, cursor: "c1", deliveriesDone: recovers ? 1 : 0 }, deliveries: recovers ? [after] : [] });
        if (!recovers) {
          expect(after).toEqual(before);
          return;
        }
        const fresh = { state: "waiting", attempts: 1, attemptsBefore: 1, nextAttemptAt: LATER, finishedAt: null, reason: "Recovered." };
        expect(after).toEqual({ ...before, ...fresh, trigger: "recover" });
        expect((await bench.store.dueDeliveries(due(LATER, { class: "replay" }))).deliveries).toEqual([after]);
        // It stays among them over its retries.
        await bench.store.settle([settlement(after, LATER, { state: "waiting", nextAttemptAt: LATER + 5 })]);
        const [again] = (await bench.store.dueDeliveries(due(LATER + 5, { class: "replay" }))).deliveries;
        expect(again).toMatchObject({ attempts: 2, attemptsBefore: 1 });
      });

      test(`cancelling a ${state} delivery by a job ${state === "waiting" ? "ends it" : "changes nothing"}`, async () => {
        const bench = await open();
        const before = await bench.bring(await bench.deliver(), state);
        const job = await put(bench, { kind: "cancel", filter: {} });
        const stepped = await bench.store.stepJob(job, null, cancel(before.id));
        const after = (await bench.store.delivery(before.id))!;
        expect(stepped.job.deliveriesDone).toBe(state === "waiting" ? 1 : 0);
        if (state !== "waiting") {
          expect(after).toEqual(before);
          return;
        }
        expect(stepped.deliveries).toEqual([after]);
        expect(after).toEqual({ ...before, state: "cancelled", nextAttemptAt: null, finishedAt: LATER, reason: "Cancelled." });
      });
    }

    test("a step from a cursor that another step has passed does nothing, and answers the job as it stands", async () => {
      const bench = await open();
      const [first, second] = [await bench.bring(await bench.deliver(), "dead"), await bench.bring(await bench.deliver(), "dead")];
      const job = await put(bench, { kind: "recover", filter: {} });
      const { job: moved } = await bench.store.stepJob({ ...job, cursor: "c1" }, null, recover(first.id));
      const late = await bench.store.stepJob({ ...job, cursor: "c1", message: "twice" }, null, recover(first.id, second.id));
      expect(late).toEqual({ job: moved, deliveries: [] });
      expect(await bench.store.delivery(second.id)).toEqual(second);
      const next = await bench.store.stepJob({ ...moved, cursor: null, status: "finished" }, "c1", recover(second.id));
      expect(next.job).toMatchObject({ status: "finished", deliveriesDone: 2 });
      expect((await bench.store.stepJob({ ...moved, cursor: null }, null, recover(first.id))).job).toEqual(next.job);
      await bench.reopen();
      expect(await bench.store.job(job.id)).toEqual(next.job);
    });

    test("a step of a job that is cancelled or not there changes nothing", async () => {
      const bench = await open();
      const waiting = await bench.deliver();
      const job = await put(bench, { kind: "cancel", filter: {} });
      const cancelled = await bench.store.cancelJob(job.id, LATER);
      expect(await bench.store.stepJob({ ...job, cursor: "c1" }, null, cancel(waiting.id))).toEqual({ job: cancelled, deliveries: [] });
      const gone = await bench.store.stepJob({ ...job, id: "job_none" }, null, cancel(waiting.id));
      expect(gone).toMatchObject({ job: { status: "cancelled" }, deliveries: [] });
      expect(await bench.store.delivery(waiting.id)).toEqual(waiting);
    });
  });
}
