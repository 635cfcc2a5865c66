// dispatch: committed events, in batches, become deliveries in one transaction. No network, no reading of the clock's future.
import type { Event } from "../core/event.ts";
import { expiryOf } from "../core/expiry.ts";
import type { Subscription } from "../core/subscription.ts";
import { DISPATCH_BATCH_EVENTS_MAX, STEP_BODY_BYTES_MAX } from "../limits.ts";
import type { Logger } from "../log.ts";
import type { NewDelivery, Store } from "../store/store.ts";
import type { Clock } from "../system/clock.ts";
import { sleep } from "../system/clock.ts";
import type { Catalog } from "./catalog.ts";
import type { LargeBodies } from "./large-bodies.ts";
import { orderOf, type OrderedDispatch } from "./ordering.ts";
import type { Tail } from "./tail.ts";
import { takersOf } from "./takers.ts";
import type { Worker } from "./worker.ts";

// Events kept as hints between accept and dispatch; beyond it they are read from the store again.
const HINTS_MAX = 1_000;
const HINT_BYTES_MAX = 16 * 1024 ** 2;
// While catching up, dispatch lets the worker drain its window first, so that a backlog is not read twice. It waits only as
// long as attempts keep ending at a good rate: a slow destination must not hold up the others' deliveries.
const DRAIN_LOOK_MS = 50;
const DRAIN_PROGRESS_MIN = 50;
const RETRY_WAIT_MS = 1_000;

export interface Dispatcher {
  /** A hint that this event was just committed. Hints only save a read: whatever is lost is found in the store. */
  committed(event: Event): void;
  start(): void;
  /** Resolves when the batch under way is committed. */
  stop(): Promise<void>;
}

export interface DispatchOptions {
  store: Store;
  catalog: Catalog;
  worker: Worker;
  largeBodies: LargeBodies;
  clock: Clock;
  tail: Tail;
  log: Logger;
}

export function createDispatcher(options: DispatchOptions): Dispatcher {
  const { store, worker, clock, log } = options;
  let hints: Event[] = [];
  let hintBytes = 0;
  // At start nobody knows what the store holds beyond the cursor, so the first look is at the store.
  let hintsAreComplete = false;
  // A read of the store can show an event before its own accept has heard of the commit; its hint then comes too late.
  let coveredSeq = 0;
  let running: Promise<void> | null = null;
  let stopping = false;
  let started = false;

  function wake(): void {
    if (running !== null || stopping || !started) return;
    running = run().finally(() => {
      running = null;
      if (hints.length > 0 || !hintsAreComplete) wake();
    });
  }

  async function run(): Promise<void> {
    while (!stopping) {
      const batch = await nextBatch();
      if (batch.length === 0) return;
      coveredSeq = batch.at(-1)!.seq;
      try {
        await dispatchBatch(options, batch);
      } catch (error) {
        // The batch is still in the store, behind the cursor: it is read again.
        log.error({ error }, "dispatch could not commit; it tries again");
        forgetHints();
        await sleep(clock, RETRY_WAIT_MS);
      }
    }
  }

  async function nextBatch(): Promise<Event[]> {
    if (hintsAreComplete) return takeHints();
    // From here on hints gather again; what the read below sees and a hint repeats is told apart by seq.
    hintsAreComplete = true;
    await letWorkerDrain();
    const batch = await readUndispatched();
    const bytes = batch.reduce((sum, event) => sum + event.bodyBytes, 0);
    // An answer at one of its bounds may have left something out; below both it was everything.
    if (batch.length === DISPATCH_BATCH_EVENTS_MAX || bytes >= STEP_BODY_BYTES_MAX) {
      forgetHints();
      return batch;
    }
    const lastSeq = batch.at(-1)?.seq ?? 0;
    const fresh = hints.filter((event) => event.seq > lastSeq);
    hintBytes = fresh.reduce((sum, event) => sum + event.bodyBytes, 0);
    hints = fresh;
    return batch.length > 0 || !hintsAreComplete ? batch : takeHints();
  }

  async function letWorkerDrain(): Promise<void> {
    for (let landed = worker.landed; !worker.hasRoom() && !stopping; landed = worker.landed) {
      await Promise.race([worker.drained(), sleep(clock, DRAIN_LOOK_MS)]);
      if (worker.landed - landed < DRAIN_PROGRESS_MIN) return;
    }
  }

  function takeHints(): Event[] {
    const batch = hints.slice(0, DISPATCH_BATCH_EVENTS_MAX);
    hints = hints.slice(batch.length);
    for (const event of batch) hintBytes -= event.bodyBytes;
    return batch;
  }

  async function readUndispatched(): Promise<Event[]> {
    try {
      return await store.undispatched(DISPATCH_BATCH_EVENTS_MAX, STEP_BODY_BYTES_MAX);
    } catch (error) {
      log.error({ error }, "dispatch could not read the store; it tries again");
      forgetHints();
      await sleep(clock, RETRY_WAIT_MS);
      return stopping ? [] : readUndispatched();
    }
  }

  function forgetHints(): void {
    hints = [];
    hintBytes = 0;
    hintsAreComplete = false;
  }

  return {
    committed(event) {
      if (!hintsAreComplete || event.seq <= coveredSeq) return;
      if (hints.length >= HINTS_MAX || hintBytes + event.bodyBytes > HINT_BYTES_MAX) {
        forgetHints();
      } else {
        hints.push(event);
        hintBytes += event.bodyBytes;
      }
      wake();
    },
    start() {
      started = true;
      wake();
    },
    async stop() {
      stopping = true;
      await running;
    },
  };
}

async function dispatchBatch({ store, catalog, worker, clock, tail, largeBodies }: DispatchOptions, batch: Event[]): Promise<void> {
  const now = clock.now();
  const drafts: NewDelivery[] = [];
  const eventOf: Event[] = [];
  for (const event of batch) {
    const before = drafts.length;
    const candidates = catalog.subscriptionsFor(event.sourceId);
    const taking = takersOf(candidates, event, largeBodies);
    for (const subscription of taking instanceof Promise ? await taking : taking) {
      const order = orderOf(catalog, largeBodies, event, subscription.destinationId);
      drafts.push(deliveryOf(event, subscription, order instanceof Promise ? await order : order, now));
      eventOf.push(event);
    }
    if (tail.active) tail.emit({ kind: "event.dispatched", at: now, eventId: event.id, deliveries: drafts.length - before });
  }
  const outcome = await store.commitDispatch(batch, drafts);
  if (outcome.kind === "stale") throw new Error("the configuration changed, although no version was asked for");
  worker.offer(outcome.deliveries.flatMap((delivery, index) => (delivery === null ? [] : { delivery, event: eventOf[index]! })));
}

function deliveryOf(event: Event, subscription: Subscription, { order, heldUntil }: OrderedDispatch, now: number): NewDelivery {
  return {
    eventId: event.id,
    eventSeq: event.seq,
    destinationId: subscription.destinationId,
    subscriptionId: subscription.id,
    nextAttemptAt: Math.max(event.deliverAt ?? 0, heldUntil, now) + subscription.delayMs,
    // From when it came, not from now: what waited here while the program was down is no fresher for it.
    expiresAt: expiryOf(
      event.deliverBefore,
      subscription.expireAfterMs,
      Math.max(event.deliverAt ?? 0, event.receivedAt) + subscription.delayMs,
    ),
    trigger: "event",
    jobId: null,
    order,
  };
}
