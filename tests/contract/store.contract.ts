// The contract of the store port: one suite that every adapter passes, with time passed in.
import { afterEach, describe, it } from "vitest";
import type { Store } from "../../src/store/store.ts";
import { type Clock, systemClock } from "../../src/system/clock.ts";
import type { Random } from "../../src/system/random.ts";
import { seededRandom } from "../kit/random.ts";
import { type Bench, type ContractTest, createActions, type OpenBench, START_MS } from "./store-bench.ts";
import { describeAccept } from "./store.accept.contract.ts";
import { describeConfig } from "./store.config.contract.ts";
import { describeControl } from "./store.control.contract.ts";
import { describeDeliveries } from "./store.deliveries.contract.ts";
import { describeDispatch } from "./store.dispatch.contract.ts";
import { describeHealth } from "./store.health.contract.ts";
import { describeJobs } from "./store.jobs.contract.ts";
import { describeLists } from "./store.lists.contract.ts";
import { describeOrder } from "./store.order.contract.ts";
import { describeRetention } from "./store.retention.contract.ts";
import { describeSplit } from "./store.split.contract.ts";

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
}

export function describeStore(name: string, harness: StoreHarness): void {
  const opened: { store: Store; place: string }[] = [];
  const test: ContractTest = (title, run, timeoutMs) => {
    it(title, run, timeoutMs);
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
    describeSplit(open, test);
    describeDispatch(open, test);
    describeDeliveries(open, test);
    describeOrder(open, test);
    describeControl(open, test);
    describeHealth(open, test);
    describeLists(open, test);
    describeConfig(open, test);
    describeJobs(open, test);
    describeRetention(open, test);
  });
}
