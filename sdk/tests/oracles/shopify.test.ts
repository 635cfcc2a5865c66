// Shopify's own package, which also reads the headers beside the signature, for both of its header families.
import { ApiVersion, LogSeverity, shopifyApi } from "@shopify/shopify-api";
import "@shopify/shopify-api/adapters/node";
import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import {
  describeOracle,
  describeTheirs,
  expectVerdicts,
  freezeClock,
  sample,
  text,
  textOf,
  textSecret,
  type Delivery,
  type Message,
  type Oracle,
} from "./both-ways.ts";

freezeClock();

function apiOf(apiSecretKey: string) {
  return shopifyApi({
    apiKey: "fixture",
    apiSecretKey,
    hostName: "hooks.example.test",
    isEmbeddedApp: false,
    apiVersion: ApiVersion.July26,
    logger: { level: LogSeverity.Error, log: async () => {} },
  });
}

async function verify({ secret, headers, body }: Delivery, family: Record<string, string>): Promise<boolean> {
  const rawRequest = { method: "POST", url: "/in", headers: { ...family, ...headers } };
  const answer = await apiOf(secret).webhooks.validate({ rawBody: textOf(body), rawRequest });
  return answer.valid;
}

const hmac = ({ secret, body }: Message): string => createHmac("sha256", secret).update(body).digest("base64");

const webhooks: Oracle = {
  name: "@shopify/shopify-api, webhooks",
  provider: "shopify",
  signature: "x-shopify-hmac-sha256",
  secret: textSecret,
  body: text,
  sign: (message) => ({ "x-shopify-hmac-sha256": hmac(message) }),
  verify: (delivery) =>
    verify(delivery, {
      "x-shopify-topic": "orders/create",
      "x-shopify-shop-domain": "fixture.myshopify.com",
      "x-shopify-api-version": "2026-07",
      "x-shopify-webhook-id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
    }),
};

// Our signer writes the older family, which every app understands, so only verifying is compared here.
const events: Oracle = {
  ...webhooks,
  name: "@shopify/shopify-api, events",
  signature: "shopify-hmac-sha256",
  sign: (message) => ({ "shopify-hmac-sha256": hmac(message) }),
  verify: (delivery) =>
    verify(delivery, {
      "shopify-topic": "product",
      "shopify-shop-domain": "fixture.myshopify.com",
      "shopify-api-version": "2026-07",
      "shopify-webhook-id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
    }),
};

describeOracle(webhooks);
describeTheirs(events);

test("an empty body is refused by theirs only: it has a signature like any other", async () => {
  const delivery = await sample(webhooks, { body: "" });
  await expectVerdicts(webhooks, delivery, { theirs: false, ours: true });
  expect(delivery.headers).toHaveProperty("x-shopify-hmac-sha256");
});
