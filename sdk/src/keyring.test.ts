// The keyring with the vendors' own vectors: what is asked, how often, and what is never asked.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  createKeyring,
  createVerifier,
  fetchesKeys,
  type KeyOptions,
  type KeyQuestion,
  keyQuestion,
  type KeySource,
  type Params,
  providerById,
  verify,
  type VerifyResult,
  type WebhookRequest,
} from "./index.ts";
import { parseCertificate } from "./certificate.ts";

interface Vector {
  readonly id: string;
  readonly valid: boolean;
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly publicKey: string | object;
  readonly params?: Params;
}

const NOW = 1_790_000_000_000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function vectorOf(provider: string): Vector {
  const vectors = JSON.parse(readFileSync(new URL(`../vectors/${provider}.json`, import.meta.url), "utf8")) as Vector[];
  return vectors.find((vector) => vector.valid)!;
}

function optionsOf(id: string, keySource: KeySource, more: Partial<KeyOptions> = {}): KeyOptions {
  return { provider: { ...providerById(id)!, keySource }, secrets: [], publicKeys: [], params: {}, ...more };
}

const SNS = vectorOf("aws-sns");
const CERTIFICATE = SNS.publicKey as string;
const snsOptions = optionsOf("aws-sns", { kind: "certificate" });
const certUrl = (JSON.parse(SNS.body) as { SigningCertURL: string }).SigningCertURL;
const validMs = parseCertificate(CERTIFICATE)!.validFromMs + HOUR;

/** A vendor that answers by script and keeps what it was asked. */
function vendor(answer: (question: KeyQuestion, n: number) => string | Promise<string>) {
  const asked: KeyQuestion[] = [];
  const keyring = createKeyring({ fetch: async (question) => answer(question, asked.push(question)) });
  return { asked, keyring };
}

function withCertUrl(url: string): WebhookRequest {
  return { ...SNS, body: JSON.stringify({ ...(JSON.parse(SNS.body) as object), SigningCertURL: url }) };
}

async function verified(options: KeyOptions, found: Awaited<ReturnType<ReturnType<typeof createKeyring>["find"]>>, request: Vector) {
  if (!found.ok) return found;
  return createVerifier({ ...options, publicKey: found.publicKey }).verify(request, NOW) satisfies VerifyResult;
}

describe("certificates", () => {
  test("the one that the request names is fetched once and verifies it", async () => {
    const { asked, keyring } = vendor(() => CERTIFICATE);
    const found = await Promise.all([1, 2, 3].map(() => keyring.find(snsOptions, SNS, validMs)));
    expect(await keyring.find(snsOptions, SNS, validMs + 23 * HOUR)).toEqual(found[0]);
    expect(asked).toEqual([{ kind: "certificate", id: certUrl, method: "GET", url: certUrl, headers: [] }]);
    expect(await verified(snsOptions, found[0]!, SNS)).toMatchObject({ ok: true });
  });

  test.each([
    "http://sns.us-east-1.amazonaws.com/a.pem",
    "https://sns.us-east-1.amazonaws.com.evil.test/a.pem",
    "https://sns.us-east-1.amazonaws.com@evil.test/a.pem",
    "https://evil.test/sns.us-east-1.amazonaws.com/a.pem",
    "https://sns.us-east-1.amazonaws.com:8443/a.pem",
    "https://sns.us-east-1.amazonaws.com/../a.pem",
    "https://sns.us-east-1.amazonaws.com/a.pem?x=.pem",
    "https://s3.us-east-1.amazonaws.com/a.pem",
  ])("nothing is fetched from %s", async (url) => {
    const { asked, keyring } = vendor(() => CERTIFICATE);
    expect(await keyring.find(snsOptions, withCertUrl(url), validMs)).toMatchObject({ ok: false, cause: "untrusted_key_source" });
    expect(asked).toEqual([]);
  });

  test("one that has expired, or is not in force yet, is no key", async () => {
    const { validFromMs, validToMs } = parseCertificate(CERTIFICATE)!;
    for (const [at, ok] of [
      [validFromMs - 1, false],
      [validFromMs, true],
      [validToMs, true],
      [validToMs + 1, false],
    ] as const) {
      const { keyring } = vendor(() => CERTIFICATE);
      expect(await keyring.find(snsOptions, SNS, at)).toMatchObject(ok ? { ok } : { ok, cause: "untrusted_key_source" });
    }
  });

  test("made-up certificates of the vendor cost a bounded number of questions", async () => {
    const { asked, keyring } = vendor(() => Promise.reject(new Error("status 404")));
    for (let n = 0; n < 500; n++) {
      const found = await keyring.find(snsOptions, withCertUrl(`https://sns.eu-west-1.amazonaws.com/${n}.pem`), NOW + n);
      expect(found).toMatchObject({ ok: false, cause: "key_unavailable" });
    }
    expect(asked.length).toBe(60);
    expect(await keyring.find(snsOptions, withCertUrl("https://sns.eu-west-1.amazonaws.com/x.pem"), NOW + MINUTE)).toMatchObject({
      ok: false,
    });
    expect(asked.length).toBe(61);
  });
});

describe("lists of keys", () => {
  const url = "https://keys.example.test/certs";
  const options = optionsOf("google-pubsub", { kind: "jwks", url });
  const jwks = (...kids: string[]): string => JSON.stringify({ keys: kids.map((kid) => ({ kid, kty: "RSA" })) });
  const tokenOf = (kid: string): WebhookRequest => {
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
    return { headers: { authorization: `Bearer ${part({ alg: "RS256", kid })}.${part({})}.c2ln` }, body: "" };
  };

  test("are asked again for a key they lack, at most every 30 seconds", async () => {
    const { asked, keyring } = vendor((_question, n) => (n < 3 ? jwks("old") : jwks("old", "new")));
    await keyring.find(options, tokenOf("old"), NOW);
    await keyring.find(options, tokenOf("new"), NOW + 29_999);
    expect(asked.length).toBe(1);
    await keyring.find(options, tokenOf("new"), NOW + 30_000);
    expect(asked.length).toBe(2);
    expect(await keyring.find(options, tokenOf("new"), NOW + 60_000)).toEqual({ ok: true, publicKey: jwks("old", "new") });
    await keyring.find(options, tokenOf("old"), NOW + 61_000);
    expect(asked.length).toBe(3);
  });

  test("are fetched again every hour, and serve for a day while the vendor does not answer", async () => {
    let up = true;
    const { asked, keyring } = vendor(() => (up ? jwks("a") : Promise.reject(new Error("no answer"))));
    await keyring.find(options, tokenOf("a"), NOW);
    await keyring.find(options, tokenOf("a"), NOW + HOUR - 1);
    expect(asked.length).toBe(1);
    up = false;
    expect(await keyring.find(options, tokenOf("a"), NOW + HOUR)).toMatchObject({ ok: true });
    expect(asked.length).toBe(2);
    expect(await keyring.find(options, tokenOf("a"), NOW + 23 * HOUR)).toMatchObject({ ok: true });
    expect(await keyring.find(options, tokenOf("a"), NOW + 24 * HOUR)).toMatchObject({ ok: false, cause: "key_unavailable" });
    up = true;
    expect(await keyring.find(options, tokenOf("a"), NOW + 24 * HOUR + 30_000)).toMatchObject({ ok: true });
  });

  test.each(["", "null", "[]", "not json", `"${"x".repeat(300_000)}"`])("an answer that is no list is no key: %#", async (answer) => {
    const { keyring } = vendor(() => answer);
    expect(await keyring.find(options, tokenOf("a"), NOW)).toMatchObject({ ok: false, cause: "key_unavailable" });
  });
});

test("a PEM inside JSON is found by its path", async () => {
  const source: KeySource = { kind: "pem", url: "https://keys.example.test/config", at: "config.webhook.public_key" };
  const { keyring } = vendor(() => JSON.stringify({ config: { webhook: { public_key: "-----BEGIN PUBLIC KEY-----" } } }));
  expect(await keyring.find(optionsOf("sendgrid", source), { headers: {}, body: "" }, NOW)).toEqual({
    ok: true,
    publicKey: "-----BEGIN PUBLIC KEY-----",
  });
});

describe("keys by id", () => {
  const PLAID = vectorOf("plaid");
  const source: KeySource = {
    kind: "jwk-by-id",
    urls: { production: "https://production.example.test/key", sandbox: "https://sandbox.example.test/key" },
    idField: "key_id",
    paramFields: { client_id: "clientId" },
    secretField: "secret",
    at: "key",
  };
  const options = optionsOf("plaid", source, { secrets: ["fixture-api-secret"], params: { clientId: "client" } });

  test("are asked for with the account's credentials, and verify", async () => {
    const { asked, keyring } = vendor(() => JSON.stringify({ key: PLAID.publicKey, request_id: "r" }));
    const found = await keyring.find(options, PLAID, NOW);
    expect(asked.map(({ method, url }) => `${method} ${url}`)).toEqual(["POST https://production.example.test/key"]);
    expect(JSON.parse(asked[0]!.body!)).toEqual({ client_id: "client", secret: "fixture-api-secret", key_id: asked[0]!.keyId });
    expect(asked[0]!.id).not.toContain("fixture-api-secret");
    const params = { ...options.params };
    const result =
      found.ok && createVerifier({ provider: options.provider, publicKey: found.publicKey, params }).verify(PLAID, 1_760_000_000_000);
    expect(result).toMatchObject({ ok: true });
  });

  test("of the sandbox come from the sandbox, and other environments do not exist", () => {
    const question = keyQuestion({ ...options, params: { clientId: "client", environment: "sandbox" } }, PLAID);
    expect(question).toMatchObject({ url: "https://sandbox.example.test/key" });
    expect(() => keyQuestion({ ...options, params: { environment: "toString" } }, PLAID)).toThrow("params.environment");
  });

  test("that were withdrawn are no keys", async () => {
    const { keyring } = vendor(() => JSON.stringify({ key: { ...(PLAID.publicKey as object), expired_at: NOW / 1000 } }));
    expect(await keyring.find(options, PLAID, NOW)).toMatchObject({ ok: false, cause: "unknown_key" });
  });

  test.each(["", "../x", "a b", "x".repeat(129), 'a"b'])("are not asked for by the id %j", (kid) => {
    const header = Buffer.from(JSON.stringify({ alg: "ES256", kid })).toString("base64url");
    const request = { headers: { "plaid-verification": `${header}.e30.c2ln` }, body: "" };
    expect(keyQuestion(options, request)).toMatchObject({ ok: false, cause: "unknown_key" });
  });
});

test("verify takes a keyring, and says what is missing without one", async () => {
  const { keyring } = vendor(() => CERTIFICATE);
  expect(await verify(SNS, { provider: snsOptions.provider, keyring, nowMs: validMs })).toMatchObject({ ok: true });
  expect(await verify(withCertUrl("https://evil.test/a.pem"), { provider: snsOptions.provider, keyring, nowMs: validMs })).toMatchObject({
    ok: false,
    cause: "untrusted_key_source",
  });
  expect(await verify(SNS, { provider: snsOptions.provider, nowMs: validMs })).toMatchObject({ ok: false, cause: "no_secret" });
});

test("a pinned key is never replaced by a fetched one", () => {
  expect(fetchesKeys({ ...snsOptions, publicKeys: [CERTIFICATE] })).toBe(false);
  expect(fetchesKeys({ ...snsOptions, secrets: [CERTIFICATE] })).toBe(false);
  expect(fetchesKeys(snsOptions)).toBe(true);
  expect(fetchesKeys({ ...snsOptions, provider: providerById("github")! })).toBe(false);
});

test("a verifier whose keys come later checks its options and accepts nothing", () => {
  const make = (params: Params) => createVerifier({ provider: snsOptions.provider, params, keysLater: true });
  expect(make({ topicArn: "arn:aws:sns:us-east-1:1:t" }).verify(SNS, NOW).ok).toBe(false);
  expect(() => make({ topicArm: "arn:aws:sns:us-east-1:1:t" })).toThrow("params.topicArm");
  expect(() => createVerifier({ provider: snsOptions.provider })).toThrow("secrets");
});
