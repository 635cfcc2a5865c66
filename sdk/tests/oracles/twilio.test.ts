// Twilio's own package: forms with repeated fields, bodies with a digest in the URL, and the spellings of a URL.
import fc from "fast-check";
import { getExpectedBodyHash, getExpectedTwilioSignature, validateRequest, validateRequestWithBody } from "twilio/lib/webhooks/webhooks.js";
import { describe, test } from "vitest";
import {
  accepted,
  describeOracle,
  expectVerdicts,
  freezeClock,
  httpsUrl,
  refused,
  sample,
  text,
  textOf,
  textSecret,
  type Oracle,
} from "./both-ways.ts";

freezeClock();

// A prototype-free record, as a form parser makes one: any name is a field.
function fieldsOf(body: string): Record<string, string | string[]> {
  const fields = Object.create(null) as Record<string, string | string[]>;
  const params = new URLSearchParams(body);
  for (const name of params.keys()) {
    const values = params.getAll(name);
    fields[name] = values.length > 1 ? values : (values[0] ?? "");
  }
  return fields;
}

const word = fc.string({ minLength: 1, maxLength: 8, unit: "grapheme" });
// Few names, so that many fields are repeated, with equal and with different values.
const field = fc.tuple(fc.oneof(fc.constantFrom("To", "From", "MediaUrl", "Body"), word), fc.oneof(fc.constantFrom("", "a", "b"), word));
const form = fc.array(field, { minLength: 1, maxLength: 8 }).map((fields) => new URLSearchParams(fields).toString());

const forms: Oracle = {
  name: "twilio, forms",
  provider: "twilio",
  signature: "x-twilio-signature",
  secret: textSecret,
  body: form,
  url: httpsUrl,
  sign: ({ secret, url, body }) => ({ "x-twilio-signature": getExpectedTwilioSignature(secret, url, fieldsOf(textOf(body))) }),
  verify: ({ secret, headers, url, body }) => validateRequest(secret, headers["x-twilio-signature"] ?? "", url, fieldsOf(textOf(body))),
};

describeOracle(forms);

/** The body is signed by its digest in the query of the URL, so both are made together. */
async function jsonDelivery(body: string, port = "") {
  const url = `https://hooks.example.test${port}/in?a=1&bodySHA256=${getExpectedBodyHash(body)}`;
  return sample(bodies, { url, body });
}

const bodies: Oracle = {
  ...forms,
  name: "twilio, bodies with a digest",
  sign: ({ secret, url }) => ({ "x-twilio-signature": getExpectedTwilioSignature(secret, url, {}) }),
  verify: ({ secret, headers, url, body }) => validateRequestWithBody(secret, headers["x-twilio-signature"] ?? "", url, textOf(body)),
};

describe("twilio: bodySHA256 in the URL", () => {
  test("what they sign verifies on both sides, and not with another body or digest", async () => {
    await fc.assert(
      fc.asyncProperty(text, text, async (body, other) => {
        fc.pre(body !== other);
        const delivery = await jsonDelivery(body);
        await expectVerdicts(bodies, delivery, accepted);
        await expectVerdicts(bodies, { ...delivery, body: other }, refused);
        const { url } = await jsonDelivery(other);
        await expectVerdicts(bodies, { ...delivery, body: other, url }, refused);
      }),
      { numRuns: 60 },
    );
  });
});

describe("twilio: the spellings of a URL", () => {
  const body = "From=%2B15550001&To=%2B15550002";
  const at = (url: string) => sample(forms, { url, body });

  test.each([
    ["https://hooks.example.test/in?a=1", "https://hooks.example.test:443/in?a=1"],
    ["http://hooks.example.test/in?a=1", "http://hooks.example.test:80/in?a=1"],
    ["https://user:pass@hooks.example.test/in", "https://user:pass@hooks.example.test:443/in"],
    ["https://hooks.example.test/in", "https://hooks.example.test:8443/in"],
  ])("%s is signed, %s is received", async (signedUrl, receivedUrl) => {
    const delivery = await at(signedUrl);
    await expectVerdicts(forms, delivery, accepted);
    await expectVerdicts(forms, { ...delivery, url: receivedUrl }, accepted);
  });

  test.each([
    ["https://hooks.example.test:443/in", "https://hooks.example.test/in"],
    ["http://hooks.example.test:80/in", "http://hooks.example.test/in"],
    ["https://[2001:db8::1]:443/in", "https://[2001:db8::1]/in"],
  ])("%s is signed, %s is received", async (signedUrl, receivedUrl) => {
    await expectVerdicts(forms, { ...(await at(signedUrl)), url: receivedUrl }, accepted);
  });

  // Some of Twilio's back ends sign the escaped form of a URL that was registered with marks in it.
  test.each([
    ["https://hooks.example.test/in?name=O%27Neil", "https://hooks.example.test/in?name=O'Neil"],
    ["https://hooks.example.test/in?q=%22a%22", 'https://hooks.example.test/in?q="a"'],
    ["https://hooks.example.test:443/in?name=O%27Neil", "https://hooks.example.test/in?name=O'Neil"],
    ["https://hooks.example.test/caf%C3%A9", "https://hooks.example.test/café"],
  ])("%s is signed, %s is received", async (signedUrl, receivedUrl) => {
    await expectVerdicts(forms, { ...(await at(signedUrl)), url: receivedUrl }, accepted);
  });

  test("a mark is signed as it stands as well", async () => {
    await expectVerdicts(forms, await at("https://hooks.example.test/in?name=O'Neil"), accepted);
  });

  test.each([
    ["https://hooks.example.test:8443/in", "https://hooks.example.test:9443/in"],
    ["https://hooks.example.test/in", "http://hooks.example.test/in"],
    ["https://hooks.example.test/in?a=1", "https://hooks.example.test/in?a=2"],
  ])("%s is signed, %s is another", async (signedUrl, receivedUrl) => {
    await expectVerdicts(forms, { ...(await at(signedUrl)), url: receivedUrl }, refused);
  });
});
