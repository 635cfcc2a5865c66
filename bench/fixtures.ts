// The destination and subscription the benches deliver through.
import type { Destination } from "../src/core/destination.ts";
import { defaultRetryPolicy } from "../src/core/retry-schedule.ts";
import type { Subscription } from "../src/core/subscription.ts";
import type { AcceptDraft } from "../src/store/store.ts";

// Not a secret of anything: the bytes spell what it is for.
const BENCH_SECRET = `whsec_${Buffer.from("posthorn-bench-secret-not-real!!").toString("base64")}`;

export function benchDestination(url: string, concurrencyMax: number): Destination {
  return {
    id: "dst_00000000000000000000000000",
    name: "bench receiver",
    type: "http",
    tenantId: null,
    url,
    method: null,
    forwardPath: false,
    forwardQuery: false,
    forwardHeaders: true,
    headers: {},
    auth: { kind: "none" },
    signature: { kind: "standard-webhooks", secrets: [BENCH_SECRET] },
    tls: null,
    http2: false,
    retry: defaultRetryPolicy(),
    deadlineMs: 20_000,
    connectTimeoutMs: 5_000,
    responseBytesMax: 16_384,
    concurrencyMax,
    adaptiveConcurrency: true,
    rateLimit: null,
    ordering: { kind: "unordered" },
    state: { kind: "active" },
    createdAt: 0,
    updatedAt: 0,
  };
}

export function benchSubscription(destinationId: string): Subscription {
  return {
    id: "sub_00000000000000000000000000",
    name: null,
    enabled: true,
    sourceId: null,
    tenantId: null,
    eventTypes: [],
    channels: [],
    filter: null,
    delayMs: 0,
    expireAfterMs: null,
    destinationId,
    createdAt: 0,
    updatedAt: 0,
  };
}

/** An event with nothing but a body. */
export function benchEvent(receivedAt: number, body: Uint8Array, changes: Partial<AcceptDraft> = {}): AcceptDraft {
  return {
    sourceId: null,
    tenantId: null,
    type: "bench.event",
    key: null,
    providerEventId: null,
    channels: [],
    deliverAt: null,
    deliverBefore: null,
    receivedAt,
    occurredAt: null,
    request: { method: "POST", pathTail: "", query: "", headers: ["content-type", "application/json"], remoteAddress: "127.0.0.1", body },
    dedupe: null,
    ...changes,
  };
}
