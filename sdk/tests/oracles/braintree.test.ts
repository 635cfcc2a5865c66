// Braintree's own package, which makes signed samples of every kind and parses them again.
import braintree from "braintree";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  accepted,
  describeOracle,
  expectVerdicts,
  freezeClock,
  ours,
  refused,
  sample,
  textOf,
  type Delivery,
  type Oracle,
} from "./both-ways.ts";

freezeClock();

const publicKey = "fixture_public_key";

const gatewayOf = (privateKey: string, ownPublicKey = publicKey) =>
  new braintree.BraintreeGateway({
    environment: braintree.Environment.Sandbox,
    merchantId: "fixture_merchant",
    publicKey: ownPublicKey,
    privateKey,
  });

const formOf = (fields: { bt_signature: string; bt_payload: string }): string => new URLSearchParams(Object.entries(fields)).toString();

function fieldsOf({ body }: Delivery): { bt_signature: string; bt_payload: string } {
  const form = new URLSearchParams(textOf(body));
  return { bt_signature: form.get("bt_signature") ?? "", bt_payload: form.get("bt_payload") ?? "" };
}

const kinds = Object.values(braintree.WebhookNotification.Kind);
// Private keys are 32 hex digits; the package takes letters beyond ASCII as one byte each, and no such key exists.
const privateKey = fc.stringMatching(/^[0-9a-f]{32}$/);
// The kind and the id of a sample; the package makes the XML around them.
const subject = fc.record({ kind: fc.constantFrom(...kinds), id: fc.stringMatching(/^[a-z0-9]{1,16}$/) });

const oracle: Oracle = {
  name: "braintree",
  provider: "braintree",
  params: { publicKey },
  // The form around the signed field is not signed.
  bodyUnsigned: true,
  secret: privateKey,
  body: subject.map((each) => JSON.stringify(each)),
  sign: async ({ secret, body }) => {
    const { kind, id } = JSON.parse(textOf(body)) as { kind: string; id: string };
    return Buffer.from(formOf(await gatewayOf(secret).webhookTesting.sampleNotification(kind, id)));
  },
  verify: async (delivery) => {
    const { bt_signature, bt_payload } = fieldsOf(delivery);
    const notification = await gatewayOf(delivery.secret).webhookNotification.parse(bt_signature, bt_payload);
    expect(kinds).toContain(notification.kind);
  },
};

// What we sign is a payload, as the gateway makes it: base64 of XML with a line break at its end.
const unsigned: Oracle = {
  ...oracle,
  name: "braintree, payloads",
  body: subject.map(({ kind, id }) => {
    const xml = `<notification><timestamp type="datetime">2026-09-21T14:13:20Z</timestamp><kind>${kind}</kind><subject><id>${id}</id></subject></notification>`;
    return formOf({ bt_signature: "", bt_payload: `${Buffer.from(xml).toString("base64")}\n` }).replace("bt_signature=&", "");
  }),
  sign: async ({ secret, body }) => {
    const bt_payload = new URLSearchParams(textOf(body)).get("bt_payload") ?? "";
    return Buffer.from(formOf({ bt_signature: gatewayOf(secret).webhookTesting.sampleSignature(bt_payload), bt_payload }));
  },
};

describeOracle(unsigned);

describe("braintree", () => {
  test.each(kinds)("the sample of %s verifies on both sides", async (kind) => {
    const delivery = await sample(oracle, { body: JSON.stringify({ kind, id: "fixture" }) });
    await expectVerdicts(oracle, delivery, accepted);
  });

  test("a changed payload or signature is refused on both sides", async () => {
    await fc.assert(
      fc.asyncProperty(privateKey, subject, fc.nat(), async (secret, each, at) => {
        const delivery = await sample(oracle, { secret, body: JSON.stringify(each) });
        const fields = fieldsOf(delivery);
        const index = at % (fields.bt_payload.length - 4);
        const letter = fields.bt_payload[index] === "A" ? "B" : "A";
        const bt_payload = `${fields.bt_payload.slice(0, index)}${letter}${fields.bt_payload.slice(index + 1)}`;
        await expectVerdicts(oracle, { ...delivery, body: formOf({ ...fields, bt_payload }) }, refused);
        const digit = fields.bt_signature.length - 1 - (at % 40);
        const other = fields.bt_signature[digit] === "0" ? "1" : "0";
        const bt_signature = `${fields.bt_signature.slice(0, digit)}${other}${fields.bt_signature.slice(digit + 1)}`;
        await expectVerdicts(oracle, { ...delivery, body: formOf({ ...fields, bt_signature }) }, refused);
      }),
      { numRuns: 60 },
    );
  });

  test("of a list, the signature of the own public key counts", async () => {
    const delivery = await sample(oracle);
    const { bt_signature, bt_payload } = fieldsOf(delivery);
    const foreign = `other_public_key|${"0".repeat(40)}`;
    for (const list of [`${foreign}&${bt_signature}`, `${bt_signature}&${foreign}`])
      await expectVerdicts(oracle, { ...delivery, body: formOf({ bt_signature: list, bt_payload }) }, accepted);
    await expectVerdicts(oracle, { ...delivery, body: formOf({ bt_signature: foreign, bt_payload }) }, refused);
    const renamed = bt_signature.replace(publicKey, "other_public_key");
    await expectVerdicts(oracle, { ...delivery, body: formOf({ bt_signature: renamed, bt_payload }) }, refused);
  });

  // Older gateways sign the payload with the line break that a form parser may have cut off.
  test("the line break at the end of the payload may be missing", async () => {
    const delivery = await sample(oracle);
    const fields = fieldsOf(delivery);
    expect(fields.bt_payload.endsWith("\n")).toBe(true);
    await expectVerdicts(oracle, { ...delivery, body: formOf({ ...fields, bt_payload: fields.bt_payload.trimEnd() }) }, accepted);
  });

  test("what we sign parses as the kind that was asked for", async () => {
    const xml = '<notification><timestamp type="datetime">2026-09-21T14:13:20Z</timestamp><kind>check</kind><subject/></notification>';
    const body = formOf({ bt_signature: "", bt_payload: Buffer.from(xml).toString("base64") }).replace("bt_signature=&", "");
    const message = { secret: "a-private-key", body, nowMs: Date.now(), id: "msg_1", method: "POST", url: "https://hooks.example.test/in" };
    const { bt_signature, bt_payload } = fieldsOf(await ours(oracle, message));
    const notification = await gatewayOf("a-private-key").webhookNotification.parse(bt_signature, bt_payload);
    expect(notification.kind).toBe("check");
  });
});
