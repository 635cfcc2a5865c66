// Retry policies: schedules as a list or exponential, jitter, rules by status, and what a schedule looks like.
import { z } from "zod";
import { ATTEMPTS_MAX, DELAY_MS_MAX, FACTOR_MAX, JITTER_MAX, STATUS_RULES_MAX } from "../../limits.ts";
import { milliseconds, time, timeText } from "./fields.ts";
import { answerSchema, requestSchema } from "./registry.ts";

const SCHEDULE_MS_MAX = 30 * 86_400_000;
const wait = milliseconds(DELAY_MS_MAX).min(1);

const exponential = z.strictObject({
  kind: z.literal("exponential"),
  firstMs: wait.describe("Wait before the second attempt; the first is made at once."),
  factor: z.number().min(1).max(FACTOR_MAX).describe("Each wait is this many times the one before it."),
  maxDelayMs: wait.describe("No wait is longer than this."),
  attempts: z.number().int().min(1).max(ATTEMPTS_MAX),
  maxElapsedMs: milliseconds(SCHEDULE_MS_MAX)
    .min(1)
    .optional()
    .describe("Attempts that the waits alone, without jitter, put later than this after the first are left out."),
});

const statuses = z
  .array(z.string().max(16))
  .max(STATUS_RULES_MAX)
  .describe(
    "Rules by status: `429`, `500-599`, `!401`. The first that matches counts; one with `!` ends the delivery, others follow the schedule.",
  );

export const retry = z
  .strictObject({
    scheduleMs: z
      .array(milliseconds(DELAY_MS_MAX))
      .min(1)
      .max(ATTEMPTS_MAX)
      .optional()
      .describe("Delay before each attempt; its length is the number of attempts."),
    schedule: exponential.nullable().optional().describe("In place of `scheduleMs`, which is worked out from it."),
    jitter: z.number().min(0).max(JITTER_MAX).optional().describe("0.2 varies each delay by ±20 %."),
    statuses: statuses.optional(),
  })
  .describe("What is left out takes its default.");

export const shownRetry = z.strictObject({
  scheduleMs: z.array(z.number()),
  schedule: exponential.nullable().describe("What `scheduleMs` was worked out from; null for a list."),
  jitter: z.number(),
  statuses: z.array(z.string()),
});

const start = time.optional().describe("When the first attempt is made; now by default.");

export const schedulePreviewQuery = z.strictObject({
  start,
  retry: z
    .string()
    .max(16_384)
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        context.addIssue({ code: "custom", message: "Write a policy as JSON, as in `retry` of a destination." });
        return z.NEVER;
      }
    })
    .pipe(retry)
    .optional()
    .meta({ description: "A policy to look at in place of the saved one, as JSON.", type: "string" }),
});

export const schedulePreviewCreate = requestSchema("SchedulePreviewRequest", z.strictObject({ retry, start }));

export const schedulePreview = answerSchema(
  "SchedulePreview",
  z.strictObject({
    attempts: z.array(z.strictObject({ number: z.number().int(), at: timeText, earliest: timeText, latest: timeText })),
  }),
);

export type RetryInput = z.output<typeof retry>;
export type SchedulePreviewQuery = z.output<typeof schedulePreviewQuery>;
export type SchedulePreviewCreate = z.output<typeof schedulePreviewCreate>;
