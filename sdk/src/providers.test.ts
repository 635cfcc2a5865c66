// Every provider of the list: plain data under its file's name, and what it signs verifies until one bit is changed.
import fc from "fast-check";
import { readdirSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "vitest";
import { engines } from "../tests/engines.ts";
import {
  bodiesOf,
  nowMs,
  otherSecretsOf,
  providerCases,
  secretsOf,
  signerOf,
  signingSecretsOf,
  url,
  urlOf,
  verifierOf,
} from "../tests/provider-cases.ts";
import { formFields } from "./form.ts";
import {
  createSigner,
  createVerifier,
  providers,
  signsUrl,
  type Params,
  type Provider,
  type SignedHeaders,
  type WebhookRequest,
} from "./index.ts";
import { anyFormFields, withFormField } from "./multipart.ts";
import { signWith } from "./signer.ts";
import { check } from "./webhook.ts";

test("there is one file for each provider, under its id", () => {
  const files = readdirSync(new URL("./providers/", import.meta.url)).filter((name) => name !== "index.ts");
  expect(providers.map(({ id }) => `${id}.ts`).toSorted()).toEqual(files.toSorted());
});

function flipText(text: string, bit: number): string {
  // Names of authentication schemes may be written in any case and Worldpay's key labels are not read, so what is
  // flipped stands behind them.
  const from = /^(?:(?:Bearer|Basic|JWT) |\d+(?=\/SHA256\/))/.exec(text)?.[0].length ?? 0;
  const at = from + (bit % (text.length - from));
  return text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ (1 << (bit % 7))) + text.slice(at + 1);
}

function flipBytes(bytes: Uint8Array, bit: number): Uint8Array {
  return bytes.map((byte, index) => (index === bit % bytes.length ? byte ^ (1 << (bit % 8)) : byte));
}

function unsignedHeaders({ scheme, eventId, eventType }: Provider): string[] {
  const places = [...eventId, ...eventType].filter((at) => at.startsWith("header:")).map((at) => at.slice("header:".length));
  const names = ["content-type", ...places];
  switch (scheme.kind) {
    case "hmac":
      return names.filter((name) => !scheme.content.includes(name));
    case "standard-webhooks":
      return names.filter((name) => !scheme.headerPrefixes.some((prefix) => name === `${prefix}-id`));
    case "asymmetric":
      // Another certificate of the vendor is no forgery while none is pinned by certUrl.
      return [...names, scheme.certUrl?.header ?? ""];
    default:
      return names;
  }
}

/** Hex has two spellings of a letter, and only for hex the other one is the same signature. */
function isCaseless({ scheme }: Provider): boolean {
  if (scheme.kind === "body-signature") return scheme.layout === "mailgun" || scheme.layout === "dropbox-sign";
  return scheme.kind === "canonical" || scheme.kind === "hmac" || (scheme.kind === "asymmetric" && scheme.enc === "hex");
}

/** What a body says where it is a form: percent-escapes, and the hex behind Braintree's public key, have two spellings of a letter. */
function meaningOf(body: Uint8Array | string): unknown {
  return formFields(body)?.map(([name, value]) => [
    name,
    name === "bt_signature" ? value.replace(/\|.*$/, (hex) => hex.toLowerCase()) : value,
  ]);
}

/** Forms that are signed field by field; elsewhere the bytes count. */
function signsFields({ scheme }: Provider): boolean {
  if (scheme.kind === "body-signature") return scheme.layout === "braintree" || scheme.layout === "paddle-classic";
  return "content" in scheme && scheme.content.includes("{form");
}

/** The parts of a body that its own signature covers, as places in its JSON, which may stand in the form field json. */
const signedPlaces: Readonly<Record<string, readonly string[]>> = {
  adyen: [
    "notificationItems.0.NotificationRequestItem.pspReference",
    "notificationItems.0.NotificationRequestItem.additionalData.hmacSignature",
  ],
  mailgun: ["signature.timestamp", "signature.token", "signature.signature"],
  "aws-sns": ["Message", "MessageId", "TopicArn", "Timestamp", "Signature", "SignatureVersion"],
  "microsoft-graph": ["value.0.clientState"],
  "dropbox-sign": ["event.event_time", "event.event_type", "event.event_hash"],
};

function flipPlace(body: string, place: string, bit: number): string {
  const field = anyFormFields(body)?.find(([name]) => name === "json")?.[1];
  const root = JSON.parse(field ?? body) as Record<string, unknown>;
  const keys = place.split(".");
  const last = keys.pop() ?? "";
  const parent = keys.reduce<Record<string, unknown>>((value, name) => value[name] as Record<string, unknown>, root);
  const text = String(parent[last]);
  parent[last] = text === "" ? "x" : flipText(text, bit);
  const json = JSON.stringify(root);
  return field === undefined ? json : (withFormField(body, "json", json) ?? json);
}

interface Subject {
  readonly provider: Provider;
  readonly params: Params;
}

/** What all ways to verify say, which must be one answer. */
async function verifies({ provider, params }: Subject, request: WebhookRequest, secrets = secretsOf(provider)): Promise<boolean> {
  const result = createVerifier({ provider, secrets, params }).verify(request, nowMs);
  for (const [name, engine] of engines) expect(await check(engine, request, { provider, secrets, params, nowMs }), name).toEqual(result);
  return result.ok;
}

async function signedBy({ provider, params }: Subject, body: Uint8Array): Promise<SignedHeaders[]> {
  const options = { provider, params, secrets: signingSecretsOf(provider) };
  const input = { id: "evt-1", type: "a.b", timestampSeconds: nowMs / 1000, method: "POST", url, body };
  return [createSigner(options).sign(input), ...(await Promise.all(engines.map(([, engine]) => signWith(engine, options, input))))];
}

function requestOf(provider: Provider, signed: SignedHeaders, body: Uint8Array): WebhookRequest {
  return { method: "POST", url: signed.url ?? urlOf(provider), headers: signed.headers, body: signed.body ?? body };
}

async function checkFlips(subject: Subject, body: Uint8Array, bit: number): Promise<void> {
  const { provider } = subject;
  const all = await signedBy(subject, body);
  for (const signed of all) expect(await verifies(subject, requestOf(provider, signed, body))).toBe(true);
  const [signed = all[0]] = all.slice(bit % all.length);
  if (signed === undefined) throw new Error("nothing was signed");
  const request = requestOf(provider, signed, body);
  const changed = (change: Partial<WebhookRequest>): Promise<boolean> => verifies(subject, { ...request, ...change });

  if (provider.scheme.kind !== "none") {
    expect(await verifies(subject, { ...request, url: urlOf(provider), headers: [], body })).toBe(false);
    expect(await verifies(subject, request, otherSecretsOf(provider))).toBe(false);
    const flipped = flipBytes(Buffer.from(request.body), bit);
    const isSameForm = signsFields(provider) && isDeepStrictEqual(meaningOf(flipped), meaningOf(request.body));
    if (provider.bodyAuthenticated && !isSameForm) expect(await changed({ body: flipped }), String(flipped)).toBe(false);
  }
  const isSame = (one: string, other: string): boolean => isCaseless(provider) && one.toLowerCase() === other.toLowerCase();
  for (const place of signed.body === undefined ? [] : (signedPlaces[provider.id] ?? [])) {
    const flipped = flipPlace(String(signed.body), place, bit);
    if (!isSame(flipped, String(signed.body))) expect(await changed({ body: flipped }), `${place}: ${flipped}`).toBe(false);
  }
  // HubSpot's first version is the only one of all recipes whose provider signs the URL while it does not.
  if (signsUrl(provider) && subject.params["signatureVersion"] !== "v1") {
    // Some sign path and query only.
    const [start, rest] = [url.slice(0, url.indexOf("/in/") + 1), String(request.url).slice(url.indexOf("/in/") + 1)];
    expect(await changed({ url: start + flipText(rest, bit) })).toBe(false);
  }
  const free = unsignedHeaders(provider);
  for (const [index, [name, value]] of signed.headers.entries()) {
    const flipped = flipText(value, bit);
    if (free.includes(name) || isSame(flipped, value)) continue;
    expect(await changed({ headers: signed.headers.with(index, [name, flipped]) }), `${name}: ${flipped}`).toBe(false);
  }
  if (signed.url !== undefined) {
    const query = signed.url.lastIndexOf("=") + 1;
    const flipped = signed.url.slice(0, query) + flipText(signed.url.slice(query), bit);
    if (!isSame(flipped, signed.url)) expect(await changed({ url: flipped }), flipped).toBe(false);
  }
}

describe("what is signed verifies, and not with one bit changed", () => {
  test.each(providerCases)("%s", async (_, provider, params) => {
    await fc.assert(
      fc.asyncProperty(bodiesOf(provider), fc.nat(), (body, bit) => checkFlips({ provider, params }, body, bit)),
      { numRuns: 15 },
    );
  });
});

/** The age after which a provider's own rule refuses a request. */
function toleranceOf({ scheme }: Provider): number | undefined {
  if (scheme.kind === "hmac" || scheme.kind === "asymmetric") return scheme.ts?.toleranceSeconds;
  if (scheme.kind === "jwt") return scheme.maxAgeSeconds;
  return scheme.kind === "standard-webhooks" || scheme.kind === "http-signature" ? scheme.toleranceSeconds : undefined;
}

describe("too old", () => {
  const dated = providers.flatMap((provider) => {
    const tolerance = toleranceOf(provider);
    return tolerance === undefined ? [] : [{ id: provider.id, provider, tolerance }];
  });

  test.each(dated)("$id after $tolerance s", ({ provider, tolerance }) => {
    const body = fc.sample(bodiesOf(provider), 1)[0] ?? new Uint8Array();
    const signed = signerOf(provider).sign({ id: "evt-1", timestampSeconds: nowMs / 1000, method: "POST", url, body });
    const at = (seconds: number) => verifierOf(provider).verify(requestOf(provider, signed, body), nowMs + seconds * 1000);
    expect(at(tolerance)).toMatchObject({ ok: true });
    expect(at(tolerance + 1)).toMatchObject({ ok: false, cause: "timestamp_too_old" });
  });
});
