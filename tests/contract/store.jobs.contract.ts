// Contract of jobs: a step and its deliveries are one commit, and a cancel wins over every step after it.
import { describe, expect } from "vitest";
import type { Job, ReplayJob } from "../../src/core/job.ts";
import { createIdSource, newId } from "../../src/core/id.ts";
import type { JobEffect, NewDelivery } from "../../src/store/store.ts";
import { systemClock } from "../../src/system/clock.ts";
import { seededRandom } from "../kit/random.ts";
import { allPages } from "../kit/store.ts";
import { newDelivery, START_MS, type Bench, type ContractTest, type OpenBench } from "./store-bench.ts";

function jobOf(bench: Bench, changes: Partial<ReplayJob> = {}): ReplayJob {
  const ids = createIdSource({ now: () => bench.now, after: systemClock.after }, seededRandom(bench.now));
  return {
    id: newId(ids, "job"),
    kind: "replay",
    status: "running",
    filter: { type: "a.*", eventIds: ["evt_1"] },
    ratePerSecond: 5,
    through: START_MS,
    cursor: null,
    eventsSeen: 0,
    deliveriesDone: 0,
    deliveriesTotal: 4,
    eventsTotal: 3,
    message: null,
    createdAt: bench.now,
    updatedAt: bench.now,
    finishedAt: null,
    ...changes,
  };
}

function create(...deliveries: NewDelivery[]): JobEffect {
  return { kind: "create", deliveries };
}

export function describeJobs(open: OpenBench, test: ContractTest): void {
  describe("jobs", () => {
    test("a job reads back as it was put, and once per idempotency key", async () => {
      const bench = await open();
      const job = jobOf(bench);
      const record = { key: "k", fingerprint: "f", response: Uint8Array.of(1), createdAt: bench.now };
      expect(await bench.store.putJob(job, record)).toEqual({ kind: "done", result: null });
      bench.now += 1;
      expect(await bench.store.putJob(jobOf(bench), record)).toEqual({ kind: "repeated", record });
      await bench.reopen();
      expect(await bench.store.job(job.id)).toEqual(job);
      expect(await bench.store.job("job_none")).toBeNull();
      expect(await bench.store.unfinishedJobs()).toEqual([job]);
    });

    test("a step commits the job's progress and its deliveries together", async () => {
      const bench = await open();
      const event = await bench.accept();
      const job = jobOf(bench);
      await bench.store.putJob(job, null);
      const next: Job = { ...job, cursor: "c1", eventsSeen: 1 };
      const stepped = await bench.store.stepJob(next, null, create(newDelivery(event, { trigger: "replay", jobId: job.id })));
      expect(stepped.job).toEqual({ ...next, deliveriesDone: 1 });
      await bench.reopen();
      expect(await bench.store.job(job.id)).toEqual({ ...next, deliveriesDone: 1 });
      expect(await allPages(bench.store.deliveries, { jobId: job.id })).toEqual(stepped.deliveries);
      expect(stepped.deliveries).toHaveLength(1);
    });

    test("a step whose deliveries cannot be kept does not move the job", async () => {
      const bench = await open();
      const event = await bench.accept();
      const job = jobOf(bench);
      await bench.store.putJob(job, null);
      const broken = newDelivery(event, { destinationId: null as unknown as string });
      await expect(bench.store.stepJob({ ...job, cursor: "c1" }, null, create(newDelivery(event), broken))).rejects.toThrow();
      expect(await bench.store.job(job.id)).toEqual(job);
      expect(await allPages(bench.store.deliveries, {})).toEqual([]);
    });

    test("a cancelled job stays cancelled, and a step that comes later creates nothing and is told", async () => {
      const bench = await open();
      const event = await bench.accept();
      const job = jobOf(bench);
      await bench.store.putJob(job, null);
      const cancelled = await bench.store.cancelJob(job.id, START_MS + 5);
      expect(cancelled).toMatchObject({ id: job.id, status: "cancelled", finishedAt: START_MS + 5 });
      const stepped = await bench.store.stepJob({ ...job, cursor: "c1", status: "finished" }, null, create(newDelivery(event)));
      expect(stepped).toMatchObject({ job: { status: "cancelled" }, deliveries: [] });
      expect(await bench.store.job(job.id)).toEqual(cancelled);
      expect(await allPages(bench.store.deliveries, {})).toEqual([]);
      expect(await bench.store.unfinishedJobs()).toEqual([]);
    });

    test("cancel leaves a finished job as it is, and knows no job it was not given", async () => {
      const bench = await open();
      const job = jobOf(bench, { status: "finished", finishedAt: START_MS });
      await bench.store.putJob(job, null);
      expect(await bench.store.cancelJob(job.id, START_MS + 9)).toEqual(job);
      expect(await bench.store.cancelJob("job_none", START_MS)).toBeNull();
    });

    test("the list shows the newest first, in pages, within bounds of time", async () => {
      const bench = await open();
      const start = bench.now;
      const jobs: Job[] = [];
      for (let i = 0; i < 5; i += 1) {
        const job = jobOf(bench);
        await bench.store.putJob(job, null);
        jobs.push(job);
        bench.now += 10;
      }
      const newestFirst = jobs.map((job) => job.id).toReversed();
      for (const limit of [1, 2, 5, 6]) expect((await allPages(bench.store.jobs, {}, limit)).map((job) => job.id)).toEqual(newestFirst);
      const between = await bench.store.jobs({ limit: 10, cursor: null, since: start + 10, until: start + 30 });
      expect(between.data.map((job) => job.id)).toEqual([jobs[2]!.id, jobs[1]!.id]);
    });
  });
}
