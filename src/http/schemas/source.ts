// Sources: what a caller may say of one, and what is shown of it.
import { z } from "zod";
import { DEDUPE_WINDOW_MS_MAX, SECRETS_PER_SOURCE_MAX } from "../../limits.ts";
import { headerRecord, idText, listQuery, name, plainText, secret, secretHint, time, timeText } from "./fields.ts";
import { answerSchema, pageOf, requestSchema } from "./registry.ts";

export const INGEST_METHODS = ["POST", "PUT", "PATCH", "DELETE", "GET", "HEAD", "OPTIONS"] as const;

const DAY_SECONDS = 86_400;
const windowMs = z.number().int().min(1).max(DEDUPE_WINDOW_MS_MAX);
const headerName = z
  .string()
  .min(1)
  .max(256)
  .regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/, "This is not a header name.");
const required = z.boolean().optional().describe("True: needed beside the signature. False, the default: enough instead of it.");

const auth = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("none") }),
  z.strictObject({
    kind: z.literal("basic"),
    username: z
      .string()
      .max(256)
      .regex(/^[^:]*$/, "A user name cannot hold a colon."),
    password: secret,
    required,
  }),
  z.strictObject({ kind: z.literal("bearer"), token: secret, required }),
  z.strictObject({ kind: z.literal("apiKey"), header: headerName, value: secret, required }),
]);

const dedupe = z.discriminatedUnion("by", [
  z.strictObject({ by: z.literal("none") }),
  z.strictObject({ by: z.literal("providerEventId"), windowMs: windowMs.optional() }),
  z.strictObject({ by: z.literal("header"), name: headerName, windowMs: windowMs.optional() }),
  z.strictObject({ by: z.literal("jsonPath"), path: z.string().min(1).max(500), windowMs: windowMs.optional() }),
  z.strictObject({ by: z.literal("body"), windowMs: windowMs.optional() }),
]);

const response = z.strictObject({
  status: z.number().int().min(200).max(299).optional(),
  headers: headerRecord.optional(),
  body: z.string().max(16_384).optional(),
});

const secrets = z
  .array(z.union([secret, z.strictObject({ value: secret, expiresAt: time.nullable().optional() })]))
  .max(SECRETS_PER_SOURCE_MAX)
  .describe("All of them verify, so that a secret can be rotated without a gap.");

const settings = {
  enabled: z.boolean(),
  provider: plainText(64).describe("Whose signature to check: github, stripe, standard-webhooks, hmac, token, basic, none, …"),
  params: z
    .record(z.string().min(1).max(64), z.union([z.string().max(2048), z.number(), z.boolean()]))
    .describe("Parameters of the generic providers."),
  secrets,
  publicKey: z.string().min(1).max(4096).nullable(),
  toleranceSeconds: z
    .number()
    .int()
    .min(0)
    .max(DAY_SECONDS)
    .nullable()
    .describe("Largest accepted age of a signed timestamp; null takes the provider's own."),
  auth,
  allowedMethods: z.array(z.enum(INGEST_METHODS)).min(1).max(INGEST_METHODS.length),
  allowedContentTypes: z
    .array(
      z
        .string()
        .max(128)
        .regex(/^[\w.+*-]+\/[\w.+*-]+$/, "Write a media type such as application/json."),
    )
    .max(32)
    .describe("Empty allows every type."),
  allowedIps: z.array(z.string().min(1).max(64)).max(256).describe("Addresses and CIDR ranges; empty allows every address."),
  rateLimit: z
    .strictObject({ perSecond: z.number().positive().max(1_000_000), burst: z.number().min(1).max(1_000_000).optional() })
    .nullable(),
  dedupe: dedupe.describe("What makes two requests the same event."),
  response: response.describe("What the provider is answered when the event is committed."),
  keyFrom: z.string().min(1).max(500).nullable().describe("Where the ordering key is: json:data.object.id or header:x-key."),
  split: z
    .boolean()
    .describe(
      "One event per item of a batched body; the request is kept whole. Refused for providers that never send several events in one request.",
    ),
  bodyBytesMax: z
    .number()
    .int()
    .min(1)
    .max(25 * 1024 ** 2)
    .nullable(),
  retentionDays: z.number().int().min(1).max(36_500).nullable(),
};

export const sourceCreate = requestSchema("SourceCreate", z.strictObject({ name, ...z.object(settings).partial().shape }));
export const sourceUpdate = requestSchema("SourceUpdate", z.strictObject({ name, ...settings }).partial());

export const sourceRotate = requestSchema(
  "SourceRotateSecret",
  z
    .strictObject({
      secret: secret.optional().describe("The new secret; left out, one is made."),
      expireOldAfterSeconds: z
        .number()
        .int()
        .min(0)
        .max(30 * DAY_SECONDS)
        .optional()
        .describe("How long the old secrets still verify; a day by default."),
    })
    .optional(),
);

const maskedAuth = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("none") }),
  z.strictObject({ kind: z.literal("basic"), username: z.string(), password: secretHint, required: z.boolean() }),
  z.strictObject({ kind: z.literal("bearer"), token: secretHint, required: z.boolean() }),
  z.strictObject({ kind: z.literal("apiKey"), header: z.string(), value: secretHint, required: z.boolean() }),
]);

const storedDedupe = z.discriminatedUnion("by", [
  z.strictObject({ by: z.literal("none") }),
  z.strictObject({ by: z.literal("providerEventId"), windowMs }),
  z.strictObject({ by: z.literal("header"), name: headerName, windowMs }),
  z.strictObject({ by: z.literal("jsonPath"), path: z.string(), windowMs }),
  z.strictObject({ by: z.literal("body"), windowMs }),
]);

export const source = answerSchema(
  "Source",
  z.strictObject({
    id: idText,
    url: z.string().describe("The ingest URL: register it at the provider."),
    name: z.string(),
    ...settings,
    secret: z.string().optional().describe("Only in the answer that made it: it is not shown again."),
    secrets: z.array(
      z.strictObject({
        hint: z.string(),
        expiresAt: timeText.nullable(),
        learned: z.literal(true).optional().describe("The provider brought it in a handshake."),
      }),
    ),
    auth: maskedAuth,
    dedupe: storedDedupe,
    rateLimit: z.strictObject({ perSecond: z.number(), burst: z.number() }).nullable(),
    response: z.strictObject({ status: z.number().int(), headers: z.record(z.string(), z.string()), body: z.string() }),
    createdAt: timeText,
    updatedAt: timeText,
  }),
);

export const sourcePage = pageOf("SourcePage", source);
export const sourceQuery = z.strictObject({ ...listQuery });

export type SourceCreate = z.output<typeof sourceCreate>;
export type SourceUpdate = z.output<typeof sourceUpdate>;
export type SourceRotate = z.output<typeof sourceRotate>;
export type SourceView = z.output<typeof source>;
export type SourceQuery = z.output<typeof sourceQuery>;
