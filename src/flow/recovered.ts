// What a recovery by a job means for what the worker holds in memory.
import type { Delivery } from "../core/delivery.ts";
import { classOf, type Work } from "../core/lane.ts";
import type { Schedule } from "../core/schedule.ts";
import type { LaneFeed } from "./lane-feed.ts";

interface Memory {
  schedule: Schedule;
  feed: LaneFeed;
  /** Attempts that have begun and are not settled. */
  underWay: ReadonlyMap<number, Work>;
}

export function takeRecovered({ schedule, feed, underWay }: Memory, deliveries: readonly Delivery[], now: number): void {
  const lanes = new Set(deliveries.map((delivery) => schedule.lane(delivery.destinationId)));
  for (const delivery of deliveries) {
    const lane = schedule.lane(delivery.destinationId);
    const work = underWay.get(delivery.seq);
    // The attempt under way is the first of the fresh schedule; what is only queued comes again with it from the store.
    if (work !== undefined) work.delivery = { ...work.delivery, attemptsBefore: delivery.attemptsBefore };
    else {
      feed.forget(lane, delivery.seq);
      schedule.drop(lane, delivery.seq);
    }
    feed.waitUntil(lane, classOf(delivery), delivery.nextAttemptAt ?? now);
  }
  for (const lane of lanes) feed.refill(lane);
}
