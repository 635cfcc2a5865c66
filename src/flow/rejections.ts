// Rejected requests, kept to be looked up: sampled and batched, so that an attacker can fill neither the disk nor the writer's time.
import { createTokenBucket, type TokenBucket } from "../core/rate.ts";
import { REJECTED_BODY_KEPT_BYTES_MAX, REJECTED_PER_SOURCE_PER_SECOND_MAX } from "../limits.ts";
import type { Logger } from "../log.ts";
import type { RejectedRequest, Store } from "../store/store.ts";
import type { Clock } from "../system/clock.ts";
import type { Tail } from "./tail.ts";

const FLUSH_AFTER_MS = 100;
const GATHERED_MAX = 500;
// The oldest buckets are forgotten first; unknown sources share one.
const BUCKETS_MAX = 10_000;

export interface Rejections {
  add(rejected: RejectedRequest): void;
  /** Rejected requests that were counted but not kept, since the start. */
  readonly suppressed: number;
  flush(): Promise<void>;
}

export function createRejections({ store, clock, tail, log }: { store: Store; clock: Clock; tail: Tail; log: Logger }): Rejections {
  const buckets = new Map<string, TokenBucket>();
  let gathered: RejectedRequest[] = [];
  let flushing: Promise<void> = Promise.resolve();
  let planned = false;
  let suppressed = 0;

  function bucketOf(sourceId: string | null): TokenBucket {
    const key = sourceId ?? "";
    let bucket = buckets.get(key);
    if (bucket === undefined) {
      bucket = createTokenBucket({ perSecond: REJECTED_PER_SOURCE_PER_SECOND_MAX, burst: REJECTED_PER_SOURCE_PER_SECOND_MAX * 5 });
      buckets.set(key, bucket);
      if (buckets.size > BUCKETS_MAX) buckets.delete(buckets.keys().next().value!);
    }
    return bucket;
  }

  async function flush(): Promise<void> {
    planned = false;
    const batch = gathered;
    gathered = [];
    if (batch.length === 0) return;
    try {
      await store.recordRejections(batch);
    } catch (error) {
      // The callers were already refused; a store that can't keep the record must not take the program with it.
      suppressed += batch.length;
      log.warn({ error, count: batch.length }, "rejected requests could not be recorded");
    }
  }

  return {
    add(rejected) {
      if (tail.active) {
        const { sourceId, cause, request, receivedAt } = rejected;
        tail.emit({ kind: "request.rejected", at: receivedAt, sourceId, cause, method: request.method });
      }
      if (gathered.length >= GATHERED_MAX || !bucketOf(rejected.sourceId).take(rejected.receivedAt).ok) {
        suppressed += 1;
        return;
      }
      // A copy: slice() of a Buffer is a view, which would hold the whole body until it is recorded.
      const body = new Uint8Array(rejected.request.body.subarray(0, REJECTED_BODY_KEPT_BYTES_MAX));
      gathered.push({ ...rejected, request: { ...rejected.request, body } });
      if (planned) return;
      planned = true;
      clock.after(FLUSH_AFTER_MS, () => {
        flushing = flush();
      });
    },
    get suppressed() {
      return suppressed;
    },
    async flush() {
      await flushing;
      await flush();
    },
  };
}
