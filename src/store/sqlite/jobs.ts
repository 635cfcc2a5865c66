// SQL of jobs: a document with its status beside it.
import type { DatabaseSync } from "node:sqlite";
import type { Job, JobStatus } from "../../core/job.ts";
import type { NewDeliveryRow, OrderMark } from "./dispatch.ts";

export function createJobWrites(database: DatabaseSync, insertDeliveries: (rows: NewDeliveryRow[]) => OrderMark[]) {
  const insert = database.prepare("INSERT INTO jobs (seq, id, status, doc) VALUES (?, ?, ?, ?)");
  const update = database.prepare("UPDATE jobs SET status = ?, doc = ? WHERE id = ? AND status = 'running'");
  const find = database.prepare("SELECT doc FROM jobs WHERE id = ?");
  const read = (id: string) => {
    const row = find.get(id) as { doc: string } | undefined;
    return row === undefined ? null : (JSON.parse(row.doc) as Job);
  };

  return {
    putJob(seq: number, job: Job): void {
      insert.run(seq, job.id, job.status, JSON.stringify(job));
    },
    /** Null when the job was cancelled or deleted meanwhile: then nothing is created. */
    stepJob(job: Job, rows: NewDeliveryRow[]): { job: Job; marks: OrderMark[] } | null {
      if (update.run(job.status, JSON.stringify(job), job.id).changes === 0) return null;
      return { job, marks: insertDeliveries(rows) };
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
