// Providers that sign with a key pair, a token, inside the body or over a canonical request: attacks on each.
import { createHash, createHmac, generateKeyPairSync, sign as signWith, type KeyObject } from "node:crypto";
import { describe, expect, test } from "vitest";
import { ConfigError, createSigner, createVerifier, extract, type Params, type VerifierOptions, type WebhookRequest } from "./index.ts";

const now = 1_760_000_000;
const body = '{"id":"evt_1","type":"a"}';
const url = "https://hooks.example.test/in/x?b=2&a=1";
const secret = "a-secret-of-some-length";
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ed = generateKeyPairSync("ed25519");
const pem = (key: KeyObject): string => key.export({ format: "pem", type: "spki" }).toString();
const jwk = (key: KeyObject, more: object = {}): string => JSON.stringify({ ...key.export({ format: "jwk" }), ...more });
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

function outcome(options: VerifierOptions, request: Partial<WebhookRequest>, atSeconds = now): string {
  const result = createVerifier(options).verify({ method: "POST", url, headers: {}, body, ...request }, atSeconds * 1000);
  return result.ok ? "ok" : result.cause;
}

function pathOf(options: VerifierOptions): string {
  try {
    createVerifier(options);
    return "accepted";
  } catch (error) {
    return error instanceof ConfigError ? error.path : "thrown";
  }
}

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A token made by hand, so that its header can say anything. */
function token(header: object, claims: object, make: (text: string) => Buffer): string {
  const text = `${part(header)}.${part(claims)}`;
  return `${text}.${make(text).toString("base64url")}`;
}
const hs =
  (key: string | Buffer, hash = "sha256") =>
  (text: string): Buffer =>
    createHmac(hash, key).update(text).digest();
const es = (text: string): Buffer => signWith("sha256", Buffer.from(text), { key: ec.privateKey, dsaEncoding: "ieee-p1363" });
const rs = (text: string): Buffer => signWith("sha256", Buffer.from(text), rsa.privateKey);

describe("public keys", () => {
  const headers = {
    "x-signature-timestamp": String(now),
    "x-signature-ed25519": signWith(null, Buffer.from(`${now}${body}`), ed.privateKey).toString("hex"),
  };
  const raw = ed.publicKey.export({ format: "der", type: "spki" }).subarray(-32);

  test.each([
    ["hex", raw.toString("hex")],
    ["base64", raw.toString("base64")],
    ["whpk_", `whpk_${raw.toString("base64")}`],
    ["PEM", pem(ed.publicKey)],
    ["JWK", jwk(ed.publicKey)],
  ])("ed25519 as %s, as public key and as secret", (_, key) => {
    expect(outcome({ provider: "discord", publicKey: key }, { headers })).toBe("ok");
    expect(outcome({ provider: "discord", secrets: [key] }, { headers })).toBe("ok");
  });

  test("a tolerance can be set where the vendor has none", () => {
    const options = { provider: "discord", publicKey: raw.toString("hex"), toleranceSeconds: 300 };
    expect(outcome(options, { headers }, now + 300)).toBe("ok");
    expect(outcome(options, { headers }, now + 301)).toBe("timestamp_too_old");
    expect(outcome(options, { headers }, now - 301)).toBe("timestamp_in_future");
  });

  test.each([
    ["nothing", "discord", undefined, "secrets"],
    ["short hex", "discord", "ab".repeat(31), "publicKey"],
    ["another type", "discord", pem(ec.publicKey), "publicKey"],
    ["a private key", "discord", ed.privateKey.export({ format: "pem", type: "pkcs8" }).toString(), "publicKey"],
    ["a private JWK", "plaid", jwk(ec.privateKey), "publicKey"],
    ["another curve", "sendgrid", pem(generateKeyPairSync("ec", { namedCurve: "P-384" }).publicKey), "publicKey"],
    ["a point off the curve", "plaid", jwk(ec.publicKey, { x: "A".repeat(43) }), "publicKey"],
    ["a JWK for encryption", "plaid", jwk(ec.publicKey, { use: "enc" }), "publicKey"],
    ["a JWK of another algorithm", "plaid", jwk(ec.publicKey, { alg: "ES384" }), "publicKey"],
    ["RSA of 1024 bits", "aws-sns", pem(generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey), "publicKey"],
    ["JSON that is no key", "plaid", "{}", "publicKey"],
    ["no key in the set", "plaid", '{"keys":[]}', "publicKey"],
    ["too many keys in the set", "plaid", JSON.stringify({ keys: Array.from({ length: 17 }, () => ({})) }), "publicKey"],
    ["text", "plaid", "my key", "publicKey"],
    ["a cut certificate", "aws-sns", "-----BEGIN CERTIFICATE-----\nMIIDGTCC\n-----END CERTIFICATE-----", "publicKey"],
  ])("%s is refused", (_, provider, publicKey, path) => {
    expect(pathOf({ provider, ...(publicKey === undefined ? {} : { publicKey }) })).toBe(path);
  });
});

describe("tokens", () => {
  const claims = { iat: now, request_body_sha256: sha256(body) };
  const key = jwk(ec.publicKey, { kid: "k1" });
  const plaid = (header: object, change: object = {}, make = es, at = now): string =>
    outcome(
      { provider: "plaid", publicKey: key },
      { headers: { "plaid-verification": token(header, { ...claims, ...change }, make) } },
      at,
    );

  test("algorithms: only the provider's, and never a public key as a secret", () => {
    const empty = (): Buffer => Buffer.alloc(0);
    expect(plaid({ alg: "ES256", kid: "k1" })).toBe("ok");
    expect(plaid({ alg: "ES256" })).toBe("ok");
    for (const alg of ["none", "None", "HS256", "RS256", "ES384", "es256", "__proto__", null, ["ES256"]])
      expect(plaid({ alg, kid: "k1" })).toBe("algorithm_not_allowed");
    expect(plaid({ kid: "k1" })).toBe("algorithm_not_allowed");
    expect(plaid({ alg: "none" }, {}, empty)).toBe("malformed_signature");
    expect(plaid({ alg: "HS256" }, {}, hs(pem(ec.publicKey)))).toBe("algorithm_not_allowed");
    expect(plaid({ alg: "ES256", crit: ["b64"] })).toBe("algorithm_not_allowed");
  });

  test("ECDSA of zeros, DER, and a short signature", () => {
    expect(plaid({ alg: "ES256" }, {}, () => Buffer.alloc(64))).toBe("signature_mismatch");
    expect(plaid({ alg: "ES256" }, {}, (text) => signWith("sha256", Buffer.from(text), ec.privateKey))).toBe("malformed_signature");
    expect(plaid({ alg: "ES256" }, {}, (text) => es(text).subarray(1))).toBe("malformed_signature");
  });

  test("keys come from the options alone", () => {
    const other = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const forged = (text: string): Buffer => signWith("sha256", Buffer.from(text), { key: other.privateKey, dsaEncoding: "ieee-p1363" });
    const named = {
      alg: "ES256",
      jwk: JSON.parse(jwk(other.publicKey)) as object,
      jku: "https://evil.test/jwks",
      x5u: "https://evil.test/c",
    };
    expect(plaid(named, {}, forged)).toBe("signature_mismatch");
    expect(plaid(named)).toBe("ok");
    expect(plaid({ alg: "ES256", kid: "k2" })).toBe("unknown_key");
    const set = JSON.stringify({ keys: [{ kty: "oct2" }, JSON.parse(jwk(other.publicKey, { kid: "k2" })), JSON.parse(key)] });
    const check = (kid: string): string =>
      outcome({ provider: "plaid", publicKey: set }, { headers: { "plaid-verification": token({ alg: "ES256", kid }, claims, es) } });
    expect(check("k1")).toBe("ok");
    expect(check("k2")).toBe("signature_mismatch");
  });

  test("the age is inclusive, and the body is bound", () => {
    expect(plaid({ alg: "ES256" }, {}, es, now + 300)).toBe("ok");
    expect(plaid({ alg: "ES256" }, {}, es, now + 301)).toBe("timestamp_too_old");
    expect(plaid({ alg: "ES256" }, {}, es, now - 61)).toBe("timestamp_in_future");
    expect(plaid({ alg: "ES256" }, { iat: undefined })).toBe("claim_mismatch");
    expect(plaid({ alg: "ES256" }, { iat: String(now) })).toBe("claim_mismatch");
    expect(plaid({ alg: "ES256" }, { exp: now })).toBe("ok");
    expect(plaid({ alg: "ES256" }, { exp: now - 60 })).toBe("timestamp_too_old");
    expect(plaid({ alg: "ES256" }, { nbf: now + 61 })).toBe("timestamp_in_future");
    expect(plaid({ alg: "ES256" }, { request_body_sha256: sha256(`${body} `) })).toBe("signature_mismatch");
    expect(plaid({ alg: "ES256" }, { request_body_sha256: undefined })).toBe("claim_mismatch");
    expect(plaid({ alg: "ES256" }, { request_body_sha256: "" })).toBe("claim_mismatch");
  });

  test.each([
    ["two parts", (good: string) => good.split(".").slice(0, 2).join(".")],
    ["four parts", (good: string) => `${good}.AA`],
    ["an empty signature", (good: string) => good.slice(0, good.lastIndexOf(".") + 1)],
    ["padding", (good: string) => `${good}==`],
    ["a space", (good: string) => ` ${good}`],
    ["base64 letters", (good: string) => `${good.slice(0, -4)}++//`],
    [
      "claims that are a list",
      (good: string) => [good.split(".")[0], Buffer.from("[]").toString("base64url"), good.split(".")[2]].join("."),
    ],
    ["endless", (good: string) => `${"A".repeat(20_000)}.${good}`],
  ])("%s is malformed", (_, change) => {
    const good = token({ alg: "ES256" }, claims, es);
    expect(outcome({ provider: "plaid", publicKey: key }, { headers: { "plaid-verification": change(good) } })).toBe("malformed_signature");
  });

  test("MessageBird: all three lengths of HMAC, url and body bound, jti is the id", () => {
    const good = { iss: "MessageBird", nbf: now, exp: now + 60, jti: "j1", url_hash: sha256(url), payload_hash: sha256(body) };
    const headers = (change: object, alg = "HS256", hash = "sha256"): Record<string, string> => ({
      "messagebird-signature-jwt": token({ alg }, { ...good, ...change }, hs(secret, hash)),
    });
    const check = (change: object, request: Partial<WebhookRequest> = {}): string =>
      outcome({ provider: "messagebird", secrets: [secret] }, { headers: headers(change), ...request });
    expect(check({})).toBe("ok");
    expect(check({}, { headers: headers({}, "HS384", "sha384") })).toBe("ok");
    expect(check({}, { headers: headers({}, "HS512", "sha512") })).toBe("ok");
    expect(check({}, { headers: headers({}, "HS512", "sha256") })).toBe("malformed_signature");
    expect(check({}, { url: `${url}&c=3` })).toBe("signature_mismatch");
    expect(check({ payload_hash: undefined })).toBe("claim_mismatch");
    expect(check({ payload_hash: undefined }, { body: "" })).toBe("ok");
    expect(check({ exp: undefined })).toBe("claim_mismatch");
    expect(check({ exp: now - 4 })).toBe("ok");
    expect(check({ exp: now - 5 })).toBe("timestamp_too_old");
    expect(check({ iss: ["MessageBird"] })).toBe("claim_mismatch");
    expect(extract("messagebird", { headers: headers({}), body })).toMatchObject({ id: "j1" });
    expect(outcome({ provider: "messagebird", secrets: [secret] }, { headers: headers({}), url: undefined })).toBe("malformed_request");
  });

  test("Google: audience, address and its verification", () => {
    const good = {
      iss: "https://accounts.google.com",
      aud: "https://x.test",
      email: "a@b.test",
      email_verified: true,
      iat: now,
      exp: now + 3600,
    };
    const options = { provider: "google-pubsub", publicKey: pem(rsa.publicKey), params: { audience: "https://x.test", email: "a@b.test" } };
    const check = (change: object, prefix = "Bearer "): string =>
      outcome(options, { headers: { authorization: `${prefix}${token({ alg: "RS256" }, { ...good, ...change }, rs)}` } });
    expect(check({})).toBe("ok");
    expect(check({}, "bearer ")).toBe("ok");
    expect(check({}, "JWT ")).toBe("malformed_signature");
    expect(check({ aud: ["https://y.test", "https://x.test"] })).toBe("ok");
    for (const change of [
      { aud: "https://x.test/" },
      { aud: [] },
      { email: ["a@b.test"] },
      { email_verified: "true" },
      { iss: "accounts.evil.test" },
    ])
      expect(check(change)).toBe("claim_mismatch");
    expect(pathOf({ ...options, params: { audience: "https://x.test" } })).toBe("params.email");
    expect(pathOf({ ...options, params: { email: "a@b.test" } })).toBe("params.audience");
  });

  test("Atlassian: method, path and sorted query are bound; the base path is left out", () => {
    const check = (canonical: string, params: Params = {}, change: object = {}, at = url): string => {
      const value = token({ alg: "HS256" }, { iss: "client", exp: now + 180, qsh: sha256(canonical), ...change }, hs(secret));
      return outcome({ provider: "jira-connect", secrets: [secret], params }, { headers: { authorization: `JWT ${value}` }, url: at });
    };
    expect(check("POST&/in/x&a=1&b=2")).toBe("ok");
    expect(check("POST&/x&a=1&b=2", { basePath: "/in/" })).toBe("ok");
    expect(check("GET&/in/x&a=1&b=2")).toBe("signature_mismatch");
    expect(check("POST&/in/x&a=1&b=2", { clientKey: "client" })).toBe("ok");
    expect(check("POST&/in/x&a=1&b=2", { clientKey: "other" })).toBe("claim_mismatch");
    expect(check("POST&/in/x&a=1&b=2", {}, { qsh: "context-qsh" })).toBe("claim_mismatch");
    expect(check("POST&/&a%20b=%21%2A,x%2Cy", {}, {}, "https://h.test?a+b=x,y&jwt=1&a%20b=!*")).toBe("ok");
    expect(check("POST&/a%26b&", {}, {}, "https://h.test/a&b/")).toBe("ok");
  });
});

describe("inside the body", () => {
  const mailgun = (timestamp: string, value: string, more: object = {}): string =>
    JSON.stringify({
      signature: { timestamp, token: value, signature: createHmac("sha256", secret).update(`${now}3ab`).digest("hex"), ...more },
      "event-data": { id: "e1", event: "opened" },
    });

  test("Mailgun: a digit cannot move between timestamp and token", () => {
    const check = (text: string, toleranceSeconds?: number): string =>
      outcome(
        { provider: "mailgun", secrets: [secret], ...(toleranceSeconds === undefined ? {} : { toleranceSeconds }) },
        { body: text },
        now + 60,
      );
    expect(check(mailgun(String(now), "3ab"))).toBe("ok");
    expect(extract("mailgun", { headers: {}, body: mailgun(String(now), "3ab") })).toEqual({ id: "e1", type: "opened" });
    expect(check(mailgun(`${now}3`, "ab"))).toBe("malformed_timestamp");
    expect(check(mailgun(String(now), "3ac"))).toBe("signature_mismatch");
    expect(check(mailgun(String(now), "3ab"), 59)).toBe("timestamp_too_old");
    expect(check(mailgun(String(now), "3ab", { signature: "00" }))).toBe("malformed_signature");
    expect(check(mailgun(String(now), "3ab", { signature: undefined }))).toBe("missing_header");
    expect(check("[]")).toBe("malformed_request");
    expect(check('{"signature":{"timestamp":{"toString":1},"token":{},"signature":{}}}')).toBe("malformed_timestamp");
  });

  test("Adyen: every item must be signed", () => {
    const key = "ab".repeat(32);
    const item = (reference: string, signedReference = reference): object => {
      const text = `${reference}::m:r:100:EUR:CAPTURE:true`.replace(reference, signedReference);
      const hmacSignature = createHmac("sha256", Buffer.from(key, "hex")).update(text).digest("base64");
      const fields = { pspReference: reference, merchantAccountCode: "m", merchantReference: "r", eventCode: "CAPTURE", success: "true" };
      return { NotificationRequestItem: { additionalData: { hmacSignature }, amount: { value: 100, currency: "EUR" }, ...fields } };
    };
    const check = (...items: object[]): string =>
      outcome({ provider: "adyen", secrets: [key] }, { body: JSON.stringify({ notificationItems: items }) });
    expect(check(item("p1"))).toBe("ok");
    expect(check(item("p1"), item("p2"))).toBe("ok");
    expect(check(item("p1"), item("p2", "p3"))).toBe("signature_mismatch");
    expect(check(item("p3", "p1"), item("p2"))).toBe("signature_mismatch");
    expect(check()).toBe("malformed_request");
    expect(check({})).toBe("malformed_request");
    expect(check({ NotificationRequestItem: {} })).toBe("missing_header");
  });

  const arn = "arn:aws:sns:us-east-1:1:t";
  const certUrl = "https://sns.eu-west-1.amazonaws.com/a.pem";
  const sns = (params: Params, more: object = {}): string => {
    const fields = { Message: "hi", MessageId: "m1", Timestamp: "2025-10-09T08:53:20.000Z", TopicArn: arn, Type: "Notification" };
    const text = Object.entries(fields)
      .flat()
      .map((line) => `${line}\n`)
      .join("");
    const Signature = rs(text).toString("base64");
    const message = JSON.stringify({ ...fields, SignatureVersion: "2", SigningCertURL: certUrl, Signature, ...more });
    return outcome({ provider: "aws-sns", publicKey: pem(rsa.publicKey), params }, { body: message });
  };

  test("SNS: the topic and the certificate can be pinned, and the version is bound to its hash", () => {
    expect(sns({})).toBe("ok");
    expect(sns({ topicArn: arn, certUrl })).toBe("ok");
    expect(sns({ topicArn: `${arn}2` })).toBe("claim_mismatch");
    expect(sns({ certUrl: `${certUrl}x` })).toBe("unknown_key");
    expect(sns({}, { SignatureVersion: "1" })).toBe("signature_mismatch");
    expect(sns({}, { SignatureVersion: "3" })).toBe("unknown_signature_version");
    expect(sns({}, { Type: "Other" })).toBe("malformed_request");
    expect(sns({}, { Message: ["hi"] })).toBe("malformed_request");
  });

  test.each([
    "http://sns.eu-west-1.amazonaws.com/a.pem",
    "https://sns.eu-west-1.amazonaws.com.evil.test/a.pem",
    "https://evil.test/sns.eu-west-1.amazonaws.com/a.pem",
    "https://sns.eu-west-1.amazonaws.com@evil.test/a.pem",
    "https://sns.eu-west-1.amazonaws.com:8443/a.pem",
    "https://sns.evil.test/.amazonaws.com/a.pem",
    "https://sns.a.b.amazonaws.com/a.pem",
    "https://sns.eu-west-1.amazonaws.com/a.pem?x",
    "https://sns.eu-west-1.amazonaws.com/a.pem#.pem",
    "https://sns.eu-west-1.amazonaws.com/a",
    "https://sns.eu-west-1.amazonaws.com/../a.pem",
    "https://sns.eu-west-1.amazonaws.com\\@evil.test/a.pem",
    "https://SNS.eu-west-1.amazonaws.com/a.pem",
    " https://sns.eu-west-1.amazonaws.com/a.pem",
    "https://sns.eu-west-1.amazonaws.com/a.pem\n",
    "https://s3.eu-west-1.amazonaws.com/a.pem",
    "",
  ])("certificate URL %j is not trusted", (SigningCertURL) => {
    expect(sns({}, { SigningCertURL })).toBe("untrusted_key_source");
  });
});

describe("Contentful", () => {
  const key = "k".repeat(64);
  const sign = (names: string, lines: string, path = "/in/x?b%253D2%2526a%253D1"): Record<string, string> => ({
    "x-contentful-timestamp": `${now}000`,
    "x-contentful-signed-headers": names,
    "x-contentful-signature": createHmac("sha256", key).update(`POST\n${path}\n${lines}\n${body}`).digest("hex"),
  });
  const both = "x-contentful-signed-headers,x-contentful-timestamp";
  const lines = `x-contentful-signed-headers:${both};x-contentful-timestamp:${now}000`;
  const check = (headers: WebhookRequest["headers"], at = now): string =>
    outcome({ provider: "contentful", secrets: [key] }, { headers }, at);

  test("the query is signed, and an age equal to the limit is too old", () => {
    expect(check(sign(both, lines))).toBe("ok");
    expect(check(sign(both, lines, "/in/x"))).toBe("signature_mismatch");
    expect(check(sign(both, lines), now + 29.999)).toBe("ok");
    expect(check(sign(both, lines), now + 30)).toBe("timestamp_too_old");
  });

  test("a list without the timestamp or itself, with a header twice, or with an absent or repeated one is refused", () => {
    expect(check(sign("x-contentful-signed-headers", "x-contentful-signed-headers:x-contentful-signed-headers"))).toBe(
      "malformed_signature",
    );
    expect(check(sign("x-contentful-timestamp", `x-contentful-timestamp:${now}000`))).toBe("malformed_signature");
    expect(check(sign(`${both},x-contentful-timestamp`, lines))).toBe("malformed_signature");
    expect(check(sign(`${both},x-other`, lines))).toBe("missing_header");
    expect(check([...Object.entries(sign(`${both},x-other`, lines)), ["x-other", "1"], ["X-Other", "2"]])).toBe("duplicate_header");
  });
});

describe("test events", () => {
  test.each(["netlify", "messagebird", "jira-connect", "contentful"])("%s: what is signed verifies, and nothing else", (provider) => {
    const signer = createSigner({ provider, secrets: [secret, `${secret}2`] });
    const { headers } = signer.sign({ id: "e1", type: "a", timestampSeconds: now, method: "POST", url, body });
    const check = (request: Partial<WebhookRequest>, key = secret): string =>
      outcome({ provider, secrets: [key] }, { headers, ...request });
    expect(check({})).toBe("ok");
    expect(check({}, `${secret}2`)).toBe("signature_mismatch");
    if (signer.provider.bodyAuthenticated) expect(check({ body: `${body} ` })).toBe("signature_mismatch");
    if (provider === "netlify") return;
    expect(check({ url: `${url}0` })).toBe("signature_mismatch");
    // The URL as registered stands for what a proxy made of it; the query is the request's own.
    const registered = createVerifier({ provider, secrets: [secret], params: { url: "https://hooks.example.test/in/x" } });
    const behindProxy = { method: "POST", url: "http://localhost/?b=2&a=1", headers, body };
    expect(registered.verify(behindProxy, now * 1000).ok).toBe(true);
    expect(registered.verify({ ...behindProxy, url: "http://localhost/?b=2" }, now * 1000).ok).toBe(false);
  });
});
