// Contract of what the schedule rests on: classes of work that do not stand in each other's way, and breakers that survive.
import { describe, expect } from "vitest";
import { type BreakerState, CLOSED } from "../../src/core/breaker.ts";
import type { Delivery } from "../../src/core/delivery.ts";
import { CLASSES, classOf } from "../../src/core/lane.ts";
import { type Bench, type ContractTest, due, newDelivery, type OpenBench, settlement, START_MS } from "./store-bench.ts";

const LATER = START_MS + 1000;

async function dueByClass({ store }: Bench): Promise<Record<string, string[]>> {
  const found = await Promise.all(CLASSES.map((of) => store.dueDeliveries(due(LATER, { class: of }))));
  return Object.fromEntries(CLASSES.map((of, index) => [of, found[index]!.deliveries.map((delivery) => delivery.id)]));
}

export function describeHealth(open: OpenBench, test: ContractTest): void {
  describe("classes of work", () => {
    test("a delivery is due in the class that its trigger and its attempts make it, after every kind of write", async () => {
      const bench = await open();
      const { store } = bench;
      const make = (trigger: Delivery["trigger"] = "event") => bench.deliver({ trigger });
      const fail = async (delivery: Delivery) => {
        await store.settle([settlement((await store.delivery(delivery.id))!, LATER, { state: "waiting" })]);
        return delivery;
      };
      const [fresh, retry, replay, replayed] = [
        await make(),
        await fail(await make()),
        await make("replay"),
        await fail(await make("replay")),
      ];
      const byHand = await fail(await make());
      const [revived, failedByHand] = [await bench.bring(await make("replay"), "dead"), await make()];
      await store.commandDeliveries([byHand.id, revived.id, failedByHand.id], { kind: "retry", at: LATER }, null);
      await fail(failedByHand);
      await bench.reopen();
      const byClass = await dueByClass(bench);
      expect(byClass["fresh"]?.toSorted()).toEqual([fresh.id, byHand.id, revived.id, failedByHand.id].toSorted());
      expect(byClass["retry"]).toEqual([retry.id]);
      expect(byClass["replay"]?.toSorted()).toEqual([replay.id, replayed.id].toSorted());
      for (const of of CLASSES) {
        for (const id of byClass[of]!) expect(classOf((await bench.store.delivery(id))!), id).toBe(of);
      }
    });

    test("what waits in one class keeps nothing of another from an answer", async () => {
      const bench = await open();
      const event = await bench.accept();
      const replays = Array.from({ length: 300 }, () => newDelivery(event, { trigger: "replay", nextAttemptAt: START_MS - 5 }));
      await bench.store.commitDispatch([event], [...replays, newDelivery(event)]);
      expect(await bench.store.dueDeliveries(due(LATER, { limit: 5 }))).toMatchObject({
        deliveries: [{ trigger: "event" }],
        nextDueAt: null,
      });
      const some = await bench.store.dueDeliveries(due(LATER, { class: "replay", limit: 5 }));
      expect(some.deliveries).toHaveLength(5);
      expect(some.nextDueAt).toBeLessThanOrEqual(LATER);
    });

    test("waitingDestinations tells each class by itself", async () => {
      const bench = await open();
      const retried = await bench.deliver();
      await bench.store.settle([settlement(retried, LATER, { state: "waiting", nextAttemptAt: LATER + 60 })]);
      await bench.deliver({ nextAttemptAt: START_MS + 3 });
      await bench.deliver({ trigger: "replay", nextAttemptAt: START_MS + 7 });
      await bench.deliver({ destinationId: "dst_b", trigger: "replay" });
      const waiting = await bench.store.waitingDestinations();
      expect(waiting.map((each) => [each.destinationId, each.class, each.nextDueAt].join(" ")).toSorted()).toEqual([
        `dst_a fresh ${START_MS + 3}`,
        `dst_a replay ${START_MS + 7}`,
        `dst_a retry ${LATER + 60}`,
        `dst_b replay ${START_MS}`,
      ]);
    });
  });

  describe("breakers", () => {
    const opened: BreakerState = {
      ...CLOSED,
      phase: "open",
      since: 5,
      probeAt: 30_005,
      openings: 2,
      failingSince: 1,
      reason: "The probe failed.",
    };

    test("the newest state is kept, each destination's by itself", async () => {
      const bench = await open();
      expect(await bench.store.destinationHealth()).toEqual([]);
      await bench.store.putDestinationHealth("dst_a", { ...opened, openings: 1 });
      await bench.store.putDestinationHealth("dst_b", CLOSED);
      await bench.store.putDestinationHealth("dst_a", opened);
      await bench.reopen();
      const kept = await bench.store.destinationHealth();
      expect(kept.toSorted((a, b) => (a.destinationId < b.destinationId ? -1 : 1))).toEqual([
        { destinationId: "dst_a", breaker: opened },
        { destinationId: "dst_b", breaker: CLOSED },
      ]);
    });

    test("null forgets one, and one that is not there", async () => {
      const bench = await open();
      await bench.store.putDestinationHealth("dst_a", opened);
      await bench.store.putDestinationHealth("dst_a", null);
      await bench.store.putDestinationHealth("dst_b", null);
      expect(await bench.store.destinationHealth()).toEqual([]);
    });
  });
}
