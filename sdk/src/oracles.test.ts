// Independent oracles: what the official libraries sign we verify, and what we sign they verify.
import { sign as githubSign, verify as githubVerify } from "@octokit/webhooks-methods";
import fc from "fast-check";
import { Webhook as StandardWebhook } from "standardwebhooks";
import { Stripe } from "stripe";
import { Webhook as SvixWebhook } from "svix";
import { describe, expect, test } from "vitest";
import { createSigner, createVerifier } from "./index.ts";

const nowSeconds = Math.floor(Date.now() / 1000);
const nowMs = nowSeconds * 1000;

// The libraries take text and parse it as JSON after verification, so bodies are JSON with any characters in it.
const jsonBody = fc.json({ maxDepth: 3 });
const id = fc.stringMatching(/^msg_[A-Za-z0-9_]{1,40}$/);
const standardSecret = fc.uint8Array({ minLength: 24, maxLength: 64 }).map((bytes) => `whsec_${Buffer.from(bytes).toString("base64")}`);
const textSecret = fc.string({ minLength: 8, maxLength: 64, unit: "grapheme-ascii" });

function signed(provider: string, secret: string, body: string | Uint8Array, msgId?: string): Record<string, string> {
  return Object.fromEntries(createSigner({ provider, secrets: [secret] }).sign({ id: msgId, timestampSeconds: nowSeconds, body }).headers);
}

describe("standardwebhooks", () => {
  test("theirs verifies with ours", () => {
    fc.assert(
      fc.property(standardSecret, id, jsonBody, (secret, msgId, body) => {
        const signature = new StandardWebhook(secret).sign(msgId, new Date(nowMs), body);
        const headers = { "webhook-id": msgId, "webhook-timestamp": String(nowSeconds), "webhook-signature": signature };
        expect(createVerifier({ provider: "standard-webhooks", secrets: [secret] }).verify({ headers, body }, nowMs)).toEqual({
          ok: true,
          secretIndex: 0,
        });
      }),
    );
  });

  test("ours verifies with theirs", () => {
    fc.assert(
      fc.property(standardSecret, id, jsonBody, (secret, msgId, body) => {
        expect(() => new StandardWebhook(secret).verify(body, signed("standard-webhooks", secret, body, msgId))).not.toThrow();
      }),
    );
  });
});

describe("svix", () => {
  test("theirs verifies with ours", () => {
    fc.assert(
      fc.property(standardSecret, id, jsonBody, (secret, msgId, body) => {
        const signature = new SvixWebhook(secret).sign(msgId, new Date(nowMs), body);
        const headers = { "svix-id": msgId, "svix-timestamp": String(nowSeconds), "svix-signature": signature };
        expect(createVerifier({ provider: "standard-webhooks", secrets: [secret] }).verify({ headers, body }, nowMs)).toEqual({
          ok: true,
          secretIndex: 0,
        });
      }),
    );
  });

  test("ours, with both header families, verifies with theirs", () => {
    fc.assert(
      fc.property(standardSecret, id, jsonBody, fc.constantFrom("webhook", "svix"), (secret, msgId, body, headerPrefix) => {
        const signer = createSigner({ provider: "standard-webhooks", secrets: [secret], params: { headerPrefix } });
        const headers = Object.fromEntries(signer.sign({ id: msgId, timestampSeconds: nowSeconds, body }).headers);
        expect(headers).toHaveProperty(`${headerPrefix}-id`, msgId);
        expect(() => new SvixWebhook(secret).verify(body, headers)).not.toThrow();
      }),
    );
  });
});

describe("stripe", () => {
  const { webhooks } = new Stripe("sk_test_fixture");

  test("theirs verifies with ours", () => {
    fc.assert(
      fc.property(textSecret, jsonBody, (secret, body) => {
        const header = webhooks.generateTestHeaderString({ payload: body, secret, timestamp: nowSeconds });
        expect(
          createVerifier({ provider: "stripe", secrets: [secret] }).verify({ headers: { "stripe-signature": header }, body }, nowMs),
        ).toEqual({ ok: true, secretIndex: 0 });
      }),
    );
  });

  test("ours verifies with theirs", () => {
    fc.assert(
      fc.property(textSecret, fc.object({ maxDepth: 2 }), (secret, data) => {
        const body = JSON.stringify({ id: "evt_1", object: "event", data });
        expect(() => webhooks.constructEvent(body, signed("stripe", secret, body)["stripe-signature"] ?? "", secret)).not.toThrow();
      }),
    );
  });
});

describe("@octokit/webhooks-methods", () => {
  // Its sign() takes text only, so text bodies of any characters are what both sides can share.
  const text = fc.string({ minLength: 1, maxLength: 200, unit: "grapheme" });

  test("theirs verifies with ours, also over bytes", async () => {
    await fc.assert(
      fc.asyncProperty(textSecret, text, async (secret, body) => {
        const headers = { "X-Hub-Signature-256": await githubSign(secret, body) };
        expect(createVerifier({ provider: "github", secrets: [secret] }).verify({ headers, body: Buffer.from(body) }, nowMs)).toEqual({
          ok: true,
          secretIndex: 0,
        });
      }),
    );
  });

  test("ours verifies with theirs", async () => {
    await fc.assert(
      fc.asyncProperty(textSecret, text, async (secret, body) => {
        expect(await githubVerify(secret, body, signed("github", secret, body)["x-hub-signature-256"] ?? "")).toBe(true);
      }),
    );
  });
});

describe("binary bodies", () => {
  test.each(["github", "stripe", "standard-webhooks"])("%s signs and verifies any bytes", (provider) => {
    fc.assert(
      fc.property(standardSecret, fc.uint8Array({ maxLength: 300 }), (secret, body) => {
        const headers = signed(provider, secret, body, "msg_1");
        expect(createVerifier({ provider, secrets: [secret] }).verify({ headers, body }, nowMs).ok).toBe(true);
      }),
    );
  });
});
