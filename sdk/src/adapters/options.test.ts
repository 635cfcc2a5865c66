// Options that cannot work stop the program when the webhook is made, with a sentence that says what is missing.
import { describe, expect, test } from "vitest";
import { ConfigError, type Provider, providerById } from "../index.ts";
import { checkOptions, type WebhookOptions } from "./options.ts";

const handler = () => undefined;
const secret = "a-fixture-secret";

function refusal(options: Partial<WebhookOptions>): string {
  try {
    checkOptions({ provider: "github", secret, handler, ...options });
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return "";
}

describe("options that are refused:", () => {
  test.each<[string, Partial<WebhookOptions>, RegExp]>([
    ["a forgotten variable", { secret: undefined }, /^secret: is missing: requests of GitHub cannot .* environment variable set\?/],
    ["an empty one", { secret: "" }, /^secret: is missing/],
    ["no key of a sender with a key pair", { provider: "discord", secret: undefined }, /^publicKey: is missing: requests of Discord/],
    ["a secret that is too short", { secret: "short" }, /^secrets\[0\]: is too short/],
    ["a secret that cannot be decoded", { provider: "standard-webhooks", secret: "whsec_!" }, /^secrets\[0\]: is not valid base64/],
    ["an unknown provider", { provider: "gitbub" }, /^provider: "gitbub" is not a provider/],
    ["no URL where it is signed", { provider: "square" }, /^url: is missing: Square signs the URL it calls\. Give the full public URL/],
    ["no URL where the template signs it", { provider: "hmac", params: { content: "{url}{body}" } }, /^url: is missing: Generic HMAC/],
    ["a URL that is none", { provider: "square", url: "hooks.example.test" }, /^params\.url: must be the full URL/],
    ["a misspelt parameter", { params: { colour: "red" } }, /^params\.colour: is not a parameter of GitHub/],
    ["a needed parameter", { provider: "paypal", publicKey: "x", secret: undefined }, /^params\.webhookId: is needed/],
    [
      "no secret of a provider that brings it, and nobody to get it",
      { provider: "asana", secret: undefined },
      /^secret: is missing.* give onSecret/,
    ],
    ["onSecret for a provider that brings none", { secret: undefined, onSecret: () => undefined }, /^secret: is missing/],
    [
      "a misspelt parameter beside a secret to come",
      { provider: "asana", secret: undefined, onSecret: () => undefined, params: { a: 1 } },
      /^params\.a/,
    ],
    ["no account to ask for keys with", { provider: "plaid", secret: undefined }, /^secrets: is empty: Plaid hands its keys out/],
    ["half an account", { provider: "plaid" }, /^params\.clientId: is needed to fetch the keys/],
    ["a needed parameter where keys are fetched", { provider: "paypal", secret: undefined }, /^params\.webhookId: is needed/],
    ["no handler", { handler: undefined }, /^handler: is missing/],
    ["handlers that are none", { handlers: { push: "push" as never } }, /^handlers: must be functions/],
    ["a limit that is none", { bodyBytesMax: Number.NaN }, /^bodyBytesMax: must be a whole number of bytes/],
  ])("%s", (_, options, message) => {
    expect(refusal(options)).toMatch(message);
  });

  test("the sentence ends with where the provider shows the secret", () => {
    const record: Provider = { ...providerById("github")!, secretHint: "It is shown under Settings, Webhooks." };
    expect(refusal({ provider: record, secret: undefined })).toMatch(/\? It is shown under Settings, Webhooks\.$/);
  });
});

test.each<[string, Partial<WebhookOptions>]>([
  ["a secret", {}],
  ["secrets", { secret: undefined, secrets: [secret] }],
  ["a secret to come", { provider: "notion", secret: undefined, onSecret: () => undefined }],
  ["a key to be fetched", { provider: "aws-sns", secret: undefined }],
  ["nothing to check with", { provider: "none", secret: undefined }],
  ["a URL", { provider: "square", url: "https://hooks.example.test/" }],
  ["a URL among the parameters", { provider: "square", params: { url: "https://hooks.example.test/" } }],
  ["a URL that nobody signs", { url: "https://hooks.example.test/" }],
  ["a URL for a template", { provider: "hmac", params: { content: "{url}{body}" }, url: "https://hooks.example.test/" }],
])("%s is accepted", (_, options) => {
  expect(refusal(options)).toBe("");
});
