// Deliveries and attempts: lists, single records, commands.
import { z } from "zod";
import { EVENT_TYPE_CHARACTERS_MAX } from "../../limits.ts";
import {
  bodyFields,
  destinationFilter,
  headerPairs,
  idText,
  listQuery,
  sourceFilter,
  subscriptionFilter,
  timeRange,
  timeText,
} from "./fields.ts";
import { answerSchema, pageOf } from "./registry.ts";

export const DELIVERY_STATUSES = ["waiting", "paused", "delivered", "dead", "cancelled"] as const;

const deliveryFields = {
  id: idText,
  eventId: idText,
  destinationId: idText,
  subscriptionId: idText.nullable(),
  status: z.enum(DELIVERY_STATUSES).describe("`paused` waits for its destination to be resumed."),
  reason: z.string().nullable().describe("Why it is in this state."),
  attemptCount: z.number().int(),
  nextAttemptAt: timeText.nullable(),
  trigger: z.enum(["event", "replay", "manual"]),
  jobId: idText.nullable(),
  createdAt: timeText,
  finishedAt: timeText.nullable(),
};

const attemptFields = {
  id: idText,
  deliveryId: idText,
  eventId: idText,
  destinationId: idText,
  number: z.number().int().describe("1 for the first try."),
  startedAt: timeText,
  durationMs: z.number(),
  request: z.strictObject({ method: z.string(), url: z.string(), headers: headerPairs }),
  response: z
    .strictObject({ status: z.number().int(), headers: headerPairs, ...bodyFields, truncated: z.boolean() })
    .nullable()
    .describe("Null when there was none."),
  failure: z.strictObject({ code: z.string(), message: z.string() }).nullable().describe("Why there was no response."),
};

export const attempt = answerSchema("Attempt", z.strictObject(attemptFields));
export const attemptPage = pageOf("AttemptPage", attempt);
export const delivery = answerSchema("Delivery", z.strictObject(deliveryFields));
export const deliveryDetail = answerSchema(
  "DeliveryDetail",
  z.strictObject({ ...deliveryFields, attempts: z.array(attempt).describe("Oldest first; the last 250.") }),
);
export const deliveryPage = pageOf("DeliveryPage", delivery);

export const deliveryQuery = z.strictObject({
  ...listQuery,
  ...timeRange,
  ...sourceFilter,
  ...destinationFilter,
  ...subscriptionFilter,
  status: z.enum(DELIVERY_STATUSES).optional(),
  type: z.string().min(1).max(EVENT_TYPE_CHARACTERS_MAX).optional().describe("Type of the event, or a prefix such as invoice.*."),
  eventId: idText.optional(),
  jobId: idText.optional(),
});

export const eventDeliveriesQuery = z.strictObject({ ...listQuery });

export const attemptQuery = z.strictObject({
  ...listQuery,
  ...timeRange,
  ...destinationFilter,
  deliveryId: idText.optional(),
  eventId: idText.optional(),
});

export type DeliveryQueryInput = z.output<typeof deliveryQuery>;
export type EventDeliveriesQuery = z.output<typeof eventDeliveriesQuery>;
export type AttemptQueryInput = z.output<typeof attemptQuery>;
export type DeliveryView = z.output<typeof delivery>;
export type DeliveryDetailView = z.output<typeof deliveryDetail>;
export type AttemptView = z.output<typeof attempt>;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];
