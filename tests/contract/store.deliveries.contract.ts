// Contract of settle and of people's commands: which state follows which, and that an attempt made is an attempt kept.
import { describe, expect } from "vitest";
import type { DeliveryState } from "../../src/core/delivery.ts";
import { canCancel, canRetry } from "../../src/core/delivery.ts";
import { allPages } from "../kit/store.ts";
import { due, settlement, START_MS, type ContractTest, type OpenBench } from "./store-bench.ts";

const STATES: readonly DeliveryState[] = ["waiting", "delivered", "dead", "cancelled"];
const LATER = START_MS + 1000;

export function describeDeliveries(open: OpenBench, test: ContractTest): void {
  describe("settle", () => {
    for (const state of ["waiting", "delivered", "dead"] as const) {
      test(`to ${state} keeps the step as given`, async () => {
        const bench = await open();
        const delivery = await bench.deliver();
        await bench.store.settle([settlement(delivery, LATER, { state, nextAttemptAt: LATER + 7, reason: "Because." })]);
        await bench.reopen();
        const final = state !== "waiting";
        expect(await bench.store.delivery(delivery.id)).toEqual({
          ...delivery,
          state,
          attempts: 1,
          reason: "Because.",
          nextAttemptAt: final ? null : LATER + 7,
          finishedAt: final ? LATER : null,
        });
      });
    }

    test("keeps an answered attempt with its exact response", async () => {
      const bench = await open();
      const delivery = await bench.deliver();
      const result = {
        kind: "response" as const,
        status: 418,
        headers: ["set-cookie", "a=1", "set-cookie", "b=2"],
        body: Uint8Array.of(0, 255, 10),
        truncated: true,
      };
      const given = settlement(delivery, LATER, { state: "waiting" }, { result, durationMs: 345 });
      await bench.store.settle([given]);
      const [kept] = await allPages(bench.store.attempts, { deliveryId: delivery.id });
      const { id, ...rest } = kept!;
      expect(rest).toEqual(given.attempt);
      expect(id).toMatch(/^att_/);
      expect(await bench.store.attempt(id)).toEqual(kept);
    });

    test("keeps an attempt without a response, with the failure and its sentence", async () => {
      const bench = await open();
      const delivery = await bench.deliver();
      const result = { kind: "failure" as const, failure: "connect_refused", message: "Nobody listens there." };
      await bench.store.settle([settlement(delivery, LATER, { state: "waiting" }, { result })]);
      expect((await allPages(bench.store.attempts, { deliveryId: delivery.id }))[0]!.result).toEqual(result);
    });

    test("a delivery cancelled during its attempt stays cancelled, and the attempt counts", async () => {
      const bench = await open();
      const delivery = await bench.deliver();
      await bench.bring(delivery, "cancelled");
      await bench.store.settle([settlement(delivery, LATER, { state: "delivered" })]);
      expect(await bench.store.delivery(delivery.id)).toMatchObject({
        state: "cancelled",
        attempts: 1,
        nextAttemptAt: null,
        reason: "Cancelled by hand.",
      });
      expect(await allPages(bench.store.attempts, { deliveryId: delivery.id })).toHaveLength(1);
    });

    test("takes several steps of one delivery in order, numbered", async () => {
      const bench = await open();
      let delivery = await bench.deliver();
      for (const state of ["waiting", "waiting", "delivered"] as const) {
        await bench.store.settle([settlement(delivery, LATER, { state })]);
        delivery = (await bench.store.delivery(delivery.id))!;
      }
      expect(delivery).toMatchObject({ state: "delivered", attempts: 3 });
      expect((await allPages(bench.store.attempts, { deliveryId: delivery.id })).map((attempt) => attempt.number)).toEqual([3, 2, 1]);
    });

    test("settles a batch of 500 in one call", async () => {
      const bench = await open();
      const deliveries = await Promise.all(Array.from({ length: 500 }, () => bench.deliver()));
      await bench.store.settle(deliveries.map((delivery) => settlement(delivery, LATER, { state: "delivered" })));
      expect(await allPages(bench.store.deliveries, { state: "delivered" })).toHaveLength(500);
      expect(await bench.store.waitingDestinations()).toEqual([]);
    });
  });

  describe("commands", () => {
    for (const state of STATES) {
      test(`retry of a ${state} delivery ${canRetry(state) ? "makes it due at once and keeps its attempts" : "changes nothing"}`, async () => {
        const bench = await open();
        const before = await bench.bring(await bench.deliver({ nextAttemptAt: LATER + 99 }), state);
        const answer = await bench.store.commandDeliveries([before.id], { kind: "retry", at: LATER }, null);
        const after = await bench.store.delivery(before.id);
        if (!canRetry(state)) {
          expect(answer).toEqual({ kind: "done", result: [] });
          expect(after).toEqual(before);
          return;
        }
        expect(after).toMatchObject({
          state: "waiting",
          nextAttemptAt: LATER,
          finishedAt: null,
          attempts: before.attempts,
          trigger: "manual",
        });
        expect(answer).toEqual({ kind: "done", result: [after] });
        expect((await bench.store.dueDeliveries(due(LATER))).deliveries).toEqual([after]);
      });

      test(`cancel of a ${state} delivery ${canCancel(state) ? "ends it" : "changes nothing"}`, async () => {
        const bench = await open();
        const before = await bench.bring(await bench.deliver(), state);
        const answer = await bench.store.commandDeliveries([before.id], { kind: "cancel", at: LATER, reason: "Enough." }, null);
        const after = await bench.store.delivery(before.id);
        if (!canCancel(state)) {
          expect(answer).toEqual({ kind: "done", result: [] });
          expect(after).toEqual(before);
          return;
        }
        expect(after).toMatchObject({ state: "cancelled", reason: "Enough.", nextAttemptAt: null, finishedAt: LATER });
        expect(answer).toEqual({ kind: "done", result: [after] });
        expect((await bench.store.dueDeliveries(due(LATER))).deliveries).toEqual([]);
      });
    }

    test("apply to the deliveries that exist, and pass over what is no id", async () => {
      const bench = await open();
      const delivery = await bench.deliver();
      const wrongTail = delivery.id.slice(0, -1) + (delivery.id.endsWith("0") ? "1" : "0");
      const answer = await bench.store.commandDeliveries(
        ["nonsense", wrongTail, delivery.id, delivery.eventId],
        { kind: "cancel", at: LATER },
        null,
      );
      expect(answer).toMatchObject({ kind: "done", result: [{ id: delivery.id, state: "cancelled" }] });
    });

    test("with an idempotency key happen once, and answer the first record after that", async () => {
      const bench = await open();
      const delivery = await bench.bring(await bench.deliver(), "dead");
      const record = { key: "key_1:abc", fingerprint: "f1", response: Uint8Array.of(1, 2), createdAt: LATER };
      expect(await bench.store.commandDeliveries([delivery.id], { kind: "retry", at: LATER }, record)).toMatchObject({ kind: "done" });
      await bench.store.commandDeliveries([delivery.id], { kind: "cancel", at: LATER }, null);
      const again = await bench.store.commandDeliveries([delivery.id], { kind: "retry", at: LATER }, { ...record, fingerprint: "f2" });
      expect(again).toEqual({ kind: "repeated", record });
      expect(await bench.store.delivery(delivery.id)).toMatchObject({ state: "cancelled" });
      expect(await bench.store.idempotencyRecord(record.key)).toEqual(record);
    });
  });
}
