// Names people write for providers, and that none of them hides an id.
import { expect, test } from "vitest";
import { findProvider, providers, verify } from "./index.ts";

test.each(providers.map(({ id }) => [id]))("%s is found by its id, also in capitals and without marks", (id) => {
  expect(findProvider(id)?.id).toBe(id);
  expect(findProvider(id.toUpperCase())?.id).toBe(id);
  expect(findProvider(id.replaceAll("-", ""))?.id).toBe(id);
});

test.each([
  ["GitHub", "github"],
  ["Lemon Squeezy", "lemon-squeezy"],
  ["authorizenet", "authorize-net"],
  ["Checkout.com", "checkout-com"],
  ["whatsapp", "meta"],
  ["SNS", "aws-sns"],
  ["twitter", "x-twitter"],
])("%s means %s", (name, id) => {
  expect(findProvider(name)?.id).toBe(id);
});

test.each(["", "-", "nobody", "__proto__", "constructor", "toString"])("%j means none", (name) => {
  expect(findProvider(name)).toBeUndefined();
});

test("verify takes them too", async () => {
  const result = await verify({ headers: {}, body: "" }, { provider: "LemonSqueezy", secret: "a-secret-of-this-test" });
  expect(result).toMatchObject({ ok: false, cause: "missing_header" });
});
