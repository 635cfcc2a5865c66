// SQL of jobs: a document with its status beside it, and steps that commit with what they do.
import type { Delivery } from "../../core/delivery.ts";
import { type IdSource, parseId, seqAtTime } from "../../core/id.ts";
import type { Job, JobStatus } from "../../core/job.ts";
import type { Row } from "../rows.ts";
import type { Guarded, IdempotencyRecord, JobEffect, ListQuery, Page } from "../store.ts";
import { inOrderOf, targetsOf } from "./commands.ts";
import { guarded } from "./config.ts";
import type { Database, Queries } from "./connection.ts";
import { insertDeliveries } from "./dispatch.ts";
import { endWaiting, present, revive } from "./moves.ts";

const INSERT = "INSERT INTO jobs (seq, id, status, doc) VALUES ($1, $2, $3, $4)";
const UPDATE = "UPDATE jobs SET status = $1, doc = $2 WHERE id = $3";
const LIST = "SELECT seq, doc FROM jobs WHERE seq < $1 AND seq >= $2 ORDER BY seq DESC LIMIT $3";

const jobFrom = ([doc]: Row) => JSON.parse(doc as string) as Job;

export function putJob(database: Database, ids: IdSource, job: Job, idempotency: IdempotencyRecord | null): Promise<Guarded<null>> {
  return database.transaction((queries) =>
    guarded(queries, idempotency, async () => {
      const seq = parseId("job", job.id)?.seq ?? ids.next().seq;
      await queries.query({ name: "insert-job", text: INSERT, values: [seq, job.id, job.status, JSON.stringify(job)] });
      return null;
    }),
  );
}

/** The job's row is held to the end of the step, so that of two steps from one cursor the later finds that it has moved. */
export function stepJob(
  database: Database,
  ids: IdSource,
  job: Job,
  fromCursor: string | null,
  effect: JobEffect,
): Promise<{ job: Job; deliveries: Delivery[] }> {
  return database.transaction(async (queries) => {
    const stored = await hold(queries, job.id);
    if (stored === null) return { job: { ...job, status: "cancelled" }, deliveries: [] };
    if (stored.status !== "running" || stored.cursor !== fromCursor) return { job: stored, deliveries: [] };
    const deliveries = await apply(queries, ids, effect);
    const stepped: Job = { ...job, deliveriesDone: job.deliveriesDone + deliveries.length };
    await update(queries, stepped);
    return { job: stepped, deliveries };
  });
}

async function apply(queries: Queries, ids: IdSource, effect: JobEffect): Promise<Delivery[]> {
  if (effect.kind === "create") return insertDeliveries(queries, ids, effect.deliveries);
  const seqs = await present(queries, targetsOf(effect.deliveryIds));
  const changed =
    effect.kind === "recover" ? await revive(queries, seqs, "recover", effect) : await endWaiting(queries, seqs, "cancelled", effect);
  return inOrderOf(seqs, changed);
}

async function hold(queries: Queries, id: string): Promise<Job | null> {
  const [row] = await queries.query({ name: "hold-job", text: "SELECT doc FROM jobs WHERE id = $1 FOR UPDATE", values: [id] });
  return row === undefined ? null : jobFrom(row);
}

export function cancelJob(database: Database, id: string, at: number): Promise<Job | null> {
  return database.transaction(async (queries) => {
    const job = await hold(queries, id);
    if (job === null || job.status !== "running") return job;
    const status: JobStatus = "cancelled";
    const cancelled: Job = { ...job, status, updatedAt: at, finishedAt: at, message: "Cancelled by hand." };
    await update(queries, cancelled);
    return cancelled;
  });
}

async function update(queries: Queries, job: Job): Promise<void> {
  await queries.query({ name: "update-job", text: UPDATE, values: [job.status, JSON.stringify(job), job.id] });
}

export async function readJob(queries: Queries, id: string): Promise<Job | null> {
  const [row] = await queries.query({ name: "job", text: "SELECT doc FROM jobs WHERE id = $1", values: [id] });
  return row === undefined ? null : jobFrom(row);
}

export async function readJobs(queries: Queries, query: ListQuery): Promise<Page<Job>> {
  const until = query.until === null ? Number.MAX_SAFE_INTEGER : seqAtTime(query.until);
  const before = query.cursor === null ? until : Math.min(Number(query.cursor), until);
  const since = query.since === null ? 0 : seqAtTime(query.since);
  const rows = await queries.query({ name: "jobs", text: LIST, values: [before, since, query.limit + 1] });
  const kept = rows.slice(0, query.limit);
  return {
    data: kept.map(([, doc]) => jobFrom([doc!])),
    nextCursor: rows.length > query.limit ? String(kept.at(-1)![0]) : null,
  };
}

export async function unfinishedJobs(queries: Queries): Promise<Job[]> {
  const rows = await queries.query({ name: "unfinished-jobs", text: "SELECT doc FROM jobs WHERE status = 'running' ORDER BY seq" });
  return rows.map(jobFrom);
}
