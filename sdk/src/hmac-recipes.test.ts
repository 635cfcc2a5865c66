// What single vendors do differently: several headers, sets, the URL, forms, time inside the body.
import { createHash, createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { createVerifier, sign, signsUrl, providers, verify, type HeadersInput, type Params } from "./index.ts";

const nowMs = 1_760_000_000_000;
const now = nowMs / 1000;
const secret = "a-secret-of-some-length";
const older = "the-secret-before-that";
const body = '{"type":"a"}';
const hmac = (text: string, key = secret, hash = "sha256", encoding: "hex" | "base64" = "hex"): string =>
  createHmac(hash, key).update(text).digest(encoding);

async function outcome(provider: string, headers: HeadersInput, more: { url?: string; body?: string; params?: Params; at?: number } = {}) {
  const { url, body: text = body, params, at = nowMs } = more;
  const result = await verify({ method: "POST", url, headers, body: text }, { provider, secret, params, nowMs: at });
  return result.ok ? "ok" : result.cause;
}

describe("several signatures", () => {
  test("DocuSign: any numbered header, a broken one does not hide a good one, a repeated one is refused", async () => {
    const good = hmac(body, secret, "sha256", "base64");
    const other = hmac(body, older, "sha256", "base64");
    expect(await outcome("docusign", { "X-DocuSign-Signature-3": good })).toBe("ok");
    expect(await outcome("docusign", { "x-docusign-signature-1": other, "x-docusign-signature-2": good })).toBe("ok");
    expect(await outcome("docusign", { "x-docusign-signature-1": "?", "x-docusign-signature-2": good })).toBe("ok");
    expect(await outcome("docusign", { "x-docusign-signature-1": other })).toBe("signature_mismatch");
    expect(await outcome("docusign", { "x-docusign-signature-1": "?" })).toBe("malformed_signature");
    expect(await outcome("docusign", { "x-docusign-signature-1": [good, good] })).toBe("duplicate_header");
    expect(await outcome("docusign", {})).toBe("missing_header");
  });

  test("Box signs with one header for each secret", async () => {
    const { headers } = await sign({ provider: "box", secrets: [secret, older], body, timestampMs: nowMs });
    expect(headers.map(([name]) => name)).toEqual(["box-delivery-timestamp", "box-signature-primary", "box-signature-secondary"]);
    const verifier = createVerifier({ provider: "box", secrets: [older] });
    expect(verifier.verify({ headers, body }, nowMs).ok).toBe(true);
    expect(verifier.verify({ headers, body }, nowMs - 1)).toMatchObject({ cause: "timestamp_in_future" });
    expect(verifier.verify({ headers, body }, nowMs + 601_000)).toMatchObject({ cause: "timestamp_too_old" });
  });

  test("Mollie may send its header twice; nobody else may", async () => {
    const both = [`sha256=${hmac(body, older)}`, `sha256=${hmac(body)}`];
    expect(await outcome("mollie", { "x-mollie-signature": both })).toBe("ok");
    expect(await outcome("mollie", { "x-mollie-signature": both.join(", ") })).toBe("ok");
    expect(await outcome("mollie", { "x-mollie-signature": both.slice(0, 1) })).toBe("signature_mismatch");
    expect(await outcome("meta", { "x-hub-signature-256": both })).toBe("duplicate_header");
  });

  test("Persona: each set counts with its own time", async () => {
    const set = (at: number, key = secret): string => `t=${at},v1=${hmac(`${at}.${body}`, key)}`;
    expect(await outcome("persona", { "persona-signature": `${set(now, older)} ${set(now - 5)}` })).toBe("ok");
    expect(await outcome("persona", { "persona-signature": `t=${now},v1=${hmac(`1.${body}`)} ${set(now, older)}` })).toBe(
      "signature_mismatch",
    );
    expect(await outcome("persona", { "persona-signature": `v1=${hmac(`.${body}`)}` })).toBe("malformed_timestamp");
    expect(await outcome("persona", { "persona-signature": "" })).toBe("malformed_signature");
  });

  test("Recurly: a time and then signatures", async () => {
    const good = hmac(`${nowMs}.${body}`);
    expect(await outcome("recurly", { "recurly-signature": `${nowMs},${hmac("x")},${good}` })).toBe("ok");
    expect(await outcome("recurly", { "recurly-signature": `${now},${hmac(`${now}.${body}`)}` })).toBe("timestamp_too_old");
    for (const value of [String(nowMs), `${nowMs},`, `${nowMs},${good.slice(2)}`, ""])
      expect(await outcome("recurly", { "recurly-signature": value })).toBe("malformed_signature");
  });
});

test("Linear: the time in the body counts, and only after the signature", async () => {
  const at = (value: unknown): string => JSON.stringify({ webhookTimestamp: value });
  const check = (text: string, key = secret) => outcome("linear", { "linear-signature": hmac(text, key) }, { body: text });
  expect(await check(at(nowMs))).toBe("ok");
  expect(await check(at(nowMs - 61_000))).toBe("timestamp_too_old");
  expect(await check(at(nowMs + 61_000))).toBe("timestamp_in_future");
  expect(await check(at(nowMs - 61_000), older)).toBe("signature_mismatch");
  for (const text of ["{}", "no JSON", at(null), at("x"), at([nowMs]), at(1e300)]) expect(await check(text)).toBe("malformed_timestamp");
});

describe("the URL is signed", () => {
  const url = "https://hooks.example.test/in/a?x=1";
  const square = { "x-square-hmacsha256-signature": hmac(url + body, secret, "sha256", "base64") };

  test("the registered URL stands for the request's own, with the request's query", async () => {
    expect(await outcome("square", square, { url })).toBe("ok");
    expect(await outcome("square", square, { url: "/relay?x=1", params: { url } })).toBe("ok");
    expect(await outcome("square", square, { params: { url } })).toBe("ok");
    expect(await outcome("square", square, { url: "/relay?x=2", params: { url } })).toBe("signature_mismatch");
    expect(await outcome("square", square, { url: "http://hooks.example.test/in/a?x=1" })).toBe("signature_mismatch");
    expect(await outcome("square", square)).toBe("malformed_request");
    expect(await outcome("square", square, { url, params: { url: "/in/a" } })).toBe("invalid_config");
    expect(await outcome("github", {}, { params: { url } })).toBe("invalid_config");
  });

  test("signsUrl names the providers that need it", () => {
    const ids = providers.filter(signsUrl).map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining(["hubspot", "mandrill", "square", "trello", "twilio"]));
    for (const id of ["github", "stripe", "standard-webhooks", "token"]) expect(ids).not.toContain(id);
  });

  test("Twilio: the port may be there or not, but no other", async () => {
    const form = "b=2&a=1&a=1&a=0";
    const signed = (at: string) => ({ "x-twilio-signature": hmac(`${at}a0a1b2`, secret, "sha1", "base64") });
    for (const [at, received] of [
      [url, url],
      ["https://hooks.example.test:443/in/a?x=1", url],
      [url, "https://hooks.example.test:443/in/a?x=1"],
      ["http://a.test:80", "http://a.test"],
    ] as const)
      expect(await outcome("twilio", signed(at), { url: received, body: form })).toBe("ok");
    expect(await outcome("twilio", signed("https://hooks.example.test:444/in/a?x=1"), { url, body: form })).toBe("signature_mismatch");
    for (const text of ["b=2&a=%zz", "b=2&a=%ff", "a=0&a=1", ""])
      expect(await outcome("twilio", signed(url), { url, body: text })).toBe("signature_mismatch");
  });

  test("Twilio: the digest of a JSON body, once and whole", async () => {
    const digest = createHash("sha256").update(body).digest("hex");
    const check = (query: string, text = body) => {
      const at = `${url}&${query}`;
      return outcome("twilio", { "x-twilio-signature": hmac(at, secret, "sha1", "base64") }, { url: at, body: text });
    };
    expect(await check(`bodySHA256=${digest}`)).toBe("ok");
    expect(await check(`bodySHA256=${digest}`, `${body} `)).toBe("signature_mismatch");
    for (const query of [`bodySHA256=${digest}&bodySHA256=${digest}`, "bodySHA256=", `bodySHA256=${digest.slice(2)}`])
      expect(await check(query)).toBe("signature_mismatch");
  });
});

test("HubSpot: a request cannot choose the weaker version", async () => {
  const v1 = {
    "x-hubspot-signature": createHash("sha256")
      .update(secret + body)
      .digest("hex"),
    "x-hubspot-signature-version": "v1",
  };
  const url = "https://a.test/";
  expect(await outcome("hubspot", v1, { url })).toBe("missing_header");
  expect(await outcome("hubspot", v1, { url, params: { signatureVersion: "v1" } })).toBe("ok");
  expect(await outcome("hubspot", v1, { url, params: { signatureVersion: "v2" } })).toBe("signature_mismatch");
  expect(await outcome("hubspot", v1, { url, params: { signatureVersion: "v9" } })).toBe("invalid_config");
});

test("OpenAI takes secrets with and without whsec_", async () => {
  for (const key of [`whsec_${Buffer.from(secret).toString("base64")}`, secret]) {
    const { headers } = await sign({ provider: "openai", secret: key, id: "evt_1", body, timestampMs: nowMs });
    expect(createVerifier({ provider: "openai", secrets: [key] }).verify({ headers, body }, nowMs).ok).toBe(true);
    expect(headers.at(-1)?.[1]).toBe(`v1,${hmac(`evt_1.${now}.${body}`, secret, "sha256", "base64")}`);
  }
});
