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
  expiresAt: timeText.nullable().describe("No attempt begins at this time or later; null for no bound."),
  trigger: z.enum(["event", "replay", "recover", "manual"]),
  jobId: idText.nullable(),
  orderKey: z
    .string()
    .nullable()
    .describe("Deliveries of one destination with one key go one after another; null for one that goes in no order."),
  late: z
    .boolean()
    .describe("True for one that goes after a delivery that belongs behind it: it came too late, or was retried by hand after its turn."),
  createdAt: timeText,
  finishedAt: timeText.nullable(),
};

const phase = z.number().nullable();

const timings = z
  .strictObject({
    dnsMs: phase,
    connectMs: phase,
    tlsMs: phase,
    firstByteMs: phase.describe("From the start of the attempt to the response's headers."),
    bodyMs: phase.describe("From the headers to the end of the body."),
  })
  .describe("Milliseconds; null for a phase that did not take place, as with a connection that was kept open.");

const connection = z.strictObject({
  reused: z.boolean().describe("True when the connection was kept open from an attempt before."),
  remote: z.string().nullable().describe("Class of the address that was called: public, loopback, private, proxy and so on."),
  httpVersion: z.string().nullable(),
  tlsVersion: z.string().nullable(),
  certificateExpiresAt: timeText.nullable().describe("End of the receiver's certificate."),
  certificateDaysLeft: z.number().int().nullable().describe("Whole days from the attempt to that end."),
});

const diagnosis = z.strictObject({
  severity: z.enum(["warning", "error"]),
  owner: z.enum(["receiver", "destination", "operator"]).describe("Who can mend it."),
  summary: z.string().describe("What happened."),
  fix: z.string().describe("What to do."),
});

const attemptFields = {
  id: idText,
  deliveryId: idText,
  eventId: idText,
  destinationId: idText,
  number: z.number().int().describe("1 for the first try."),
  startedAt: timeText,
  durationMs: z.number(),
  request: z
    .strictObject({ method: z.string(), url: z.string(), headers: headerPairs })
    .describe("As it went over the wire, with credentials masked."),
  response: z
    .strictObject({
      status: z.number().int(),
      headers: headerPairs,
      ...bodyFields,
      truncated: z.boolean(),
      bytesReceived: z.number().int().nullable().describe("Bytes of body that arrived, also those that were not kept."),
    })
    .nullable()
    .describe("Null when there was none."),
  failure: z.strictObject({ code: z.string(), message: z.string() }).nullable().describe("Why there was no response."),
  timings: timings.nullable().describe("Null when nothing was sent."),
  connection: connection.nullable().describe("Null when nothing was sent."),
  diagnosis: diagnosis.nullable().describe("What it means and what to do; null when all is well."),
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
