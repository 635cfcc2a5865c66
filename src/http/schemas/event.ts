// Events and the requests they came from: publishing, lists, single records, explanations.
import { z } from "zod";
import { REJECTION_STATUS, type RejectionCause } from "../../core/source.ts";
import { EVENT_KEY_CHARACTERS_MAX, EVENT_TYPE_CHARACTERS_MAX, IDEMPOTENCY_KEY_CHARACTERS_MAX, SPLIT_ITEMS_MAX } from "../../limits.ts";
import {
  bodyFields,
  channels,
  headerPairs,
  idText,
  listQuery,
  plainText,
  sourceFilter,
  tenantId,
  time,
  timeRange,
  timeText,
} from "./fields.ts";
import { answerSchema, pageOf, requestSchema } from "./registry.ts";

const REQUEST_OUTCOMES = ["accepted", "rejected", "duplicate", "handshake"] as const;
const REJECTION_CAUSES = Object.keys(REJECTION_STATUS) as [RejectionCause, ...RejectionCause[]];

export const eventPublish = requestSchema(
  "EventPublish",
  z
    .strictObject({
      type: plainText(EVENT_TYPE_CHARACTERS_MAX),
      data: z.unknown().optional().describe("Any JSON; its bytes become the body exactly as they are written here."),
      body: z.string().optional().describe("The body as text, instead of `data`."),
      contentType: z
        .string()
        .max(256)
        .regex(/^[\x20-\x7e]+$/)
        .optional()
        .describe("application/json for `data`, text/plain for `body`, unless this is set."),
      tenantId: tenantId.nullable().optional().describe("Goes only to subscriptions of this tenant."),
      key: plainText(EVENT_KEY_CHARACTERS_MAX).nullable().optional().describe("Ordering key."),
      channels: channels.optional(),
      deliverAt: time.nullable().optional().describe("No attempt is made before this time."),
      deliverBefore: time
        .nullable()
        .optional()
        .describe("No attempt begins at this time or later: what is not delivered by then ends as dead, expired."),
      idempotencyKey: plainText(IDEMPOTENCY_KEY_CHARACTERS_MAX).optional().describe("The same as the Idempotency-Key header."),
    })
    .refine((body) => (body.data === undefined) !== (body.body === undefined), { error: "Give either data or body.", path: ["data"] }),
);

export const eventAccepted = answerSchema(
  "EventAccepted",
  z.strictObject({ id: idText, duplicate: z.boolean().describe("True when this key was used before and `id` is the event of that time.") }),
);

const eventFields = {
  id: idText,
  sourceId: idText.nullable().describe("Null for events of the publish API."),
  tenantId: z.string().nullable(),
  type: z.string(),
  key: z.string().nullable(),
  providerEventId: z.string().nullable(),
  channels: z.array(z.string()),
  requestId: idText
    .nullable()
    .describe("The request it came in; several events share one that was split. Null for events of the publish API."),
  receivedAt: timeText,
  occurredAt: timeText.nullable().describe("When it happened by the provider's own clock, where the provider says."),
  deliverAt: timeText.nullable(),
  deliverBefore: timeText.nullable(),
  contentType: z.string().nullable(),
  bodyBytes: z.number().int(),
};

const requestFacts = z.strictObject({
  method: z.string(),
  pathTail: z.string().describe("What followed the ingest token in the path."),
  query: z.string(),
  headers: headerPairs,
  remoteAddress: z.string(),
});

export const eventHead = answerSchema("EventHead", z.strictObject(eventFields));
export const event = answerSchema("Event", z.strictObject({ ...eventFields, request: requestFacts, ...bodyFields }));
export const eventPage = pageOf("EventPage", eventHead);

export const eventFormat = z.strictObject({
  format: z.enum(["json", "cloudevents"]).optional().describe("`cloudevents` answers CloudEvents 1.0 in its structured JSON form."),
});

/** Attributes beside these are the ones an event came in with, when it came as a CloudEvent. */
export const cloudEvent = answerSchema(
  "CloudEvent",
  z.looseObject({
    specversion: z.literal("1.0"),
    id: z.string(),
    source: z.string().describe("`/sources/` and the source's name, or `/publish`."),
    type: z.string(),
    time: z.iso.datetime({ offset: true }).describe("When it happened where the provider says so, else when it was received."),
    subject: z.string().optional().describe("The ordering key."),
    datacontenttype: z.string().optional(),
    data: z.unknown().optional().describe("JSON as it was written, or text."),
    data_base64: z.string().optional().describe("Anything else, and JSON above 1 MiB."),
    sourceid: z.string().optional(),
    tenantid: z.string().optional(),
    providereventid: z.string().optional(),
  }),
);

export const eventQuery = z.strictObject({
  ...listQuery,
  ...timeRange,
  ...sourceFilter,
  tenantId: tenantId.optional(),
  type: z.string().min(1).max(EVENT_TYPE_CHARACTERS_MAX).optional().describe("A type, or a prefix such as invoice.*."),
  key: z.string().min(1).max(EVENT_KEY_CHARACTERS_MAX).optional(),
  providerEventId: z.string().min(1).max(256).optional(),
});

export const explanation = answerSchema(
  "Explanation",
  z.strictObject({
    data: z.array(
      z.strictObject({
        subscriptionId: idText,
        destinationId: idText,
        matched: z.boolean(),
        cause: z
          .enum([
            "disabled",
            "created_later",
            "other_source",
            "other_tenant",
            "type_not_subscribed",
            "channel_not_subscribed",
            "filtered",
            "filter_error",
          ])
          .nullable(),
        path: z.string().nullable().describe("Where in the filter."),
        message: z.string().nullable(),
      }),
    ),
  }),
);

const requestFields = {
  id: idText,
  sourceId: idText.nullable(),
  outcome: z.enum(REQUEST_OUTCOMES),
  cause: z.enum(REJECTION_CAUSES).nullable(),
  message: z
    .string()
    .nullable()
    .describe("The precise reason, which the caller was not told; what a handshake was answered; how a batch was split."),
  eventId: idText.nullable().describe("The event it became, or the one it repeats; of a split request, its first item's."),
  receivedAt: timeText,
  method: z.string(),
  contentType: z.string().nullable(),
  remoteAddress: z.string(),
  bodyBytes: z.number().int().describe("Size as sent."),
};

export const requestHead = answerSchema("RequestHead", z.strictObject(requestFields));
export const requestRecord = answerSchema(
  "Request",
  z.strictObject({
    ...requestFields,
    eventIds: z
      .array(idText)
      .max(SPLIT_ITEMS_MAX)
      .describe("Of a split request, the event of every item, new or repeated, in their order; else `eventId` alone, or none."),
    request: requestFacts,
    ...bodyFields,
    bodyTruncated: z.boolean().describe("Only accepted requests keep all of their body, the others its first part."),
  }),
);
export const requestPage = pageOf("RequestPage", requestHead);

export const requestQuery = z.strictObject({
  ...listQuery,
  ...timeRange,
  ...sourceFilter,
  outcome: z.enum(REQUEST_OUTCOMES).optional(),
  cause: z.enum(REJECTION_CAUSES).optional(),
});

export const requestDiagnosis = answerSchema(
  "RequestDiagnosis",
  z.strictObject({
    ok: z
      .boolean()
      .nullable()
      .describe("Whether it verifies with the secrets of today at the time it came; null when what was kept is not enough to tell."),
    cause: z.string().nullable().describe("Such as signature_mismatch; null when it verifies."),
    message: z.string(),
    hints: z.array(z.strictObject({ code: z.string(), message: z.string().describe("Names the fix.") })),
    notes: z.array(z.string()).describe("What the verdict could not take into account: a truncated body, a masked credential."),
    provider: z.string().nullable().describe("Null when the source is gone."),
  }),
);

export type EventPublish = z.output<typeof eventPublish>;
export type EventQueryInput = z.output<typeof eventQuery>;
export type EventHeadView = z.output<typeof eventHead>;
export type EventFormat = z.output<typeof eventFormat>;
export type EventView = z.output<typeof event>;
export type ExplanationView = z.output<typeof explanation>;
export type RequestQueryInput = z.output<typeof requestQuery>;
export type RequestHeadView = z.output<typeof requestHead>;
export type RequestDiagnosisView = z.output<typeof requestDiagnosis>;
export type RequestView = z.output<typeof requestRecord>;
