// One oracle, every question: what the vendor signs we verify, what we sign the vendor's code verifies, and what was changed both refuse.
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { createVerifier, sign, verify, type Params, type SignedHeaders, type VerifyOutcome } from "../../src/index.ts";

type Headers = Readonly<Record<string, string>>;
type Body = string | Uint8Array;

/** What is to be signed. */
export interface Message {
  readonly secret: string;
  readonly body: Body;
  readonly nowMs: number;
  readonly id: string;
  readonly method: string;
  readonly url: string;
}

/** A signed request as it arrives. Names of headers are lower case. */
export interface Delivery extends Omit<Message, "nowMs" | "id"> {
  readonly headers: Headers;
}

/** The vendor's side of one provider. */
export interface Oracle {
  /** The npm package, and what of it where it has several. */
  readonly name: string;
  readonly provider: string;
  readonly params?: Params;
  /** The header that ends with the signature, lower case; absent where the signature stands in the body. */
  readonly signature?: string;
  /** true: the body is not signed, or not all of it. */
  readonly bodyUnsigned?: true;
  readonly secret: fc.Arbitrary<string>;
  readonly body: fc.Arbitrary<Body>;
  readonly method?: fc.Arbitrary<string>;
  /** Given where the URL is signed. */
  readonly url?: fc.Arbitrary<string>;
  /**
   * Signs with the vendor's code, or by hand where that only verifies: then `verify` says that the hand was right.
   * Bytes are a body that holds its own signature.
   */
  sign(message: Message): Headers | Uint8Array | Promise<Headers | Uint8Array>;
  /** The vendor's code. False and an error both mean refused. */
  verify(delivery: Delivery): unknown;
  /** What the receiver configures for a secret of the sender: the public key of a private one. */
  readonly receiverSecret?: (secret: string) => string;
}

// Not on a whole second, so that rounding counts. The same instant for their code and ours.
export const nowMs = 1_790_000_000_250;
const RUNS = { numRuns: 60 };

export const textSecret = fc.oneof(
  fc.string({ minLength: 8, maxLength: 64, unit: "grapheme-ascii" }),
  fc.string({ minLength: 8, maxLength: 40, unit: "grapheme" }),
);
export const text = fc.string({ minLength: 1, maxLength: 200, unit: "grapheme" });
export const binary = fc.uint8Array({ minLength: 1, maxLength: 200 });
/** For code that parses what it has verified. */
export const json = fc.json({ maxDepth: 3 });
/** What an endpoint's URL may look like, as it is registered. */
export const httpsUrl = fc.webUrl({ validSchemes: ["https"], withQueryParameters: true });
const messageId = fc.stringMatching(/^msg_[A-Za-z0-9_]{1,40}$/);

/** The body as text, for code that takes nothing else. */
export function textOf(body: Body): string {
  return typeof body === "string" ? body : Buffer.from(body).toString();
}

/** Freezes the clock that both sides read. */
export function freezeClock(): void {
  beforeAll(() => {
    vi.useFakeTimers({ toFake: ["Date"], now: nowMs });
  });
  afterAll(() => {
    vi.useRealTimers();
  });
}

/** What their code says. */
export async function theirVerdict(oracle: Oracle, delivery: Delivery): Promise<boolean> {
  try {
    return (await oracle.verify(delivery)) !== false;
  } catch {
    return false;
  }
}

/** What our code says. */
export async function ourVerdict(oracle: Oracle, delivery: Delivery): Promise<boolean> {
  return (await ourOutcome(oracle, delivery)).ok;
}

function ourOutcome({ provider, params, receiverSecret = same }: Oracle, { secret, ...request }: Delivery): Promise<VerifyOutcome> {
  return verify(request, { provider, secret: receiverSecret(secret), params });
}

const same = (secret: string): string => secret;

/** Signed by them. */
export async function theirs(oracle: Oracle, { nowMs: at, id, ...message }: Message): Promise<Delivery> {
  const signed = await oracle.sign({ ...message, nowMs: at, id });
  return signed instanceof Uint8Array ? { ...message, headers: {}, body: signed } : { ...message, headers: signed };
}

/** Signed by us. */
export async function ours({ provider, params }: Oracle, message: Message): Promise<Delivery> {
  const { nowMs: timestampMs, id, ...rest } = message;
  // Only Standard Webhooks signs the id; to others it is a header beside the signature.
  const signed: SignedHeaders & { readonly body?: Body } = await Promise.resolve(sign({ provider, params, timestampMs, id, ...rest }));
  return { ...rest, headers: Object.fromEntries(signed.headers), body: signed.body ?? rest.body };
}

function messages(oracle: Oracle): fc.Arbitrary<Message> {
  return fc.record({
    secret: oracle.secret,
    body: oracle.body,
    nowMs: fc.constant(nowMs),
    id: messageId,
    method: oracle.method ?? fc.constant("POST"),
    url: oracle.url ?? fc.constant("https://hooks.example.test/in"),
  });
}

interface Change {
  readonly what: "body" | "signature" | "secret" | "url";
  readonly other: string;
  readonly at: number;
}

function changes(oracle: Oracle): fc.Arbitrary<Change> {
  const what: Change["what"][] = ["secret"];
  if (oracle.bodyUnsigned !== true) what.push("body");
  if (oracle.signature !== undefined) what.push("signature");
  if (oracle.url !== undefined) what.push("url");
  return fc.record({
    what: fc.constantFrom(...what),
    other: oracle.secret,
    at: fc.nat({ max: 1_000_000 }),
  });
}

function changed(delivery: Delivery, { signature = "" }: Oracle, { what, other, at }: Change): Delivery {
  switch (what) {
    case "body":
      return { ...delivery, body: changedBody(delivery.body, at) };
    case "secret":
      return { ...delivery, secret: other };
    case "url":
      return { ...delivery, url: `${delivery.url}${delivery.url.includes("?") ? "&" : "?"}changed=1` };
    case "signature":
      return { ...delivery, headers: { ...delivery.headers, [signature]: changedSignature(delivery.headers[signature] ?? "", at) } };
  }
}

// A space keeps JSON valid, so that a refusal comes from the signature and not from a parser behind it.
function changedBody(body: Body, at: number): Body {
  if (at % 3 === 0) return typeof body === "string" ? `${body} ` : Buffer.concat([body, Buffer.from(" ")]);
  if (typeof body !== "string") {
    const flipped = Buffer.from(body);
    flipped[at % body.length] = (flipped[at % body.length] ?? 0) ^ (1 << (at & 7));
    return flipped;
  }
  const index = at % body.length;
  return `${body.slice(0, index)}${body[index] === "1" ? "2" : "1"}${body.slice(index + 1)}`;
}

// Every format ends with the digest. The last four letters are left alone: unused bits of base64 are a question of strictness.
function changedSignature(value: string, at: number): string {
  const index = value.length - 5 - (at % 20);
  return `${value.slice(0, index)}${value[index] === "0" ? "1" : "0"}${value.slice(index + 1)}`;
}

/** Both sides are asked; `ours` is false where we refuse on purpose what they accept, which the caller explains. */
export async function expectVerdicts(oracle: Oracle, delivery: Delivery, expected: { theirs: boolean; ours: boolean }): Promise<void> {
  expect({ theirs: await theirVerdict(oracle, delivery), ours: await ourVerdict(oracle, delivery) }).toEqual(expected);
}

function suite(oracle: Oracle, signedBy: string, signed: (oracle: Oracle, message: Message) => Promise<Delivery>): void {
  test(`${signedBy} verifies on both sides`, async () => {
    const property = fc.asyncProperty(messages(oracle), async (message) => {
      await expectVerdicts(oracle, await signed(oracle, message), { theirs: true, ours: true });
    });
    await fc.assert(property, RUNS);
  });

  test(`${signedBy}, then changed anywhere, is refused on both sides`, async () => {
    const property = fc.asyncProperty(messages(oracle), changes(oracle), async (message, change) => {
      fc.pre(change.what !== "secret" || change.other !== message.secret);
      const delivery = changed(await signed(oracle, message), oracle, change);
      await expectVerdicts(oracle, delivery, { theirs: false, ours: false });
    });
    await fc.assert(property, RUNS);
  });
}

/** The half that needs no signing of ours. */
export function describeTheirs(oracle: Oracle): void {
  describe(`${oracle.name}: ${oracle.provider}`, () => {
    theirHalf(oracle);
  });
}

function theirHalf(oracle: Oracle): void {
  suite(oracle, "what they sign", theirs);

  test("during a rotation every secret is tried, and the answer says which it was", async () => {
    const { provider, params, receiverSecret = same } = oracle;
    const property = fc.asyncProperty(messages(oracle), oracle.secret, async (message, previous) => {
      fc.pre(previous !== message.secret);
      const delivery = await theirs(oracle, message);
      const secrets = [previous, message.secret].map(receiverSecret);
      expect(createVerifier({ provider, params, secrets }).verify(delivery, nowMs)).toEqual({ ok: true, secretIndex: 1 });
      expect(createVerifier({ provider, params, secrets: secrets.slice(0, 1) }).verify(delivery, nowMs).ok).toBe(false);
      expect(await theirVerdict(oracle, { ...delivery, secret: previous })).toBe(false);
    });
    await fc.assert(property, RUNS);
  });
}

/** Every test of an oracle. */
export function describeOracle(oracle: Oracle): void {
  describe(`${oracle.name}: ${oracle.provider}`, () => {
    theirHalf(oracle);
    suite(oracle, "what we sign", ours);
  });
}

/** One request signed now by them, for single cases. */
export function sample(oracle: Oracle, change: Partial<Message> = {}): Promise<Delivery> {
  const [message] = fc.sample(messages(oracle), { numRuns: 1, seed: 1 });
  if (message === undefined) throw new Error("fast-check made no message");
  return theirs(oracle, { ...message, ...change });
}

/** Verifies on both sides with the clock `ageMs` after the signature. */
export async function expectAtAge(oracle: Oracle, ageMs: number, expected: { theirs: boolean; ours: boolean }): Promise<void> {
  const delivery = await sample(oracle);
  vi.setSystemTime(nowMs + ageMs);
  try {
    await expectVerdicts(oracle, delivery, expected);
  } finally {
    vi.setSystemTime(nowMs);
  }
}

export const accepted = { theirs: true, ours: true };
export const refused = { theirs: false, ours: false };
