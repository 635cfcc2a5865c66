// jobs: walk what is stored, step by committed step, and make, recover or cancel deliveries; at a rate, across restarts.
import type { Delivery } from "../core/delivery.ts";
import type { Event } from "../core/event.ts";
import type { Job, JobPlan, JobTask } from "../core/job.ts";
import { shardOf } from "../core/shard.ts";
import { JOB_STEP_MAX } from "../limits.ts";
import type { Logger } from "../log.ts";
import type { JobEffect } from "../store/store.ts";
import { type Clock, createPauses } from "../system/clock.ts";
import { planCancelStep, planRecoverStep } from "./delivery-walk.ts";
import type { Ownership } from "./ownership.ts";
import { planReplayStep, type ReplayOptions, type WalkPlace } from "./replay.ts";
import type { Worker } from "./worker.ts";

const RETRY_WAIT_MS = 1_000;

export interface Jobs {
  /** Goes on with every job that a stop or a crash interrupted, as far as they are this node's. */
  start(): Promise<void>;
  /** Finds jobs of this node's shards that nobody told it of. */
  look(): Promise<void>;
  /** Shards of jobs with a step under way. */
  busy(): number[];
  jobChanged(job: Job): void;
  /** What a job would do that is made at `through`: the very steps of one, without their commits. */
  plan(task: JobTask, through: number): Promise<JobPlan>;
  stop(): Promise<void>;
}

/** Tells whoever works on them of deliveries that changed. */
export type ChangesTold = Pick<Worker, "deliveriesChanged" | "deliveriesRecovered">;

export interface JobsOptions extends ReplayOptions {
  worker: Worker;
  changes: ChangesTold;
  ownership: Ownership;
  clock: Clock;
  log: Logger;
}

/** One step of a job: what it takes up, and what it does with it. */
interface Step {
  /** Of a replay; empty for the other kinds. */
  events: Event[];
  /** What it takes up, in the unit of its rate. */
  taken: number;
  deliveries: number;
  effect: JobEffect;
  /** Where the next step goes on; null after the last. */
  cursor: string | null;
}

export function createJobs(options: JobsOptions): Jobs {
  const { store, worker, clock, log, ownership } = options;
  const running = new Map<string, Promise<void>>();
  const stepping = new Set<string>();
  let stopping = false;
  // A slow job sleeps for long; a stop must not wait for it.
  const { pause, end: endPauses } = createPauses(clock);

  function run(job: Job): void {
    if (stopping || job.status !== "running" || running.has(job.id) || !ownership.owns(job.id)) return;
    const since = ownership.ownedSince(job.id);
    running.set(
      job.id,
      work(job, since).finally(() => {
        running.delete(job.id);
        // It was another node's in between, and its own word on how far it came is old.
        if (!stopping && ownership.owns(job.id) && ownership.ownedSince(job.id) !== since) void lookAgain();
      }),
    );
  }

  /** The lease keeps two nodes from doing the same work; that none is done twice is the store's to see, by the job's cursor. */
  function isMine(job: Job, since: number): boolean {
    return ownership.owns(job.id) && ownership.ownedSince(job.id) === since && ownership.isValid(clock.now());
  }

  async function look(): Promise<void> {
    if (ownership.shards()?.length === 0) return;
    for (const job of await store.unfinishedJobs()) run(job);
  }

  async function lookAgain(): Promise<void> {
    try {
      await look();
    } catch (error) {
      log.warn({ error }, "unfinished jobs could not be read; the next look at the store tries again");
    }
  }

  async function work(first: Job, since: number): Promise<void> {
    let job = first;
    while (!stopping && job.status === "running" && isMine(job, since)) {
      try {
        job = await stepOnce(job);
      } catch (error) {
        log.error({ error, jobId: job.id }, "a step of a job failed; it tries again");
        await pause(RETRY_WAIT_MS);
      }
    }
  }

  async function stepOnce(job: Job): Promise<Job> {
    stepping.add(job.id);
    const { step, stepped } = await commitStep(options, job).finally(() => stepping.delete(job.id));
    if (job.ratePerSecond !== null) await pause((step.taken * 1000) / job.ratePerSecond);
    else if (job.kind !== "cancel" && !worker.hasRoom()) await Promise.race([worker.drained(), pause(RETRY_WAIT_MS)]);
    return stepped;
  }

  return {
    start: look,
    look: lookAgain,
    busy: () => Array.from(stepping, shardOf),
    jobChanged: run,
    plan: (task, through) => planWhole(options, task, through, () => stopping),
    async stop() {
      stopping = true;
      endPauses();
      await Promise.allSettled(running.values());
    },
  };
}

async function commitStep(options: JobsOptions, job: Job): Promise<{ step: Step; stepped: Job }> {
  const { store, clock } = options;
  const { id: jobId, through, cursor } = job;
  const now = clock.now();
  const step = await planStep(options, job, { through, cursor, limit: stepSize(job), jobId, now });
  const { job: stepped, deliveries } = await store.stepJob(jobAfter(job, step, now), cursor, step.effect);
  tell(options, step, deliveries);
  return { step, stepped };
}

async function planWhole(options: JobsOptions, task: JobTask, through: number, stopped: () => boolean): Promise<JobPlan> {
  let [events, deliveries, cursor] = [0, 0, null as string | null];
  do {
    const step = await planStep(options, task, { through, cursor, limit: JOB_STEP_MAX, jobId: "", now: through });
    events += step.events.length;
    deliveries += step.deliveries;
    cursor = step.cursor;
  } while (cursor !== null && !stopped());
  return { events: task.kind === "replay" ? events : null, deliveries };
}

/** A slow job takes small steps, so that its rate holds over every second and not only on average. */
function stepSize({ ratePerSecond }: Job): number {
  return ratePerSecond === null ? JOB_STEP_MAX : Math.min(JOB_STEP_MAX, Math.max(1, Math.floor(ratePerSecond / 10)));
}

async function planStep(options: JobsOptions, task: JobTask, place: WalkPlace): Promise<Step> {
  switch (task.kind) {
    case "replay": {
      const { events, deliveries, cursor } = await planReplayStep(options, task.filter, place);
      const effect: JobEffect = { kind: "create", deliveries };
      return { events, taken: events.length, deliveries: deliveries.length, effect, cursor };
    }
    case "recover":
    case "cancel": {
      const { deliveries, cursor } =
        task.kind === "recover" ? await planRecoverStep(options, task.filter, place) : await planCancelStep(options, task.filter, place);
      const reason = `${task.kind === "recover" ? "Recovered" : "Cancelled"} by ${place.jobId}.`;
      const effect: JobEffect = { kind: task.kind, deliveryIds: deliveries.map(({ id }) => id), at: place.now, reason };
      return { events: [], taken: deliveries.length, deliveries: deliveries.length, effect, cursor };
    }
  }
}

/** `deliveriesDone` is the store's to add: only it knows which of the deliveries were still as they were read. */
function jobAfter(job: Job, { cursor, events }: Step, now: number): Job {
  const ended = cursor === null;
  const facts = { cursor, status: ended ? ("finished" as const) : job.status, updatedAt: now, finishedAt: ended ? now : null };
  return job.kind === "replay" ? { ...job, ...facts, eventsSeen: job.eventsSeen + events.length } : { ...job, ...facts };
}

function tell({ worker, changes }: JobsOptions, { events, effect }: Step, deliveries: Delivery[]): void {
  switch (effect.kind) {
    case "create": {
      const bySeq = new Map(events.map((event) => [event.seq, event]));
      return worker.offer(deliveries.map((delivery) => ({ delivery, event: bySeq.get(delivery.eventSeq)! })));
    }
    case "recover":
      return changes.deliveriesRecovered(deliveries);
    case "cancel":
      return changes.deliveriesChanged(deliveries);
  }
}
