// Standard Webhooks: the published vectors, asymmetric signatures, rotation and new keys.
import { describe, expect, test } from "vitest";
import { ConfigError, createSigner, createVerifier, generateKeyPair, generateSecret, sign, verify } from "./index.ts";

const published = [
  {
    name: "TV1 (symmetric)",
    secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
    timestamp: 1614265330,
    body: '{"test": 2432232314}',
    signature: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    verifyWith: { secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" },
  },
  {
    name: "TV2 (symmetric)",
    secret: "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
    id: "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
    timestamp: 1649367553,
    body: '{"email":"test@example.com","username":"test_user"}',
    signature: "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
    verifyWith: { secret: "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD" },
  },
  {
    name: "TV3 (ed25519)",
    secret: "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==",
    id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
    timestamp: 1614265330,
    body: '{"test": 2432232314}',
    signature: "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==",
    verifyWith: { publicKey: "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=" },
  },
];

describe.each(published)("$name", ({ secret, id, timestamp, body, signature, verifyWith }) => {
  const headers: [string, string][] = [
    ["webhook-id", id],
    ["webhook-timestamp", String(timestamp)],
    ["webhook-signature", signature],
  ];

  test("signs to the published signature", async () => {
    expect(createSigner({ provider: "standard-webhooks", secrets: [secret] }).sign({ id, timestampSeconds: timestamp, body })).toEqual({
      headers,
    });
    expect(await sign({ provider: "standard-webhooks", secret, id, timestampMs: timestamp * 1000 + 999, body })).toEqual({ headers });
  });

  test("verifies", async () => {
    const options = { provider: "standard-webhooks", nowMs: timestamp * 1000, ...verifyWith };
    expect(await verify({ headers, body }, options)).toEqual({ ok: true, event: { id } });
    expect(await verify({ headers, body: `${body} ` }, options)).toMatchObject({ ok: false, cause: "signature_mismatch" });
  });
});

test("a rotation signs with every secret, and a receiver with any one of them verifies", async () => {
  const pair = await generateKeyPair();
  const [current, previous] = [generateSecret(), generateSecret()];
  const signer = createSigner({ provider: "standard-webhooks", secrets: [current, previous, pair.privateKey] });
  const { headers } = signer.sign({ id: "msg_1", timestampSeconds: 1_760_000_000, body: "{}" });
  expect(headers[2]?.[1]).toMatch(/^v1,\S{44} v1,\S{44} v1a,\S{88}$/);
  for (const secret of [current, previous, pair.publicKey]) {
    const verifier = createVerifier({ provider: "standard-webhooks", secrets: [secret] });
    expect(verifier.verify({ headers, body: "{}" }, 1_760_000_000_000)).toEqual({ ok: true, secretIndex: 0 });
  }
});

test("a white-labelled header family", () => {
  const secret = generateSecret();
  const params = { headerPrefix: "Acme" };
  const { headers } = createSigner({ provider: "standard-webhooks", secrets: [secret], params }).sign({
    id: "m",
    timestampSeconds: 1,
    body: "",
  });
  expect(headers.map(([name]) => name)).toEqual(["acme-id", "acme-timestamp", "acme-signature"]);
  expect(createVerifier({ provider: "standard-webhooks", secrets: [secret], params }).verify({ headers, body: "" }, 1000).ok).toBe(true);
});

test("new secrets and key pairs have the standard's form and differ each time", async () => {
  const [one, two] = [generateSecret(), generateSecret()];
  expect(one).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  expect(one).not.toBe(two);
  const pair = await generateKeyPair();
  expect(pair.publicKey).toMatch(/^whpk_[A-Za-z0-9+/]{43}=$/);
  const bytes = Buffer.from(pair.privateKey.slice(5), "base64");
  expect(bytes).toHaveLength(64);
  expect(bytes.subarray(32).toString("base64")).toBe(pair.publicKey.slice(5));
});

describe("signing refuses", async () => {
  const secret = generateSecret();
  const pair = await generateKeyPair();
  const input = { id: "msg_1", timestampSeconds: 1, body: "" };
  const signWith = (key: string, change: object = {}) =>
    createSigner({ provider: "standard-webhooks", secrets: [key] }).sign({ ...input, ...change });

  test.each([
    ["no id", { id: undefined }],
    ["an id with a dot", { id: "a.b" }],
    ["an id with a line break", { id: "a\r\nx: y" }],
    ["an empty id", { id: "" }],
    ["a negative time", { timestampSeconds: -1 }],
    ["milliseconds as seconds", { timestampSeconds: 1e13 }],
    ["a time that is no number", { timestampSeconds: Number.NaN }],
    ["a parsed body", { body: {} as never }],
  ])("%s", (_, change) => {
    expect(() => signWith(secret, change)).toThrow(ConfigError);
  });

  test("keys that cannot sign", () => {
    expect(() => signWith(pair.publicKey)).toThrow(/whsk_/);
    const mixed = Buffer.concat([Buffer.from(pair.privateKey.slice(5), "base64").subarray(0, 32), Buffer.alloc(32)]).toString("base64");
    expect(() => signWith(`whsk_${mixed}`)).toThrow(/public half/);
    expect(() => signWith("whsk_AAAA")).toThrow(ConfigError);
  });
});
