// settle: outcomes, in batches, become attempt rows and next states in one transaction.
import type { DeliveryStep } from "../core/delivery.ts";
import type { Destination, RetryPolicy } from "../core/destination.ts";
import type { Work } from "../core/lane.ts";
import { type Decision, decideAfter } from "../core/retry.ts";
import { SETTLE_BATCH_ATTEMPTS_MAX } from "../limits.ts";
import type { Logger } from "../log.ts";
import type { Settlement, Store } from "../store/store.ts";
import { type Clock, sleep, type Timer } from "../system/clock.ts";
import type { Random } from "../system/random.ts";
import type { Catalog } from "./catalog.ts";
import { type Counters, count } from "./counters.ts";
import type { Ownership } from "./ownership.ts";
import type { Outcome } from "./send.ts";
import type { Tail } from "./tail.ts";

const RETRY_WAIT_MS = 1_000;
// Two batches under way keep the writer busy while the next outcomes gather.
const BATCHES_UNDER_WAY_MAX = 2;
// A commit costs about as much as 50 rows: outcomes wait this long for company, because nobody waits for them.
const GATHER_MS = 10;
// Where nodes share the store, a statement of few rows costs it as much as one of a hundred, and all nodes wait for it.
const GATHER_SHARED_MS = 40;
const BATCH_WORTH_A_COMMIT = 200;
// Of a destination that orders, the next delivery does wait for it.
const GATHER_ORDERED_MS = 0;

export interface Settler {
  /** `exhausted` says why the destination is to be switched off; null leaves that to the outcome. `fence` is the token the attempt was made under. */
  add(work: Work, outcome: Outcome, exhausted: string | null, fence: number | null): void;
  /** Outcomes that are not committed yet: senders hold back when there are too many. */
  readonly backlog: number;
  /** Resolves when everything added so far is committed. */
  flushed(): Promise<void>;
}

export interface SettleOptions {
  store: Store;
  catalog: Catalog;
  clock: Clock;
  random: Random;
  tail: Tail;
  log: Logger;
  counters: Counters;
  ownership: Ownership;
  /** The settlement is committed: the delivery may leave memory. */
  onSettled: (work: Work, settlement: Settlement) => void;
  /** Another node has taken the delivery over, and nothing was written: it leaves memory. */
  onFenced: (work: Work) => void;
  /** The receiver asked for no more or has failed for days, and the destination was switched off for it. */
  onDisabled: (destinationId: string) => void;
}

interface Entry {
  work: Work;
  settlement: Settlement;
  disable: { reason: string } | null;
}

export function createSettler(options: SettleOptions): Settler {
  const gatherMs = options.ownership.alone ? GATHER_MS : GATHER_SHARED_MS;
  let gathered: Entry[] = [];
  let [backlog, batchesUnderWay] = [0, 0];
  let timer: Timer | null = null;
  let somebodyWaits = false;
  let draining = false;
  let idle: (() => void)[] = [];

  function plan(newest: Entry): void {
    if (draining || gathered.length >= BATCH_WORTH_A_COMMIT) flush();
    if (isOrdered(newest) && !somebodyWaits) {
      somebodyWaits = true;
      timer?.cancel();
      timer = null;
    }
    timer ??= options.clock.after(somebodyWaits ? GATHER_ORDERED_MS : gatherMs, flush, { ref: true });
  }

  function flush(): void {
    timer?.cancel();
    timer = null;
    if (gathered.length === 0 || batchesUnderWay >= BATCHES_UNDER_WAY_MAX) return;
    const batch = gathered.slice(0, SETTLE_BATCH_ATTEMPTS_MAX);
    gathered = gathered.slice(batch.length);
    somebodyWaits = gathered.some(isOrdered);
    batchesUnderWay += 1;
    void commitBatch(options, batch).finally(() => {
      batchesUnderWay -= 1;
      backlog -= batch.length;
      if (gathered.length > 0) plan(gathered.at(-1)!);
      if (backlog === 0) {
        draining = false;
        for (const resolve of idle.splice(0)) resolve();
      }
    });
  }

  return {
    add(work, outcome, exhausted, fence) {
      countAttempt(options.counters, outcome);
      gathered.push(decide(options, work, outcome, exhausted, fence));
      backlog += 1;
      plan(gathered.at(-1)!);
    },
    get backlog() {
      return backlog;
    },
    flushed() {
      if (backlog === 0) return Promise.resolve();
      draining = true;
      flush();
      return new Promise((resolve) => idle.push(resolve));
    },
  };
}

async function commitBatch(options: SettleOptions, batch: Entry[]): Promise<void> {
  let fenced: ReadonlySet<number>;
  for (;;) {
    try {
      fenced = new Set(await options.store.settle(batch.map((entry) => entry.settlement)));
      break;
    } catch (error) {
      // The attempts were made: forgetting them would send again what was delivered. They wait for the store.
      options.log.error({ error }, "settle could not commit; it tries again");
      await sleep(options.clock, RETRY_WAIT_MS);
    }
  }
  if (fenced.size > 0) tellFenced(options, fenced.size);
  for (const entry of batch) {
    try {
      if (fenced.has(entry.settlement.deliverySeq)) options.onFenced(entry.work);
      else await finish(options, entry);
    } catch (error) {
      options.log.error({ error, destinationId: entry.work.delivery.destinationId }, "a destination could not be disabled");
    }
  }
}

function tellFenced({ counters, log }: SettleOptions, outcomes: number): void {
  counters.fenced += outcomes;
  log.info(
    { outcomes },
    "Outcomes came after this node had lost their shards. They were not recorded, and other nodes make these attempts again.",
  );
}

function decide(
  { clock, random, catalog }: SettleOptions,
  work: Work,
  outcome: Outcome,
  exhausted: string | null,
  fence: number | null,
): Entry {
  const { delivery } = work;
  const now = clock.now();
  const attempts = delivery.attempts + 1;
  const destination = catalog.destination(delivery.destinationId);
  const decision = decideAfter({
    outcome: outcome.result,
    attemptNumber: attempts - delivery.attemptsBefore,
    expiresAt: delivery.expiresAt,
    policy: destination?.retry ?? NO_MORE_ATTEMPTS,
    nowMs: now,
    random: random.float(),
  });
  return {
    work,
    settlement: {
      deliverySeq: delivery.seq,
      fence,
      attempt: {
        deliveryId: delivery.id,
        eventId: delivery.eventId,
        destinationId: delivery.destinationId,
        number: attempts,
        ...outcome,
      },
      step: stepAfter(decision, attempts, now),
      leavesLine: decision.next === "retry" && delivery.order !== null && skipsFailed(destination),
    },
    disable: (decision.next === "retry" ? null : decision.disableDestination) ?? (exhausted === null ? null : { reason: exhausted }),
  };
}

function countAttempt(counters: Counters, { result }: Outcome): void {
  count(counters.attempts, result.kind === "response" ? `${Math.floor(result.status / 100)}xx` : result.failure);
}

function isOrdered({ work }: Entry): boolean {
  return work.delivery.order !== null;
}

function skipsFailed(destination: Destination | undefined): boolean {
  return destination !== undefined && destination.ordering.kind !== "unordered" && destination.ordering.onFailure === "skip";
}

// A destination that was deleted during the attempt has no policy left; what was tried is recorded and ends.
const NO_MORE_ATTEMPTS: RetryPolicy = { scheduleMs: [0], jitter: 0 };

function stepAfter(decision: Decision, attempts: number, now: number): DeliveryStep {
  switch (decision.next) {
    case "delivered":
      return { state: "delivered", attempts, nextAttemptAt: null, reason: null, finishedAt: now };
    case "retry":
      return { state: "waiting", attempts, nextAttemptAt: decision.atMs, reason: decision.reason, finishedAt: null };
    case "dead":
      return { state: "dead", attempts, nextAttemptAt: null, reason: decision.reason, finishedAt: now };
  }
}

async function finish({ catalog, tail, clock, onSettled, onDisabled }: SettleOptions, { work, settlement, disable }: Entry): Promise<void> {
  onSettled(work, settlement);
  if (tail.active) {
    const { attempt, step } = settlement;
    tail.emit({
      kind: "delivery.attempted",
      at: clock.now(),
      deliveryId: attempt.deliveryId,
      eventId: attempt.eventId,
      destinationId: attempt.destinationId,
      number: attempt.number,
      status: attempt.result.kind === "response" ? attempt.result.status : null,
      failure: attempt.result.kind === "failure" ? attempt.result.failure : null,
      durationMs: attempt.durationMs,
      state: step.state,
      nextAttemptAt: step.nextAttemptAt,
    });
  }
  if (disable === null) return;
  await catalog.disableDestination(work.delivery.destinationId, disable.reason);
  onDisabled(work.delivery.destinationId);
}
