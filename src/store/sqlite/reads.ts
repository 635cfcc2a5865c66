// Everything the reader's thread can answer.
import type { DatabaseSync } from "node:sqlite";
import { createConfigReads } from "./config.ts";
import { createDispatchReads } from "./dispatch.ts";
import { createWaitingReads } from "./due.ts";
import { createHealthReads } from "./health.ts";
import { createJobReads } from "./jobs.ts";
import { createListReads } from "./lists.ts";
import { createOrderReads } from "./order.ts";
import { createReachReads } from "./reach.ts";
import { createRecordReads } from "./records.ts";
import { createSizeReads } from "./retention.ts";

export function createReads(database: DatabaseSync) {
  return {
    ...createConfigReads(database),
    ...createDispatchReads(database),
    ...createHealthReads(database),
    ...createJobReads(database),
    ...createListReads(database),
    ...createOrderReads(database),
    ...createReachReads(database),
    ...createRecordReads(database),
    ...createSizeReads(database),
    ...createWaitingReads(database),
  };
}

export type Reads = ReturnType<typeof createReads>;
