// Providers: the catalogue of the SDK as the API shows it, as data and in words.
import { z } from "zod";
import { listQuery } from "./fields.ts";
import { answerSchema, pageOf } from "./registry.ts";

const headFields = {
  id: z.string(),
  name: z.string(),
  docsUrl: z.string().describe("Where the vendor documents the signature."),
  bodyAuthenticated: z.boolean().describe("False: a valid request may carry a changed body."),
  experimental: z.boolean().describe("True: from memory of the vendor's documentation, not checked against it."),
};

const words = z.strictObject({
  scheme: z.string(),
  how: z.array(z.string()),
  body: z.string(),
  age: z.string(),
  credential: z.string().describe("What a source needs: secret, public key or nothing."),
  params: z.array(z.strictObject({ name: z.string(), needed: z.boolean(), meaning: z.string() })),
  headers: z.array(z.string()),
  eventId: z.string().nullable(),
  eventType: z.string().nullable(),
  eventTime: z.string().nullable(),
  eventKey: z.string().nullable(),
  keys: z.string().nullable(),
  handshakes: z.array(z.string()),
  batch: z.string().nullable(),
  answer: z.string(),
  command: z.string(),
});

export const providerHead = answerSchema(
  "ProviderHead",
  z.strictObject({ ...headFields, scheme: z.string().describe("How it signs, in a few words.") }),
);

// The record of the SDK says more than is listed here, and what it says grows with the SDK.
export const provider = answerSchema(
  "Provider",
  z.looseObject({
    ...headFields,
    scheme: z.looseObject({ kind: z.string() }).describe("How it signs, as data."),
    eventId: z.array(z.string()),
    eventType: z.array(z.string()),
    setup: z.array(z.string()).describe("Steps for a person, in order."),
    secretHint: z.string().optional().describe("Where the vendor shows the secret or key."),
    signsUrl: z.boolean().describe("True: a source needs the parameter url, as it is registered at the vendor."),
    words,
  }),
);

export const providerPage = pageOf("ProviderPage", providerHead);

export const providerQuery = z.strictObject({
  ...listQuery,
  search: z.string().min(1).max(100).optional().describe("Only those with this text in id, name or scheme."),
});

export type ProviderQuery = z.output<typeof providerQuery>;
export type ProviderHeadView = z.output<typeof providerHead>;
export type ProviderView = z.output<typeof provider>;
