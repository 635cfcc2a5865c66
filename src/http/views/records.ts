// Subscriptions, events, requests, deliveries, attempts and keys as they are shown.
import type { ApiKey } from "../../core/api-key.ts";
import type { Delivery } from "../../core/delivery.ts";
import { type Event, type EventHead, headerValue, type RequestHead } from "../../core/event.ts";
import type { Subscription } from "../../core/subscription.ts";
import type { Catalog } from "../../flow/catalog.ts";
import type { Flow } from "../../flow/flow.ts";
import type { RequestRecord, RequestRecordHead } from "../../store/store.ts";
import type { DeliveryStatus, DeliveryView } from "../schemas/delivery.ts";
import type { EventHeadView, EventView, RequestHeadView, RequestView } from "../schemas/event.ts";
import type { ApiKeyView } from "../schemas/service.ts";
import type { SubscriptionView } from "../schemas/subscription.ts";
import { bodyView, headerPairsView, timeView, timeViewOrNull } from "./times.ts";

export function subscriptionView(subscription: Subscription): SubscriptionView {
  return { ...subscription, createdAt: timeView(subscription.createdAt), updatedAt: timeView(subscription.updatedAt) };
}

export function eventHeadView(event: EventHead): EventHeadView {
  return {
    id: event.id,
    sourceId: event.sourceId,
    tenantId: event.tenantId,
    type: event.type,
    key: event.key,
    providerEventId: event.providerEventId,
    channels: event.channels,
    requestId: event.requestId,
    receivedAt: timeView(event.receivedAt),
    occurredAt: timeViewOrNull(event.occurredAt),
    deliverAt: timeViewOrNull(event.deliverAt),
    deliverBefore: timeViewOrNull(event.deliverBefore),
    contentType: headerValue(event.request.headers, "content-type") ?? null,
    bodyBytes: event.bodyBytes,
  };
}

export function eventView(event: Event): EventView {
  return { ...eventHeadView(event), request: requestFactsView(event.request), ...bodyView(event.request.body) };
}

export function requestHeadView(record: RequestRecordHead): RequestHeadView {
  return {
    id: record.id,
    sourceId: record.sourceId,
    outcome: record.outcome,
    cause: record.cause,
    message: record.message,
    eventId: record.eventId,
    receivedAt: timeView(record.receivedAt),
    method: record.request.method,
    contentType: headerValue(record.request.headers, "content-type") ?? null,
    remoteAddress: record.request.remoteAddress,
    bodyBytes: record.bodyBytes,
  };
}

export function requestView(record: RequestRecord): RequestView {
  return {
    ...requestHeadView(record),
    eventIds: record.eventIds,
    request: requestFactsView(record.request),
    ...bodyView(record.request.body),
    bodyTruncated: record.request.body.byteLength < record.bodyBytes,
  };
}

function requestFactsView(request: RequestHead): EventView["request"] {
  const { method, pathTail, query, headers, remoteAddress } = request;
  return { method, pathTail, query, headers: headerPairsView(headers), remoteAddress };
}

/** Where a delivery's status comes from, beside its own state. */
export interface DeliveryContext {
  catalog: Pick<Catalog, "destination">;
  flow: Pick<Flow, "destinationHealth">;
}

/**
 * `paused`, parked and blocked are not stored: they are what waiting for a destination that takes nothing, or for an earlier
 * delivery, looks like. `blockerId` names that one where it was looked up.
 */
export function deliveryView(delivery: Delivery, context: DeliveryContext, blockerId: string | null = null): DeliveryView {
  const { status, reason } = statusOf(delivery, context, blockerId);
  return {
    id: delivery.id,
    eventId: delivery.eventId,
    destinationId: delivery.destinationId,
    subscriptionId: delivery.subscriptionId,
    status,
    reason,
    attemptCount: delivery.attempts,
    nextAttemptAt: timeViewOrNull(delivery.nextAttemptAt),
    expiresAt: timeViewOrNull(delivery.expiresAt),
    trigger: delivery.trigger,
    jobId: delivery.jobId,
    orderKey: delivery.order?.key ?? null,
    late: delivery.order?.late ?? false,
    createdAt: timeView(delivery.createdAt),
    finishedAt: timeViewOrNull(delivery.finishedAt),
  };
}

function statusOf(
  delivery: Delivery,
  { catalog, flow }: DeliveryContext,
  blockerId: string | null,
): { status: DeliveryStatus; reason: string | null } {
  const state = delivery.state === "waiting" ? catalog.destination(delivery.destinationId)?.state : undefined;
  switch (state?.kind) {
    case undefined:
      return { status: delivery.state, reason: delivery.reason };
    case "active":
      if (delivery.order?.blocked === true) {
        const blocker = blockerId ?? "an earlier delivery";
        return { status: delivery.state, reason: `Blocked by ${blocker}, which comes before it in the order of the destination.` };
      }
      return { status: delivery.state, reason: parkedReason(delivery, flow) ?? delivery.reason };
    case "paused":
      return { status: "paused", reason: "The destination is paused." };
    case "disabled":
      return { status: "paused", reason: `The destination is disabled: ${state.reason}` };
  }
}

/** Null for one that would wait anyway: its own time comes after the breaker's. */
function parkedReason({ destinationId, nextAttemptAt }: Delivery, flow: DeliveryContext["flow"]): string | null {
  const health = flow.destinationHealth(destinationId);
  if (health === null || health.phase === "closed" || nextAttemptAt === null) return null;
  if (health.probeAt === null) {
    const isDue = nextAttemptAt <= (health.since ?? 0);
    return isDue ? `Parked: the circuit breaker is half-open, and one attempt tests the destination: ${health.reason}` : null;
  }
  if (nextAttemptAt > health.probeAt) return null;
  return `Parked: the circuit breaker is open until ${timeView(health.probeAt)}: ${health.reason}`;
}

/** `key` is given in the one answer that shows it. */
export function apiKeyView(key: ApiKey, text?: string): ApiKeyView {
  return {
    id: key.id,
    name: key.name,
    scopes: key.scopes,
    ...(text === undefined ? {} : { key: text }),
    hint: key.hint,
    createdAt: timeView(key.createdAt),
    expiresAt: timeViewOrNull(key.expiresAt),
  };
}
