// What a test needs to sign and verify with any provider: fitting secrets or keys, parameters, a URL, and bodies.
import fc from "fast-check";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import {
  type BodySignatureScheme,
  createSigner,
  createVerifier,
  type Params,
  type Provider,
  providers,
  type Signer,
  signsUrl,
  usesKeyPair,
  type Verifier,
} from "../src/index.ts";

export const nowMs = 1_760_000_000_000;
export const url = "https://hooks.example.test/in/abc?a=1";
// 33 bytes, so that its base64 has no padding, which would be written in two ways in a URL.
const key = Buffer.from("a-secret-of-exactly-33-bytes-long");

interface Pair {
  /** PKCS #8 PEM. */
  readonly privateKey: string;
  /** SPKI PEM. */
  readonly publicKey: string;
}

const pem = ({ privateKey, publicKey }: { privateKey: KeyObject; publicKey: KeyObject }): Pair => ({
  privateKey: privateKey.export({ format: "pem", type: "pkcs8" }).toString(),
  publicKey: publicKey.export({ format: "pem", type: "spki" }).toString(),
});
// Two of each, made anew in every run: the second one is somebody else's.
const pairs = {
  ed25519: [0, 1].map(() => pem(generateKeyPairSync("ed25519"))),
  p256: [0, 1].map(() => pem(generateKeyPairSync("ec", { namedCurve: "P-256" }))),
  rsa: [0, 1].map(() => pem(generateKeyPairSync("rsa", { modulusLength: 2048 }))),
};

/** The pair a provider signs with, or undefined where it shares a secret. The second is another one of the same type. */
export function pairsOf(provider: Provider): readonly Pair[] | undefined {
  const { scheme } = provider;
  if (!usesKeyPair(provider)) return undefined;
  switch (scheme.kind) {
    case "asymmetric":
      return scheme.alg === "ed25519" ? pairs.ed25519 : scheme.alg.startsWith("rsa") ? pairs.rsa : pairs.p256;
    case "jwt":
      return scheme.algs[0] === "ES256" ? pairs.p256 : pairs.rsa;
    case "http-signature":
      return pairs.ed25519;
    default:
      return pairs.rsa;
  }
}

/** What verifies: the shared secret, or the public key of a pair. */
export function secretsOf(provider: Provider): string[] {
  const { scheme } = provider;
  if (scheme.kind === "none") return [];
  if (scheme.kind === "basic") return ["user:a-long-password"];
  const [pair] = pairsOf(provider) ?? [];
  if (pair !== undefined) return [pair.publicKey];
  const encoding = "key" in scheme ? scheme.key : "utf8";
  if (encoding === "hex" || encoding === "base64") return [key.toString(encoding)];
  return [`whsec_${key.toString("base64")}`];
}

/** What signs: the same secret, or the private key of the pair. */
export function signingSecretsOf(provider: Provider): string[] {
  const [pair] = pairsOf(provider) ?? [];
  return pair === undefined ? secretsOf(provider) : [pair.privateKey];
}

/** What verifies requests of somebody else: a secret of the same form, or the public key of another pair. */
export function otherSecretsOf(provider: Provider): string[] {
  const [, pair] = pairsOf(provider) ?? [];
  return pair === undefined ? secretsOf(provider).map(otherSecret) : [pair.publicKey];
}

// Hex, base64 and user:password stay what they are.
function otherSecret(secret: string): string {
  return secret.slice(0, 10) + (secret.charAt(10).toLowerCase() === "a" ? "B" : "A") + secret.slice(11);
}

/** The parameters without which a provider cannot be verified. */
export function paramsOf({ scheme }: Provider): Params {
  const inContent = "content" in scheme ? [...scheme.content.matchAll(/\{param:(\w+)\}/g)].map(([, name = ""]) => name) : [];
  const inClaims = scheme.kind === "jwt" ? (scheme.claims ?? []).flatMap(({ param, optional }) => (optional === true ? [] : [param])) : [];
  const inBody = scheme.kind === "body-signature" && scheme.layout === "braintree" ? ["publicKey"] : [];
  return Object.fromEntries([...inContent, ...inClaims, ...inBody].map((name) => [name, `the-${name}`]));
}

/** The verifier of a provider with its secret or public key. */
export function verifierOf(provider: Provider): Verifier {
  return createVerifier({ provider, secrets: secretsOf(provider), params: paramsOf(provider) });
}

/** The signer of a provider with its secret or private key: every provider has one. */
export function signerOf(provider: Provider): Signer {
  return createSigner({ provider, secrets: signingSecretsOf(provider), params: paramsOf(provider) });
}

/** Every provider with the parameters it needs, and those with versions once for each of them. */
export const providerCases: readonly (readonly [name: string, provider: Provider, params: Params])[] = providers.flatMap((provider) => {
  const { scheme } = provider;
  const versions = scheme.kind === "hmac" ? scheme.versions : undefined;
  const named = Object.keys(versions?.recipes ?? {}).map((version): [string, Provider, Params] => [
    `${provider.id} ${version}`,
    provider,
    { ...paramsOf(provider), [versions?.param ?? ""]: version },
  ]);
  return [[provider.id, provider, paramsOf(provider)] as const, ...named];
});

/** Bodies a provider can send: any bytes, or a form or JSON where the signature depends on that. */
export function bodiesOf({ scheme }: Provider): fc.Arbitrary<Uint8Array> {
  if (scheme.kind === "body-signature") return layouts[scheme.layout];
  // The token holds the claims that are given as a body.
  if (scheme.kind === "jwt" && scheme.header === undefined) return fc.record({ data: text, metadata: fc.dictionary(word, text) }).map(json);
  if (scheme.kind === "asymmetric" && scheme.content === "{form:payload}") return fc.oneof(build.map(json), build.map(formWith("payload")));
  if (scheme.kind === "token" && scheme.json !== undefined) return fc.record({ event: word, note: text }).map(json);
  // Dots are what the parts of Hook0's content are joined with.
  if (scheme.kind === "canonical" && scheme.layout !== "contentful") return fc.record({ id: word, note: text, sum: fc.double() }).map(json);
  if (scheme.kind === "hmac" && scheme.content.includes("{form}"))
    return scheme.bodyDigestQuery === undefined ? forms : fc.oneof(forms, anyBytes, fc.object().map(json));
  if (scheme.kind === "hmac" && scheme.ts?.from.startsWith("json:") === true)
    return fc.nat().map((n) => json({ webhookTimestamp: nowMs, n }));
  return anyBytes;
}

const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
const anyBytes = fc.uint8Array({ minLength: 1, maxLength: 200 });
const word = fc.stringMatching(/^[a-zA-Z0-9]{1,12}$/);
const forms = fc.uniqueArray(fc.tuple(word, word), { minLength: 1, maxLength: 6, selector: ([name]) => name }).map((fields) => {
  return Buffer.from(fields.map(([name, value]) => `${name}=${value}`).join("&"));
});

const text = fc.string({ unit: "grapheme", maxLength: 30 });
const adyenItem = fc.record({
  NotificationRequestItem: fc.record(
    {
      pspReference: word,
      merchantAccountCode: word,
      merchantReference: text,
      amount: fc.record({ value: fc.nat(), currency: fc.constantFrom("EUR", "JPY") }),
      eventCode: fc.constantFrom("AUTHORISATION", "CAPTURE"),
      success: fc.constantFrom("true", "false", true),
      additionalData: fc.record({ cardHolder: text }),
    },
    { requiredKeys: ["pspReference"] },
  ),
});
const topicArn = "arn:aws:sns:us-east-1:123456789012:test";
const snsMessage = fc.oneof(
  fc.record(
    { Type: fc.constant("Notification"), MessageId: word, Message: text, Subject: word, TopicArn: fc.constant(topicArn) },
    { requiredKeys: ["Message", "TopicArn"] },
  ),
  fc.record({
    Type: fc.constant("SubscriptionConfirmation"),
    MessageId: word,
    Token: word,
    Message: text,
    SubscribeURL: fc.webUrl(),
    TopicArn: fc.constant(topicArn),
  }),
);
const build = fc.record({ id: fc.nat(), state: fc.constantFrom("passed", "failed"), message: text });
const notificationXml = fc.record({ kind: word, id: word }).map(({ kind, id }) => {
  return Buffer.from(`<notification><kind>${kind}</kind><subject><id>${id}</id></subject></notification>`);
});
const dropboxEvent = fc.record({
  event: fc.record({
    event_type: fc.constantFrom("signature_request_sent", "account_confirmed"),
    event_metadata: fc.dictionary(word, text),
  }),
  account_guid: text,
});
const graphNotification = fc.record({ id: word, changeType: fc.constantFrom("created", "deleted"), resource: text });
// As far as PHP keeps fields apart: it reads a name with brackets as a list.
const paddleFields = fc.dictionary(fc.stringMatching(/^[a-z_]{1,12}$/), text, { minKeys: 1, maxKeys: 6 });

const formWith =
  (name: string) =>
  (value: unknown): Uint8Array =>
    form({ [name]: JSON.stringify(value) });
const form = (fields: Record<string, string>): Uint8Array => Buffer.from(new URLSearchParams(fields).toString());
const multipart = (value: unknown): Uint8Array =>
  Buffer.from(`--x9\r\nContent-Disposition: form-data; name="json"\r\n\r\n${JSON.stringify(value)}\r\n--x9--\r\n`);

const layouts: Readonly<Record<BodySignatureScheme["layout"], fc.Arbitrary<Uint8Array>>> = {
  adyen: fc.record({ live: fc.constant("false"), notificationItems: fc.array(adyenItem, { minLength: 1, maxLength: 3 }) }).map(json),
  mailgun: fc.record({ "event-data": fc.record({ id: word, event: fc.constantFrom("opened", "failed") }), note: text }).map(json),
  "aws-sns": snsMessage.map(json),
  braintree: fc.oneof(
    notificationXml,
    notificationXml.map((xml) => form({ bt_payload: xml.toString("base64") })),
  ),
  "dropbox-sign": fc.oneof(dropboxEvent.map(json), dropboxEvent.map(formWith("json")), dropboxEvent.map(multipart)),
  "microsoft-graph": fc.record({ value: fc.array(graphNotification, { minLength: 1, maxLength: 3 }) }).map(json),
  "paddle-classic": paddleFields.map(form),
};

/** A token or signature in the query stands in the URL, so the signed URL is the one to verify. */
export function urlOf(provider: Provider): string | undefined {
  const { scheme } = provider;
  const inQuery = scheme.kind === "token" || (scheme.kind === "hmac" && scheme.sig.query !== undefined);
  return signsUrl(provider) || inQuery ? url : undefined;
}
