// Contract of order: what is due is the first of each line, whatever happens to the others of it.
import fc from "fast-check";
import { describe, expect } from "vitest";
import type { Delivery } from "../../src/core/delivery.ts";
import type { Event } from "../../src/core/event.ts";
import { CLASSES } from "../../src/core/lane.ts";
import type { DeliveryCommand, NewDelivery, OrderPlace } from "../../src/store/store.ts";
import { createLineModel } from "./line-model.ts";
import {
  type Bench,
  type ContractTest,
  due,
  newDelivery,
  type OpenBench,
  settlement,
  START_MS,
  dispatch as commit,
} from "./store-bench.ts";

const inLine = (key: string): OrderPlace => ({ key, position: null });
const at = (position: number, by: "timestamp" | "sequence" = "timestamp"): OrderPlace => ({ key: "k", position: { by, at: position } });

/** Each with an event of its own, committed together. */
async function dispatch(bench: Bench, orders: (OrderPlace | null)[], changes: Partial<NewDelivery> = {}): Promise<Delivery[]> {
  const events: Event[] = [];
  const drafts: NewDelivery[] = [];
  for (const order of orders) {
    const event = await bench.accept();
    events.push(event);
    drafts.push(newDelivery(event, { ...changes, order }));
  }
  return commit(bench.store, events, drafts);
}

async function dueIds(bench: Bench, now = START_MS, destinationId = "dst_a"): Promise<string[]> {
  const ids: string[] = [];
  for (const of of CLASSES) {
    const { deliveries } = await bench.store.dueDeliveries(due(now, { destinationId, class: of, limit: 1_000 }));
    ids.push(...deliveries.map((delivery) => delivery.id));
  }
  return ids;
}

const idsOf = (deliveries: Delivery[]) => deliveries.map((delivery) => delivery.id);

export function describeOrder(open: OpenBench, test: ContractTest): void {
  describe("a line", () => {
    test("answers its first delivery only, beside other lines and what goes in none", async () => {
      const bench = await open();
      const made = await dispatch(bench, [inLine("a"), inLine("a"), inLine("b"), null, inLine("b"), null, inLine("")]);
      const [a1, a2, b1, plain1, b2, plain2, one] = made as [Delivery, Delivery, Delivery, Delivery, Delivery, Delivery, Delivery];
      expect(made.map(({ order }) => order?.blocked ?? null)).toEqual([false, true, false, null, true, null, false]);
      expect(await Promise.all(made.map(({ id }) => bench.store.delivery(id)))).toEqual(made);
      expect(await dueIds(bench)).toEqual(idsOf([a1, b1, plain1, plain2, one]));
      const skipping = await bench.store.dueDeliveries(due(START_MS, { skipSeqs: [a1.seq, b1.seq] }));
      expect(idsOf(skipping.deliveries)).toEqual(idsOf([plain1, plain2, one]));
      const blocked = await bench.store.dueDeliveries(due(START_MS, { blocked: true }));
      expect(idsOf(blocked.deliveries)).toEqual(idsOf([a2, b2]));
      expect(await bench.store.blockerOf(a2.id)).toBe(a1.id);
      expect(await bench.store.blockerOf(a1.id)).toBeNull();
      expect(await bench.store.blockerOf(plain1.id)).toBeNull();
    });

    test("is a destination's own, and a job's own", async () => {
      const bench = await open();
      const [first] = await dispatch(bench, [inLine("a")]);
      const [other] = await dispatch(bench, [inLine("a")], { destinationId: "dst_b" });
      const replays = await dispatch(bench, [inLine("a"), inLine("a")], { trigger: "replay", jobId: "job_1" });
      const more = await dispatch(bench, [inLine("a")], { trigger: "replay", jobId: "job_2" });
      expect(await dueIds(bench)).toEqual(idsOf([first!, replays[0]!, more[0]!]));
      expect(await dueIds(bench, START_MS, "dst_b")).toEqual([other!.id]);
      await bench.bring(replays[0]!, "delivered");
      expect(await dueIds(bench)).toEqual(idsOf([first!, replays[1]!, more[0]!]));
    });

    test("waits for a first one that is not due, and for one that failed and is due later", async () => {
      const bench = await open();
      const [later] = await dispatch(bench, [inLine("a")], { nextAttemptAt: START_MS + 50 });
      const [second] = await dispatch(bench, [inLine("a")]);
      expect(await dueIds(bench)).toEqual([]);
      expect(await bench.store.waitingDestinations()).toEqual([{ destinationId: "dst_a", class: "fresh", nextDueAt: START_MS + 50 }]);
      expect(await dueIds(bench, START_MS + 50)).toEqual([later!.id]);
      await bench.store.settle([settlement(later!, START_MS + 50, { state: "waiting", nextAttemptAt: START_MS + 900 })]);
      expect(await dueIds(bench, START_MS + 899)).toEqual([]);
      await bench.reopen();
      expect(await dueIds(bench, START_MS + 899)).toEqual([]);
      expect(await dueIds(bench, START_MS + 900)).toEqual([later!.id]);
      expect(await bench.store.blockerOf(second!.id)).toBe(later!.id);
    });

    for (const state of ["delivered", "dead", "cancelled"] as const) {
      test(`goes on with the next one when its first is ${state}, in the same commit`, async () => {
        const bench = await open();
        const [first, second, third] = await dispatch(bench, [inLine("a"), inLine("a"), inLine("a")]);
        void bench.bring(first!, state);
        expect(await dueIds(bench)).toEqual([second!.id]);
        await bench.bring(third!, "cancelled");
        expect(await dueIds(bench)).toEqual([second!.id]);
        await bench.reopen();
        expect(await dueIds(bench)).toEqual([second!.id]);
        await bench.bring(second!, state);
        expect(await dueIds(bench)).toEqual([]);
      });
    }

    test("goes on while one that left it is tried again", async () => {
      const bench = await open();
      const [first, second] = await dispatch(bench, [inLine("a"), inLine("a")]);
      const failed = settlement(first!, START_MS, { state: "waiting", nextAttemptAt: START_MS + 10 });
      await bench.store.settle([{ ...failed, leavesLine: true }]);
      expect(await dueIds(bench, START_MS)).toEqual([second!.id]);
      expect(await dueIds(bench, START_MS + 10)).toEqual([second!.id, first!.id]);
      expect((await bench.store.delivery(first!.id))!.order).toEqual({ key: "a", late: false, blocked: false });
      const [third] = await dispatch(bench, [inLine("a")]);
      await bench.bring((await bench.store.delivery(first!.id))!, "delivered");
      expect(await dueIds(bench, START_MS + 10)).toEqual([second!.id]);
      expect(await bench.store.blockerOf(third!.id)).toBe(second!.id);
    });

    test("keeps the place of one that is retried by hand while it waits, and not of one that had its turn", async () => {
      const bench = await open();
      const [first, second, third] = await dispatch(bench, [inLine("a"), inLine("a"), inLine("a")], { nextAttemptAt: START_MS + 99 });
      const retry = async (delivery: Delivery) => {
        const outcome = await bench.store.commandDeliveries([delivery.id], { kind: "retry", at: START_MS }, null);
        return outcome.kind === "done" ? outcome.result[0]! : null;
      };
      expect((await retry(second!))!.order).toEqual({ key: "a", late: false, blocked: true });
      expect(await dueIds(bench)).toEqual([]);
      expect((await retry(first!))!.order).toEqual({ key: "a", late: false, blocked: false });
      expect(await dueIds(bench)).toEqual([first!.id]);
      await bench.bring(first!, "dead");
      expect(await dueIds(bench)).toEqual([second!.id]);
      const again = (await retry(first!))!;
      expect(again.order).toEqual({ key: "a", late: true, blocked: false });
      expect(again.reason).toContain("out of its order");
      expect((await dueIds(bench)).toSorted()).toEqual(idsOf([first!, second!]).toSorted());
      await bench.bring(again, "delivered");
      expect(await bench.store.blockerOf(third!.id)).toBe(second!.id);
    });

    test("a delivery that was cancelled during its attempt lets the next one go once", async () => {
      const bench = await open();
      const [first, second, third] = await dispatch(bench, [inLine("a"), inLine("a"), inLine("a")]);
      await bench.bring(first!, "cancelled");
      await bench.store.settle([settlement(first!, START_MS, { state: "delivered" })]);
      expect(await dueIds(bench)).toEqual([second!.id]);
      expect(await bench.store.blockerOf(third!.id)).toBe(second!.id);
    });
  });

  describe("a line by the provider's place", () => {
    test("goes by it among those that are not answered yet, then in the order in which they came", async () => {
      const bench = await open();
      const wait = { nextAttemptAt: START_MS + 100 };
      const made = await dispatch(bench, [at(30), at(10), at(20), at(10)], wait);
      expect(await dueIds(bench)).toEqual([]);
      expect(made.map(({ order }) => order!.late)).toEqual([false, false, false, false]);
      for (const next of [made[1]!, made[3]!, made[2]!, made[0]!]) {
        expect(await dueIds(bench, START_MS + 100)).toEqual([next.id]);
        await bench.bring(next, "delivered");
      }
    });

    test("one that comes after a later one was answered is late, and goes behind it", async () => {
      const bench = await open();
      const [five, nine] = await dispatch(bench, [at(5), at(9)]);
      expect(await dueIds(bench)).toEqual([five!.id]);
      const [three, seven, equal] = await dispatch(bench, [at(3), at(7), at(5)]);
      expect([three, seven, equal].map((delivery) => delivery!.order!.late)).toEqual([true, false, false]);
      expect(three!.reason).toContain("late");
      const order: string[] = [];
      await bench.reopen();
      for (let [next] = await dueIds(bench); next !== undefined; [next] = await dueIds(bench)) {
        order.push(next);
        await bench.bring((await bench.store.delivery(next))!, "delivered");
      }
      expect(order).toEqual(idsOf([five!, three!, equal!, seven!, nine!]));
      const [after] = await dispatch(bench, [at(8)]);
      expect(after!.order!.late).toBe(true);
      expect((await bench.store.delivery(after!.id))!.reason).toContain("late");
    });

    test("one without a place, or with one of another kind, goes behind, and nothing is put before it", async () => {
      const bench = await open();
      const made = await dispatch(bench, [at(50), inLine("k"), at(10), at(1, "sequence")]);
      for (const next of made) {
        expect(await dueIds(bench)).toEqual([next.id]);
        await bench.bring(next, "delivered");
      }
    });
  });

  test("any course of events leaves due exactly the first of each line", async () => {
    const bench = await open();
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), (steps) => follow(bench, `dst_run_${(run += 1)}`, steps)),
      { numRuns: 25 },
    );
  }, 60_000);
}

const position = fc.option(
  fc.record({ by: fc.constantFrom("timestamp" as const, "sequence" as const), at: fc.integer({ min: 0, max: 9 }) }),
  {
    freq: 2,
  },
);
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("add" as const), key: fc.constantFrom("x", "y"), position, job: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("look" as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("end" as const),
      which: fc.nat(),
      how: fc.constantFrom("delivered" as const, "dead" as const, "again" as const, "skipped" as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("cancel" as const, "retry" as const), which: fc.nat() }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Does the same to a store and to a plain list per line, and compares what is due after each step. */
async function follow(bench: Bench, destinationId: string, steps: Step[]): Promise<void> {
  const model = createLineModel();
  const all: Delivery[] = [];
  for (const one of steps) {
    switch (one.kind) {
      case "add": {
        const order: OrderPlace = { key: one.key, position: one.position };
        const job = one.job ? { trigger: "replay" as const, jobId: "job_1" } : {};
        const [made] = await dispatch(bench, [order], { destinationId, ...job });
        all.push(made!);
        expect(made!.order!.late, "late").toBe(model.add(made!.id, `${one.key} ${one.job}`, one.key, one.position));
        expect(made!.order!.blocked, "blocked").toBe(!model.free().includes(made!.id));
        break;
      }
      case "look":
        expect((await dueIds(bench, START_MS, destinationId)).toSorted()).toEqual(model.look().toSorted());
        break;
      case "end": {
        // Only what was answered as due is ever attempted.
        const free = model.look();
        expect((await dueIds(bench, START_MS, destinationId)).toSorted()).toEqual(free.toSorted());
        const id = free[one.which % Math.max(1, free.length)];
        if (id === undefined) break;
        const delivery = (await bench.store.delivery(id))!;
        const state = one.how === "delivered" || one.how === "dead" ? one.how : "waiting";
        await bench.store.settle([{ ...settlement(delivery, START_MS, { state }), leavesLine: one.how === "skipped" }]);
        model.end(id, one.how);
        break;
      }
      case "cancel":
      case "retry": {
        const delivery = all[one.which % Math.max(1, all.length)];
        if (delivery === undefined) break;
        const command: DeliveryCommand = { kind: one.kind, at: START_MS };
        const outcome = await bench.store.commandDeliveries([delivery.id], command, null);
        const changed = outcome.kind === "done" && outcome.result.length === 1;
        expect(changed, one.kind).toBe(one.kind === "cancel" ? model.cancel(delivery.id) : model.retry(delivery.id));
        break;
      }
    }
  }
  expect((await dueIds(bench, START_MS, destinationId)).toSorted()).toEqual(model.look().toSorted());
}
