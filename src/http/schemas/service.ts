// API keys, the live tail, and what the server says of itself.
import { z } from "zod";
import { API_KEY_SCOPES } from "../../core/api-key.ts";
import { ERRORS, type ErrorCode } from "../../errors.ts";
import { idText, listQuery, name, time, timeText } from "./fields.ts";
import { answerSchema, pageOf, requestSchema } from "./registry.ts";

const scopes = z
  .array(z.enum(API_KEY_SCOPES))
  .min(1)
  .max(API_KEY_SCOPES.length)
  .describe("`read` may GET, `publish` may POST /v1/events, `admin` may do everything.");

export const apiKeyCreate = requestSchema("ApiKeyCreate", z.strictObject({ name, scopes, expiresAt: time.nullable().optional() }));

export const apiKey = answerSchema(
  "ApiKey",
  z.strictObject({
    id: idText,
    name: z.string(),
    scopes,
    key: z.string().optional().describe("Only in the answer that made it: it is not shown again."),
    hint: z.string(),
    createdAt: timeText,
    expiresAt: timeText.nullable(),
  }),
);

export const apiKeyPage = pageOf("ApiKeyPage", apiKey);
export const apiKeyQuery = z.strictObject({ ...listQuery });

export const tailQuery = z.strictObject({
  source: z.string().min(1).max(200).optional().describe("Id or name: only requests and events of this source."),
  sourceId: idText.optional(),
  kind: z
    .enum(["request.rejected", "request.handshake", "request.duplicate", "event.accepted", "event.dispatched", "delivery.attempted"])
    .optional(),
});

export const serviceIndex = answerSchema(
  "Index",
  z.strictObject({
    name: z.literal("posthorn"),
    version: z.string(),
    ingest: z.string(),
    api: z.string(),
    openapi: z.string(),
    health: z.array(z.string()),
    metrics: z.string(),
    docs: z.string(),
  }),
);

export const health = answerSchema("Health", z.strictObject({ status: z.literal("ok") }));

export const problem = answerSchema(
  "Problem",
  z.strictObject({
    type: z.string().describe("Where this error is documented."),
    title: z.string(),
    status: z.number().int(),
    code: z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]),
    detail: z.string(),
    errors: z.array(z.strictObject({ path: z.string(), message: z.string() })).optional(),
    requestId: z.string().optional(),
  }),
);

export type ApiKeyCreate = z.output<typeof apiKeyCreate>;
export type ApiKeyView = z.output<typeof apiKey>;
export type ApiKeyQuery = z.output<typeof apiKeyQuery>;
export type TailQuery = z.output<typeof tailQuery>;

export const openApiDocument = z.record(z.string(), z.unknown());
