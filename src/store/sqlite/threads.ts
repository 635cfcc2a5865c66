// The main thread's side of the store's threads: calls out, promises back.
import { Worker } from "node:worker_threads";
import { StoreUnavailableError } from "../store.ts";
import type { WriteReply } from "./writes.ts";

type ThreadName = "writer-thread" | "reader-thread" | "checkpoint-thread";

/** Starts a thread from the file beside this one: `.ts` when run from sources, `.js` when built. */
export function startThread(name: ThreadName, data: Record<string, unknown>): Worker {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  return new Worker(new URL(`./${name}.${extension}`, import.meta.url), { workerData: data, name: `posthorn-${name}` });
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

// SQLite's primary result codes that mean the disk, not the program, failed: FULL, IOERR, READONLY, CORRUPT, NOTADB.
const DISK_CODES = new Set([13, 10, 8, 11, 26]);
/** After these the state of the log is unknown: acknowledging anything more would be a guess. */
const FATAL_CODES = new Set([10, 11, 26]);

/** Matches replies to calls; every call still open when the thread ends is rejected. */
export function createCalls(onFatal: (error: Error) => void) {
  const waiting = new Map<number, Waiting>();
  let lastId = 0;
  return {
    open(): { id: number; promise: Promise<unknown> } {
      lastId += 1;
      const id = lastId;
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      waiting.set(id, { resolve, reject });
      return { id, promise };
    },
    settle(reply: WriteReply): void {
      const call = waiting.get(reply.id);
      if (call === undefined) return;
      waiting.delete(reply.id);
      if (reply.ok) {
        call.resolve(reply.result);
        return;
      }
      const primary = reply.code === null ? null : reply.code & 0xff;
      if (primary === null || !DISK_CODES.has(primary)) {
        call.reject(new Error(reply.message));
        return;
      }
      const error = new StoreUnavailableError(`The store could not commit: ${reply.message}.`);
      call.reject(error);
      if (FATAL_CODES.has(primary)) onFatal(error);
    },
    failAll(error: Error): void {
      for (const call of waiting.values()) call.reject(error);
      waiting.clear();
    },
  };
}
