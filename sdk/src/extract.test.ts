// Event id and type: from headers and JSON, never from prototypes, never a number that lost digits.
import { expect, test } from "vitest";
import { extract, providers, sign, type Provider } from "./index.ts";

const stripe = (body: string | Uint8Array) => extract("stripe", { headers: {}, body });

test("from headers, without looking at the body", () => {
  const headers = ["X-GitHub-Event", "pull_request", "X-GitHub-Delivery", "72d3162e"];
  expect(extract("github", { headers, body: '{"action":"opened"}' })).toEqual({ id: "72d3162e", type: "pull_request" });
  expect(extract("github", { headers: [...headers, "x-github-delivery", "other"], body: "" })).toEqual({ type: "pull_request" });
});

test("from JSON", () => {
  expect(stripe('{"id":"evt_1","type":"invoice.paid"}')).toEqual({ id: "evt_1", type: "invoice.paid" });
  expect(stripe(Buffer.from('\ufeff{"id":"evt_1"}'))).toEqual({ id: "evt_1" });
  expect(stripe('{"id":42}')).toEqual({ id: "42" });
});

test("the first location that has a value counts", () => {
  const read = (body: string) => extract("standard-webhooks", { headers: { "svix-id": "msg_1" }, body });
  expect(read('{"event_type":"a"}')).toEqual({ id: "msg_1", type: "a" });
  expect(read('{"type":"b","event_type":"a"}')).toEqual({ id: "msg_1", type: "b" });
});

test.each([
  ["no JSON", "<xml>"],
  ["empty", ""],
  ["null", "null"],
  ["a list", "[1]"],
  ["a string", '"id"'],
  ["integer above 2^53", '{"id":12345678901234567890}'],
  ["fraction", '{"id":1.5}'],
  ["object", '{"id":{"a":1}}'],
  ["empty text", '{"id":""}'],
  ["endless text", `{"id":"${"x".repeat(1000)}"}`],
  ["other key", '{"__proto__":{"id":"evt_1"}}'],
])("nothing from %s", (_, body) => {
  expect(stripe(body)).toEqual({});
});

test("nothing from bytes that are no UTF-8, because two of them would be one id", () => {
  expect(stripe(Buffer.from([...Buffer.from('{"id":"'), 0xff, ...Buffer.from('"}')]))).toEqual({});
});

test("paths follow own keys and list positions only", () => {
  const own: Provider = {
    ...(providers[0] as Provider),
    eventId: ["json:data.0.id"],
    eventType: ["json:constructor.name", "json:__proto__.x", "json:data.length"],
  };
  expect(extract(own, { headers: {}, body: '{"data":[{"id":"first"}]}' })).toEqual({ id: "first", type: "1" });
});

test("deeply nested JSON is read or left out, never fatal", () => {
  expect(stripe(`{"id":"evt_1","x":${"[".repeat(100_000)}${"]".repeat(100_000)}}`)).toEqual({ id: "evt_1" });
  expect(stripe("[".repeat(1_000_000))).toEqual({});
});

test("an unknown provider has no facts", () => {
  expect(extract("nobody", { headers: {}, body: '{"id":1}' })).toEqual({});
});

test("a signed test event carries the id and type where the provider reads them", async () => {
  const { headers } = await sign({ provider: "github", secret: "a-secret-of-some-length", id: "delivery-1", type: "push", body: "{}" });
  expect(extract("github", { headers, body: "{}" })).toEqual({ id: "delivery-1", type: "push" });
  await expect(sign({ provider: "github", secret: "a-secret-of-some-length", type: "a\nb", body: "{}" })).rejects.toThrow(/type/);
});
