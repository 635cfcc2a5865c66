// Jobs: starting one, trying it without doing it, and following it; one shape for each kind.
import { z } from "zod";
import { COMMAND_IDS_MAX, EVENT_KEY_CHARACTERS_MAX, EVENT_TYPE_CHARACTERS_MAX } from "../../limits.ts";
import { idText, listQuery, tenantId, time, timeText } from "./fields.ts";
import { answerSchema, pageOf, requestSchema } from "./registry.ts";

const type = z.string().min(1).max(EVENT_TYPE_CHARACTERS_MAX).describe("Type of the event, or a prefix such as invoice.*.");

const replayFields = {
  sourceId: idText,
  tenantId,
  type,
  key: z.string().min(1).max(EVENT_KEY_CHARACTERS_MAX),
  eventIds: z.array(idText).min(1).max(COMMAND_IDS_MAX),
  subscriptionId: idText.describe("Only through this subscription: how one that was created later is backfilled."),
  destinationId: idText,
  missing: z
    .boolean()
    .describe("Only what a destination never got: no delivery of the event to it has succeeded, still waits or was cancelled."),
};

const deliveryFields = {
  destinationId: idText,
  tenantId: tenantId.describe("Of the event."),
  sourceId: idText.describe("Of the event."),
  subscriptionId: idText,
  type,
};

const recoverFields = {
  ...deliveryFields,
  includeWaiting: z.boolean().describe("Also deliveries that wait for another attempt after one that failed; otherwise dead ones only."),
};

const cancelFields = { ...deliveryFields, jobId: idText.describe("Only what this job made.") };

/** `since` and `until` as callers write them, and as they are shown. */
const given = { since: time, until: time };
const shown = { since: timeText, until: timeText };

const ratePerSecond = z.number().min(0.1).max(100_000).nullable();
const dryRun = z.boolean().optional().describe("Only says what the job would do.");
export const jobCreate = requestSchema(
  "JobCreate",
  z.discriminatedUnion("kind", [
    z.strictObject({
      kind: z.literal("replay"),
      filter: z.strictObject({ ...replayFields, ...given }).partial(),
      ratePerSecond: ratePerSecond.optional().describe("Events a second; null for as fast as the store takes them."),
      dryRun,
    }),
    z.strictObject({
      kind: z.literal("recover"),
      filter: z
        .strictObject({ ...recoverFields, ...given })
        .partial()
        .describe("At least one field beside includeWaiting. `since` and `until` bound the time of the last failure."),
      ratePerSecond: ratePerSecond.optional().describe("Deliveries a second; null for as fast as the store takes them."),
      dryRun,
    }),
    z.strictObject({
      kind: z.literal("cancel"),
      filter: z
        .strictObject({ ...cancelFields, ...given })
        .partial()
        .describe("At least one field. `since` and `until` bound the time at which a delivery was made."),
      dryRun,
    }),
  ]),
);

const jobFields = {
  id: idText,
  status: z.enum(["running", "finished", "cancelled", "failed"]),
  ratePerSecond: z.number().nullable(),
  progress: z.number().min(0).max(1),
  deliveriesTotal: z.number().int().describe("How many it was to be when the job was made."),
  message: z.string().nullable(),
  createdAt: timeText,
  updatedAt: timeText,
  finishedAt: timeText.nullable(),
};

export const job = answerSchema(
  "Job",
  z.discriminatedUnion("kind", [
    z.strictObject({
      kind: z.literal("replay"),
      filter: z.strictObject({ ...replayFields, ...shown }).partial(),
      eventsSeen: z.number().int(),
      eventsTotal: z.number().int(),
      deliveriesCreated: z.number().int(),
      ...jobFields,
    }),
    z.strictObject({
      kind: z.literal("recover"),
      filter: z.strictObject({ ...recoverFields, ...shown }).partial(),
      deliveriesRecovered: z.number().int(),
      ...jobFields,
    }),
    z.strictObject({
      kind: z.literal("cancel"),
      filter: z.strictObject({ ...cancelFields, ...shown }).partial(),
      deliveriesCancelled: z.number().int(),
      ...jobFields,
    }),
  ]),
);

export const jobPlan = answerSchema(
  "JobPlan",
  z.strictObject({
    dryRun: z.literal(true),
    events: z.number().int().optional().describe("That a replay would take up."),
    deliveries: z.number().int().describe("That it would make, recover or cancel."),
  }),
);

export const jobPage = pageOf("JobPage", job);
export const jobQuery = z.strictObject({ ...listQuery });

export type JobCreate = z.output<typeof jobCreate>;
export type JobView = z.output<typeof job>;
export type JobPlanView = z.output<typeof jobPlan>;
export type JobQuery = z.output<typeof jobQuery>;
