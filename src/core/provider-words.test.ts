// Providers in words: every record of the catalogue has all of them, and some are held against what the record says.
import { describe, expect, test } from "vitest";
import { type Provider, providerById, providers } from "@posthorn/sdk";
import { providerWords } from "./provider-words.ts";
import { spanWords } from "./scheme-words.ts";

function words(id: string) {
  return providerWords(providerById(id)!);
}

describe.each(providers.map((provider) => [provider.id, provider] as const))("%s", (_, provider) => {
  test("is said in whole sentences, without a hole", () => {
    const said = providerWords(provider);
    for (const sentence of [...said.how, said.body, said.age, said.answer]) expect(sentence).toMatch(/^[A-Z].*[.:]$/s);
    const all = JSON.stringify(said);
    expect(all).not.toMatch(/undefined|\[object|NaN|null\b(?!,|})/);
    for (const header of said.headers) expect(header).toBe(header.toLowerCase());
  });

  test("has a command that names everything a source of it needs", () => {
    const { command, params, credential } = providerWords(provider);
    expect(command).toContain(`--provider ${provider.id}`);
    for (const { name, needed } of params) expect(command.includes(`--param ${name}=`)).toBe(needed);
    expect(command.includes("--secret-file")).toBe(credential === "secret");
    expect(command.includes("--public-key")).toBe(credential === "public key");
  });
});

describe("a scheme", () => {
  test("Stripe: pairs in one header", () => {
    expect(words("stripe")).toMatchObject({
      scheme: "HMAC-SHA256 with time",
      how: [
        'The header stripe-signature holds pairs split at ",", of which v1 is an HMAC-SHA256, in hex, of the time, ".", the body; the time is in t of the same header.',
        "The secret is taken as plain text, prefix included.",
      ],
      body: "The signature covers the body.",
      age: "Requests more than 5 minutes old are refused.",
      credential: "secret",
      headers: ["stripe-signature"],
      eventId: "id in the body",
    });
  });

  test("GitHub: facts in headers", () => {
    expect(words("github")).toMatchObject({
      eventId: "header x-github-delivery",
      eventType: "header x-github-event",
      headers: ["x-hub-signature-256", "x-github-delivery", "x-github-event"],
    });
  });

  test("PayPal: a key pair, a certificate and a parameter", () => {
    const { credential, params, body, how } = words("paypal");
    expect({ credential, params: params.map(({ name, needed }) => [name, needed]) }).toEqual({
      credential: "public key",
      params: [
        ["webhookId", true],
        ["certUrl", false],
      ],
    });
    expect(body).toContain("does not cover the whole body");
    expect(how.join(" ")).toContain("the CRC-32 of the body as a decimal number");
  });

  test("a URL that is signed is a needed parameter", () => {
    expect(words("square").params).toEqual([expect.objectContaining({ name: "url", needed: true })]);
    expect(words("hubspot").params.map(({ name }) => name)).toEqual(["url", "signatureVersion"]);
  });

  test("a token says nothing of the body", () => {
    expect(words("gitlab")).toMatchObject({
      scheme: "shared token",
      body: "Nothing protects the body: the secret says who sends, not what.",
    });
  });

  test("a token in the body says where, and the setup says that it is kept", () => {
    expect(words("figma")).toMatchObject({
      scheme: "shared token in the body",
      how: ["The field passcode of the JSON body holds the secret itself.", "Whoever sees one request can forge the next."],
      headers: [],
    });
    const inBody = providers.filter(({ scheme }) => scheme.kind === "token" && scheme.json !== undefined);
    expect(inBody.map(({ id }) => id)).toEqual(["aircall", "figma", "livechat"]);
    for (const { id, setup } of inBody) expect(setup.join(" "), id).toContain("stored events hold it");
  });

  test("what is put together in the vendor's own way", () => {
    expect(words("coinbase-cdp")).toMatchObject({
      scheme: "HMAC-SHA256 with time and headers",
      headers: ["x-hook0-signature", "x-event-type"],
      age: "Requests more than 5 minutes old, or that far ahead, are refused.",
      params: [],
    });
    expect(words("hygraph")).toMatchObject({ scheme: "HMAC-SHA256 with time", headers: ["gcms-signature"], params: [] });
    expect(words("hygraph").age).toContain("any age is accepted");
  });

  test("what only some records have", () => {
    const record: Provider = {
      ...providerById("sendgrid")!,
      eventTime: [{ from: "json:0.timestamp", unit: "s" }],
      eventKey: ["form:payload:user.id", "jwt:x-token:sub"],
      keySource: { kind: "pem", url: "https://vendor.example.test/key", at: "public_key" },
      answer: { status: 202, contentType: "text/plain", body: "[accepted]" },
      answerWithinSeconds: 60,
    };
    expect(providerWords(record)).toMatchObject({
      eventTime: "0.timestamp in the body",
      eventKey: "user.id in the JSON of the form field payload, or claim sub of the token in the header x-token",
      keys: "A PEM public key at https://vendor.example.test/key, under public_key.",
      answer: "Status 202 with the body [accepted] of text/plain, within 1 minute.",
    });
  });
});

test.each([
  [1, "1 second"],
  [90, "90 seconds"],
  [60, "1 minute"],
  [300, "5 minutes"],
  [3600, "1 hour"],
  [172_800, "2 days"],
])("%i seconds are %s", (seconds, text) => {
  expect(spanWords(seconds)).toBe(text);
});
