// SQL of jobs: a document with its status beside it.
import type { DatabaseSync } from "node:sqlite";
import type { Job, JobStatus } from "../../core/job.ts";
import type { NewDeliveryRow, OrderMark } from "./dispatch.ts";
import type { JobChange } from "./job-changes.ts";
import type { Row } from "../rows.ts";

/** `done` is false when another step or a cancel came first: then `job` is what the store holds. */
type SteppedJob = { done: true; job: Job; changed: Row[]; marks: OrderMark[] } | { done: false; job: Job | null };

interface Effects {
  create(rows: NewDeliveryRow[]): OrderMark[];
  change(change: JobChange): Row[];
}

export function createJobWrites(database: DatabaseSync, { create, change }: Effects) {
  const insert = database.prepare("INSERT INTO jobs (seq, id, status, doc) VALUES (?, ?, ?, ?)");
  const update = database.prepare("UPDATE jobs SET status = ?, doc = ? WHERE id = ? AND status = 'running'");
  const claim = database.prepare(
    "UPDATE jobs SET status = status WHERE id = ? AND status = 'running' AND json_extract(doc, '$.cursor') IS ?",
  );
  const find = database.prepare("SELECT doc FROM jobs WHERE id = ?");
  const read = (id: string) => {
    const row = find.get(id) as { doc: string } | undefined;
    return row === undefined ? null : (JSON.parse(row.doc) as Job);
  };

  return {
    putJob(seq: number, job: Job): void {
      insert.run(seq, job.id, job.status, JSON.stringify(job));
    },
    stepJob(job: Job, fromCursor: string | null, rows: NewDeliveryRow[], effect: JobChange | null): SteppedJob {
      if (claim.run(job.id, fromCursor).changes === 0) return { done: false, job: read(job.id) };
      const marks = create(rows);
      const changed = effect === null ? [] : change(effect);
      const stepped: Job = { ...job, deliveriesDone: job.deliveriesDone + rows.length + changed.length };
      update.run(stepped.status, JSON.stringify(stepped), job.id);
      return { done: true, job: stepped, changed, marks };
    },
    cancelJob(id: string, at: number): Job | null {
      const job = read(id);
      if (job === null || job.status !== "running") return job;
      const status: JobStatus = "cancelled";
      const cancelled: Job = { ...job, status, updatedAt: at, finishedAt: at, message: "Cancelled by hand." };
      update.run(status, JSON.stringify(cancelled), id);
      return cancelled;
    },
  };
}

export function createJobReads(database: DatabaseSync) {
  const find = database.prepare("SELECT doc FROM jobs WHERE id = ?");
  const list = database.prepare("SELECT seq, doc FROM jobs WHERE seq < ? AND seq >= ? ORDER BY seq DESC LIMIT ?");
  const unfinished = database.prepare("SELECT doc FROM jobs WHERE status = 'running' ORDER BY seq");
  return {
    job(id: string): Job | null {
      const row = find.get(id) as { doc: string } | undefined;
      return row === undefined ? null : (JSON.parse(row.doc) as Job);
    },
    jobs: (beforeSeq: number, sinceSeq: number, limit: number) =>
      (list.all(beforeSeq, sinceSeq, limit) as { seq: number; doc: string }[]).map((row) => ({
        seq: row.seq,
        job: JSON.parse(row.doc) as Job,
      })),
    unfinishedJobs: () => (unfinished.all() as { doc: string }[]).map((row) => JSON.parse(row.doc) as Job),
  };
}
