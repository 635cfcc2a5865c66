// Requests that became no event, rejected ones and handshakes, kept to be looked up: sampled and batched, so that an attacker can fill neither the disk nor the writer's time.
import { createTokenBucket, type TokenBucket } from "../core/rate.ts";
import { REJECTED_BODY_KEPT_BYTES_MAX, REJECTED_PER_SOURCE_PER_SECOND_MAX } from "../limits.ts";
import type { Logger } from "../log.ts";
import type { HandshakeRequest, RejectedRequest, Store, UnacceptedRequest } from "../store/store.ts";
import type { Clock } from "../system/clock.ts";
import type { Tail } from "./tail.ts";

const FLUSH_AFTER_MS = 100;
const GATHERED_MAX = 500;
// The oldest buckets are forgotten first; unknown sources share one.
const BUCKETS_MAX = 10_000;

export interface Rejections {
  add(rejected: Omit<RejectedRequest, "outcome">): void;
  /** A provider's check of the URL; `message` says what it was answered. */
  handshake(request: Omit<HandshakeRequest, "outcome" | "cause">): void;
  /** Requests that were counted but not kept, since the start. */
  readonly suppressed: number;
  flush(): Promise<void>;
}

export function createRejections({ store, clock, tail, log }: { store: Store; clock: Clock; tail: Tail; log: Logger }): Rejections {
  const buckets = new Map<string, TokenBucket>();
  let gathered: UnacceptedRequest[] = [];
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
      await store.recordRequests(batch);
    } catch (error) {
      // The callers were already answered; a store that can't keep the record must not take the program with it.
      suppressed += batch.length;
      log.warn({ error, count: batch.length }, "rejected requests and handshakes could not be recorded");
    }
  }

  function gather(unaccepted: UnacceptedRequest): void {
    if (gathered.length >= GATHERED_MAX || !bucketOf(unaccepted.sourceId).take(unaccepted.receivedAt).ok) {
      suppressed += 1;
      return;
    }
    // A copy: slice() of a Buffer is a view, which would hold the whole body until it is recorded.
    const body = new Uint8Array(unaccepted.request.body.subarray(0, REJECTED_BODY_KEPT_BYTES_MAX));
    gathered.push({ ...unaccepted, request: { ...unaccepted.request, body } });
    if (planned) return;
    planned = true;
    clock.after(FLUSH_AFTER_MS, () => {
      flushing = flush();
    });
  }

  return {
    add(rejected) {
      if (tail.active) {
        const { sourceId, cause, request, receivedAt } = rejected;
        tail.emit({ kind: "request.rejected", at: receivedAt, sourceId, cause, method: request.method });
      }
      gather({ ...rejected, outcome: "rejected" });
    },
    handshake(answered) {
      if (tail.active) {
        const { sourceId, message, request, receivedAt } = answered;
        tail.emit({ kind: "request.handshake", at: receivedAt, sourceId, method: request.method, message });
      }
      gather({ ...answered, outcome: "handshake", cause: null });
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
