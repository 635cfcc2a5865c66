// Everything the writer's thread can do, and the shared transaction it does it in.
import type { DatabaseSync } from "node:sqlite";
import type { DeliveryCommand, IdempotencyRecord, RetentionSlice } from "../store.ts";
import type { Job } from "../../core/job.ts";
import { createAcceptWrites } from "./accept.ts";
import { createConfigWrites } from "./config.ts";
import { createDispatchWrites, type NewDeliveryRow } from "./dispatch.ts";
import { createDueReads } from "./due.ts";
import { createExpiryWrites } from "./expiry.ts";
import { codeOf, isFatal } from "./faults.ts";
import { createHealthWrites } from "./health.ts";
import { createJobChanges, type JobChange } from "./job-changes.ts";
import { createJobWrites } from "./jobs.ts";
import { createOrderWrites } from "./order.ts";
import { createRetentionWrites, vacuumSlice } from "./retention.ts";
import { createSettleWrites } from "./settle.ts";
import type { ConfigChange, ConfigOutcome, Guarded } from "../store.ts";

export function createWrites(database: DatabaseSync, limits: { requestsKeptMax: number }) {
  const config = createConfigWrites(database);
  const order = createOrderWrites(database);
  const dispatch = createDispatchWrites(database, config.currentVersion, order);
  const settle = createSettleWrites(database, order);
  const jobs = createJobWrites(database, { create: dispatch.insertDeliveries, change: createJobChanges(database, order) });
  const retention = createRetentionWrites(database);

  /** Runs a write unless its idempotency key was used before; key and write commit together. */
  function guarded<T>(record: IdempotencyRecord | null, write: () => T): Guarded<T> {
    if (record === null) return { kind: "done", result: write() };
    const earlier = config.findIdempotency(record.key);
    if (earlier !== null) return { kind: "repeated", record: earlier };
    config.insertIdempotency(record);
    return { kind: "done", result: write() };
  }

  return {
    ...createAcceptWrites(database, limits),
    commitDispatch: dispatch.commitDispatch,
    settle: settle.settle,
    ...createDueReads(database, order),
    ...createExpiryWrites(database, order),
    ...createHealthWrites(database),
    commandDeliveries: (targets: { seq: number; tail: string }[], command: DeliveryCommand, idempotency: IdempotencyRecord | null) =>
      guarded(idempotency, () => settle.commandDeliveries(targets, command)),
    applyConfig(changes: ConfigChange[], at: number, idempotency: IdempotencyRecord | null, ifVersion: number | null): ConfigOutcome {
      if (ifVersion !== null && ifVersion !== config.currentVersion()) return { kind: "stale" };
      const outcome = guarded(idempotency, () => {
        config.applyConfig(changes, at);
        return config.currentVersion();
      });
      return outcome.kind === "done" ? { kind: "done", version: outcome.result } : outcome;
    },
    putJob: (seq: number, job: Job, idempotency: IdempotencyRecord | null) =>
      guarded(idempotency, () => {
        jobs.putJob(seq, job);
        return null;
      }),
    stepJob: (job: Job, fromCursor: string | null, rows: NewDeliveryRow[], change: JobChange | null) =>
      jobs.stepJob(job, fromCursor, rows, change),
    cancelJob: jobs.cancelJob,
    deleteExpired(slice: RetentionSlice): number {
      const count = retention.deleteExpired(slice);
      vacuumSlice(database);
      return count;
    },
    sweep: retention.sweep,
    ping: () => null,
  };
}

export type Writes = ReturnType<typeof createWrites>;
export type WriteName = keyof Writes;

export interface WriteCall {
  id: number;
  name: WriteName;
  args: unknown[];
}

export type WriteReply =
  | { id: number; ok: true; result: unknown }
  /** `code` is SQLite's extended result code when it was the store that failed. */
  | { id: number; ok: false; message: string; code: number | null };

/** What the writer's thread answers to one or more groups. */
export interface WriterAnswer {
  replies: WriteReply[];
  /** The groups' body buffers, for their next use. */
  buffers: ArrayBuffer[];
}

/** Runs groups of calls until the disk fails in a way that leaves the log in doubt; from then on nothing more is tried on it. */
export function createCommits(database: DatabaseSync, writes: Writes): (calls: WriteCall[]) => WriteReply[] {
  let broken: WriteReply | null = null;
  return (calls) => {
    if (broken !== null) {
      const reply = broken;
      return calls.map((call) => ({ ...reply, id: call.id }));
    }
    const replies = runGrouped(database, writes, calls);
    broken = replies.find((reply) => !reply.ok && isFatal(reply.code)) ?? null;
    return replies;
  };
}

/** Runs calls in one transaction; when that fails, each in its own, so that one bad call can't take others with it. */
function runGrouped(database: DatabaseSync, writes: Writes, calls: WriteCall[]): WriteReply[] {
  try {
    return inTransaction(database, () => calls.map((call) => ({ id: call.id, ok: true, result: run(writes, call) })));
  } catch (error) {
    // Trying again after a failed fsync could acknowledge what the failed one lost.
    if (calls.length === 1 || isFatal(codeOf(error))) return calls.map((call) => failure(call, error));
    return calls.flatMap((call) => runGrouped(database, writes, [call]));
  }
}

function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    // SQLite rolls back by itself on a full disk; a second ROLLBACK would then fail and hide the cause.
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

function run(writes: Writes, call: WriteCall): unknown {
  const write = writes[call.name] as (...args: unknown[]) => unknown;
  return write(...call.args);
}

function failure(call: WriteCall, error: unknown): WriteReply {
  return { id: call.id, ok: false, message: error instanceof Error ? error.message : String(error), code: codeOf(error) };
}
