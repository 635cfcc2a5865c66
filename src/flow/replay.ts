// replay: a job that walks stored events and makes deliveries of them again, step by committed step.
import type { Event, EventHead } from "../core/event.ts";
import type { Job, ReplayFilter } from "../core/job.ts";
import { REPLAY_STEP_EVENTS_MAX, STEP_BODY_BYTES_MAX } from "../limits.ts";
import type { Logger } from "../log.ts";
import type { NewDelivery, Store } from "../store/store.ts";
import { type Clock, createPauses } from "../system/clock.ts";
import type { Catalog } from "./catalog.ts";
import type { LargeBodies } from "./large-bodies.ts";
import { replayOrderOf } from "./ordering.ts";
import { takersOf } from "./takers.ts";
import type { Worker } from "./worker.ts";

const RETRY_WAIT_MS = 1_000;

export interface Replays {
  /** Goes on with every job that a stop or a crash interrupted. */
  start(): Promise<void>;
  jobChanged(job: Job): void;
  plan(filter: ReplayFilter, through: number): Promise<{ events: number; deliveries: number }>;
  stop(): Promise<void>;
}

export interface ReplayOptions {
  store: Store;
  catalog: Catalog;
  worker: Worker;
  largeBodies: LargeBodies;
  clock: Clock;
  log: Logger;
}

interface Step {
  events: Event[];
  /** Where the next step goes on; null after the last. */
  cursor: string | null;
}

export function createReplays(options: ReplayOptions): Replays {
  const { store, worker, clock, log } = options;
  const running = new Map<string, Promise<void>>();
  let stopping = false;
  // A slow job sleeps for long; a stop must not wait for it.
  const { pause, end: endPauses } = createPauses(clock);

  function run(job: Job): void {
    if (stopping || job.status !== "running" || running.has(job.id)) return;
    running.set(
      job.id,
      work(job).finally(() => running.delete(job.id)),
    );
  }

  async function work(first: Job): Promise<void> {
    let job = first;
    while (!stopping && job.status === "running") {
      try {
        job = await stepOnce(job);
      } catch (error) {
        log.error({ error, jobId: job.id }, "a replay step failed; it tries again");
        await pause(RETRY_WAIT_MS);
      }
    }
  }

  async function stepOnce(job: Job): Promise<Job> {
    const step = await readStep(store, job.filter, job.through, job.cursor, stepSize(job));
    const now = clock.now();
    const drafts = await replayDeliveries(options, job.filter, step.events, job.id, now);
    const next: Job = {
      ...job,
      status: step.cursor === null ? "finished" : "running",
      cursor: step.cursor,
      eventsSeen: job.eventsSeen + step.events.length,
      deliveriesCreated: job.deliveriesCreated + drafts.length,
      updatedAt: now,
      finishedAt: step.cursor === null ? now : null,
    };
    const { job: stepped, deliveries } = await store.stepJob(next, drafts);
    const bySeq = new Map(step.events.map((event) => [event.seq, event]));
    worker.offer(deliveries.map((delivery) => ({ delivery, event: bySeq.get(delivery.eventSeq)! })));
    if (job.ratePerSecond !== null) await pause((step.events.length * 1000) / job.ratePerSecond);
    else if (!worker.hasRoom()) await Promise.race([worker.drained(), pause(RETRY_WAIT_MS)]);
    return stepped;
  }

  return {
    async start() {
      for (const job of await store.unfinishedJobs()) run(job);
    },
    jobChanged: run,
    async plan(filter, through) {
      let [events, deliveries, cursor] = [0, 0, null as string | null];
      do {
        const step = await readStep(store, filter, through, cursor, REPLAY_STEP_EVENTS_MAX);
        events += step.events.length;
        deliveries += (await replayDeliveries(options, filter, step.events, "", 0)).length;
        cursor = step.cursor;
      } while (cursor !== null && !stopping);
      return { events, deliveries };
    },
    async stop() {
      stopping = true;
      endPauses();
      await Promise.allSettled(running.values());
    },
  };
}

/** A slow job takes small steps, so that its rate holds over every second and not only on average. */
function stepSize(job: Job): number {
  return job.ratePerSecond === null
    ? REPLAY_STEP_EVENTS_MAX
    : Math.min(REPLAY_STEP_EVENTS_MAX, Math.max(1, Math.floor(job.ratePerSecond / 10)));
}

async function readStep(store: Store, filter: ReplayFilter, through: number, cursor: string | null, limit: number): Promise<Step> {
  if (filter.eventIds !== undefined) return readNamed(store, filter.eventIds, cursor, limit);
  const query = {
    cursor,
    since: filter.since ?? null,
    until: Math.min(filter.until ?? Number.MAX_SAFE_INTEGER, through + 1),
    sourceId: filter.sourceId,
    tenantId: filter.tenantId,
    type: filter.type,
    key: filter.key,
    ascending: true,
  };
  let page = await store.events({ ...query, limit });
  const fits = fittingCount(page.data);
  if (fits < page.data.length) page = await store.events({ ...query, limit: fits });
  return { events: await store.eventsBySeq(page.data.map((head) => head.seq)), cursor: page.nextCursor };
}

/** How many of these a step may read with their bodies: at least one, and then as many as stay within the bound. */
function fittingCount(heads: readonly EventHead[]): number {
  let bytes = 0;
  for (const [index, head] of heads.entries()) {
    bytes += head.bodyBytes;
    if (bytes > STEP_BODY_BYTES_MAX) return Math.max(1, index);
  }
  return heads.length;
}

/** Named events are walked by their place in the list; one that is gone is passed over. */
async function readNamed(store: Store, ids: string[], cursor: string | null, limit: number): Promise<Step> {
  const from = Number(cursor ?? 0);
  const events: (Event | null)[] = [];
  let bytes = 0;
  let next = from;
  while (next < Math.min(ids.length, from + limit) && bytes < STEP_BODY_BYTES_MAX) {
    const event = await store.event(ids[next]!);
    events.push(event);
    bytes += event?.bodyBytes ?? 0;
    next += 1;
  }
  return { events: events.filter((event) => event !== null), cursor: next < ids.length ? String(next) : null };
}

async function replayDeliveries(
  options: ReplayOptions,
  filter: ReplayFilter,
  events: Event[],
  jobId: string,
  now: number,
): Promise<NewDelivery[]> {
  const drafts: NewDelivery[] = [];
  for (const event of events) {
    const candidates = options.catalog.subscriptionsFor(event.sourceId).filter(({ subscription: { id, destinationId } }) => {
      if (filter.subscriptionId !== undefined && id !== filter.subscriptionId) return false;
      return filter.destinationId === undefined || destinationId === filter.destinationId;
    });
    for (const subscription of await takersOf(candidates, event, options.largeBodies)) {
      drafts.push({
        eventId: event.id,
        eventSeq: event.seq,
        destinationId: subscription.destinationId,
        subscriptionId: subscription.id,
        nextAttemptAt: now,
        trigger: "replay",
        jobId,
        order: await replayOrderOf(options.catalog, options.largeBodies, event, subscription.destinationId),
      });
    }
  }
  return drafts;
}
