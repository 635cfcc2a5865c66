// Signatures inside forms and lists: Braintree against its own library, Dropbox Sign, Microsoft Graph.
// @ts-expect-error: their library has no types.
import library from "braintree";
import fc from "fast-check";
import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { createHandshaker, createVerifier, extract, type Params } from "./index.ts";

const nowMs = 1_760_000_000_000;

function outcome(provider: string, secrets: string[], params: Params, body: string | Uint8Array): string {
  const result = createVerifier({ provider, secrets, params }).verify({ headers: {}, body }, nowMs);
  return result.ok ? `secret ${result.secretIndex}` : result.cause;
}

interface Gateway {
  readonly webhookTesting: { sampleNotification(kind: string, id: string): Promise<{ bt_signature: string; bt_payload: string }> };
  readonly webhookNotification: { verify(challenge: string): string };
}

const braintree = library as {
  readonly BraintreeGateway: new (options: object) => Gateway;
  readonly Environment: Readonly<Record<string, unknown>>;
};

describe("Braintree", () => {
  const key = fc.stringMatching(/^[a-z0-9]{8,40}$/);
  const gatewayOf = (publicKey: string, privateKey: string): Gateway =>
    new braintree.BraintreeGateway({ environment: braintree.Environment["Sandbox"], merchantId: "m", publicKey, privateKey });
  const form = (fields: Record<string, string>): string => new URLSearchParams(fields).toString();

  test("what their library signs verifies, with the payload's last line break and without, and not when it is changed", async () => {
    const id = fc.stringMatching(/^[a-z0-9]{1,20}$/);
    await fc.assert(
      fc.asyncProperty(key, key, id, fc.nat(), async (publicKey, privateKey, subject, at) => {
        const fields = await gatewayOf(publicKey, privateKey).webhookTesting.sampleNotification("subscription_canceled", subject);
        const verify = (change: Partial<typeof fields>, secret = privateKey, own = publicKey): string =>
          outcome("braintree", [secret], { publicKey: own }, form({ ...fields, ...change }));
        const payload = fields.bt_payload;
        expect([verify({}), verify({ bt_payload: payload.trimEnd() })]).toEqual(["secret 0", "secret 0"]);
        expect(verify({ bt_signature: `zz|${"0".repeat(40)}&${fields.bt_signature}` })).toBe("secret 0");
        const place = at % payload.trimEnd().length;
        const other = payload.charAt(place) === "A" ? "B" : "A";
        expect(verify({ bt_payload: payload.slice(0, place) + other + payload.slice(place + 1) })).toBe("signature_mismatch");
        expect(verify({}, `${privateKey}x`)).toBe("signature_mismatch");
        expect(verify({}, privateKey, `${publicKey}x`)).toBe("unknown_key");
        expect(verify({ bt_payload: `${payload}<` })).toBe("malformed_request");
      }),
      { numRuns: 30 },
    );
  });

  test("challenges are answered as their library answers them", () => {
    fc.assert(
      fc.property(key, key, fc.stringMatching(/^[a-f0-9]{20,32}$/), (publicKey, privateKey, challenge) => {
        const answer = createHandshaker({ provider: "braintree", secrets: [privateKey], params: { publicKey } }).answer(
          { method: "GET", url: `/?bt_challenge=${challenge}`, headers: {}, body: "" },
          "before",
        );
        expect(answer?.body).toBe(gatewayOf(publicKey, privateKey).webhookNotification.verify(challenge));
      }),
    );
  });

  test("forms that cannot be theirs", () => {
    const verify = (body: string) => outcome("braintree", ["private-key"], { publicKey: "pub" }, body);
    expect(verify("")).toBe("missing_header");
    expect(verify("bt_payload=abcd")).toBe("missing_header");
    expect(verify("bt_signature=pub&bt_payload=abcd")).toBe("malformed_signature");
    expect(verify("bt_signature=pub%7Cabcd&bt_payload=abcd")).toBe("malformed_signature");
    expect(verify("bt_signature=a&bt_signature=b&bt_payload=abcd")).toBe("duplicate_header");
    expect(verify("bt_signature=a&bt_payload=a&bt_payload=b")).toBe("duplicate_header");
    expect(() => outcome("braintree", ["private-key"], {}, "")).toThrow(/^params\.publicKey: /);
    expect(() => outcome("braintree", ["short"], { publicKey: "pub" }, "")).toThrow(/^secrets\[0\]: is too short/);
  });
});

describe("Dropbox Sign", () => {
  const secret = "an-api-key-of-some-length";
  const eventOf = (time: string, type: string, key = secret) => ({
    event: { event_time: time, event_type: type, event_hash: createHmac("sha256", key).update(`${time}${type}`).digest("hex") },
    signature_request: { signature_request_id: "fa5c8a0b" },
  });
  const urlEncoded = (value: object): string => new URLSearchParams({ json: JSON.stringify(value) }).toString();
  const multipart = (value: object): string =>
    `--x9\r\nContent-Disposition: form-data; name="json"\r\nContent-Type: text/plain\r\n\r\n${JSON.stringify(value)}\r\n--x9--\r\n`;
  const verify = (body: string) => outcome("dropbox-sign", [secret], {}, body);

  test("verifies in both kinds of form, and its facts are read", () => {
    const value = eventOf("1760000000", "signature_request_signed");
    for (const body of [urlEncoded(value), multipart(value)]) {
      expect(verify(body)).toBe("secret 0");
      expect(extract("dropbox-sign", { headers: {}, body })).toEqual({
        type: "signature_request_signed",
        timeMs: nowMs,
        key: "fa5c8a0b",
      });
    }
  });

  test("and not when time, type, hash or key are others", () => {
    const { event } = eventOf("1760000000", "signature_request_signed");
    const changed = (change: object): string => verify(multipart({ event: { ...event, ...change } }));
    expect(changed({ event_time: "1760000001" })).toBe("signature_mismatch");
    expect(changed({ event_type: "signature_request_sent" })).toBe("signature_mismatch");
    expect(changed({ event_hash: "0".repeat(64) })).toBe("signature_mismatch");
    expect(changed({ event_hash: "00" })).toBe("malformed_signature");
    expect(changed({ event_hash: undefined })).toBe("missing_header");
    expect(changed({ event_time: "17600000001" })).toBe("malformed_timestamp");
    expect(changed({ event_time: "1760000000", event_type: "0_type" })).toBe("malformed_request");
    expect(verify(urlEncoded(eventOf("1760000000", "a_type", "another-key-of-some-length")))).toBe("signature_mismatch");
    expect(verify("json={}&json={}")).toBe("duplicate_header");
    expect(verify("{}")).toBe("malformed_request");
  });
});

describe("Microsoft Graph", () => {
  const secret = "client-state-of-some-length";
  const verify = (value: unknown, secrets = [secret]) => outcome("microsoft-graph", secrets, {}, JSON.stringify({ value }));

  test("every notification must have the clientState", () => {
    const right = { clientState: secret, changeType: "updated" };
    expect(verify([right])).toBe("secret 0");
    expect(verify(Array.from({ length: 1000 }, () => right))).toBe("secret 0");
    expect(verify([right], ["another-client-state", secret])).toBe("secret 1");
    expect(verify([right, { clientState: `${secret}x` }])).toBe("wrong_token");
    expect(verify([{ clientState: "" }, right])).toBe("wrong_token");
    expect(verify([right, {}])).toBe("missing_header");
    expect(verify([right, null])).toBe("missing_header");
    expect(verify([{ clientState: [secret] }])).toBe("missing_header");
    expect(verify([])).toBe("malformed_request");
    expect(verify({ 0: right })).toBe("malformed_request");
    expect(verify(Array.from({ length: 1000 }, (_, index) => ({ clientState: `${secret}${index}` })))).toBe("wrong_token");
  });
});
