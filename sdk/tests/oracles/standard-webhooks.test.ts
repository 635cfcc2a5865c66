// Standard Webhooks, as its reference library, Svix and OpenAI verify it.
import fc from "fast-check";
import { OpenAI } from "openai";
import { Webhook as StandardWebhook } from "standardwebhooks";
import { Webhook as SvixWebhook } from "svix";
import { describe, expect, test } from "vitest";
import { createSigner } from "../../src/index.ts";
import {
  accepted,
  describeOracle,
  expectAtAge,
  expectVerdicts,
  freezeClock,
  json,
  nowMs,
  refused,
  sample,
  text,
  textOf,
  textSecret,
  theirVerdict,
  ourVerdict,
  type Delivery,
  type Message,
  type Oracle,
} from "./both-ways.ts";

freezeClock();

const secret = fc.uint8Array({ minLength: 24, maxLength: 64 }).map((bytes) => `whsec_${Buffer.from(bytes).toString("base64")}`);

function headersOf(prefix: string, { id, nowMs: at }: Message, signature: string): Record<string, string> {
  return { [`${prefix}-id`]: id, [`${prefix}-timestamp`]: String(Math.floor(at / 1000)), [`${prefix}-signature`]: signature };
}

function standard(provider: string): Oracle {
  return {
    name: "standardwebhooks",
    provider,
    signature: "webhook-signature",
    secret,
    body: json,
    sign: (message) =>
      headersOf("webhook", message, new StandardWebhook(message.secret).sign(message.id, new Date(message.nowMs), textOf(message.body))),
    verify: ({ secret: own, headers, body }: Delivery) => {
      new StandardWebhook(own).verify(textOf(body), headers);
    },
  };
}

function svix(provider: string): Oracle {
  return {
    name: "svix",
    provider,
    signature: "svix-signature",
    secret,
    body: json,
    sign: (message) =>
      headersOf("svix", message, new SvixWebhook(message.secret).sign(message.id, new Date(message.nowMs), textOf(message.body))),
    verify: ({ secret: own, headers, body }: Delivery) => {
      new SvixWebhook(own).verify(textOf(body), headers);
    },
  };
}

const { webhooks } = new OpenAI({ apiKey: "fixture" });

// Its package only verifies. The one that signs takes secrets with the prefix, so the text of others becomes one.
const openai: Oracle = {
  name: "openai",
  provider: "openai",
  signature: "webhook-signature",
  secret: fc.oneof(
    secret,
    textSecret.filter((each) => !each.startsWith("whsec_")),
  ),
  body: text,
  sign: (message) => {
    const own = message.secret.startsWith("whsec_") ? message.secret : `whsec_${Buffer.from(message.secret).toString("base64")}`;
    return headersOf("webhook", message, new StandardWebhook(own).sign(message.id, new Date(message.nowMs), textOf(message.body)));
  },
  verify: ({ secret: own, headers, body }) => webhooks.verifySignature(textOf(body), headers, own),
};

const oracles = [standard("standard-webhooks"), svix("svix"), svix("clerk"), svix("resend"), openai];
for (const oracle of oracles) describeOracle(oracle);

describe("the svix headers", () => {
  test("of the provider standard-webhooks verify with svix", async () => {
    await fc.assert(
      fc.asyncProperty(secret, json, async (own, body) => {
        const signer = createSigner({ provider: "standard-webhooks", secrets: [own], params: { headerPrefix: "svix" } });
        const { headers } = signer.sign({ id: "msg_1", timestampSeconds: nowMs / 1000, body });
        expect(() => new SvixWebhook(own).verify(body, Object.fromEntries(headers))).not.toThrow();
      }),
      { numRuns: 60 },
    );
  });
});

describe("the edges of the tolerance", () => {
  test.each(oracles)("$name, $provider: 300 whole seconds both ways, inclusive", async (oracle) => {
    await expectAtAge(oracle, 300_000, accepted);
    await expectAtAge(oracle, 300_749, accepted);
    await expectAtAge(oracle, 300_750, refused);
    await expectAtAge(oracle, 301_000, refused);
    await expectAtAge(oracle, -300_000, accepted);
    await expectAtAge(oracle, -300_250, accepted);
    await expectAtAge(oracle, -300_251, refused);
    await expectAtAge(oracle, -301_000, refused);
  });
});

describe("a sender that rotates signs with both secrets", () => {
  const [previous, current] = [Buffer.alloc(24, 1), Buffer.alloc(24, 2)].map((bytes) => `whsec_${bytes.toString("base64")}`);
  const third = `whsec_${Buffer.alloc(24, 3).toString("base64")}`;

  test.each(oracles)("$name, $provider takes either", async (oracle) => {
    const body = '{"type":"contact.created"}';
    const { headers } = createSigner({ provider: oracle.provider, secrets: [current ?? "", previous ?? ""] }).sign({
      id: "msg_1",
      timestampSeconds: nowMs / 1000,
      body,
    });
    const request = { body, method: "POST", url: "https://hooks.example.test/in", headers: Object.fromEntries(headers) };
    for (const [own, expected] of [
      [current, true],
      [previous, true],
      [third, false],
    ] as const) {
      const delivery = { ...request, secret: own ?? "" };
      expect({ theirs: await theirVerdict(oracle, delivery), ours: await ourVerdict(oracle, delivery) }).toEqual({
        theirs: expected,
        ours: expected,
      });
    }
  });
});

describe("what the packages read differently", () => {
  // OpenAI's package tries a part without `v1,` as well. The specification has no such part, so nobody sends it.
  test("openai: a signature without its version is refused by us only", async () => {
    const delivery = await sample(openai);
    const headers = { ...delivery.headers, "webhook-signature": (delivery.headers["webhook-signature"] ?? "").replace("v1,", "") };
    await expectVerdicts(openai, { ...delivery, headers }, { theirs: true, ours: false });
  });

  test("svix also takes the headers of the standard, and so do we", async () => {
    const oracle = svix("svix");
    const delivery = await sample(oracle);
    const headers = Object.fromEntries(Object.entries(delivery.headers).map(([name, value]) => [name.replace("svix-", "webhook-"), value]));
    await expectVerdicts(oracle, { ...delivery, headers }, accepted);
  });
});
