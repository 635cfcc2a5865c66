// The main thread's side of the store's threads: calls out, promises back.
import { Worker } from "node:worker_threads";
import { StoreUnavailableError } from "../store.ts";
import { isDiskFault, isFatal } from "./faults.ts";
import type { WriteReply } from "./writes.ts";

type ThreadName = "writer-thread" | "reader-thread" | "checkpoint-thread";

// Rows pass through these threads and are garbage at once: a young generation of 48 MiB each, V8's default, would only be memory
// that is touched once.
const RESOURCE_LIMITS = { maxYoungGenerationSizeMb: 2 };

/** Starts a thread from the file beside this one: `.ts` when run from sources, `.js` when built. */
export function startThread(name: ThreadName, data: Record<string, unknown>): Worker {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  return new Worker(new URL(`./${name}.${extension}`, import.meta.url), {
    workerData: data,
    name: `posthorn-${name}`,
    resourceLimits: RESOURCE_LIMITS,
  });
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

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
      if (!isDiskFault(reply.code)) {
        call.reject(new Error(reply.message));
        return;
      }
      const error = new StoreUnavailableError(`The store could not commit: ${reply.message}.`);
      call.reject(error);
      if (isFatal(reply.code)) onFatal(error);
    },
    failAll(error: Error): void {
      for (const call of waiting.values()) call.reject(error);
      waiting.clear();
    },
  };
}
