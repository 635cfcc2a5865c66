// Vendors that sign the body alone, against their own packages.
import { validateSignature as lineValidates } from "@line/bot-sdk";
import { WebhookEventVerifier } from "@onfido/api";
import { sign as githubSigns, verify as githubVerifies, verifyWithFallback as githubRotates } from "@octokit/webhooks-methods";
import coinbase from "coinbase-commerce-node";
import fc from "fast-check";
import { verifySignature as gocardlessVerifies } from "gocardless-nodejs/webhooks";
import { createHmac } from "node:crypto";
import Razorpay from "razorpay";
import { describe, expect, test } from "vitest";
import { createVerifier } from "../../src/index.ts";
import {
  binary,
  describeOracle,
  expectVerdicts,
  freezeClock,
  json,
  nowMs,
  sample,
  text,
  textOf,
  textSecret,
  type Message,
  type Oracle,
} from "./both-ways.ts";

freezeClock();

// Keyed with the text of the secret, over the bytes of the body.
const hmac = ({ secret, body }: Message, encoding: "hex" | "base64"): string => createHmac("sha256", secret).update(body).digest(encoding);

const github: Oracle = {
  name: "@octokit/webhooks-methods",
  provider: "github",
  signature: "x-hub-signature-256",
  secret: textSecret,
  body: text,
  sign: async ({ secret, body }) => ({ "x-hub-signature-256": await githubSigns(secret, textOf(body)) }),
  verify: ({ secret, body, headers }) => githubVerifies(secret, textOf(body), headers["x-hub-signature-256"] ?? ""),
};

const razorpay: Oracle = {
  name: "razorpay",
  provider: "razorpay",
  signature: "x-razorpay-signature",
  secret: textSecret,
  body: text,
  sign: (message) => ({ "x-razorpay-signature": hmac(message, "hex") }),
  verify: ({ secret, body, headers }) => Razorpay.validateWebhookSignature(textOf(body), headers["x-razorpay-signature"] ?? "", secret),
};

const line: Oracle = {
  name: "@line/bot-sdk",
  provider: "line",
  signature: "x-line-signature",
  secret: textSecret,
  body: fc.oneof(text, binary),
  sign: (message) => ({ "x-line-signature": hmac(message, "base64") }),
  verify: ({ secret, body, headers }) => lineValidates(Buffer.from(body), secret, headers["x-line-signature"] ?? ""),
};

const gocardless: Oracle = {
  name: "gocardless-nodejs",
  provider: "gocardless",
  signature: "webhook-signature",
  secret: textSecret,
  body: fc.oneof(text, binary),
  sign: (message) => ({ "webhook-signature": hmac(message, "hex") }),
  verify: ({ secret, body, headers }) => gocardlessVerifies(Buffer.from(body), secret, headers["webhook-signature"] ?? ""),
};

const onfido: Oracle = {
  name: "@onfido/api",
  provider: "onfido",
  signature: "x-sha2-signature",
  secret: textSecret,
  body: json,
  sign: (message) => ({ "x-sha2-signature": hmac(message, "hex") }),
  verify: ({ secret, body, headers }) => {
    new WebhookEventVerifier(secret).readPayload(Buffer.from(body), headers["x-sha2-signature"] ?? "");
  },
};

const commerce: Oracle = {
  name: "coinbase-commerce-node",
  provider: "coinbase-commerce",
  signature: "x-cc-webhook-signature",
  secret: textSecret,
  body: text,
  sign: ({ secret, body }) => ({ "x-cc-webhook-signature": coinbase.Webhook.computeSignature(textOf(body), secret) }),
  verify: ({ secret, body, headers }) => coinbase.Webhook.verifySigHeader(textOf(body), headers["x-cc-webhook-signature"] ?? "", secret),
};

for (const oracle of [github, razorpay, line, gocardless, onfido, commerce]) describeOracle(oracle);

describe("what the packages add", () => {
  test("@octokit/webhooks-methods tries additional secrets as we try several", async () => {
    await fc.assert(
      fc.asyncProperty(textSecret, textSecret, text, async (current, previous, body) => {
        fc.pre(current !== previous);
        const signature = await githubSigns(previous, body);
        const verifier = createVerifier({ provider: "github", secrets: [current, previous] });
        expect(verifier.verify({ headers: { "x-hub-signature-256": signature }, body }, nowMs)).toEqual({ ok: true, secretIndex: 1 });
        expect(await githubRotates(current, body, signature, [previous])).toBe(true);
        expect(await githubRotates(current, body, signature, [])).toBe(false);
      }),
      { numRuns: 60 },
    );
  });

  // Two of the packages decode the hex, two compare its text. No vendor sends capitals, and both spell the same bytes.
  test.each([
    [gocardless, true],
    [onfido, true],
    [razorpay, false],
    [commerce, false],
  ])("$name: upper-case hex", async (oracle, theirs) => {
    const delivery = await sample(oracle);
    const name = oracle.signature ?? "";
    const headers = { [name]: (delivery.headers[name] ?? "").toUpperCase() };
    await expectVerdicts(oracle, { ...delivery, headers }, { theirs, ours: true });
  });

  // Its package decodes base64 as far as it goes. Here each signature has one spelling, so that it can be an identity.
  test.each(["=", "\n", "!"])("@line/bot-sdk: a signature with %j behind it is refused by us only", async (more) => {
    const delivery = await sample(line);
    const headers = { "x-line-signature": `${delivery.headers["x-line-signature"]}${more}` };
    await expectVerdicts(line, { ...delivery, headers }, { theirs: true, ours: false });
  });
});
