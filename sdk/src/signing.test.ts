// Test events of vendors: what a signer adds to body, URL and headers, and what it refuses.
import { createHash, createPublicKey, generateKeyPairSync, verify as nodeVerify } from "node:crypto";
import { describe, expect, test } from "vitest";
import { nowMs, paramsOf, signingSecretsOf, url } from "../tests/provider-cases.ts";
import { ConfigError, createSigner, createVerifier, extract, providerById, type Params, type Provider, type SignerInput } from "./index.ts";

const timestampSeconds = nowMs / 1000;
const secret = "a-secret-of-some-length";
const body = '{"type":"a"}';
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const rsaPem = rsa.privateKey.export({ format: "pem", type: "pkcs8" }).toString();
const ecPem = ec.privateKey.export({ format: "pem", type: "pkcs8" }).toString();
const publicPem = rsa.publicKey.export({ format: "pem", type: "spki" }).toString();

function sign(provider: string, secrets: readonly string[], input: Partial<SignerInput> = {}, params: Params = {}) {
  return createSigner({ provider, secrets, params }).sign({ timestampSeconds, method: "POST", url, body, ...input });
}

function refusal(provider: string, secrets: readonly string[], input: Partial<SignerInput> = {}, params: Params = {}): string {
  try {
    sign(provider, secrets, input, params);
  } catch (error) {
    return error instanceof ConfigError ? error.path : String(error);
  }
  return "signed";
}

describe("inside the body", () => {
  test("Adyen: each item gets its own signature, and nothing else changes", () => {
    const item = (pspReference: string, more: object = {}) => ({
      NotificationRequestItem: { pspReference, eventCode: "CAPTURE", ...more },
    });
    const given = {
      live: "false",
      notificationItems: [item("p1", { additionalData: { cardHolder: "A", hmacSignature: "old" } }), item("p2")],
    };
    const signed = sign("adyen", ["ab".repeat(32)], { body: JSON.stringify(given) });
    const made = JSON.parse(String(signed.body)) as typeof given;
    const signatures = made.notificationItems.map((each) => {
      const { additionalData } = each.NotificationRequestItem as unknown as { additionalData: { hmacSignature: string } };
      return additionalData.hmacSignature;
    });
    expect(new Set(signatures).size).toBe(2);
    expect(made).toEqual({
      live: "false",
      notificationItems: [
        item("p1", { additionalData: { cardHolder: "A", hmacSignature: signatures[0] } }),
        item("p2", { additionalData: { hmacSignature: signatures[1] } }),
      ],
    });
    for (const bad of [
      "no JSON",
      "{}",
      '{"notificationItems":[]}',
      '{"notificationItems":[{}]}',
      '{"notificationItems":[{"NotificationRequestItem":{"success":[]}}]}',
    ])
      expect(refusal("adyen", ["ab".repeat(32)], { body: bad })).toBe("body");
  });

  test("Mailgun: a new token each time, and the time of the signature", () => {
    const [one, two] = [0, 1].map(
      () => JSON.parse(String(sign("mailgun", [secret], { body: '{"event-data":{"id":"e"}}' }).body)) as unknown,
    );
    expect(one).toMatchObject({
      "event-data": { id: "e" },
      signature: { timestamp: String(timestampSeconds), token: expect.stringMatching(/^[0-9a-f]{50}$/) },
    });
    expect(one).not.toEqual(two);
    expect(refusal("mailgun", [secret], { body: "[]" })).toBe("body");
  });

  test("SNS: time and topic of the signature, a certificate of the vendor, and what is absent", () => {
    const topicArn = "arn:aws:sns:us-east-1:1:t";
    const old = JSON.stringify({ Message: "hi", TopicArn: "arn:old", Timestamp: "2020-01-01T00:00:00.000Z", SignatureVersion: "1" });
    const signed = sign("aws-sns", [rsaPem], { id: "m1", body: old }, { topicArn });
    const made = JSON.parse(String(signed.body)) as Record<string, string>;
    expect(made).toMatchObject({ Type: "Notification", MessageId: "m1", TopicArn: topicArn, Timestamp: new Date(nowMs).toISOString() });
    expect(made["SigningCertURL"]).toMatch(/^https:\/\/sns\.us-east-1\.amazonaws\.com\/.*\.pem$/);
    const verifier = createVerifier({ provider: "aws-sns", publicKey: publicPem, params: { topicArn }, toleranceSeconds: 60 });
    expect(verifier.verify({ headers: {}, body: signed.body ?? "" }, nowMs)).toMatchObject({ ok: true });
    const certUrl = "https://sns.eu-west-1.amazonaws.com/a.pem";
    expect(JSON.parse(String(sign("aws-sns", [rsaPem], { id: "m1", body: old }, { certUrl }).body))).toMatchObject({
      SigningCertURL: certUrl,
    });
    expect(refusal("aws-sns", [rsaPem], { body: old }, { certUrl: "https://evil.test/a.pem" })).toBe("params.certUrl");
    expect(refusal("aws-sns", [rsaPem], { body: "{}" })).toBe("body");
    expect(refusal("aws-sns", [rsaPem], { body: "text" })).toBe("body");
  });

  test("Linear: the time is written into the body unless it is there", () => {
    const stale = sign("linear", [secret], { body: '{"a":1.0,"webhookTimestamp":5}' });
    expect(stale.body).toBe(`{"a":1,"webhookTimestamp":${nowMs}}`);
    const verifier = createVerifier({ provider: "linear", secrets: [secret] });
    expect(verifier.verify({ headers: stale.headers, body: stale.body ?? "" }, nowMs).ok).toBe(true);
    const exact = `{ "webhookTimestamp": ${nowMs}, "a": 1.0 }`;
    const kept = sign("linear", [secret], { body: exact });
    expect(kept.body).toBeUndefined();
    expect(verifier.verify({ headers: kept.headers, body: exact }, nowMs).ok).toBe(true);
    expect(refusal("linear", [secret], { body: "[1]" })).toBe("body");
  });
});

describe("with the URL", () => {
  const digest = createHash("sha256").update(body).digest("hex");
  const twilio = createVerifier({ provider: "twilio", secrets: [secret] });

  test("Twilio: JSON goes by its digest in the query, a form does not", () => {
    const signed = sign("twilio", [secret]);
    expect(signed.url).toBe(`${url}&bodySHA256=${digest}`);
    expect(twilio.verify({ method: "POST", url: signed.url, headers: signed.headers, body }, nowMs).ok).toBe(true);
    expect(sign("twilio", [secret], { body: "a=1" }).url).toBeUndefined();
    expect(sign("twilio", [secret], { url: `${url}&bodySHA256=${digest}` }).url).toBeUndefined();
    expect(
      sign("twilio", [secret], { headers: { "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8" } }).url,
    ).toBeUndefined();
    expect(sign("twilio", [secret], { body: "a=1", headers: { "content-type": "application/json" } }).url).toContain("bodySHA256");
    expect(sign("twilio", [secret], { url: "https://a.test/in#part" }).url).toBe(`https://a.test/in?bodySHA256=${digest}#part`);
  });

  test("the registered URL is what is signed, while the given one is sent to", () => {
    const params = { url: "https://public.example.test/in" };
    const signed = sign("twilio", [secret], { url: "http://localhost:4400/in" }, params);
    expect(signed.url).toBe(`http://localhost:4400/in?bodySHA256=${digest}`);
    const registered = createVerifier({ provider: "twilio", secrets: [secret], params });
    expect(registered.verify({ url: signed.url, headers: signed.headers, body }, nowMs).ok).toBe(true);
    expect(sign("twilio", [secret], { url: undefined }, params).url).toBe(`${params.url}?bodySHA256=${digest}`);
  });

  test("what is signed and absent is named", () => {
    expect(refusal("square", [secret], { url: undefined })).toBe("url");
    expect(refusal("twilio", [secret], { url: undefined })).toBe("url");
    expect(refusal("hubspot", [secret], { method: undefined })).toBe("method");
    expect(refusal("jira-connect", [secret], { url: undefined })).toBe("url");
    expect(refusal("jira-connect", [secret], { method: undefined })).toBe("method");
    expect(refusal("mandrill", [secret], { body: "a=%zz" })).toBe("body");
    expect(refusal("twitch", [secret])).toBe("headers.twitch-eventsub-message-id");
    expect(refusal("twitch", [secret], { id: "a\r\nx: y" })).toBe("headers.twitch-eventsub-message-id");
    expect(refusal("paypal", [rsaPem], {}, { webhookId: "w" })).toBe("headers.paypal-transmission-id");
  });
});

describe("with a private key", () => {
  test("PayPal: certificate, algorithm, id and time are in the headers", () => {
    const headers = Object.fromEntries(sign("paypal", [rsaPem], { id: "t1" }, { webhookId: "w" }).headers);
    expect(headers).toMatchObject({
      "paypal-transmission-id": "t1",
      "paypal-transmission-time": new Date(nowMs).toISOString(),
      "paypal-auth-algo": "SHA256withRSA",
      "paypal-cert-url": expect.stringMatching(/^https:\/\/api\.paypal\.com\//),
    });
    const own = sign("paypal", [rsaPem], { headers: { "Paypal-Transmission-Id": "mine" } }, { webhookId: "w" });
    expect(Object.fromEntries(own.headers)["paypal-transmission-id"]).toBe("mine");
    expect(refusal("paypal", [rsaPem], { id: "t1" })).toBe("params.webhookId");
    expect(refusal("paypal", [rsaPem], { id: "t1" }, { webhookId: "w", certUrl: "https://evil.test/c" })).toBe("params.certUrl");
    expect(refusal("paypal", [rsaPem], { id: "t1" }, { webhookId: "w", other: "x" })).toBe("params.other");
  });

  test("tokens name the key, and hold the claims a receiver asks for", () => {
    const [, value = ""] = sign("plaid", [ecPem], {}, { kid: "k1" }).headers[0] ?? [];
    const [header = "", claims = "", signature = ""] = value.split(".");
    expect(JSON.parse(Buffer.from(header, "base64url").toString())).toEqual({ alg: "ES256", typ: "JWT", kid: "k1" });
    expect(JSON.parse(Buffer.from(claims, "base64url").toString())).toEqual({
      iat: timestampSeconds,
      request_body_sha256: createHash("sha256").update(body).digest("hex"),
    });
    const key = { key: createPublicKey(ec.privateKey), dsaEncoding: "ieee-p1363" as const };
    expect(nodeVerify("sha256", Buffer.from(`${header}.${claims}`), key, Buffer.from(signature, "base64url"))).toBe(true);
    expect(refusal("google-pubsub", [rsaPem], {}, { audience: "a" })).toBe("params.email");
    expect(refusal("plaid", [rsaPem])).toBe("secrets[0]");
    expect(refusal("plaid", [publicPem])).toBe("secrets[0]");
  });

  test("id and type stand where they are read", () => {
    const { headers } = sign("messagebird", [secret], { id: "e1" });
    expect(extract("messagebird", { headers, body })).toEqual({ id: "e1" });
  });
});

test("a signer needs no more options than a verifier", () => {
  const optional: Provider[] = ["jira-connect", "aws-sns", "discord", "paypal", "plaid", "twilio"].flatMap((id) => providerById(id) ?? []);
  expect(optional).toHaveLength(6);
  for (const provider of optional)
    expect(() => createSigner({ provider, secrets: signingSecretsOf(provider), params: paramsOf(provider) })).not.toThrow();
});
