// Every provider that checks anything, with keys that fit it, and genuine requests: none may be left out of a test in silence.
import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { ConfigError, createSigner, createVerifier, providers, type Params, type Provider, type Verifier } from "../src/index.ts";

export const nowMs = 1_790_000_000_000;

/** A request that verified with the key of `sender`. */
export interface Genuine {
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
  readonly method: string;
  readonly url: string;
  readonly nowMs: number;
  /** true: made with the key that the subject calls the sender's; false: a known answer, with a key of its own. */
  readonly bySender: boolean;
}

export interface Subject {
  readonly provider: Provider;
  /** What the receiver configures. */
  readonly params: Params;
  readonly strangerKey: string;
  readonly senderKey: string;
  /** Knows another key than the sender of the genuine requests. */
  readonly stranger: Verifier;
  readonly genuine: readonly Genuine[];
}

interface Keys {
  readonly verify: string;
  readonly sign: string;
}

/** One key of every kind that a provider can want, in the order in which they are tried. */
function keyring(letter: string): readonly Keys[] {
  const symmetric = [`whsec_${Buffer.alloc(33, letter).toString("base64")}`, `${letter}:${letter.repeat(12)}`];
  const pairs = [
    generateKeyPairSync("ed25519"),
    generateKeyPairSync("ec", { namedCurve: "P-256" }),
    generateKeyPairSync("rsa", { modulusLength: 2048 }),
  ];
  const asymmetric = pairs.map(({ privateKey }) => ({ verify: publicText(privateKey), sign: pem(privateKey) }));
  const encoded = [Buffer.alloc(32, letter).toString("hex"), Buffer.alloc(33, letter).toString("base64")];
  return [
    ...symmetric.map((text) => ({ verify: text, sign: text })),
    // Before the bare hex and base64, which an ed25519 key can be mistaken for.
    ...asymmetric,
    ...encoded.map((text) => ({ verify: text, sign: text })),
  ];
}

function pem(privateKey: KeyObject): string {
  return privateKey.export({ format: "pem", type: "pkcs8" }).toString();
}

// As a vendor shows it: the raw 32 bytes in hex, or PEM.
function publicText(privateKey: KeyObject): string {
  const publicKey = createPublicKey(privateKey);
  if (privateKey.asymmetricKeyType !== "ed25519") return publicKey.export({ format: "pem", type: "spki" }).toString();
  return publicKey.export({ format: "der", type: "spki" }).subarray(-32).toString("hex");
}

interface Fit {
  /** Position in the keyring. */
  readonly kind: number;
  readonly params: Params;
}

/** Which key and which parameters a provider takes, to verify and to sign, found by asking it. */
function fitOf(provider: Provider, ring: readonly Keys[]): Fit {
  for (const [kind, { verify, sign }] of ring.entries()) {
    const params = paramsFor(provider, (given) => createVerifier({ provider, secrets: [verify], params: given }));
    if (params === undefined) continue;
    if (paramsFor(provider, (given) => createSigner({ provider, secrets: [sign], params: { ...params, ...given } })) !== undefined)
      return { kind, params };
  }
  throw new Error(`${provider.id} takes none of the keys of this test, or cannot sign with the one it takes`);
}

/** The parameters without which it does not work, or undefined when it does not work at all. */
function paramsFor(provider: Provider, make: (params: Params) => unknown): Params | undefined {
  const params: Record<string, Params[string]> = {};
  // As in its known answers, so that those are genuine for the same account.
  const known = Object.assign({}, ...vectorsOf(provider).map((vector) => vector.params)) as Params;
  for (let attempt = 0; attempt < 8; attempt++) {
    const missing = missingParam(() => make(params));
    if (missing === "nothing") return params;
    if (missing === undefined || params[missing] !== undefined) return undefined;
    params[missing] = known[missing] ?? "fixture";
  }
  return undefined;
}

/** "nothing" when it works, the parameter that is asked for, or undefined when the key itself is wrong. */
function missingParam(make: () => unknown): string | undefined {
  try {
    make();
    return "nothing";
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.path.startsWith("params.") ? error.path.slice("params.".length) : undefined;
  }
}

const BODIES = [
  JSON.stringify({ id: "evt_1", type: "contact.created", webhookTimestamp: nowMs }),
  "From=%2B15550001&To=%2B15550002&To=a+b",
  JSON.stringify({ live: "false", notificationItems: [{ NotificationRequestItem: { pspReference: "1", eventCode: "CAPTURE" } }] }),
  JSON.stringify({
    Type: "Notification",
    MessageId: "m-1",
    TopicArn: "arn:aws:sns:eu-central-1:000000000000:fixture",
    Message: "text",
    Timestamp: new Date(nowMs).toISOString(),
  }),
  `bt_payload=${encodeURIComponent(Buffer.from("<notification/>").toString("base64"))}`,
  "alert_id=1&alert_name=subscription_created",
  new URLSearchParams({ json: JSON.stringify({ event: { event_type: "signature_request_sent" } }) }).toString(),
  JSON.stringify({ value: [{ id: "1", changeType: "created" }, { id: "2" }] }),
];
const METHOD = "POST";
const REQUEST_URL = "https://hooks.example.test/in/abc?a=1";

/** What the sender signs, with every body that this provider can sign. */
function signedRequests(provider: Provider, { kind, params }: Fit, ring: readonly Keys[]): Genuine[] {
  const key = ring[kind];
  if (key === undefined) return [];
  const own = createVerifier({ provider, secrets: [key.verify], params });
  return BODIES.flatMap((text) => {
    const request = signedOne(provider, key.sign, params, text);
    // What is signed and does not verify must not be taken for a body that cannot be signed.
    if (request !== undefined && !own.verify(request, nowMs).ok) throw new Error(`${provider.id} does not verify what it signs: ${text}`);
    return request ?? [];
  });
}

function signedOne(provider: Provider, secret: string, params: Params, body: string): Genuine | undefined {
  try {
    const signer = createSigner({ provider, secrets: [secret], params });
    const signed = signer.sign({
      id: "msg_1",
      type: "contact.created",
      timestampSeconds: nowMs / 1000,
      method: METHOD,
      url: REQUEST_URL,
      body,
    });
    return {
      headers: signed.headers,
      body: Buffer.from(signed.body ?? body),
      method: METHOD,
      url: signed.url ?? REQUEST_URL,
      nowMs,
      bySender: true,
    };
  } catch (error) {
    // A body that this provider does not send.
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

interface Vector {
  readonly valid: boolean;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly secret?: string;
  readonly publicKey?: string | object;
  readonly params?: Params;
  readonly now: number | null;
}

/** The requests of the known answers, which are genuine with keys of their own. */
function knownRequests(provider: Provider): Genuine[] {
  return vectorsOf(provider).flatMap(({ valid, headers, body, method, url, now, secret, publicKey, params }) => {
    if (!valid) return [];
    const at = (now ?? nowMs / 1000) * 1000;
    const request: Genuine = { headers: Object.entries(headers), body: Buffer.from(body), method, url, nowMs: at, bySender: false };
    const own = createVerifier({
      provider,
      secrets: typeof secret === "string" ? [secret] : [],
      publicKey: publicKey === undefined ? [] : typeof publicKey === "string" ? publicKey : JSON.stringify(publicKey),
      params,
    });
    return own.verify(request, at).ok ? [request] : [];
  });
}

function vectorsOf({ id }: Provider): Vector[] {
  try {
    return JSON.parse(readFileSync(new URL(`../vectors/${id}.json`, import.meta.url), "utf8")) as Vector[];
  } catch {
    return [];
  }
}

/** Every provider but those that check nothing. Throws when one of them cannot be configured, or signs none of the bodies. */
export function everyProvider(): Subject[] {
  const [strangers, senders] = [keyring("s"), keyring("g")];
  const subjects = providers
    .filter(({ scheme }) => scheme.kind !== "none")
    .map((provider) => {
      const fit = fitOf(provider, strangers);
      const { params, kind } = fit;
      const [strangerKey = "", senderKey = ""] = [strangers, senders].map((ring) => ring[kind]?.verify);
      const stranger = createVerifier({ provider, secrets: [strangerKey], params });
      const genuine = [...signedRequests(provider, fit, senders), ...knownRequests(provider)];
      return { provider, params, strangerKey, senderKey, stranger, genuine };
    });
  const without = subjects.filter(({ genuine }) => !genuine.some(({ bySender }) => bySender)).map(({ provider }) => provider.id);
  if (without.length > 0) throw new Error(`no genuine request is made for ${without.join(", ")}: give them a body`);
  return subjects;
}
