// Kick, Freshchat, FusionAuth and LiveKit: requests made as the vendors document them, LiveKit's with its own library.
import fc from "fast-check";
import { AccessToken, WebhookReceiver } from "livekit-server-sdk";
import { createHash, createHmac, generateKeyPairSync, sign as signWith } from "node:crypto";
import { describe, expect, test } from "vitest";
import { createSigner, createVerifier, extract, providerById, type HeadersInput, type Params } from "./index.ts";

const nowSeconds = Math.floor(Date.now() / 1000);
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const pem = rsa.publicKey.export({ format: "pem", type: "spki" }).toString();
const rsaSign = (content: string): string => signWith("sha256", Buffer.from(content), rsa.privateKey).toString("base64");
const secret = "a-secret-of-some-length-and-more";

interface Keys {
  readonly secrets?: readonly string[];
  readonly publicKey?: string;
  readonly params?: Params;
}

function outcome(provider: string, keys: Keys, headers: HeadersInput, body: string, atSeconds = nowSeconds): string {
  const result = createVerifier({ provider, ...keys }).verify({ method: "POST", headers, body }, atSeconds * 1000);
  return result.ok ? "ok" : result.cause;
}

describe("kick", () => {
  const [id, time, body] = ["01EXAMPLE00000000000000001", "2025-10-09T08:53:20Z", '{"broadcaster":{"user_id":100001}}'];
  const headers = {
    "Kick-Event-Message-Id": id,
    "Kick-Event-Message-Timestamp": time,
    "Kick-Event-Type": "channel.followed",
    "Kick-Event-Signature": rsaSign(`${id}.${time}.${body}`),
  };

  test("id, time and body are signed", () => {
    const check = (changed: object, text = body): string => outcome("kick", { publicKey: pem }, { ...headers, ...changed }, text);
    expect(check({})).toBe("ok");
    expect(check({}, `${body} `)).toBe("signature_mismatch");
    expect(check({ "Kick-Event-Message-Id": "01EXAMPLE00000000000000002" })).toBe("signature_mismatch");
    expect(check({ "Kick-Event-Message-Timestamp": "2025-10-09T08:53:21Z" })).toBe("signature_mismatch");
    expect(check({ "Kick-Event-Message-Timestamp": "yesterday" })).toBe("malformed_timestamp");
  });

  test("id and type are in headers, and the key is published", () => {
    expect(extract("kick", { headers, body })).toMatchObject({ id, type: "channel.followed" });
    expect(providerById("kick")?.keySource).toMatchObject({ kind: "pem", url: "https://api.kick.com/public/v1/public-key" });
  });
});

describe("freshchat", () => {
  const body = '{"action":"message_create","data":{"message":{"id":"message-1"}}}';
  const headers = { "X-Freshchat-Signature": rsaSign(body) };
  // The middle of what Freshchat shows: its first and last line say RSA PUBLIC KEY, but what is between is SPKI.
  const shown = rsa.publicKey.export({ format: "der", type: "spki" }).toString("base64");

  test("the body is signed, and the key is taken as the settings show it without its frame", () => {
    for (const publicKey of [pem, shown]) expect(outcome("freshchat", { publicKey }, headers, body)).toBe("ok");
    expect(outcome("freshchat", { publicKey: pem }, headers, `${body} `)).toBe("signature_mismatch");
    expect(extract("freshchat", { headers, body })).toEqual({ id: "message-1", type: "message_create" });
  });
});

describe("fusionauth", () => {
  const body = '{"event":{"id":"event-1","type":"user.create"}}';
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const digest = createHash("sha256").update(body).digest("base64");

  function token(alg: string, hash: string, claims: object): string {
    const text = `${part({ alg, typ: "JWT", kid: "example-key" })}.${part(claims)}`;
    return `${text}.${createHmac(hash, secret).update(text).digest("base64url")}`;
  }

  test.each([
    ["HS256", "sha256"],
    ["HS384", "sha384"],
    ["HS512", "sha512"],
  ])("%s over the digest of the body", (alg, hash) => {
    const headers = { "X-FusionAuth-Signature-JWT": token(alg, hash, { request_body_sha256: digest }) };
    expect(outcome("fusionauth", { secrets: [secret] }, headers, body)).toBe("ok");
    expect(outcome("fusionauth", { secrets: [secret] }, headers, `${body} `)).not.toBe("ok");
    expect(extract("fusionauth", { headers, body })).toEqual({ id: "event-1", type: "user.create" });
  });

  test("not without the digest, nor with an algorithm of a key pair", () => {
    const check = (header: string): string => outcome("fusionauth", { secrets: [secret] }, { "x-fusionauth-signature-jwt": header }, body);
    expect(check(token("HS256", "sha256", {}))).toBe("claim_mismatch");
    expect(check(token("RS256", "sha256", { request_body_sha256: digest }))).toBe("algorithm_not_allowed");
  });
});

describe("livekit", () => {
  const keys: Keys = { secrets: [secret], params: { apiKey: "APIexample" } };
  const events = fc.record({ event: fc.constantFrom("room_started", "room_finished"), id: fc.stringMatching(/^EV_[A-Za-z0-9]{1,20}$/) });

  async function authorization(body: string, apiKey = "APIexample"): Promise<string> {
    const made = new AccessToken(apiKey, secret, { ttl: 60 });
    made.sha256 = createHash("sha256").update(body).digest("base64");
    return made.toJwt();
  }

  test("theirs verifies with ours", async () => {
    await fc.assert(
      fc.asyncProperty(events, async (event) => {
        const body = JSON.stringify(event);
        const headers = { Authorization: await authorization(body) };
        expect(outcome("livekit", keys, headers, body)).toBe("ok");
        expect(outcome("livekit", keys, headers, `${body} `)).not.toBe("ok");
        expect(extract("livekit", { headers, body })).toEqual({ id: event.id, type: event.event });
      }),
      { numRuns: 25 },
    );
  });

  test("ours verifies with theirs", async () => {
    const receiver = new WebhookReceiver("APIexample", secret);
    await fc.assert(
      fc.asyncProperty(events, async (event) => {
        const body = JSON.stringify(event);
        const { headers } = createSigner({ provider: "livekit", ...keys }).sign({ timestampSeconds: nowSeconds, body });
        const received = await receiver.receive(body, Object.fromEntries(headers)["authorization"]);
        expect(received.event).toBe(event.event);
      }),
      { numRuns: 25 },
    );
  });

  test("not of another API key, and not for longer than the token lives", async () => {
    const body = '{"event":"room_started"}';
    expect(outcome("livekit", keys, { authorization: await authorization(body, "APIother") }, body)).toBe("claim_mismatch");
    expect(outcome("livekit", keys, { authorization: await authorization(body) }, body, nowSeconds + 3600)).toBe("timestamp_too_old");
  });
});
