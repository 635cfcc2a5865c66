// Contract of dispatch: the cursor covers every event once, and its move commits with the deliveries it stands for.
import { describe, expect } from "vitest";
import { allPages } from "../kit/store.ts";
import { due, newDelivery, START_MS, type ContractTest, type OpenBench, dispatch } from "./store-bench.ts";

export function describeDispatch(open: OpenBench, test: ContractTest): void {
  describe("dispatch", () => {
    test("undispatched events come oldest first, whole, up to the limit", async () => {
      const bench = await open();
      expect(await bench.store.undispatched(10)).toEqual([]);
      const events = [
        await bench.accept({ body: Buffer.from("one") }),
        await bench.accept({ body: Buffer.from("two") }),
        await bench.accept(),
      ];
      const found = await bench.store.undispatched(2);
      expect(found.map((event) => event.id)).toEqual([events[0]!.id, events[1]!.id]);
      expect(found.map((event) => Buffer.from(event.request.body).toString())).toEqual(["one", "two"]);
    });

    test("an answer ends with the event that takes its bodies to the bound, and always holds one", async () => {
      const bench = await open();
      const events = [
        await bench.accept({ body: Buffer.alloc(600) }),
        await bench.accept({ body: Buffer.alloc(400) }),
        await bench.accept({ body: Buffer.alloc(5) }),
      ];
      expect((await bench.store.undispatched(10, 1_000)).map((event) => event.id)).toEqual([events[0]!.id, events[1]!.id]);
      expect((await bench.store.undispatched(10, 1)).map((event) => event.id)).toEqual([events[0]!.id]);
      expect(await bench.store.undispatched(10, 1_006)).toHaveLength(3);
    });

    test("commitDispatch covers the events it is given and leaves the rest", async () => {
      const bench = await open();
      const [first, second, third] = [await bench.accept(), await bench.accept(), await bench.accept()];
      await bench.store.commitDispatch([first, second], []);
      expect((await bench.store.undispatched(10)).map((event) => event.id)).toEqual([third.id]);
    });

    test("what is dispatched stays dispatched, and later deliveries of it need no event to cover", async () => {
      const bench = await open();
      const [first, second] = [await bench.accept(), await bench.accept()];
      await bench.store.commitDispatch([first, second], []);
      await bench.store.commitDispatch([first], []);
      expect(await dispatch(bench.store, [], [newDelivery(first)])).toHaveLength(1);
      expect(await bench.store.undispatched(10)).toEqual([]);
    });

    test("commitDispatch does nothing when the configuration has changed since the events were routed", async () => {
      const bench = await open();
      const event = await bench.accept();
      const routedBy = await bench.store.configVersion();
      const changed = await bench.store.applyConfig([{ op: "delete", kind: "source", id: "src_none" }], START_MS, null);
      expect(await bench.store.commitDispatch([event], [newDelivery(event)], routedBy)).toEqual({ kind: "stale" });
      expect((await bench.store.undispatched(10)).map(({ id }) => id)).toEqual([event.id]);
      expect(await bench.store.waitingDestinations()).toEqual([]);
      if (changed.kind !== "done") throw new Error("not applied");
      expect(await bench.store.commitDispatch([event], [newDelivery(event)], changed.version)).toMatchObject({ kind: "done" });
    });

    test("an event accepted after a dispatch is always above its cursor", async () => {
      const bench = await open();
      const first = await bench.accept();
      const dispatching = bench.store.commitDispatch([first], [newDelivery(first), newDelivery(first, { destinationId: "dst_b" })]);
      bench.now -= 60_000;
      const later = await bench.accept();
      await dispatching;
      expect((await bench.store.undispatched(10)).map((event) => event.id)).toEqual([later.id]);
    });

    test("the answer holds the deliveries as they are kept, in the order given", async () => {
      const bench = await open();
      const event = await bench.accept();
      const drafts = [
        newDelivery(event, { destinationId: "dst_a", nextAttemptAt: START_MS + 5 }),
        newDelivery(event, { destinationId: "dst_b", subscriptionId: null, trigger: "replay", jobId: "job_1" }),
      ];
      const made = await dispatch(bench.store, [event], drafts);
      expect(made.map((delivery) => delivery.destinationId)).toEqual(["dst_a", "dst_b"]);
      expect(await Promise.all(made.map((delivery) => bench.store.delivery(delivery.id)))).toEqual(made);
      expect(made[0]).toMatchObject({
        state: "waiting",
        attempts: 0,
        nextAttemptAt: START_MS + 5,
        eventId: event.id,
        createdAt: bench.now,
        finishedAt: null,
      });
      expect(made[1]).toMatchObject({ subscriptionId: null, trigger: "replay", jobId: "job_1" });
    });

    test("a crash before the commit leaves the event undispatched, one after it leaves its deliveries waiting", async () => {
      const bench = await open();
      const [first, second] = [await bench.accept(), await bench.accept()];
      await bench.store.commitDispatch([first], [newDelivery(first)]);
      await bench.reopen();
      expect((await bench.store.undispatched(10)).map((event) => event.id)).toEqual([second.id]);
      expect((await allPages(bench.store.deliveries, { state: "waiting" })).map((delivery) => delivery.eventId)).toEqual([first.id]);
    });

    test("eventsBySeq answers the events that exist, in order, once each", async () => {
      const bench = await open();
      const [first, second] = [await bench.accept({ body: Buffer.from("1") }), await bench.accept({ body: Buffer.from("2") })];
      const found = await bench.store.eventsBySeq([second.seq, 12345, first.seq, second.seq]);
      expect(found.map((event) => event.id)).toEqual([first.id, second.id]);
    });
  });

  describe("what is due", () => {
    test("comes oldest due first, then oldest made, up to the limit", async () => {
      const bench = await open();
      const event = await bench.accept();
      const at = (offset: number) => newDelivery(event, { nextAttemptAt: START_MS + offset });
      const made = await dispatch(bench.store, [event], [at(30), at(10), at(20), at(10), at(50)]);
      const order = [made[1]!, made[3]!, made[2]!, made[0]!];
      const all = await bench.store.dueDeliveries(due(START_MS + 30));
      expect(all).toMatchObject({ deliveries: order, nextDueAt: START_MS + 50 });
      const some = await bench.store.dueDeliveries(due(START_MS + 30, { limit: 2 }));
      expect(some.deliveries).toEqual(order.slice(0, 2));
      expect(some.nextDueAt).toBeLessThanOrEqual(START_MS + 30);
    });

    test("leaves out what the caller has, and what is another destination's", async () => {
      const bench = await open();
      const event = await bench.accept();
      const made = await dispatch(
        bench.store,
        [event],
        [newDelivery(event), newDelivery(event), newDelivery(event), newDelivery(event, { destinationId: "dst_b" })],
      );
      const found = await bench.store.dueDeliveries(due(START_MS, { limit: 1, skipSeqs: [made[0]!.seq] }));
      expect(found.deliveries.map((delivery) => delivery.id)).toEqual([made[1]!.id]);
      const rest = await bench.store.dueDeliveries(due(START_MS, { skipSeqs: [made[0]!.seq, made[1]!.seq, made[2]!.seq] }));
      expect(rest).toEqual({ deliveries: [], nextDueAt: null, bodyBytes: 0 });
    });

    test("says what the bodies behind it weigh, and stops where they would be too many, with one at least", async () => {
      const bench = await open();
      const small = await bench.accept({ body: Buffer.alloc(700) });
      const large = await bench.accept({ body: Buffer.alloc(12 * 1024 ** 2) });
      const made = await dispatch(bench.store, [small, large], [newDelivery(small), newDelivery(large), newDelivery(large)]);
      const found = await bench.store.dueDeliveries(due(START_MS));
      expect(found).toEqual({ deliveries: made.slice(0, 2), nextDueAt: START_MS, bodyBytes: 700 + 12 * 1024 ** 2 });
      const next = await bench.store.dueDeliveries(due(START_MS, { skipSeqs: made.slice(0, 2).map(({ seq }) => seq) }));
      expect(next).toEqual({ deliveries: made.slice(2), nextDueAt: null, bodyBytes: 12 * 1024 ** 2 });
    });

    test("sees every write that was sent before the question, without waiting for its answer", async () => {
      const bench = await open();
      const event = await bench.accept();
      void bench.store.commitDispatch([event], [newDelivery(event)]);
      const { deliveries } = await bench.store.dueDeliveries(due(START_MS));
      expect(deliveries).toHaveLength(1);
      void bench.store.commandDeliveries([deliveries[0]!.id], { kind: "cancel", at: START_MS }, null);
      expect((await bench.store.dueDeliveries(due(START_MS))).deliveries).toEqual([]);
    });

    test("waitingDestinations names each destination once, with its earliest time", async () => {
      const bench = await open();
      expect(await bench.store.waitingDestinations()).toEqual([]);
      const event = await bench.accept();
      const made = await dispatch(
        bench.store,
        [event],
        [
          newDelivery(event, { destinationId: "dst_a", nextAttemptAt: START_MS + 9 }),
          newDelivery(event, { destinationId: "dst_b", nextAttemptAt: START_MS + 5 }),
          newDelivery(event, { destinationId: "dst_b", nextAttemptAt: START_MS + 2 }),
          newDelivery(event, { destinationId: "dst_c", nextAttemptAt: START_MS }),
        ],
      );
      await bench.bring(made[3]!, "delivered");
      const waiting = await bench.store.waitingDestinations();
      expect(waiting.toSorted((a, b) => (a.destinationId < b.destinationId ? -1 : 1))).toEqual([
        { destinationId: "dst_a", class: "fresh", nextDueAt: START_MS + 9 },
        { destinationId: "dst_b", class: "fresh", nextDueAt: START_MS + 2 },
      ]);
    });
  });
}
