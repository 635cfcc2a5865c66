// Takes up the lanes of shards that become this node's, and lets them go again: what the worker holds follows what the node owns.
import type { DestinationHealth } from "./destination-health.ts";
import type { Destination } from "../core/destination.ts";
import { CLASSES, type Lane, type WorkClass } from "../core/lane.ts";
import type { Schedule } from "../core/schedule.ts";
import { SHARDS, shardOf } from "../core/shard.ts";
import type { Logger } from "../log.ts";
import type { Store } from "../store/store.ts";
import { type Clock, createPauses } from "../system/clock.ts";
import type { Catalog } from "./catalog.ts";
import type { LaneFeed } from "./lane-feed.ts";
import type { Ownership } from "./ownership.ts";

const RETRY_WAIT_MS = 1_000;
// What is due for longer although its lane is at work was lost by a hint; what is due for less is in memory, most likely.
const OVERDUE_MS = 5_000;

export interface ShardLanes {
  /** Reads what waits in shards that became this node's, and begins; tries again until it is read or they are lost. */
  adopt(shards: readonly number[] | null): Promise<void>;
  /** Whether the lane of this destination is this node's to open. */
  isMine(destinationId: string): boolean;
  /** Closes and empties lanes: nothing of them begins any more. */
  close(shards: readonly number[]): void;
  /** Closes lanes, and forgets how their destinations fare. */
  drop(shards: readonly number[]): void;
  /** Shards of which attempts are under way, or outcomes or breakers not committed. */
  busy(): Set<number>;
  /** A delivery waits in the store: another node made it, or a look at the store found it. */
  hint(destinationId: string, of: WorkClass, dueAt: number): void;
  /** Finds what hints have lost: one small read, and a look for each lane that has nothing to do. */
  lookAll(): Promise<void>;
  stop(): void;
}

export interface ShardLanesOptions {
  store: Store;
  catalog: Catalog;
  clock: Clock;
  log: Logger;
  ownership: Ownership;
  health: DestinationHealth;
  schedule: Schedule;
  feed: LaneFeed;
  /** Opens or closes a lane as its destination's state and health have it. */
  open: (destination: Destination) => void;
  /** Deliveries of a destination that is gone. */
  orphaned: (destinationId: string) => void;
  /** Something may go now. */
  onReady: () => void;
}

export function createShardLanes(options: ShardLanesOptions): ShardLanes {
  const { store, catalog, clock, log, ownership, health, schedule, feed } = options;
  const pauses = createPauses(clock);
  // Shards whose breakers are read: before that nobody knows whether their lanes may open. Of a store of one's own, all are.
  const ready = new Set<number>(ownership.alone ? Array.from({ length: SHARDS }, (_, shard) => shard) : []);
  // How often each was let go: tells a read that began before from one that began after.
  const epochs = Array.from({ length: SHARDS }, () => 0);
  let stopping = false;

  const isMine = (id: string) => ownership.alone || (ownership.owns(id) && ready.has(shardOf(id)));

  async function read(shards: readonly number[] | null): Promise<void> {
    const wanted = shards === null ? null : new Set(shards.filter((shard) => !ready.has(shard)));
    const began = [...epochs];
    const destinations = catalog.destinations().filter(({ id }) => wanted === null || wanted.has(shardOf(id)));
    await health.load(destinations, wanted !== null);
    // Shards that were lost during the read, and perhaps gained again, are the affair of the adoption that follows.
    const held = ownership.shards();
    const still = (shard: number) => held === null || (held.includes(shard) && began[shard] === epochs[shard]);
    for (const shard of wanted ?? []) if (still(shard)) ready.add(shard);
    // As they are now: the configuration may have changed during the read.
    for (const { id } of destinations) {
      const destination = catalog.destination(id);
      if (!still(shardOf(id))) health.drop([id]);
      else if (destination === undefined) health.forget(id);
      if (destination === undefined || !still(shardOf(id))) continue;
      health.follow(destination);
      options.open(destination);
    }
    await readWaiting(shards);
  }

  async function readWaiting(shards: readonly number[] | null): Promise<void> {
    const waiting = await (shards === null ? store.waitingDestinations() : store.waitingDestinations(shards));
    for (const { destinationId, class: of, nextDueAt } of waiting) hint(destinationId, of, nextDueAt);
    options.onReady();
  }

  function hint(destinationId: string, of: WorkClass, dueAt: number): void {
    if (!ownership.owns(destinationId)) return;
    if (catalog.destination(destinationId) === undefined) {
      options.orphaned(destinationId);
      return;
    }
    feed.waitUntil(schedule.lane(destinationId), of, dueAt);
  }

  function close(shards: readonly number[]): void {
    const closing = new Set(shards);
    for (const shard of shards) {
      ready.delete(shard);
      epochs[shard]! += 1;
    }
    for (const lane of lanesOf(closing)) {
      schedule.adjust(lane, { open: false });
      schedule.clear(lane);
      feed.remove(lane);
      // Does nothing while an attempt is under way; the lane goes when its outcome is committed.
      schedule.remove(lane);
    }
  }

  function lanesOf(shards: ReadonlySet<number>): Lane[] {
    return [...schedule.lanes()].filter((lane) => shards.has(shardOf(lane.destinationId)));
  }

  return {
    isMine,
    async adopt(shards) {
      for (;;) {
        try {
          return await read(shards);
        } catch (error) {
          if (shards === null) throw error;
          log.error({ error }, "what waits in this node's shards could not be read; trying again");
        }
        await pauses.pause(RETRY_WAIT_MS);
        if (stopping || !shards.some((shard) => ownership.shards()?.includes(shard))) return;
      }
    },
    close,
    drop(shards) {
      close(shards);
      const dropped = new Set(shards);
      health.drop(health.known().filter((id) => dropped.has(shardOf(id))));
    },
    busy() {
      const busy = new Set<number>(health.unkept().map(shardOf));
      for (const lane of schedule.lanes()) {
        const queued = CLASSES.reduce((sum, of) => sum + lane.queuedOf(of), 0);
        if (lane.window.size > queued) busy.add(shardOf(lane.destinationId));
      }
      return busy;
    },
    hint,
    async lookAll() {
      const shards = ownership.shards();
      if (shards?.length === 0) return;
      const waiting = await (shards === null ? store.waitingDestinations() : store.waitingDestinations(shards));
      const now = clock.now();
      for (const { destinationId, class: of, nextDueAt } of waiting) {
        if (!ownership.owns(destinationId)) continue;
        const held = catalog.destination(destinationId) === undefined ? 0 : schedule.lane(destinationId).windowOf(of);
        if (held === 0 || nextDueAt < now - OVERDUE_MS) hint(destinationId, of, nextDueAt);
      }
      options.onReady();
    },
    stop() {
      stopping = true;
      pauses.end();
    },
  };
}
