// diagnose(): hints about keys and tokens, with tokens and certificates made here.
import { createHash, generateKeyPairSync, type KeyObject, sign as signBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { createSigner, diagnose, type Hint, sign, type SignedHeaders, type VerifyOptions, type WebhookRequest } from "./index.ts";

const nowMs = 1_760_000_000_000;
const secret = "a-fixture-secret-of-some-length";
const body = '{"a":1}';
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const pem = (key: KeyObject): string => key.export({ type: "spki", format: "pem" }).toString();

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function token(header: object, claims: object, key?: KeyObject): string {
  const text = `${part(header)}.${part(claims)}`;
  const made = key && signBytes("sha256", Buffer.from(text), { key, dsaEncoding: "ieee-p1363" }).toString("base64url");
  return `${text}.${made ?? "AAAA"}`;
}

async function hintsOf(request: WebhookRequest, options: VerifyOptions, cause: string): Promise<readonly Hint[]> {
  const diagnosis = await diagnose(request, { nowMs, ...options });
  expect(diagnosis).toMatchObject({ ok: false, cause });
  return diagnosis.hints;
}

const iat = nowMs / 1000;
const bodyHash = createHash("sha256").update(body).digest("hex");

describe("algorithm_not_allowed", () => {
  const plaid = (jwt: string, publicKey = pem(ec.publicKey)) =>
    hintsOf({ headers: { "plaid-verification": jwt }, body }, { provider: "plaid", publicKey }, "algorithm_not_allowed");

  test("names the algorithm of the token and the provider's", async () => {
    const [hint] = await plaid(token({ alg: "HS256" }, {}));
    expect(hint?.code).toBe("wrong_algorithm");
    expect(hint?.message).toMatch(/signed with "HS256", but Plaid signs with ES256: let the sender/);
  });

  test("a token that is not signed is to be refused", async () => {
    const [hint] = await plaid(token({ alg: "none" }, {}));
    expect(hint?.message).toMatch(/not signed at all .* refuse it/);
  });

  test("an extension is to be turned off", async () => {
    const [hint] = await plaid(token({ alg: "ES256", crit: ["x"] }, {}));
    expect(hint?.message).toMatch(/extension \(crit\).*turn it off/);
  });

  test("a header that names the algorithm", async () => {
    const headers = {
      "paypal-transmission-sig": "AAAA",
      "paypal-auth-algo": "SHA1withRSA",
      "paypal-cert-url": "https://api.paypal.com/v1/notifications/certs/CERT-1",
      "paypal-transmission-id": "1",
      "paypal-transmission-time": "t",
    };
    const options = { provider: "paypal", publicKey: pem(rsa.publicKey), params: { webhookId: "1" } };
    const [hint] = await hintsOf({ headers, body }, options, "algorithm_not_allowed");
    expect(hint?.message).toContain('paypal-auth-algo is "SHA1withRSA", but PayPal uses SHA256withRSA: let no proxy');
  });
});

describe("claim_mismatch", () => {
  const claims = { iss: "https://accounts.google.com", aud: "mine", email: "a@example.test", email_verified: true, iat, exp: iat + 60 };
  const pubsub = (changed: object) =>
    hintsOf(
      { headers: { authorization: `Bearer ${token({ alg: "RS256" }, { ...claims, ...changed }, rsa.privateKey)}` }, body },
      { provider: "google-pubsub", publicKey: pem(rsa.publicKey), params: { audience: "mine", email: "a@example.test" } },
      "claim_mismatch",
    );

  test.each<[object, RegExp]>([
    [{ iss: "https://evil.example.test" }, /issuer "https:\/\/evil\.example\.test".*choose the provider/],
    [{ aud: "yours" }, /aud is "yours", and params\.audience is "mine": correct params\.audience, or the aud at Google Pub\/Sub/],
    [{ aud: ["a", "b"] }, /aud is \["a","b"\], and params\.audience/],
    [{ email: undefined }, /email is missing, and params\.email is "a@example\.test"/],
    [{ email_verified: false }, /email_verified is false: let the sender use an account/],
    [{ exp: undefined }, /claim that Google Pub\/Sub always sends is missing or malformed: check/],
  ])("%j", async (changed, message) => {
    const found = await pubsub(changed);
    expect(found.map(({ code }) => code)).toEqual(["wrong_claim"]);
    expect(found[0]?.message).toMatch(message);
  });

  test("several at once, and none of them at any length", async () => {
    const found = await pubsub({ aud: "x".repeat(5000), email: "b@example.test" });
    expect(found).toHaveLength(2);
    expect(found[0]!.message.length).toBeLessThan(600);
  });

  test("another topic of Amazon SNS", async () => {
    const message = {
      Type: "Notification",
      MessageId: "1",
      TopicArn: "arn:aws:sns:eu-west-1:1:theirs",
      Message: "m",
      Timestamp: new Date(nowMs).toISOString(),
      SignatureVersion: "2",
      SigningCertURL: "https://sns.eu-west-1.amazonaws.com/c.pem",
    };
    const content = `Message\nm\nMessageId\n1\nTimestamp\n${message.Timestamp}\nTopicArn\n${message.TopicArn}\nType\nNotification\n`;
    const Signature = signBytes("sha256", Buffer.from(content), rsa.privateKey).toString("base64");
    const options = { provider: "aws-sns", publicKey: pem(rsa.publicKey), params: { topicArn: "arn:aws:sns:eu-west-1:1:mine" } };
    const [hint] = await hintsOf({ headers: {}, body: JSON.stringify({ ...message, Signature }) }, options, "claim_mismatch");
    expect(hint).toMatchObject({ code: "wrong_claim" });
    expect(hint?.message).toMatch(/topic "arn:aws:sns:eu-west-1:1:theirs": if that topic is yours, save it as params\.topicArn/);
  });
});

describe("untrusted_key_source", () => {
  test("names the host and the vendor's", async () => {
    const sns = { Signature: "AAAA", SigningCertURL: "https://evil.example.test/c.pem" };
    const options = { provider: "aws-sns", publicKey: pem(rsa.publicKey) };
    const [hint] = await hintsOf({ headers: {}, body: JSON.stringify(sns) }, options, "untrusted_key_source");
    expect(hint?.code).toBe("untrusted_certificate");
    expect(hint?.message).toMatch(/at "evil\.example\.test", and those of Amazon SNS are at sns\.\*\.amazonaws\.com.*do not fetch/);
  });
});

describe("unknown_key", () => {
  test("a token by another key of the vendor: fetch the current one", async () => {
    const jwk = JSON.stringify({ ...ec.publicKey.export({ format: "jwk" }), kid: "old" });
    const jwt = token({ alg: "ES256", kid: "new" }, { iat, request_body_sha256: bodyHash }, ec.privateKey);
    const [hint] = await hintsOf({ headers: { "plaid-verification": jwt }, body }, { provider: "plaid", publicKey: jwk }, "unknown_key");
    expect(hint?.code).toBe("key_rotated");
    expect(hint?.message).toMatch(
      /^The key was rotated: Plaid signed with the key "new"; fetch the current one from .* save it as the public key\.$/,
    );
  });

  test("another certificate of the vendor: download it", async () => {
    const sns = { Signature: "AAAA", SigningCertURL: "https://sns.eu-west-1.amazonaws.com/new.pem" };
    const certUrl = "https://sns.eu-west-1.amazonaws.com/old.pem";
    const options = { provider: "aws-sns", publicKey: pem(rsa.publicKey), params: { certUrl } };
    const [hint] = await hintsOf({ headers: {}, body: JSON.stringify(sns) }, options, "unknown_key");
    expect(hint?.message).toContain('download the certificate at "https://sns.eu-west-1.amazonaws.com/new.pem"');
  });
});

describe("the secret of another endpoint", () => {
  const others = [
    { name: "staging", secret: "another-fixture-secret" },
    { name: "billing", secret },
  ];

  test.each(["github", "stripe", "token", "basic"])("%s: says which, and quotes no secret", async (provider) => {
    const theirs = provider === "basic" ? "user:a-fixture-password" : secret;
    const { headers } = createSigner({ provider, secrets: [theirs] }).sign({ timestampSeconds: nowMs / 1000, body });
    const options = { provider, secret: provider === "basic" ? "user:other-password" : "my-own-fixture-secret", nowMs };
    const known = [
      { name: "staging", secret: "user:yet-another-one" },
      { name: "billing", secret: theirs },
    ];
    const { hints } = await diagnose({ headers, body }, { ...options, otherSecrets: known });
    expect(hints.map(({ code }) => code)).toEqual(["other_endpoint"]);
    expect(hints[0]?.message).toMatch(
      /^The secret belongs to another endpoint: the one of "billing" made this signature\. Save that secret here/,
    );
    expect(hints[0]?.message).not.toContain(theirs);
  });

  test("none of them fits", async () => {
    const { headers } = await Promise.resolve<SignedHeaders>(sign({ provider: "github", secret: "a-third-fixture-secret", body }));
    const { hints } = await diagnose({ headers, body }, { provider: "github", secret: "my-own-fixture-secret", otherSecrets: others });
    expect(hints.map(({ code }) => code)).toEqual(["wrong_secret"]);
  });

  test("one that cannot be decoded is passed over", async () => {
    const whsec = `whsec_${Buffer.alloc(24, 7).toString("base64")}`;
    const made = await Promise.resolve<SignedHeaders>(
      sign({ provider: "standard-webhooks", secret: whsec, id: "m", timestampMs: nowMs, body }),
    );
    const mine = `whsec_${Buffer.alloc(24, 8).toString("base64")}`;
    const otherSecrets = [
      { name: "broken", secret: "!" },
      { name: "empty", secret: "" },
      { name: "right", secret: whsec },
    ];
    const { hints } = await diagnose({ headers: made.headers, body }, { provider: "standard-webhooks", secret: mine, nowMs, otherSecrets });
    expect(hints.map(({ message }) => message).join()).toContain('"right"');
  });
});
