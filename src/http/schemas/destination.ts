// Destinations: what a caller may say of one, and what is shown of it.
import { z } from "zod";
import { ATTEMPT_DEADLINE_MS_MAX, HOLD_BACK_MS_MAX, RESPONSE_BYTES_MAX, SECRETS_PER_SOURCE_MAX, URL_CHARACTERS_MAX } from "../../limits.ts";
import { headerRecord, idText, listQuery, name, plainText, secret, secretHint, tenantFilter, tenantId, timeText } from "./fields.ts";
import { answerSchema, pageOf, requestSchema } from "./registry.ts";
import { retry, shownRetry } from "./retry.ts";

const METHODS = ["POST", "PUT", "PATCH", "DELETE", "GET", "HEAD", "OPTIONS"] as const;
const headerName = z.string().min(1).max(256);

const oauth2 = {
  kind: z.literal("oauth2"),
  tokenUrl: z.string().min(1).max(URL_CHARACTERS_MAX).describe("Asked for a token with the grant client_credentials."),
  clientId: plainText(512),
  clientSecret: secret,
  scope: plainText(2048).nullable().default(null),
  audience: plainText(2048).nullable().default(null),
  style: z.enum(["basic", "body"]).default("basic").describe("Whether the client's credentials stand in the header or in the form."),
};

const awsWord = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[a-z0-9-]+$/, "Lower-case letters, digits and dashes.");
const awsSigv4 = {
  kind: z.literal("aws-sigv4"),
  region: awsWord.describe("As in eu-central-1."),
  service: awsWord.describe("As AWS signs for it: lambda, execute-api, s3."),
  accessKeyId: z.string().min(1).max(128).regex(/^\w+$/, "Letters, digits and underscores."),
  secretAccessKey: secret,
  sessionToken: secret.nullable().default(null).describe("Of temporary credentials."),
};

const pem = (charactersMax: number) => z.string().min(1).max(charactersMax).nullable().default(null);
const tlsFields = {
  caPem: pem(128 * 1024).describe("Certificates of the authorities that count in place of the public ones."),
  clientCertPem: pem(32 * 1024).describe("Certificate shown to the receiver, with its chain."),
  clientKeyPem: pem(16 * 1024).describe("Its private key, without a password."),
  serverName: z
    .string()
    .max(253)
    .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i, "A host name.")
    .nullable()
    .default(null)
    .describe("Asked for in the handshake, and what the certificate must be for, in place of the URL's host."),
};

const auth = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("none") }),
  z.strictObject({ kind: z.literal("basic"), username: z.string().max(256), password: secret }),
  z.strictObject({ kind: z.literal("bearer"), token: secret }),
  z.strictObject({ kind: z.literal("apiKey"), header: headerName, value: secret }),
  z.strictObject(oauth2),
  z.strictObject(awsSigv4),
]);

const hmacRecipe = {
  kind: z.literal("hmac"),
  algorithm: z.enum(["sha1", "sha256", "sha512"]),
  header: headerName,
  prefix: z.string().max(64),
  encoding: z.enum(["hex", "base64", "base64url"]),
  content: z.string().min(1).max(512).describe("Template of what is signed: {body}, {ts} and literals."),
  timestampHeader: headerName.nullable(),
};

const signature = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("none") }),
  z.strictObject({
    kind: z.literal("standard-webhooks"),
    secrets: z
      .array(secret)
      .min(1)
      .max(SECRETS_PER_SOURCE_MAX)
      .optional()
      .describe("whsec_ secrets or whsk_ keys; left out, one is made and shown once."),
  }),
  z.strictObject({ ...hmacRecipe, ...z.object(hmacRecipe).omit({ kind: true, header: true }).partial().shape, secret: secret.optional() }),
]);

const waitMs = z.number().int().min(1).max(HOLD_BACK_MS_MAX).describe("How long each delivery waits, from the reception of its event.");
const holdBack = z.discriminatedUnion("by", [
  z.strictObject({ by: z.literal("timestamp").describe("The provider's own time of the event."), waitMs }),
  z.strictObject({
    by: z.literal("sequence"),
    from: z.string().min(1).max(500).describe("Where a whole number that grows is: header:x-sequence or json:data.version."),
    waitMs,
  }),
]);
const inOrder = {
  onFailure: z
    .enum(["block", "skip"])
    .describe("Whether those behind a failed delivery wait until it has ended, or go on while it is retried."),
  holdBack: holdBack
    .nullable()
    .describe("Events of a line go in the provider's order of those that came within a wait; null for the order of acceptance."),
};
const orderKey = z.string().min(1).max(500).describe("event for the event's own key, json:data.object.id or header:x-key.");
const withDefaults = { onFailure: inOrder.onFailure.default("block"), holdBack: inOrder.holdBack.default(null) };
const ordering = z
  .discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("unordered") }),
    z.strictObject({ kind: z.literal("fifo"), ...withDefaults }),
    z.strictObject({ kind: z.literal("fifoByKey"), key: orderKey.default("event"), ...withDefaults }),
  ])
  .describe("Which deliveries wait for each other. What waits already keeps the order it was dispatched with.");

const settings = {
  url: z.string().min(1).max(URL_CHARACTERS_MAX),
  method: z.enum(METHODS).nullable().describe("Null keeps the event's own method."),
  forwardPath: z.boolean().describe("Append what followed the ingest token in the path."),
  forwardQuery: z.boolean(),
  forwardHeaders: z.boolean().describe("Send the received headers along, less those of the connection."),
  headers: headerRecord,
  auth,
  signature,
  tls: z.strictObject(tlsFields).nullable().describe("Null for certificates of the public authorities, and none of our own."),
  http2: z.boolean().describe("Offer HTTP/2 over TLS, and use it when the receiver takes it."),
  retry,
  deadlineMs: z.number().int().min(100).max(ATTEMPT_DEADLINE_MS_MAX).describe("One budget for a whole attempt."),
  connectTimeoutMs: z.number().int().min(50).max(ATTEMPT_DEADLINE_MS_MAX),
  responseBytesMax: z.number().int().min(0).max(RESPONSE_BYTES_MAX).describe("Bytes of the response that are kept."),
  concurrencyMax: z.number().int().min(1).max(1000).describe("Attempts under way at once."),
  adaptiveConcurrency: z
    .boolean()
    .describe("Try fewer at once while the receiver answers 429 or 5xx or not in time, and step by step more again."),
  rateLimit: z
    .strictObject({ count: z.number().int().min(1).max(1_000_000), per: z.enum(["second", "minute", "hour"]) })
    .nullable()
    .describe("No more attempts than this, spread evenly; null sets no limit."),
  ordering,
};

export const destinationCreate = requestSchema(
  "DestinationCreate",
  z.strictObject({
    name,
    type: z.literal("http"),
    tenantId: tenantId
      .nullable()
      .optional()
      .describe("Whose it is, for good; null for your own. Slots are shared between tenants first, then between their destinations."),
    ...z.object(settings).partial().shape,
    url: settings.url,
  }),
);

// Named here so that the answer can say why instead of "unknown field".
const fixedTenant = z
  .unknown()
  .refine((value) => value === undefined, {
    error: "A destination stays with the tenant it was made for. Make another destination for the other tenant.",
  })
  .optional();
export const destinationUpdate = requestSchema(
  "DestinationUpdate",
  z.strictObject({ ...z.strictObject({ name, ...settings }).partial().shape, tenantId: fixedTenant }),
);

export const destinationRotate = requestSchema(
  "DestinationRotateSecret",
  z
    .strictObject({
      secret: secret.optional().describe("The new secret; left out, one is made."),
      dropOld: z
        .boolean()
        .optional()
        .describe("True signs with the new secret only. By default the one before it signs too, until the next rotation."),
    })
    .optional(),
);

export const destinationDisable = requestSchema("DestinationDisable", z.strictObject({ reason: plainText(500).optional() }).optional());

const state = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("active") }),
  z.strictObject({ kind: z.literal("paused"), since: timeText }),
  z.strictObject({ kind: z.literal("disabled"), since: timeText, reason: z.string() }),
]);

const shownOauth2 = {
  clientSecret: secretHint,
  scope: z.string().nullable(),
  audience: z.string().nullable(),
  style: z.enum(["basic", "body"]),
};

export const destination = answerSchema(
  "Destination",
  z.strictObject({
    id: idText,
    name: z.string(),
    type: z.literal("http"),
    tenantId: z.string().nullable(),
    ...settings,
    secret: z.string().optional().describe("Only in the answer that made it: it is not shown again."),
    headers: z.record(z.string(), z.string()).describe("Values under names that say secret are masked."),
    auth: z.discriminatedUnion("kind", [
      z.strictObject({ kind: z.literal("none") }),
      z.strictObject({ kind: z.literal("basic"), username: z.string(), password: secretHint }),
      z.strictObject({ kind: z.literal("bearer"), token: secretHint }),
      z.strictObject({ kind: z.literal("apiKey"), header: z.string(), value: secretHint }),
      z.strictObject({ ...oauth2, ...shownOauth2 }),
      z.strictObject({ ...awsSigv4, secretAccessKey: secretHint, sessionToken: secretHint.nullable() }),
    ]),
    tls: z
      .strictObject({
        caPem: z.string().nullable(),
        clientCertPem: z.string().nullable(),
        clientKeyPem: secretHint.nullable(),
        serverName: z.string().nullable(),
      })
      .nullable(),
    signature: z.discriminatedUnion("kind", [
      z.strictObject({ kind: z.literal("none") }),
      z.strictObject({ kind: z.literal("standard-webhooks"), secrets: z.array(secretHint) }),
      z.strictObject({ ...hmacRecipe, secret: secretHint }),
    ]),
    retry: shownRetry,
    ordering: z.discriminatedUnion("kind", [
      z.strictObject({ kind: z.literal("unordered") }),
      z.strictObject({ kind: z.literal("fifo"), ...inOrder }),
      z.strictObject({ kind: z.literal("fifoByKey"), key: orderKey, ...inOrder }),
    ]),
    state,
    createdAt: timeText,
    updatedAt: timeText,
  }),
);

export const destinationDetail = answerSchema(
  "DestinationDetail",
  z.strictObject({
    ...destination.shape,
    health: z
      .strictObject({
        phase: z.enum(["closed", "open", "half-open"]).describe("Of the circuit breaker: while it is open, deliveries are parked."),
        since: timeText.nullable().describe("Null when it has never been in another phase."),
        probeAt: timeText.nullable().describe("While open: when the next attempt tests the receiver."),
        failingSince: timeText.nullable().describe("Since then every attempt has failed."),
        reason: z.string().nullable().describe("Why it opened."),
        concurrency: z.number().int().describe("Attempts that may be under way at once now."),
      })
      .nullable(),
  }),
);
export const destinationPage = pageOf("DestinationPage", destination);
export const destinationQuery = z.strictObject({ ...listQuery, ...tenantFilter });
export type DestinationCreate = z.output<typeof destinationCreate>;
export type DestinationUpdate = z.output<typeof destinationUpdate>;
export type DestinationRotate = z.output<typeof destinationRotate>;
export type DestinationDisable = z.output<typeof destinationDisable>;
export type DestinationView = z.output<typeof destination>;
export type DestinationDetailView = z.output<typeof destinationDetail>;
export type DestinationQuery = z.output<typeof destinationQuery>;
