// How fast signatures are verified, per scheme, beside the bare cryptography over the same bytes in the same process.
//
// The floor knows the bytes, the key and the decoded signature beforehand; the SDK has to find and check all of them in
// the request. Both run in turn in short slices, so that whatever else the machine does hits both.
import { createHmac, createPublicKey, createSecretKey, generateKeyPairSync, type KeyObject, timingSafeEqual, verify } from "node:crypto";
import { createSigner, createVerifier, type Params, type SignedHeaders } from "@posthorn/sdk";
import { median } from "./report.ts";

export interface VerificationResult {
  scheme: string;
  provider: string;
  hmac: boolean;
  /** Verifications per second of the SDK over those of the floor; the median of the rounds. */
  ratio: number;
  perSecond: number;
}

interface Case {
  readonly provider: string;
  readonly scheme: string;
  readonly secret: string;
  readonly publicKey?: string;
  readonly params?: Params;
  /** What the floor verifies: the algorithm, the key, the signature in the request and the bytes it covers. */
  readonly floor: (signed: SignedHeaders) => () => boolean;
}

const NOW_SECONDS = 1_790_000_000;
const SLICE_MS = 40;
const URL = "https://hooks.example.test/in/abc";
const EVENT_ID = "evt_fixture_0123456789";
const BODY = Buffer.from(JSON.stringify({ type: "fixture.happened", data: "x".repeat(1024 - 43) }));
const SECRET = "fixture-secret-of-32-characters!";
const WHSEC = `whsec_${Buffer.from(SECRET).toString("base64")}`;

function header({ headers }: SignedHeaders, name: string): string {
  return headers.find(([each]) => each === name)?.[1] ?? "";
}

function bareHmac(algorithm: string, signature: Buffer, content: Buffer): () => boolean {
  // A KeyObject, because raw key bytes would make the floor five times slower than it has to be.
  const key = createSecretKey(Buffer.from(SECRET));
  return () => timingSafeEqual(createHmac(algorithm, key).update(content).digest(), signature);
}

function after(text: string, mark: string): string {
  return text.slice(text.indexOf(mark) + mark.length);
}

const join = (...parts: (string | Buffer)[]): Buffer => Buffer.concat(parts.map((part) => Buffer.from(part as string)));

const HMAC_CASES: readonly Case[] = [
  {
    provider: "github",
    scheme: "HMAC-SHA256 over the body, hex",
    secret: SECRET,
    floor: (signed) => bareHmac("sha256", Buffer.from(after(header(signed, "x-hub-signature-256"), "="), "hex"), BODY),
  },
  {
    provider: "shopify",
    scheme: "HMAC-SHA256 over the body, base64",
    secret: SECRET,
    floor: (signed) => bareHmac("sha256", Buffer.from(header(signed, "x-shopify-hmac-sha256"), "base64"), BODY),
  },
  {
    provider: "paystack",
    scheme: "HMAC-SHA512 over the body",
    secret: SECRET,
    floor: (signed) => bareHmac("sha512", Buffer.from(header(signed, "x-paystack-signature"), "hex"), BODY),
  },
  {
    provider: "stripe",
    scheme: "HMAC with timestamp, one header",
    secret: SECRET,
    floor: (signed) =>
      bareHmac("sha256", Buffer.from(after(header(signed, "stripe-signature"), "v1="), "hex"), join(`${NOW_SECONDS}.`, BODY)),
  },
  {
    provider: "slack",
    scheme: "HMAC with timestamp, two headers",
    secret: SECRET,
    floor: (signed) =>
      bareHmac("sha256", Buffer.from(after(header(signed, "x-slack-signature"), "="), "hex"), join(`v0:${NOW_SECONDS}:`, BODY)),
  },
  {
    provider: "standard-webhooks",
    scheme: "Standard Webhooks v1",
    secret: WHSEC,
    floor: (signed) =>
      bareHmac("sha256", Buffer.from(after(header(signed, "webhook-signature"), ","), "base64"), join(`${EVENT_ID}.${NOW_SECONDS}.`, BODY)),
  },
  {
    provider: "square",
    scheme: "HMAC bound to the URL",
    secret: SECRET,
    params: { url: URL },
    floor: (signed) => bareHmac("sha256", Buffer.from(header(signed, "x-square-hmacsha256-signature"), "base64"), join(URL, BODY)),
  },
];

/** The floor of a key pair: one call of node:crypto. */
function barePair(hash: string | null, key: KeyObject, signature: Buffer, content: Buffer): () => boolean {
  return () => verify(hash, content, key, signature);
}

function pairCases(): Case[] {
  const ed25519 = generateKeyPairSync("ed25519");
  const p256 = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const spki = (key: KeyObject): string => key.export({ format: "der", type: "spki" }).toString("base64");
  const pem = (key: KeyObject): string => key.export({ format: "pem", type: "pkcs8" }).toString();
  const reload = (key: KeyObject): KeyObject => createPublicKey(key.export({ format: "pem", type: "spki" }));
  return [
    {
      provider: "discord",
      scheme: "ed25519 with timestamp",
      secret: pem(ed25519.privateKey),
      publicKey: ed25519.publicKey.export({ format: "der", type: "spki" }).subarray(-32).toString("hex"),
      floor: (signed) =>
        barePair(
          null,
          reload(ed25519.publicKey),
          Buffer.from(header(signed, "x-signature-ed25519"), "hex"),
          join(String(NOW_SECONDS), BODY),
        ),
    },
    {
      provider: "sendgrid",
      scheme: "ECDSA P-256 with timestamp",
      secret: pem(p256.privateKey),
      publicKey: spki(p256.publicKey),
      floor: (signed) =>
        barePair(
          "sha256",
          reload(p256.publicKey),
          Buffer.from(header(signed, "x-twilio-email-event-webhook-signature"), "base64"),
          join(String(NOW_SECONDS), BODY),
        ),
    },
  ];
}

/** Headers as they come from a load balancer, with the signature among them. */
function requestHeaders(signed: SignedHeaders): string[] {
  const common = {
    host: "hooks.example.test",
    "user-agent": "Fixture-Hooks/1.0",
    accept: "*/*",
    "content-type": "application/json",
    "content-length": String(BODY.length),
    "x-forwarded-for": "192.0.2.7",
    "x-forwarded-proto": "https",
    "x-request-id": "0123456789abcdef",
  };
  return [...Object.entries(common), ...signed.headers].flat();
}

export function benchVerification({ rounds }: { rounds: number }): VerificationResult[] {
  return [...HMAC_CASES, ...pairCases()].map((each) => measure(each, rounds, HMAC_CASES.includes(each)));
}

function measure({ provider, scheme, secret, publicKey, params, floor }: Case, rounds: number, hmac: boolean): VerificationResult {
  const signer = createSigner({ provider, secrets: [secret], params });
  const signed = signer.sign({ id: EVENT_ID, timestampSeconds: NOW_SECONDS, method: "POST", url: URL, body: BODY });
  const verifier = createVerifier({ provider, secrets: publicKey === undefined ? [secret] : [], publicKey, params });
  const request = { method: "POST", url: URL, headers: requestHeaders(signed), body: BODY };
  const ours = (): boolean => verifier.verify(request, NOW_SECONDS * 1000).ok;
  const bare = floor(signed);
  if (!ours() || !bare()) throw new Error(`The fixture of ${provider} does not verify.`);
  slice(ours);
  slice(bare);
  const ratios: number[] = [];
  const rates: number[] = [];
  for (let round = 0; round < rounds * 5; round++) {
    // Who goes first changes, so that neither always finds the other's garbage.
    const [first, second] = round % 2 === 0 ? [ours, bare] : [bare, ours];
    const pair = [slice(first), slice(second)] as const;
    const [ourRate, bareRate] = round % 2 === 0 ? pair : [pair[1], pair[0]];
    ratios.push(ourRate / bareRate);
    rates.push(ourRate);
  }
  return { scheme, provider, hmac, ratio: median(ratios), perSecond: Math.round(median(rates)) };
}

/** Calls per second over one slice. */
function slice(call: () => boolean): number {
  let calls = 0;
  const start = performance.now();
  let elapsed = 0;
  while (elapsed < SLICE_MS) {
    for (let index = 0; index < 100; index++) if (!call()) throw new Error("A valid request was refused.");
    calls += 100;
    elapsed = performance.now() - start;
  }
  return (calls / elapsed) * 1000;
}
