// The two executors and the forms of keys: node:crypto and WebCrypto give one answer, also at the edges.
import fc from "fast-check";
import { createHash, createHmac, generateKeyPairSync, sign as nodeSign, verify as nodeVerify } from "node:crypto";
import { describe, expect, test } from "vitest";
import { runInNewContext } from "node:vm";
import { engines } from "../tests/engines.ts";
import { bytesOf, concat, element, tags } from "./der.ts";
import { derOfRaw, rawOfDer } from "./ecdsa-der.ts";
import { ConfigError, createSigner, createVerifier, diagnose, generateKeyPair, sign, verify, type Provider } from "./index.ts";
import { nodeMac } from "./node-hmac.ts";
import type { HmacAlgorithm } from "./provider.ts";
import { nodeCrypto } from "./runtime.ts";
import { signWith, type SignerOptions } from "./signer.ts";
import { check, verifyWith, type VerifyOptions } from "./webhook.ts";
import { diagnoseWith } from "./diagnose.ts";

const nowMs = 1_760_000_000_000;
const secret = "a-secret-of-some-length";
const body = '{"id":"evt_1"}';
const input = { id: "msg_1", timestampSeconds: nowMs / 1000, method: "POST", url: "https://a.test/", body };

async function pathOf(made: Promise<unknown>): Promise<string> {
  const error: unknown = await made.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return error instanceof ConfigError ? error.path : String(error);
}

describe("HMAC with node:crypto", () => {
  const crypto = nodeCrypto();
  if (crypto === undefined) throw new Error("there is no node:crypto");
  const withoutHash = { ...crypto, hash: undefined } as unknown as typeof crypto;
  const algorithms: [HmacAlgorithm, string][] = [
    ["hmac-sha1", "sha1"],
    ["hmac-sha256", "sha256"],
    ["hmac-sha384", "sha384"],
    ["hmac-sha512", "sha512"],
  ];
  // Lengths around the block of the hash, and around the memory in which small contents are put together.
  const keys = fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.uint8Array({ minLength: 60, maxLength: 140, size: "max" }));
  const large = fc.integer({ min: 16_200, max: 16_500 }).map((length) => new Uint8Array(length).fill(7));
  const content = fc.array(fc.oneof(fc.string({ unit: "binary" }), fc.string(), fc.uint8Array(), large), { maxLength: 4 });

  test.each(algorithms)("%s is that of createHmac", (algorithm, hash) => {
    fc.assert(
      fc.property(keys, content, (bytes, chunks) => {
        const expected = createHmac(hash, bytes);
        for (const chunk of chunks) expected.update(chunk);
        const hex = expected.digest("hex");
        for (const runtime of [crypto, withoutHash]) {
          const mac = nodeMac(runtime, { algorithm, bytes });
          expect(mac(chunks, "hex")).toBe(hex);
          expect(Buffer.from(mac(chunks, "binary"), "latin1").toString("hex")).toBe(hex);
        }
      }),
    );
  });
});

describe.each(engines)("%s", (_, engine) => {
  const verifies = (request: Parameters<typeof check>[1], options: VerifyOptions): ReturnType<typeof check> =>
    check(engine, request, { nowMs, ...options });

  test("v1a: signs and verifies with a key pair, beside a shared secret", async () => {
    const pair = await generateKeyPair();
    const { headers } = await signWith(engine, { provider: "standard-webhooks", secrets: [pair.privateKey, secretOf(24)] }, input);
    expect(headers).toEqual(createSigner({ provider: "standard-webhooks", secrets: [pair.privateKey, secretOf(24)] }).sign(input).headers);
    for (const options of [{ publicKey: pair.publicKey }, { secret: secretOf(24) }])
      expect(await verifies({ headers, body }, { provider: "standard-webhooks", ...options })).toMatchObject({ ok: true });
    const other = await generateKeyPair();
    expect(await verifies({ headers, body }, { provider: "standard-webhooks", publicKey: other.publicKey })).toMatchObject({
      cause: "signature_mismatch",
    });
    const mixed = `whsk_${Buffer.concat([Buffer.from(pair.privateKey.slice(5), "base64").subarray(0, 32), Buffer.alloc(32)]).toString("base64")}`;
    expect(await pathOf(signWith(engine, { provider: "standard-webhooks", secrets: [mixed] }, input))).toBe("secrets[0]");
  });

  test("the answer says which of the secrets it was", async () => {
    const { headers } = createSigner({ provider: "github", secrets: [secret] }).sign(input);
    const secrets = ["another-secret", secret, "a-third-secret"];
    expect(await verifies({ headers, body }, { provider: "github", secrets })).toEqual({ ok: true, secretIndex: 1 });
  });

  test("a key that is the SHA-1 of the secret", async () => {
    const own: Provider = {
      id: "own",
      name: "Own",
      docsUrl: "https://own.test/",
      scheme: { kind: "hmac", alg: "hmac-sha1", key: "sha1-utf8", sig: { header: ["x-own"] }, enc: "hex", content: "{body}" },
      eventId: [],
      eventType: [],
      bodyAuthenticated: true,
      setup: [],
    };
    const expected = createHmac("sha1", createHash("sha1").update(secret).digest()).update(body).digest("hex");
    expect((await signWith(engine, { provider: own, secrets: [secret] }, input)).headers).toEqual([["x-own", expected]]);
    expect(await verifies({ headers: { "x-own": expected }, body }, { provider: own, secret })).toEqual({ ok: true, secretIndex: 0 });
  });

  test("bytes of another realm are bytes, and a text that looks like them is none", async () => {
    const { headers } = createSigner({ provider: "github", secrets: [secret] }).sign(input);
    const foreign = runInNewContext(`new TextEncoder().encode(${JSON.stringify(body)})`, { TextEncoder }) as Uint8Array;
    const other = runInNewContext(`Uint8Array.from(${JSON.stringify([...foreign])})`) as Uint8Array;
    expect(other).not.toBeInstanceOf(Uint8Array);
    expect(await verifies({ headers, body: other }, { provider: "github", secret })).toMatchObject({ ok: true });
    for (const odd of [new Uint16Array(4), new DataView(new ArrayBuffer(4)), { [Symbol.toStringTag]: "Uint8Array" }, new ArrayBuffer(4)])
      expect(await verifies({ headers, body: odd as never }, { provider: "github", secret })).toMatchObject({ cause: "malformed_request" });
  });

  test("diagnose names the fix", async () => {
    const { headers } = createSigner({ provider: "github", secrets: [secret] }).sign(input);
    const diagnosis = await diagnoseWith(engine, { headers, body: `${body}\n` }, { provider: "github", secret });
    expect(diagnosis.hints.map(({ code }) => code)).toEqual(["body_newline"]);
  });

  test("a point off the curve is refused as an option", async () => {
    const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const off = JSON.stringify({ ...publicKey.export({ format: "jwk" }), x: "A".repeat(43) });
    expect(await verifyWith(engine, { headers: {}, body }, { provider: "plaid", publicKey: off })).toEqual({
      ok: false,
      cause: "invalid_config",
      message: "publicKey: is not a valid public key",
    });
  });
});

function secretOf(bytes: number): string {
  return `whsec_${Buffer.alloc(bytes, 9).toString("base64")}`;
}

describe("private keys", () => {
  const ed = generateKeyPairSync("ed25519");
  const p256 = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pem = (key: typeof ed.privateKey): string => key.export({ format: "pem", type: "pkcs8" }).toString();
  const seed = ed.privateKey.export({ format: "der", type: "pkcs8" }).subarray(-32);
  const publicHex = ed.publicKey.export({ format: "der", type: "spki" }).subarray(-32);

  test.each([
    ["PEM", pem(ed.privateKey)],
    ["hex", seed.toString("hex")],
    ["base64", seed.toString("base64")],
    ["whsk_ and seed", `whsk_${seed.toString("base64")}`],
    ["whsk_ and both halves", `whsk_${Buffer.concat([seed, publicHex]).toString("base64")}`],
  ])("ed25519 as %s", async (_, key) => {
    const all = await Promise.all(engines.map(([, engine]) => signWith(engine, { provider: "discord", secrets: [key] }, input)));
    for (const { headers } of all) {
      const signature = Buffer.from(new Map(headers).get("x-signature-ed25519") ?? "", "hex");
      expect(nodeVerify(null, Buffer.from(`${nowMs / 1000}${body}`), ed.publicKey, signature)).toBe(true);
    }
  });

  const refused: [string, SignerOptions][] = [
    ["a public key", { provider: "discord", secrets: [ed.publicKey.export({ format: "pem", type: "spki" }).toString()] }],
    ["whpk_", { provider: "discord", secrets: [`whpk_${publicHex.toString("base64")}`] }],
    ["another type", { provider: "discord", secrets: [pem(p256.privateKey)] }],
    ["another curve", { provider: "sendgrid", secrets: [pem(generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey)] }],
    ["RSA of 1024 bits", { provider: "aws-sns", secrets: [pem(generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey)] }],
    ["SEC 1", { provider: "sendgrid", secrets: [p256.privateKey.export({ format: "pem", type: "sec1" }).toString()] }],
    ["a seed for P-256", { provider: "sendgrid", secrets: [seed.toString("hex")] }],
    ["text", { provider: "google-pubsub", secrets: [secret], params: { audience: "a", email: "b" } }],
    ["a seed of 31 bytes", { provider: "discord", secrets: [seed.subarray(1).toString("hex")] }],
    ["a bad key after a good one", { provider: "discord", secrets: [pem(ed.privateKey), secret] }],
  ];

  test.each(refused)("%s is refused", async (_, options) => {
    const path = `secrets[${(options.secrets?.length ?? 1) - 1}]`;
    expect(() => createSigner(options)).toThrow(new RegExp(`^${path.replace("[", "\\[").replace("]", "\\]")}: `));
    for (const [name, engine] of engines) expect(await pathOf(signWith(engine, options, input)), name).toBe(path);
  });

  test("what only the key knows to be wrong is refused by both", async () => {
    // A P-256 key by its outer shape, with one byte in place of the key itself.
    const algorithm = bytesOf("301306072a8648ce3d020106082a8648ce3d030107");
    const der = element(tags.sequence, bytesOf("020100"), algorithm, bytesOf("040100"));
    const label = "PRIVATE KEY";
    const key = `-----BEGIN ${label}-----\n${Buffer.from(der).toString("base64")}\n-----END ${label}-----`;
    for (const [name, engine] of engines)
      expect(await pathOf(signWith(engine, { provider: "sendgrid", secrets: [key] }, input)), name).toBe("secrets[0]");
  });

  test("none at all", () => {
    expect(() => createSigner({ provider: "discord" })).toThrow(/^secrets: is empty: Discord signs with a key pair/);
  });
});

describe("ECDSA signatures", () => {
  const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const { privateKey } = pair;

  test("DER and raw are one signature", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 50 }), (message) => {
        const der = nodeSign("sha256", message, privateKey);
        const raw = rawOfDer(der);
        expect(raw).toHaveLength(64);
        expect(Buffer.from(derOfRaw(raw ?? new Uint8Array()))).toEqual(der);
      }),
    );
  });

  const number = (...bytes: number[]): Uint8Array => element(tags.integer, Uint8Array.from(bytes));
  const pairOf = (first: Uint8Array, second: Uint8Array): Uint8Array => element(tags.sequence, first, second);
  const one = number(1);
  const long = (lead: number): Uint8Array => number(lead, ...Array.from({ length: 32 }, () => 0xff));

  test.each([
    ["zeros", pairOf(number(0), number(0)), true],
    ["small numbers", pairOf(one, number(0x7f)), true],
    ["a sign byte", pairOf(one, number(0, 0x80)), true],
    ["33 bytes with a sign byte", pairOf(one, long(0)), true],
    ["33 bytes", pairOf(one, long(1)), false],
    ["a negative number", pairOf(number(0x80), one), false],
    ["a zero too many", pairOf(number(0, 1), one), false],
    ["an empty number", pairOf(number(), one), false],
    ["one number", element(tags.sequence, one), false],
    ["three numbers", element(tags.sequence, one, one, one), false],
    ["something behind", concat(pairOf(one, one), Uint8Array.of(0)), false],
    ["a long form of the length", Uint8Array.of(0x30, 0x81, 6, 2, 1, 1, 2, 1, 1), false],
    ["a long form of a number's length", Uint8Array.of(0x30, 7, 2, 0x81, 1, 1, 2, 1, 1), false],
    ["no sequence", Uint8Array.of(0x31, 6, 2, 1, 1, 2, 1, 1), false],
    ["no integer", Uint8Array.of(0x30, 6, 3, 1, 1, 2, 1, 1), false],
    ["a number beyond the end", Uint8Array.of(0x30, 6, 2, 1, 1, 2, 9, 1), false],
    ["nothing", new Uint8Array(), false],
  ])("%s", (_, der, isRead) => {
    expect(rawOfDer(der) !== undefined).toBe(isRead);
    if (isRead) expect(derOfRaw(rawOfDer(der) ?? der)).toEqual(der);
  });

  test("a changed signature is worth as much as it is to node:crypto", () => {
    const { publicKey } = pair;
    const change = fc.record({ at: fc.nat(71), bit: fc.nat(7), insert: fc.boolean() });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), change, (message, { at, bit, insert }) => {
        const der = nodeSign("sha256", message, privateKey);
        const index = at % der.length;
        const changed = insert
          ? concat(der.subarray(0, index), Uint8Array.of(0), der.subarray(index))
          : der.map((byte, position) => (position === index ? byte ^ (1 << bit) : byte));
        const raw = rawOfDer(changed);
        const verified = raw !== undefined && nodeVerify("sha256", message, { key: publicKey, dsaEncoding: "ieee-p1363" }, raw);
        expect(verified).toBe(nodeVerify("sha256", message, publicKey, changed));
      }),
      { numRuns: 500 },
    );
  });
});

test("a runtime without WebCrypto gets an answer that says so", async () => {
  const { crypto } = globalThis;
  const set = (value: unknown): unknown => Object.defineProperty(globalThis, "crypto", { value, configurable: true, writable: true });
  set({});
  try {
    const [, [, engine]] = engines;
    expect(await verifyWith(engine, { headers: {}, body }, { provider: "github", secret })).toMatchObject({
      cause: "invalid_config",
      message: "runtime: has no WebCrypto (globalThis.crypto.subtle)",
    });
    expect(await pathOf(signWith(engine, { provider: "github", secrets: [secret] }, input))).toBe("runtime");
  } finally {
    set(crypto);
  }
});

test("the functions of the package take the fast executor here, and answer with promises", async () => {
  const signed = sign({ provider: "github", secret, body });
  expect(signed).toBeInstanceOf(Promise);
  const { headers } = await signed;
  expect(await verify({ headers, body }, { provider: "github", secret })).toEqual({ ok: true, event: {} });
  expect(await diagnose({ headers, body }, { provider: "github", secret })).toMatchObject({ ok: true });
  expect(createVerifier({ provider: "github", secrets: [secret] }).verify({ headers, body }, nowMs).ok).toBe(true);
});
