// The contract of the store port: one suite that every adapter passes, with time passed in.
import { afterEach, describe, it } from "vitest";
import type { Delivery, DeliveryState } from "../../src/core/delivery.ts";
import type { Event } from "../../src/core/event.ts";
import type { AcceptDraft, NewDelivery, Settlement, Store } from "../../src/store/store.ts";
import { type Clock, systemClock } from "../../src/system/clock.ts";
import type { Random } from "../../src/system/random.ts";
import { seededRandom } from "../kit/random.ts";
import { draft } from "../kit/store.ts";
import { describeAccept } from "./store.accept.contract.ts";
import { describeConfig } from "./store.config.contract.ts";
import { describeDeliveries } from "./store.deliveries.contract.ts";
import { describeDispatch } from "./store.dispatch.contract.ts";
import { describeJobs } from "./store.jobs.contract.ts";
import { describeLists } from "./store.lists.contract.ts";
import { describeRetention } from "./store.retention.contract.ts";

export interface OpenOptions {
  /** Where the data is: the same place opened again has what was kept there. */
  place: string;
  clock: Clock;
  random: Random;
  requestsKeptMax: number;
}

export interface StoreHarness {
  newPlace(): Promise<string>;
  open(options: OpenOptions): Promise<Store>;
  removePlace(place: string): Promise<void>;
  /** By name of the test: why this adapter cannot pass it. */
  skips?: Readonly<Record<string, string>>;
}

/** One test's store, and the time it lives in. */
export interface Bench {
  readonly store: Store;
  /** What the store's clock says; set it to move time. */
  now: number;
  reopen(): Promise<Store>;
  accept(changes?: Partial<AcceptDraft> & { body?: Uint8Array }): Promise<Event>;
  /** Accepts an event and makes one delivery of it, due at once unless told otherwise. */
  deliver(changes?: Partial<NewDelivery>, event?: Partial<AcceptDraft>): Promise<Delivery>;
  /** Brings a delivery into a state by an attempt, or by a command for `cancelled`. */
  bring(delivery: Delivery, state: DeliveryState): Promise<Delivery>;
}

export type OpenBench = (options?: { requestsKeptMax?: number }) => Promise<Bench>;
export type ContractTest = (name: string, run: () => Promise<void>, timeoutMs?: number) => void;

/** A fixed Tuesday: no test depends on when it runs. */
export const START_MS = Date.UTC(2026, 0, 6, 12);

export function describeStore(name: string, harness: StoreHarness): void {
  const opened: { store: Store; place: string }[] = [];
  const test: ContractTest = (title, run, timeoutMs) => {
    const reason = harness.skips?.[title];
    if (reason === undefined) it(title, run, timeoutMs);
    else it.skip(`${title} (skipped: ${reason})`, run);
  };

  const open: OpenBench = async (options = {}) => {
    const place = await harness.newPlace();
    const random = seededRandom(place);
    const clock: Clock = { now: () => bench.now, after: systemClock.after };
    const openPlace = () => harness.open({ place, clock, random, requestsKeptMax: options.requestsKeptMax ?? 1000 });
    const entry = { store: null as unknown as Store, place };
    const bench: Bench = {
      now: START_MS,
      get store() {
        return entry.store;
      },
      async reopen() {
        await entry.store.close();
        entry.store = await openPlace();
        return entry.store;
      },
      ...createActions(() => bench),
    };
    entry.store = await openPlace();
    opened.push(entry);
    return bench;
  };

  afterEach(async () => {
    for (const { store, place } of opened.splice(0)) {
      await store.close();
      await harness.removePlace(place);
    }
  });

  describe(`the store contract on ${name}`, () => {
    describeAccept(open, test);
    describeDispatch(open, test);
    describeDeliveries(open, test);
    describeLists(open, test);
    describeConfig(open, test);
    describeJobs(open, test);
    describeRetention(open, test);
  });
}

function createActions(bench: () => Bench): Pick<Bench, "accept" | "deliver" | "bring"> {
  async function accept(changes: Partial<AcceptDraft> & { body?: Uint8Array } = {}): Promise<Event> {
    const outcome = await bench().store.accept(draft(bench().now, changes));
    if (outcome.kind !== "accepted") throw new Error(`a duplicate of ${outcome.of}`);
    return outcome.event;
  }
  return {
    accept,
    async deliver(changes = {}, event = {}) {
      const accepted = await accept(event);
      const [made] = await bench().store.commitDispatch(accepted.seq, [newDelivery(accepted, { nextAttemptAt: bench().now, ...changes })]);
      return made!;
    },
    async bring(delivery, state) {
      const { store, now } = bench();
      if (state === "cancelled") await store.commandDeliveries([delivery.id], { kind: "cancel", at: now }, null);
      else if (state !== "waiting") await store.settle([settlement(delivery, now, { state })]);
      return (await store.delivery(delivery.id))!;
    },
  };
}

export function newDelivery(event: { id: string; seq: number }, changes: Partial<NewDelivery> = {}): NewDelivery {
  return {
    eventId: event.id, eventSeq: event.seq, destinationId: "dst_a", subscriptionId: "sub_a", nextAttemptAt: START_MS, trigger: "event", jobId: null,
    ...changes,
  };
}

/** An answered attempt and the step it led to. */
export function settlement(
  delivery: Delivery,
  at: number,
  step: { state: DeliveryState; nextAttemptAt?: number; reason?: string | null },
  attempt: Partial<Settlement["attempt"]> = {},
): Settlement {
  const number = delivery.attempts + 1;
  return {
    deliverySeq: delivery.seq,
    attempt: {
      deliveryId: delivery.id,
      eventId: delivery.eventId,
      destinationId: delivery.destinationId,
      number,
      startedAt: at,
      durationMs: 12,
      request: { method: "POST", url: "https://receiver.example/hook", headers: ["content-type", "application/json"] },
      result: { kind: "response", status: step.state === "delivered" ? 200 : 500, headers: [], body: new Uint8Array(0), truncated: false },
      ...attempt,
    },
    step: {
      state: step.state,
      attempts: number,
      nextAttemptAt: step.state === "waiting" ? (step.nextAttemptAt ?? at) : null,
      reason: step.reason ?? null,
      finishedAt: step.state === "waiting" ? null : at,
    },
  };
}
