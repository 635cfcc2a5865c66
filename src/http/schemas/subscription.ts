// Subscriptions: what a caller may say of one, what is shown of it, and the trial of a filter.
import { z } from "zod";
import { EVENT_TYPE_CHARACTERS_MAX, EVENT_TYPES_PER_SUBSCRIPTION_MAX } from "../../limits.ts";
import {
  channels,
  destinationFilter,
  idText,
  listQuery,
  milliseconds,
  name,
  sourceFilter,
  tenantFilter,
  tenantId,
  timeText,
} from "./fields.ts";
import { answerSchema, pageOf, requestSchema } from "./registry.ts";

const DELAY_MS_MAX = 30 * 86_400_000;

const settings = {
  name: name.nullable(),
  enabled: z.boolean(),
  sourceId: idText.nullable().describe("Null takes events of every source and of the publish API."),
  tenantId: tenantId
    .nullable()
    .describe("Takes this tenant's events and no others; null takes those of no tenant, and posthorn.* of every tenant."),
  eventTypes: z
    .array(z.string().min(1).max(EVENT_TYPE_CHARACTERS_MAX))
    .max(EVENT_TYPES_PER_SUBSCRIPTION_MAX)
    .describe("invoice.paid, invoice.*, **; empty takes every type but posthorn.*, which has to be named."),
  channels: channels.describe("Empty takes events on any channel or none."),
  filter: z
    .record(z.string(), z.unknown())
    .nullable()
    .describe("A filter over body, headers, query, path and event; null takes everything."),
  delayMs: milliseconds(DELAY_MS_MAX).describe("How long the first attempt waits."),
  expireAfterMs: milliseconds(DELAY_MS_MAX)
    .min(1)
    .nullable()
    .describe("How long after its first attempt was due a delivery may still be tried; then it ends as dead, expired. Null for ever."),
  destinationId: idText,
};

// Named here so that the answer can say "not yet" instead of "unknown field".
const transform = z
  .unknown()
  .refine((value) => value === undefined || value === null, {
    error: "not_supported_yet: transforms come with a later version. Leave this field out.",
  })
  .optional();

export const subscriptionCreate = requestSchema(
  "SubscriptionCreate",
  z.strictObject({ ...z.object(settings).partial().shape, destinationId: settings.destinationId, transform }),
);
export const subscriptionUpdate = requestSchema("SubscriptionUpdate", z.strictObject({ ...z.object(settings).partial().shape, transform }));

export const subscription = answerSchema(
  "Subscription",
  z.strictObject({ id: idText, ...settings, name: z.string().nullable(), createdAt: timeText, updatedAt: timeText }),
);

export const subscriptionPage = pageOf("SubscriptionPage", subscription);
export const subscriptionQuery = z.strictObject({ ...listQuery, ...tenantFilter, ...sourceFilter, ...destinationFilter });

const textRecord = z.record(z.string(), z.union([z.string(), z.array(z.string())]));

export const filterTest = requestSchema(
  "FilterTest",
  z
    .strictObject({
      filter: z.record(z.string(), z.unknown()),
      eventId: idText.optional().describe("Try it on this stored event."),
      input: z
        .strictObject({
          body: z.unknown().optional(),
          headers: textRecord.optional(),
          query: textRecord.optional(),
          path: z.string().max(8192).optional(),
          event: z.record(z.string(), z.unknown()).optional(),
        })
        .optional()
        .describe("Or on this."),
    })
    .refine((body) => (body.eventId === undefined) !== (body.input === undefined), {
      error: "Give either eventId or input.",
      path: ["eventId"],
    }),
);

export const filterVerdict = answerSchema(
  "FilterVerdict",
  z.strictObject({
    matched: z.boolean(),
    error: z.boolean().describe("True when the filter asked a question that made no sense for this event."),
    path: z.string().nullable().describe("Where in the filter."),
    message: z.string().nullable(),
  }),
);

export type SubscriptionCreate = z.output<typeof subscriptionCreate>;
export type SubscriptionUpdate = z.output<typeof subscriptionUpdate>;
export type SubscriptionView = z.output<typeof subscription>;
export type SubscriptionQuery = z.output<typeof subscriptionQuery>;
export type FilterTest = z.output<typeof filterTest>;
