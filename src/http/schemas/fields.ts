// Fields that several resources share: names, times, ids, headers.
import { z } from "zod";
import {
  CHANNEL_CHARACTERS_MAX,
  CHANNELS_MAX,
  LIST_LIMIT_DEFAULT,
  LIST_LIMIT_MAX,
  NAME_CHARACTERS_MAX,
  STATIC_HEADERS_MAX,
  TENANT_ID_CHARACTERS_MAX,
} from "../../limits.ts";

// Control characters in a name would reach terminals and logs.
const PLAIN_TEXT = /^[^\p{Cc}]*$/u;

export const plainText = (charactersMax: number) =>
  z.string().min(1).max(charactersMax).regex(PLAIN_TEXT, "Control characters are not allowed.");

export const name = plainText(NAME_CHARACTERS_MAX).describe("A name for people; it need not be unique.");

/** RFC 3339 in, milliseconds since the Unix epoch out. */
export const time = z.iso
  .datetime({ offset: true, error: "Write a time as in 2026-01-31T12:00:00Z." })
  .transform((text) => Date.parse(text));

/** RFC 3339 in answers. */
export const timeText = z.iso.datetime();

export const idText = z.string().min(1).max(64);

/** The caller's own id of a tenant: the letters of our ids, dots and dashes, which need no escape in a URL. */
export const tenantId = z
  .string()
  .max(TENANT_ID_CHARACTERS_MAX)
  .regex(/^[A-Za-z0-9._-]+$/, "One or more letters, digits, dots, underscores and dashes.");

export const secret = z.string().min(1).max(4096);

export const headerRecord = z
  .record(z.string().min(1).max(256), z.string().max(8192))
  .refine((headers) => Object.keys(headers).length <= STATIC_HEADERS_MAX, `At most ${STATIC_HEADERS_MAX} headers.`);

export const channels = z.array(plainText(CHANNEL_CHARACTERS_MAX)).max(CHANNELS_MAX);

export const milliseconds = (max: number) => z.number().int().min(0).max(max);

/** What is shown of a secret. */
export const secretHint = z.strictObject({ hint: z.string() });

/** A whole number in a query string. */
const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,6}$/, `Write a whole number from ${min} to ${max}.`)
    .transform(Number)
    .pipe(z.number().int().min(min).max(max));

/** What every list takes. */
export const listQuery = {
  limit: wholeNumber(1, LIST_LIMIT_MAX)
    .default(LIST_LIMIT_DEFAULT)
    .meta({ description: "Entries on one page.", type: "integer", minimum: 1, maximum: LIST_LIMIT_MAX, default: LIST_LIMIT_DEFAULT }),
  cursor: z.string().min(1).max(512).optional().describe("`nextCursor` of the page before."),
};

export const timeRange = {
  since: time.optional().describe("Only what happened at this time or later."),
  until: time.optional().describe("Only what happened before this time."),
};

/** `source` takes an id or a name, `sourceId` an id; both mean the same. */
export const sourceFilter = {
  source: z.string().min(1).max(NAME_CHARACTERS_MAX).optional().describe("Id or name of a source."),
  sourceId: idText.optional(),
};

export const destinationFilter = {
  destination: z.string().min(1).max(NAME_CHARACTERS_MAX).optional().describe("Id or name of a destination."),
  destinationId: idText.optional(),
};

export const tenantFilter = { tenantId: tenantId.optional().describe("Only of this tenant.") };

export const subscriptionFilter = {
  subscription: z.string().min(1).max(NAME_CHARACTERS_MAX).optional().describe("Id or name of a subscription."),
  subscriptionId: idText.optional(),
};

export const emptyBody = z.strictObject({}).optional();

export const headerPairs = z.array(z.tuple([z.string(), z.string()])).describe("In wire order, with duplicates.");

/** Bytes as text where they are UTF-8, as base64 otherwise. */
export const bodyFields = {
  body: z.string(),
  bodyEncoding: z.enum(["utf8", "base64"]),
};
