// dispatch: committed events, in batches, become deliveries in one transaction. No network, no reading of the clock's future.
import type { Event } from "../core/event.ts";
import { expiryOf } from "../core/expiry.ts";
import type { Subscription } from "../core/subscription.ts";
import { DISPATCH_BATCH_EVENTS_MAX, STEP_BODY_BYTES_MAX } from "../limits.ts";
import type { Logger } from "../log.ts";
import type { NewDelivery, Store, UndispatchedScope } from "../store/store.ts";
import type { Clock } from "../system/clock.ts";
import { sleep } from "../system/clock.ts";
import type { Catalog } from "./catalog.ts";
import type { LargeBodies } from "./large-bodies.ts";
import { orderOf, type OrderedDispatch } from "./ordering.ts";
import type { Ownership } from "./ownership.ts";
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
// Whoever accepted an event dispatches it within milliseconds; what is older than this lost its node, or its node's hint.
const OTHERS_AFTER_MS = 2_000;
// A configuration that changes this often during one batch is waited for.
const STALE_MAX = 10;

export interface Dispatcher {
  /** A hint that this event was just committed. Hints only save a read: whatever is lost is found in the store. */
  committed(event: Event): void;
  /**
   * Looks in the store for events of this node's shards that were accepted before then, on whichever node; null for those
   * that nobody has dispatched in time. Only where several nodes share a store: one alone knows of all.
   */
  lookAt(acceptedBefore: number | null): void;
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
  ownership: Ownership;
}

export function createDispatcher(options: DispatchOptions): Dispatcher {
  const { store, worker, clock, log, ownership } = options;
  let hints: Event[] = [];
  let hintBytes = 0;
  // At start nobody knows what the store holds beyond the cursor, so the first look is at the store.
  // Of several, each knows what it accepted, and the owners of the shards find what is left over.
  let hintsAreComplete = !ownership.alone;
  let lookBefore: number | null = null;
  // Of several nodes: more came in here than hints were kept of. What is in this node's shards it looks for itself.
  let hintsWereLost = false;
  // A read of the store can show an event before its own accept has heard of the commit; its hint then comes too late.
  let coveredSeq = 0;
  let running: Promise<void> | null = null;
  let stopping = false;
  let started = false;

  function wake(): void {
    if (running !== null || stopping || !started) return;
    running = run().finally(() => {
      running = null;
      if (hints.length > 0 || !hintsAreComplete || lookBefore !== null) wake();
    });
  }

  async function run(): Promise<void> {
    while (!stopping) {
      const batch = await nextBatch();
      if (batch.length === 0) return;
      if (ownership.alone) coveredSeq = batch.at(-1)!.seq;
      try {
        await dispatchBatch(options, batch);
      } catch (error) {
        // The batch is still in the store, behind the cursor: it is read again. Where there is no cursor, it is kept.
        log.error({ error }, "dispatch could not commit; it tries again");
        if (ownership.alone) forgetHints();
        else keepHints(batch);
        await sleep(clock, RETRY_WAIT_MS);
      }
    }
  }

  async function nextBatch(): Promise<Event[]> {
    if (!ownership.alone) return (await readOthers()) ?? takeHints();
    if (hintsAreComplete) return takeHints();
    // From here on hints gather again; what the read below sees and a hint repeats is told apart by seq.
    hintsAreComplete = true;
    await letWorkerDrain();
    const batch = await readUndispatched();
    if (isFull(batch)) {
      forgetHints();
      return batch;
    }
    const lastSeq = batch.at(-1)?.seq ?? 0;
    const fresh = hints.filter((event) => event.seq > lastSeq);
    hintBytes = fresh.reduce((sum, event) => sum + event.bodyBytes, 0);
    hints = fresh;
    return batch.length > 0 || !hintsAreComplete ? batch : takeHints();
  }

  /** Null when there is nothing left of what was to be looked for. */
  async function readOthers(): Promise<Event[] | null> {
    // What this node's own hints lost is looked for here at once; what is in others' shards its owners find, 2 to 4 s later.
    hintsAreComplete = true;
    const shards = ownership.shards() ?? [];
    if (hintsWereLost && shards.length > 0) {
      hintsWereLost = false;
      lookBefore = Math.max(lookBefore ?? 0, clock.now());
    }
    const acceptedBefore = lookBefore;
    lookBefore = null;
    if (acceptedBefore === null || shards.length === 0) return null;
    const batch = await readUndispatched({ shards, acceptedBefore });
    if (batch.length === 0) return null;
    // The rest of a full answer is asked for when this much is done.
    if (isFull(batch)) lookBefore = Math.max(lookBefore ?? 0, acceptedBefore);
    const read = new Set(batch.map((event) => event.seq));
    hints = hints.filter((event) => !read.has(event.seq));
    hintBytes = hints.reduce((sum, event) => sum + event.bodyBytes, 0);
    return batch;
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

  async function readUndispatched(scope?: UndispatchedScope): Promise<Event[]> {
    try {
      return await store.undispatched(DISPATCH_BATCH_EVENTS_MAX, STEP_BODY_BYTES_MAX, scope);
    } catch (error) {
      log.error({ error }, "dispatch could not read the store; it tries again");
      if (scope === undefined) forgetHints();
      await sleep(clock, RETRY_WAIT_MS);
      return stopping || scope !== undefined ? [] : readUndispatched();
    }
  }

  function keepHints(batch: Event[]): void {
    hints = [...batch, ...hints];
    for (const event of batch) hintBytes += event.bodyBytes;
  }

  function forgetHints(): void {
    hints = [];
    hintBytes = 0;
    hintsAreComplete = false;
    hintsWereLost = !ownership.alone;
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
    lookAt(acceptedBefore) {
      lookBefore = Math.max(lookBefore ?? 0, acceptedBefore ?? clock.now() - OTHERS_AFTER_MS);
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

async function dispatchBatch(options: DispatchOptions, batch: Event[]): Promise<void> {
  const { store, catalog, worker, tail, ownership } = options;
  for (let tries = 1; tries <= STALE_MAX; tries += 1) {
    // Before routing, which may wait for a filter to look into a large body: a later version is then not the one it went by.
    const version = ownership.alone ? undefined : catalog.version;
    const routed = await routeBatch(options, batch);
    const outcome = await store.commitDispatch(
      batch,
      routed.map(({ draft }) => draft),
      version,
    );
    if (outcome.kind === "stale") {
      // Another node made a subscription, say, just before an event that it takes came in here.
      await catalog.refresh();
      continue;
    }
    if (tail.active) tellDispatched(options, batch, routed);
    worker.offer(outcome.deliveries.flatMap((delivery, index) => (delivery === null ? [] : { delivery, event: routed[index]!.event })));
    return;
  }
  throw new Error(`the configuration changed ${STALE_MAX} times while one batch was routed`);
}

interface Routed {
  draft: NewDelivery;
  event: Event;
}

async function routeBatch({ catalog, clock, largeBodies }: DispatchOptions, batch: Event[]): Promise<Routed[]> {
  const now = clock.now();
  const routed: Routed[] = [];
  for (const event of batch) {
    const candidates = catalog.subscriptionsFor(event.sourceId);
    const taking = takersOf(candidates, event, largeBodies);
    for (const subscription of taking instanceof Promise ? await taking : taking) {
      const ordering = orderOf(catalog, largeBodies, event, subscription.destinationId);
      const order = ordering instanceof Promise ? await ordering : ordering;
      routed.push({ draft: deliveryOf(event, subscription, order, now), event });
    }
  }
  return routed;
}

function tellDispatched({ tail, clock }: DispatchOptions, batch: Event[], routed: Routed[]): void {
  for (const { id } of batch) {
    const deliveries = routed.filter(({ event }) => event.id === id).length;
    tail.emit({ kind: "event.dispatched", at: clock.now(), eventId: id, deliveries });
  }
}

/** An answer at one of its bounds may have left something out; below both it was everything. */
function isFull(batch: Event[]): boolean {
  const bytes = batch.reduce((sum, event) => sum + event.bodyBytes, 0);
  return batch.length === DISPATCH_BATCH_EVENTS_MAX || bytes >= STEP_BODY_BYTES_MAX;
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
    bodyBytes: event.bodyBytes,
  };
}
