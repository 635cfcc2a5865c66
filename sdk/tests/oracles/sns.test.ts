// Amazon's own validator of SNS messages. It fetches the certificate of a message, so the fetch alone is answered here.
import fc from "fast-check";
import { createPublicKey, generateKeyPairSync, sign as signBytes } from "node:crypto";
import https from "node:https";
import { Readable } from "node:stream";
import MessageValidator from "sns-validator";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import {
  accepted,
  describeOracle,
  expectVerdicts,
  freezeClock,
  refused,
  sample,
  text,
  textOf,
  type Delivery,
  type Message as Unsigned,
  type Oracle,
} from "./both-ways.ts";

freezeClock();

const privateKeys = Array.from({ length: 3 }, () => {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return privateKey.export({ format: "pem", type: "pkcs8" }).toString();
});
const publicPem = (privatePem: string): string => createPublicKey(privatePem).export({ format: "pem", type: "spki" }).toString();

// The validator keeps certificates by address, so every key has an address of its own.
const certUrl = (privatePem: string): string =>
  `https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-${privateKeys.indexOf(privatePem)}.pem`;

const asked: string[] = [];

beforeAll(() => {
  const answer = (url: unknown, done: unknown): unknown => {
    asked.push(String(url));
    const pem = privateKeys.find((key) => certUrl(key) === url);
    // Node verifies with a public key in PEM just as with the certificate around it.
    const response = Object.assign(Readable.from(pem === undefined ? [] : [publicPem(pem)]), { statusCode: pem === undefined ? 404 : 200 });
    (done as (each: typeof response) => void)(response);
    return response;
  };
  vi.spyOn(https, "get").mockImplementation(answer as typeof https.get);
});
afterAll(() => {
  vi.restoreAllMocks();
});

type Fields = Readonly<Record<string, string | undefined>>;

const ORDER = ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];

/** Signs the named fields in their order, as AWS documents it. */
function signed(privatePem: string, fields: Fields, version: "1" | "2", names: readonly string[] = ORDER): Buffer {
  const content = names.filter((name) => fields[name] !== undefined).map((name) => `${name}\n${fields[name]}\n`);
  const signature = signBytes(version === "1" ? "sha1" : "sha256", Buffer.from(content.join("")), privatePem);
  const message = { ...fields, SignatureVersion: version, Signature: signature.toString("base64"), SigningCertURL: certUrl(privatePem) };
  return Buffer.from(JSON.stringify(message));
}

const common = {
  Message: text,
  MessageId: fc.uuid(),
  Timestamp: fc.constant("2026-09-21T14:13:20.250Z"),
  TopicArn: fc.constant("arn:aws:sns:eu-central-1:000000000000:fixture"),
};
const notification = fc.record({ ...common, Subject: fc.option(text, { nil: undefined }), Type: fc.constant("Notification") });
const confirmation = fc.record({
  ...common,
  SubscribeURL: fc.constant("https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription"),
  Token: fc.stringMatching(/^[0-9a-f]{32}$/),
  Type: fc.constant("SubscriptionConfirmation"),
});

function sns(version: "1" | "2"): Oracle {
  return {
    name: `sns-validator, version ${version}`,
    provider: "aws-sns",
    bodyUnsigned: true,
    secret: fc.constantFrom(...privateKeys),
    receiverSecret: publicPem,
    body: fc.oneof(notification, confirmation).map((fields) => JSON.stringify(fields)),
    sign: ({ secret, body }) => signed(secret, JSON.parse(textOf(body)) as Fields, version),
    verify: ({ secret, body }) => validated(secret, body),
  };
}

// A message names its certificate, and the receiver's key is ours to choose: so theirs is given the certificate of that key
// under the address of the message, as long as that is one of Amazon's.
function validated(secret: string, body: Delivery["body"]): Promise<boolean> {
  const message = JSON.parse(textOf(body)) as Record<string, unknown>;
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const SigningCertURL = isAmazon(String(message["SigningCertURL"])) ? certUrl(secret) : message["SigningCertURL"];
  new MessageValidator().validate(JSON.stringify({ ...message, SigningCertURL }), (error) => resolve(error === null));
  return promise;
}

function isAmazon(url: string): boolean {
  return /^https:\/\/sns\.[a-z0-9-]+\.amazonaws\.com\/[\w-]+\.pem$/.test(url);
}

for (const version of ["1", "2"] as const) describeOracle(sns(version));

describe("sns: fields", () => {
  const oracle = sns("2");
  const [key = ""] = privateKeys;
  const [fields] = fc.sample(notification, { numRuns: 1, seed: 2 }).map((each) => ({ ...each, Subject: "A subject" }));
  const request = (body: Buffer): Promise<Delivery> => {
    const given: Partial<Unsigned> = { secret: key };
    return sample(oracle, given).then((delivery) => ({ ...delivery, body }));
  };
  const change = (body: Buffer, by: object): Buffer => Buffer.from(JSON.stringify({ ...(JSON.parse(body.toString()) as object), ...by }));

  test.each([
    { Message: "changed" },
    { MessageId: "changed" },
    { Subject: "changed" },
    { Subject: undefined },
    { Timestamp: "2026-09-21T14:13:21.250Z" },
    { TopicArn: "arn:aws:sns:eu-central-1:000000000000:changed" },
    { Type: "SubscriptionConfirmation", SubscribeURL: "https://sns.eu-central-1.amazonaws.com/", Token: "x" },
    { SignatureVersion: "1" },
    { SignatureVersion: "3" },
    { Signature: "" },
    { SigningCertURL: "https://sns.eu-central-1.amazonaws.com.evil.test/SimpleNotificationService-0.pem" },
    { SigningCertURL: "http://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0.pem" },
    { SigningCertURL: "https://evil.test/SimpleNotificationService-0.pem" },
    { SigningCertURL: "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0.txt" },
  ])("%j is refused", async (by) => {
    const body = signed(key, fields ?? {}, "2");
    await expectVerdicts(oracle, await request(body), accepted);
    await expectVerdicts(oracle, await request(change(body, by)), refused);
  });

  // AWS documents Token for both control messages. The validator leaves it out of this one, and so cannot take a real one.
  test("UnsubscribeConfirmation is signed with its Token, which theirs does not know", async () => {
    const [given] = fc.sample(confirmation, { numRuns: 1, seed: 3 });
    const unsubscribe = { ...given, Type: "UnsubscribeConfirmation" };
    const documented = await request(signed(key, unsubscribe, "2"));
    await expectVerdicts(oracle, documented, { theirs: false, ours: true });
    const withoutToken = signed(
      key,
      unsubscribe,
      "2",
      ORDER.filter((name) => name !== "Token"),
    );
    await expectVerdicts(oracle, await request(withoutToken), { theirs: true, ours: false });
  });

  // A line break inside a short field could make one signed field look like two. AWS sends none there.
  test("a line break outside Message and Subject is refused by us only", async () => {
    const body = signed(key, { ...fields, MessageId: "1\nSubject\nx" }, "2");
    await expectVerdicts(oracle, await request(body), { theirs: true, ours: false });
  });

  test("the certificate is asked for at its own address only", () => {
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.filter((url) => !isAmazon(url))).toEqual([]);
  });
});
