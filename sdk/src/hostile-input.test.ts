// Requests of attackers and of broken senders: each is refused with its cause, and nothing ever throws.
import fc from "fast-check";
import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { everyProvider } from "../tests/every-provider.ts";
import {
  createSigner,
  createVerifier,
  diagnose,
  extract,
  generateKeyPair,
  generateSecret,
  providers,
  verify,
  type HeadersInput,
} from "./index.ts";

const nowMs = 1_760_000_000_000;
const now = nowMs / 1000;
const body = Buffer.from('{"id":"evt_1","type":"contact.created"}');
const secret = "whsec_o2P5jvPrHornG4SlBSGtH9/N6fNzbip9";
const keyBytes = Buffer.from(secret.slice(6), "base64");
const standard = createVerifier({ provider: "standard-webhooks", secrets: [secret] });
const github = createVerifier({ provider: "github", secrets: [secret] });
const stripe = createVerifier({ provider: "stripe", secrets: [secret] });

function v1(timestamp: string, id = "msg_1", key: Uint8Array = keyBytes, bytes: Uint8Array = body): string {
  return `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.`).update(bytes).digest("base64")}`;
}

function standardHeaders(signature: string, timestamp = String(now), id = "msg_1"): Record<string, string> {
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signature };
}

function check(headers: HeadersInput, verifier = standard): string {
  const result = verifier.verify({ headers, body }, nowMs);
  return result.ok ? "ok" : result.cause;
}

const good = v1(String(now));
const hex = createHmac("sha256", secret).update(body).digest("hex");
const stripeHex = (timestamp: string | number): string => createHmac("sha256", secret).update(`${timestamp}.`).update(body).digest("hex");

describe("duplicate headers", () => {
  const base = ["Webhook-Id", "msg_1", "Webhook-Timestamp", String(now), "Webhook-Signature", good];

  test("one of each is accepted in every shape", () => {
    const record = standardHeaders(good);
    const pairs = Object.entries(record);
    for (const headers of [base, record, pairs, new Headers(pairs), { ...record, "webhook-signature": [good] }])
      expect(check(headers)).toBe("ok");
  });

  test.each(["webhook-signature", "webhook-id", "webhook-timestamp"])("%s twice is refused in every shape", (name) => {
    const record = standardHeaders(good);
    const pairs = Object.entries(record);
    const again: [string, string] = [name, record[name] ?? ""];
    expect(check([...base, ...again])).toBe("duplicate_header");
    expect(check([...pairs, again])).toBe("duplicate_header");
    expect(check({ ...record, [name.toUpperCase()]: again[1] })).toBe("duplicate_header");
    expect(check({ ...record, [name]: [again[1], again[1]] })).toBe("duplicate_header");
    expect(check(new Headers([...pairs, again]))).not.toBe("ok");
  });

  test("a bad and a good signature header are refused, also when a runtime has joined them", () => {
    expect(check([...base.slice(0, 4), "webhook-signature", "v1,bad", "webhook-signature", good])).toBe("duplicate_header");
    expect(check(standardHeaders(`v1,bad, ${good}`))).toBe("duplicate_header");
    expect(check(standardHeaders(`${good}, v1,bad`))).toBe("duplicate_header");
    expect(check({ "x-hub-signature-256": `sha256=${hex}, sha256=${hex}` }, github)).toBe("malformed_signature");
    expect(check(["x-hub-signature-256", `sha256=${hex}`, "X-Hub-Signature-256", `sha256=${hex}`], github)).toBe("duplicate_header");
  });
});

describe("malformed signatures", () => {
  const base64 = good.slice(3);
  const urlSafeKey = Array.from({ length: 500 }, (_, index) => `msg_${index}`).find((id) => /[+/]/.test(v1(String(now), id))) ?? "";
  const urlSafe = v1(String(now), urlSafeKey).replaceAll("+", "-").replaceAll("/", "_");

  test.each([
    ["short", "v1,AAAA"],
    ["empty", "v1,"],
    ["first 8 letters", `v1,${base64.slice(0, 8)}`],
    ["no padding", `v1,${base64.slice(0, -1)}`],
    ["extra padding", `v1,${base64}=`],
    ["not base64", "v1,!!!!"],
    ["too long", `v1,${base64.slice(0, -1)}AAAAA=`],
    ["inner space", `v1,${base64.slice(0, 10)} ${base64.slice(10)}`],
    ["hex", `v1,${Buffer.from(base64, "base64").toString("hex")}`],
    ["letters above latin1", `v1,${base64.slice(0, -2)}\u0141=`],
  ])("standard: %s", (_, signature) => {
    expect(check(standardHeaders(signature))).toBe("malformed_signature");
  });

  test("standard: url-safe base64", () => {
    expect(check(standardHeaders(urlSafe, String(now), urlSafeKey))).toBe("malformed_signature");
  });

  test("the unused bits at the end of base64 must be zero", () => {
    const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const last = letters.charAt(letters.indexOf(base64.charAt(42)) + 1);
    expect(Buffer.from(`${base64.slice(0, 42)}${last}=`, "base64").toString("base64")).toBe(base64);
    expect(check(standardHeaders(`v1,${base64.slice(0, 42)}${last}=`))).toBe("malformed_signature");
  });

  test.each([
    ["no prefix", hex],
    ["other prefix", `sha1=${hex}`],
    ["upper-case prefix", `SHA256=${hex}`],
    ["odd length", `sha256=${hex.slice(1)}`],
    ["not hex", `sha256=${"zz".repeat(32)}`],
    ["hex then garbage", `sha256=${hex.slice(0, 62)}zz`],
    ["space after", `sha256=${hex} `],
    ["empty", ""],
    ["prefix only", "sha256="],
    ["base64", `sha256=${Buffer.from(hex, "hex").toString("base64")}`],
  ])("github: %s", (_, signature) => {
    expect(check({ "x-hub-signature-256": signature }, github)).toBe("malformed_signature");
  });

  test("upper-case hex is the same signature", () => {
    expect(check({ "x-hub-signature-256": `sha256=${hex.toUpperCase()}` }, github)).toBe("ok");
  });
});

describe("versions and keys", async () => {
  const pair = await generateKeyPair();
  const request = (headers: HeadersInput): { headers: HeadersInput; body: Uint8Array } => ({ headers, body });
  const asymmetric = createVerifier({ provider: "standard-webhooks", publicKey: pair.publicKey });
  const ed = createSigner({ provider: "standard-webhooks", secrets: [pair.privateKey] }).sign({
    id: "msg_1",
    timestampSeconds: now,
    body,
  }).headers;
  const v1a = ed.find(([name]) => name === "webhook-signature")?.[1] ?? "";

  test.each([
    ["v2 with a valid v1 MAC", `v2,${good.slice(3)}`],
    ["v0", `v0,${good.slice(3)}`],
    ["no version", good.slice(3)],
    ["only a space", " "],
    ["v1a for a secret", v1a],
    ["v1a with an HMAC", `v1a,${good.slice(3)}`],
    ["V1", `V1,${good.slice(3)}`],
    ["__proto__", "__proto__,AAAA"],
  ])("%s alone is an unknown version", (_, signature) => {
    expect(check(standardHeaders(signature))).toBe("unknown_signature_version");
  });

  test("unknown versions beside a good one are ignored", () => {
    expect(check(standardHeaders(`v2,x v1a,${good.slice(3)} ${good} v9`))).toBe("ok");
  });

  test("a public key verifies v1a and never v1", () => {
    expect(asymmetric.verify(request(standardHeaders(v1a)), nowMs)).toEqual({ ok: true, secretIndex: undefined });
    expect(check(standardHeaders(good), asymmetric)).toBe("unknown_signature_version");
    // The classic confusion: an HMAC keyed with the bytes of the public key, which everybody knows.
    const forged = v1(String(now), "msg_1", Buffer.from(pair.publicKey.slice(5), "base64"));
    expect(check(standardHeaders(forged), asymmetric)).toBe("unknown_signature_version");
    expect(check(standardHeaders(`v1a,${forged.slice(3)}`), asymmetric)).toBe("malformed_signature");
  });

  test("a secret and a public key together accept either", () => {
    const both = createVerifier({ provider: "standard-webhooks", secrets: [secret, pair.publicKey] });
    expect(both.verify(request(standardHeaders(good)), nowMs)).toEqual({ ok: true, secretIndex: 0 });
    expect(both.verify(request(standardHeaders(v1a)), nowMs)).toEqual({ ok: true, secretIndex: 1 });
    expect(both.verify(request(standardHeaders(`${good} ${v1a}`)), nowMs)).toEqual({ ok: true, secretIndex: 0 });
  });

  test("every one of three secrets verifies, and the answer says which", () => {
    const secrets = [generateSecret(), generateSecret(), secret];
    const rotating = createVerifier({ provider: "standard-webhooks", secrets });
    expect(rotating.verify(request(standardHeaders(good)), nowMs)).toEqual({ ok: true, secretIndex: 2 });
  });

  test("the eighth signature counts, the ninth does not", () => {
    const other = v1(String(now), "msg_other");
    expect(check(standardHeaders(`${`${other} `.repeat(7)}${good}`))).toBe("ok");
    expect(check(standardHeaders(`${`${other} `.repeat(8)}${good}`))).toBe("signature_mismatch");
    const parts = Array.from({ length: 8 }, () => `v1=${"0".repeat(64)}`).join(",");
    expect(check({ "stripe-signature": `t=${now},${parts},v1=${stripeHex(now)}` }, stripe)).toBe("signature_mismatch");
  });

  test("a signature of another secret, id, timestamp or body does not verify", () => {
    expect(check(standardHeaders(v1(String(now), "msg_1", Buffer.alloc(24, 1))))).toBe("signature_mismatch");
    expect(check(standardHeaders(v1(String(now), "msg_2")))).toBe("signature_mismatch");
    expect(check(standardHeaders(v1(String(now - 1))))).toBe("signature_mismatch");
    expect(check(standardHeaders(v1(String(now), "msg_1", keyBytes, Buffer.concat([body, Buffer.from("\n")]))))).toBe("signature_mismatch");
  });

  test("an id with a dot verifies", () => {
    expect(check(standardHeaders(v1(String(now), "a.b.c"), String(now), "a.b.c"))).toBe("ok");
  });

  test("parts of two header families are never mixed", () => {
    expect(check({ "svix-id": "msg_1", "svix-timestamp": String(now), "webhook-signature": good })).toBe("missing_header");
  });
});

describe("timestamps", () => {
  const malformed = [
    "",
    "NaN",
    "1e10",
    "0x65",
    " 1 ",
    "1700000000abc",
    "-1",
    String(nowMs),
    "1".repeat(400),
    "1700000000.5",
    "+1760000000",
    "１７６",
    "Infinity",
    "\n1760000000",
  ];

  test.each(malformed)("standard: %j is refused", (timestamp) => {
    expect(check(standardHeaders(v1(timestamp), timestamp))).toBe(timestamp === "" ? "missing_header" : "malformed_timestamp");
  });

  test.each(malformed)("stripe: %j is refused", (timestamp) => {
    expect(check({ "stripe-signature": `t=${timestamp},v1=${stripeHex(timestamp)}` }, stripe)).toBe("malformed_timestamp");
  });

  test.each([
    [-301, "timestamp_too_old", "timestamp_too_old"],
    [-300, "ok", "ok"],
    [0, "ok", "ok"],
    [300, "ok", "ok"],
    [301, "timestamp_in_future", "ok"],
  ])("%i s from now", (offset, standardAnswer, stripeAnswer) => {
    const timestamp = String(now + offset);
    expect(check(standardHeaders(v1(timestamp), timestamp))).toBe(standardAnswer);
    expect(check({ "stripe-signature": `t=${timestamp},v1=${stripeHex(timestamp)}` }, stripe)).toBe(stripeAnswer);
  });

  test("a clock that is not a number refuses", () => {
    const headers = standardHeaders(good);
    for (const clock of [Number.NaN, Number.POSITIVE_INFINITY]) expect(standard.verify({ headers, body }, clock).ok).toBe(false);
  });
});

describe("stripe and github", () => {
  test("t twice is refused", () => {
    expect(check({ "stripe-signature": `t=${now},t=${now},v1=${stripeHex(now)}` }, stripe)).toBe("malformed_signature");
    expect(check({ "stripe-signature": `t=1,v1=${stripeHex(now)},t=${now}` }, stripe)).toBe("malformed_signature");
  });

  test("one good v1 of several, unknown versions, spaces after commas and t after v1 are fine", () => {
    const zeros = "0".repeat(64);
    expect(check({ "stripe-signature": `v9=x,v1=${zeros}, v1=${stripeHex(now)}, t=${now},v0=${zeros}` }, stripe)).toBe("ok");
  });

  test("without t, or without v1", () => {
    expect(check({ "stripe-signature": `v1=${stripeHex(now)}` }, stripe)).toBe("malformed_timestamp");
    expect(check({ "stripe-signature": `t=${now},v0=${stripeHex(now)}` }, stripe)).toBe("unknown_signature_version");
    expect(check({ "stripe-signature": `t=${now}` }, stripe)).toBe("malformed_signature");
    expect(check({ "stripe-signature": "" }, stripe)).toBe("malformed_signature");
  });

  test("the SHA-1 header alone is a missing header", () => {
    const sha1 = createHmac("sha1", secret).update(body).digest("hex");
    expect(check({ "x-hub-signature": `sha1=${sha1}` }, github)).toBe("missing_header");
  });
});

describe("never throws, never verifies", () => {
  const subjects = everyProvider();
  const configured = subjects.map(({ stranger }) => stranger);
  const theirNames = new Set(
    subjects.flatMap(({ genuine }) => genuine.flatMap(({ headers }) => headers.map(([name]) => name.toLowerCase()))),
  );
  const names = [
    ...theirNames,
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
    "svix-id",
    "stripe-signature",
    "x-hub-signature-256",
    "authorization",
    "x-signature",
    "__proto__",
  ];
  const value = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom(String(now), "v1,", "v1a,", "sha256=", "t=,v1=", "Basic ", "Bearer ", ","),
    fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => `v1,${Buffer.from(bytes).toString("base64")}`),
    fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => `sha256=${Buffer.from(bytes).toString("hex")}`),
    fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => `t=${now},v1=${Buffer.from(bytes).toString("hex")}`),
  );
  const headers = fc.oneof(
    fc.array(fc.tuple(fc.constantFrom(...names), value), { maxLength: 8 }),
    fc.dictionary(fc.constantFrom(...names), value),
    fc.array(fc.tuple(fc.constantFrom(...names), value), { maxLength: 8 }).map((pairs) => pairs.flat()),
  );

  test("random headers and bodies", () => {
    fc.assert(
      fc.property(headers, fc.uint8Array(), (random, bytes) => {
        for (const verifier of configured)
          expect(verifier.verify({ headers: random, body: bytes, method: "POST", url: "/" }, nowMs).ok).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  test("values of any type in place of request and options", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.anything(),
        fc.anything(),
        fc.constantFrom(...providers.map((provider) => provider.id), "x"),
        async (request, odd, provider) => {
          // The compiler would refuse these; callers in JavaScript have no compiler.
          const anyRequest = request as never;
          for (const verifier of configured) expect(verifier.verify(anyRequest, odd as never).ok).toBe(false);
          expect((await verify(anyRequest, odd as never)).ok).toBe(false);
          expect((await verify(anyRequest, { provider, secret: odd as never })).ok).toBe(false);
          expect((await diagnose(anyRequest, { provider, secrets: odd as never })).ok).toBe(false);
          expect((await diagnose(anyRequest, odd as never)).ok).toBe(false);
          expect(() => extract(odd as never, anyRequest)).not.toThrow();
          expect(() => extract(provider, anyRequest)).not.toThrow();
        },
      ),
      { numRuns: 200 },
    );
  });

  test("headers whose getter throws, and a parsed body", () => {
    const throwing = Object.defineProperty({}, "webhook-id", {
      enumerable: true,
      get: () => {
        throw new Error("no");
      },
    });
    expect(standard.verify({ headers: throwing, body }, nowMs)).toMatchObject({ ok: false, cause: "malformed_request" });
    expect(standard.verify({ headers: {}, body: { parsed: true } as never }, nowMs)).toMatchObject({
      ok: false,
      cause: "malformed_request",
    });
  });
});

describe("one flipped bit", () => {
  const flip = (bytes: Uint8Array, bit: number): Buffer => {
    const flipped = Buffer.from(bytes);
    const at = bit % (bytes.length * 8);
    flipped[at >> 3] = (flipped[at >> 3] ?? 0) ^ (1 << (at & 7));
    return flipped;
  };

  test.each(["github", "stripe", "standard-webhooks"])("%s: in body, secret, or any signed header", (provider) => {
    const verifier = createVerifier({ provider, secrets: [secret] });
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), fc.nat(), (bytes, bit) => {
        const { headers } = createSigner({ provider, secrets: [secret] }).sign({ id: "msg_1", timestampSeconds: now, body: bytes });
        expect(verifier.verify({ headers, body: bytes }, nowMs).ok).toBe(true);
        expect(verifier.verify({ headers, body: flip(bytes, bit) }, nowMs).ok).toBe(false);
        for (const [index, [name, value]] of headers.entries()) {
          const flipped = flip(Buffer.from(value), bit).toString("latin1");
          // Hex has two spellings of a letter, and only for hex the other one is the same signature.
          if (name !== "webhook-signature" && flipped.toLowerCase() === value) continue;
          // GitHub's delivery id is not covered by its signature.
          if (name === "x-github-delivery") continue;
          expect(verifier.verify({ headers: headers.with(index, [name, flipped]), body: bytes }, nowMs).ok).toBe(false);
        }
        const key =
          provider === "standard-webhooks"
            ? `whsec_${flip(keyBytes, bit).toString("base64")}`
            : flip(Buffer.from(secret), bit).toString("latin1");
        expect(createVerifier({ provider, secrets: [key] }).verify({ headers, body: bytes }, nowMs).ok).toBe(false);
      }),
      { numRuns: 200 },
    );
  });
});
