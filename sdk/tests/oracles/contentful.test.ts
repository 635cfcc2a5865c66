// Contentful's own package, which signs the method, path, headers of the caller's choice, and the body.
import { ContentfulHeader, signRequest, verifyRequest, type CanonicalRequest } from "@contentful/node-apps-toolkit/requests";
import fc from "fast-check";
import { describe, test } from "vitest";
import {
  accepted,
  describeOracle,
  expectAtAge,
  expectVerdicts,
  freezeClock,
  httpsUrl,
  refused,
  sample,
  text,
  textOf,
  type Delivery,
  type Message,
  type Oracle,
} from "./both-ways.ts";

freezeClock();

// It takes secrets of exactly 64 characters, as Contentful makes them.
const secret = fc.string({ minLength: 64, maxLength: 64, unit: "grapheme-ascii" });
const method = fc.constantFrom("POST", "GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS");
// Of a second question mark and what follows it, more below.
const oneQuery = httpsUrl.filter((url) => url.split("?").length <= 2);

function canonical({ method: verb, url, body }: Message | Delivery, headers: Record<string, string>): CanonicalRequest {
  const path = /^https:\/\/[^/?]*(.*)$/s.exec(url)?.[1] ?? "";
  return { method: verb as CanonicalRequest["method"], path: path.startsWith("/") ? path : `/${path}`, headers, body: textOf(body) };
}

function contentful(name: string, extra: Record<string, string> = {}): Oracle {
  return {
    name: `@contentful/node-apps-toolkit, ${name}`,
    provider: "contentful",
    signature: ContentfulHeader.Signature,
    secret,
    body: text,
    method,
    url: oneQuery,
    sign: (message) => ({ ...extra, ...signRequest(message.secret, canonical(message, extra), message.nowMs) }),
    verify: (delivery) => verifyRequest(delivery.secret, canonical(delivery, delivery.headers)),
  };
}

const plain = contentful("its own headers");
const topical = contentful("headers of the event", {
  "x-contentful-topic": "ContentManagement.Entry.publish",
  "x-contentful-webhook-name": "Fixture: name; with separators ",
  "content-type": "application/vnd.contentful.management.v1+json",
});

describeOracle(plain);
describeOracle(topical);

describe("contentful", () => {
  // The only package that refuses an age equal to its limit.
  test("30 s in milliseconds, exclusive, past only", async () => {
    await expectAtAge(plain, 29_999, accepted);
    await expectAtAge(plain, 30_000, refused);
    await expectAtAge(plain, -86_400_000, accepted);
  });

  test("a signed header cannot be changed, and one that is not signed does not matter", async () => {
    const delivery = await sample(topical);
    const withHeaders = (headers: Record<string, string>): Delivery => ({ ...delivery, headers: { ...delivery.headers, ...headers } });
    await expectVerdicts(topical, withHeaders({ "x-contentful-topic": "ContentManagement.Entry.delete" }), refused);
    await expectVerdicts(topical, withHeaders({ "x-request-id": "1" }), accepted);
    await expectVerdicts(topical, { ...delivery, method: delivery.method === "GET" ? "PUT" : "GET" }, refused);
  });

  // The package cuts the URL at the second question mark, so Contentful does too. Nothing behind it is authentic.
  test("what stands behind a second question mark is not signed", async () => {
    const delivery = await sample(plain, { url: "https://hooks.example.test/in?a=1?b=2" });
    await expectVerdicts(plain, delivery, accepted);
    await expectVerdicts(plain, { ...delivery, url: "https://hooks.example.test/in?a=1?b=3" }, accepted);
    await expectVerdicts(plain, { ...delivery, url: "https://hooks.example.test/in?a=2?b=2" }, refused);
  });

  // A list that does not name itself and the timestamp leaves both open to change. Contentful always names them.
  test("a list of signed headers without the timestamp is refused on both sides", async () => {
    const delivery = await sample(topical);
    const names = "content-type,x-contentful-topic";
    await expectVerdicts(topical, { ...delivery, headers: { ...delivery.headers, [ContentfulHeader.SignedHeaders]: names } }, refused);
  });
});
