// The time of an event is the one that was signed, wherever its scheme keeps it.
import { expect, test } from "vitest";
import { createSigner, type Params, type Provider, providerById } from "../index.ts";
import { signedTime } from "./signed-time.ts";

const nowMs = 1_760_000_000_000;
const whsec = `whsec_${Buffer.alloc(24, 7).toString("base64")}`;

function timeOf(provider: Provider, params: Params, headers: readonly (readonly [string, string])[], body = "{}"): number | undefined {
  const first = (name: string) => headers.find(([each]) => each === name)?.[1];
  return signedTime(provider, params, first, Buffer.from(body))?.getTime();
}

const url = "https://hooks.example.test/in/abc";

test.each<[string, Params]>([
  ["stripe", {}],
  ["slack", {}],
  ["standard-webhooks", {}],
  ["svix", {}],
  ["hubspot", { url }],
  ["contentful", { url }],
  ["hmac", { timestampHeader: "x-time", timestampUnit: "ms", content: "{ts}{body}" }],
  ["twitch", {}],
  ["zendesk", {}],
])("%s", (id, params) => {
  const signer = createSigner({ provider: id, secrets: [whsec], params });
  const { headers } = signer.sign({ id: "m", method: "POST", url, timestampSeconds: nowMs / 1000, body: "{}" });
  expect(timeOf(signer.provider, params, headers)).toBe(nowMs);
});

test("a token's iat", () => {
  const claims = Buffer.from(JSON.stringify({ iat: nowMs / 1000 })).toString("base64url");
  expect(timeOf(providerById("plaid")!, {}, [["plaid-verification", `e30.${claims}.AAAA`]])).toBe(nowMs);
  expect(timeOf(providerById("plaid")!, {}, [["plaid-verification", "no token"]])).toBeUndefined();
});

test("a field of the body", () => {
  expect(timeOf(providerById("linear")!, {}, [], `{"webhookTimestamp":${nowMs}}`)).toBe(nowMs);
  expect(timeOf(providerById("linear")!, {}, [], `{"webhookTimestamp":{}}`)).toBeUndefined();
});

test("a header beside a key pair's signature", () => {
  expect(timeOf(providerById("discord")!, {}, [["x-signature-timestamp", String(nowMs / 1000)]])).toBe(nowMs);
});

test("the version that the owner chose", () => {
  const headers = [["x-hubspot-request-timestamp", String(nowMs)]] as const;
  expect(timeOf(providerById("hubspot")!, { url, signatureVersion: "v1" }, headers)).toBeUndefined();
  expect(timeOf(providerById("hubspot")!, { url, signatureVersion: "v3" }, headers)).toBe(nowMs);
});

test.each(["github", "gitlab", "none", "basic", "adyen"])("%s signs none", (id) => {
  expect(timeOf(providerById(id)!, {}, [["date", "Tue, 01 Jan 2030 00:00:00 GMT"]])).toBeUndefined();
});
