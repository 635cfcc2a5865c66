// Jobs: starting a replay, trying it without doing it, and following it.
import { z } from "zod";
import { COMMAND_IDS_MAX, EVENT_KEY_CHARACTERS_MAX, EVENT_TYPE_CHARACTERS_MAX } from "../../limits.ts";
import { idText, listQuery, tenantId, time, timeText } from "./fields.ts";
import { answerSchema, pageOf, requestSchema } from "./registry.ts";

const filterFields = {
  sourceId: idText,
  tenantId,
  type: z.string().min(1).max(EVENT_TYPE_CHARACTERS_MAX),
  key: z.string().min(1).max(EVENT_KEY_CHARACTERS_MAX),
  eventIds: z.array(idText).min(1).max(COMMAND_IDS_MAX),
  subscriptionId: idText.describe("Only through this subscription: how one that was created later is backfilled."),
  destinationId: idText,
};

export const jobCreate = requestSchema(
  "JobCreate",
  z.strictObject({
    kind: z.literal("replay"),
    filter: z.strictObject({ ...filterFields, since: time, until: time }).partial(),
    ratePerSecond: z
      .number()
      .min(0.1)
      .max(100_000)
      .nullable()
      .optional()
      .describe("Events a second; null for as fast as the store takes them."),
    dryRun: z.boolean().optional().describe("Only says what the job would do."),
  }),
);

export const job = answerSchema(
  "Job",
  z.strictObject({
    id: idText,
    kind: z.literal("replay"),
    status: z.enum(["running", "finished", "cancelled", "failed"]),
    filter: z.strictObject({ ...filterFields, since: timeText, until: timeText }).partial(),
    ratePerSecond: z.number().nullable(),
    progress: z.number().min(0).max(1),
    eventsSeen: z.number().int(),
    eventsTotal: z.number().int(),
    deliveriesCreated: z.number().int(),
    message: z.string().nullable(),
    createdAt: timeText,
    updatedAt: timeText,
    finishedAt: timeText.nullable(),
  }),
);

export const jobPlan = answerSchema(
  "JobPlan",
  z.strictObject({ dryRun: z.literal(true), events: z.number().int(), deliveries: z.number().int() }),
);

export const jobPage = pageOf("JobPage", job);
export const jobQuery = z.strictObject({ ...listQuery });

export type JobCreate = z.output<typeof jobCreate>;
export type JobView = z.output<typeof job>;
export type JobQuery = z.output<typeof jobQuery>;
