// Vendors that sign with a private key: Discord and SendGrid. Their packages only verify, so the hand signs for them.
import { EventWebhook } from "@sendgrid/eventwebhook";
import { verifyKey } from "discord-interactions";
import fc from "fast-check";
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign as signBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import {
  accepted,
  binary,
  describeOracle,
  expectAtAge,
  expectVerdicts,
  freezeClock,
  refused,
  sample,
  text,
  textOf,
  type Message,
  type Oracle,
} from "./both-ways.ts";

freezeClock();

const seconds = ({ nowMs }: Message): string => String(Math.floor(nowMs / 1000));
const publicDer = (privatePem: string): Buffer => createPublicKey(privatePem).export({ format: "der", type: "spki" });

// Any 32 bytes are an ed25519 key; before them stands what RFC 8410 puts there.
const ed25519Key = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((seed) => {
  const der = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]);
  return createPrivateKey({ key: der, format: "der", type: "pkcs8" }).export({ format: "pem", type: "pkcs8" }).toString();
});
const rawPublicHex = (privatePem: string): string => publicDer(privatePem).subarray(-32).toString("hex");

const discord: Oracle = {
  name: "discord-interactions",
  provider: "discord",
  signature: "x-signature-ed25519",
  secret: ed25519Key,
  receiverSecret: rawPublicHex,
  body: fc.oneof(text, binary),
  sign: (message) => ({
    "x-signature-timestamp": seconds(message),
    "x-signature-ed25519": signBytes(
      null,
      Buffer.concat([Buffer.from(seconds(message)), Buffer.from(message.body)]),
      message.secret,
    ).toString("hex"),
  }),
  verify: ({ secret, headers, body }) =>
    verifyKey(Buffer.from(body), headers["x-signature-ed25519"] ?? "", headers["x-signature-timestamp"] ?? "", rawPublicHex(secret)),
};

const p256Keys = Array.from({ length: 4 }, () => {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return privateKey.export({ format: "pem", type: "pkcs8" }).toString();
});
const sendgridWebhook = new EventWebhook();

const sendgrid: Oracle = {
  name: "@sendgrid/eventwebhook",
  provider: "sendgrid",
  signature: "x-twilio-email-event-webhook-signature",
  secret: fc.constantFrom(...p256Keys),
  receiverSecret: (privatePem) => publicDer(privatePem).toString("base64"),
  // The bodies end with a line break of two characters, which is signed.
  body: text.map((each) => `${each}\r\n`),
  sign: (message) => ({
    "x-twilio-email-event-webhook-timestamp": seconds(message),
    "x-twilio-email-event-webhook-signature": signBytes(
      "sha256",
      Buffer.from(`${seconds(message)}${textOf(message.body)}`),
      message.secret,
    ).toString("base64"),
  }),
  verify: ({ secret, headers, body }) =>
    sendgridWebhook.verifySignature(
      sendgridWebhook.convertPublicKeyToECDSA(publicDer(secret).toString("base64")),
      textOf(body),
      headers["x-twilio-email-event-webhook-signature"] ?? "",
      headers["x-twilio-email-event-webhook-timestamp"] ?? "",
    ),
};

for (const oracle of [discord, sendgrid]) describeOracle(oracle);

describe("what the vendors leave open", () => {
  test.each([discord, sendgrid])("$name: any age, because the vendor states no limit", async (oracle) => {
    await expectAtAge(oracle, 86_400_000, accepted);
    await expectAtAge(oracle, -86_400_000, accepted);
  });

  test("sendgrid: without its line break the body is another", async () => {
    const delivery = await sample(sendgrid);
    await expectVerdicts(sendgrid, { ...delivery, body: textOf(delivery.body).trimEnd() }, refused);
  });

  // Discord probes endpoints with such signatures and wants each of them refused.
  test.each(["", "00", "00".repeat(64), "ff".repeat(64), "zz".repeat(64)])("discord: the signature %j is refused", async (signature) => {
    const delivery = await sample(discord);
    expect(delivery.headers).toHaveProperty("x-signature-ed25519");
    await expectVerdicts(discord, { ...delivery, headers: { ...delivery.headers, "x-signature-ed25519": signature } }, refused);
  });
});
