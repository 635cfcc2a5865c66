// What choosing the next delivery costs with 10³ to 10⁶ of them pending: in the schedule's memory, and in the store's index.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Delivery } from "../src/core/delivery.ts";
import type { Event } from "../src/core/event.ts";
import type { Work } from "../src/core/lane.ts";
import { createSchedule } from "../src/core/schedule.ts";
import { openSqliteStore } from "../src/store/sqlite/index.ts";
import type { NewDelivery } from "../src/store/store.ts";
import { systemClock as clock } from "../src/system/clock.ts";
import { systemRandom as random } from "../src/system/random.ts";
import { median } from "./report.ts";
import { benchEvent } from "./fixtures.ts";

const DESTINATIONS = 1_000;
const TAKES = 20_000;
const ROUNDS = 5;
const SLOTS = 256;
const DUE_LIMIT = 100;

export interface ScheduleCost {
  pending: number;
  /** Of one delivery taken, landed, released and replaced by a new one. */
  scheduleMicros: number;
  /** Of one delivery read out of the index of what is due, with its row. */
  storeMicros: number;
}

export async function benchScheduleCost(sizes: readonly number[]): Promise<ScheduleCost[]> {
  const costs: ScheduleCost[] = [];
  for (const pending of sizes) costs.push({ pending, scheduleMicros: scheduleMicros(pending), storeMicros: await storeMicros(pending) });
  return costs;
}

function scheduleMicros(pending: number): number {
  const everything = { windowMax: Infinity, windowTotalMax: Infinity, windowBytesMax: Infinity };
  const schedule = createSchedule({ inFlightMax: SLOTS, perHostMax: SLOTS, perTenantMax: SLOTS, ...everything });
  const event = { bodyBytes: 1 } as Event;
  let seq = 0;
  const add = (destination: number): void => {
    const delivery = { seq: (seq += 1), destinationId: `dst_${destination}`, attempts: seq % 3 === 0 ? 1 : 0, trigger: "event" };
    schedule.add(schedule.lane(delivery.destinationId), { delivery: delivery as Delivery, event });
  };
  for (let n = 0; n < DESTINATIONS; n += 1) {
    const settings = { open: true, concurrencyMax: 10, tenantId: `t${n % 100}`, host: `h${n}` };
    schedule.adjust(schedule.lane(`dst_${n}`), settings);
  }
  for (let n = 0; n < pending; n += 1) add(n % DESTINATIONS);
  const flying: Work[] = [];
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const started = performance.now();
    for (let takes = 0; takes < TAKES;) {
      for (let work = schedule.take(0); work !== null; work = schedule.take(0)) flying.push(work);
      for (const work of flying.splice(0)) {
        schedule.landed(work, 20);
        schedule.release(work);
        add(Number(work.delivery.destinationId.slice(4)));
        takes += 1;
      }
    }
    rounds.push(((performance.now() - started) * 1000) / TAKES);
  }
  return median(rounds);
}

async function storeMicros(pending: number): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), "posthorn-bench-"));
  const onFatal = (error: Error) => {
    throw error;
  };
  const store = await openSqliteStore({ directory, clock, random, requestsKeptMax: 10, onFatal });
  const outcome = await store.accept(benchEvent(clock.now(), Buffer.from("{}")));
  if (outcome.kind !== "accepted") throw new Error("The event of the bench could not be committed.");
  const { id: eventId, seq: eventSeq, bodyBytes } = outcome.event;
  const now = clock.now();
  const draft = (n: number): NewDelivery => {
    const trigger = n % 2 === 0 ? "event" : "replay";
    return {
      eventId,
      eventSeq,
      destinationId: `dst_${n % DESTINATIONS}`,
      subscriptionId: null,
      nextAttemptAt: now,
      expiresAt: null,
      trigger,
      jobId: null,
      bodyBytes,
    };
  };
  for (let from = 0; from < pending; from += 10_000) {
    await store.commitDispatch(
      from === 0 ? [outcome.event] : [],
      Array.from({ length: Math.min(10_000, pending - from) }, (_, n) => draft(from + n)),
    );
  }
  // What a destination has due, a full look of it where there is that much: a look costs by what it answers.
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const started = performance.now();
    let rows = 0;
    for (let n = 0; n < 200; n += 1) {
      const query = { destinationId: `dst_${(n * 7) % DESTINATIONS}`, now, limit: DUE_LIMIT, skipSeqs: [] };
      const [fresh, replay] = await Promise.all([
        store.dueDeliveries({ ...query, class: "fresh" }),
        store.dueDeliveries({ ...query, class: "replay" }),
      ]);
      rows += fresh.deliveries.length + replay.deliveries.length;
    }
    rounds.push(((performance.now() - started) * 1000) / Math.max(rows, 1));
  }
  await store.close();
  rmSync(directory, { recursive: true });
  return median(rounds);
}
