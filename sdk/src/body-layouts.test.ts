// Signatures inside forms and lists: Braintree against its own library, Dropbox Sign, Microsoft Graph.
import braintree from "braintree";
import fc from "fast-check";
import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { createHandshaker, createSigner, createVerifier, extract, type Params, type SignedHeaders } from "./index.ts";
import { anyFormFields } from "./multipart.ts";

const nowMs = 1_760_000_000_000;

function outcome(provider: string, secrets: string[], params: Params, body: string | Uint8Array): string {
  const result = createVerifier({ provider, secrets, params }).verify({ headers: {}, body }, nowMs);
  return result.ok ? `secret ${result.secretIndex}` : result.cause;
}

function signed(provider: string, secrets: string[], params: Params, body: string | Uint8Array): SignedHeaders {
  return createSigner({ provider, secrets, params }).sign({ timestampSeconds: nowMs / 1000, body });
}

describe("Braintree", () => {
  const key = fc.stringMatching(/^[a-z0-9]{8,40}$/);
  const gatewayOf = (publicKey: string, privateKey: string) =>
    new braintree.BraintreeGateway({ environment: braintree.Environment.Sandbox, merchantId: "m", publicKey, privateKey });
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

  test("what is signed of XML and of a form, their library takes", async () => {
    const xml = "<notification><kind>check</kind><subject/></notification>";
    const [publicKey, privateKey] = ["pub", "private-key"];
    const sign = (body: string | Uint8Array): SignedHeaders => signed("braintree", [privateKey], { publicKey }, body);
    const base64 = Buffer.from(xml).toString("base64");
    const all = [
      sign(xml),
      sign(Buffer.from(xml)),
      sign(form({ bt_payload: base64 })),
      sign(form({ bt_signature: "old", bt_payload: base64 })),
    ];
    for (const [index, { headers, body = "" }] of all.entries()) {
      expect(headers).toEqual(index < 2 ? [["content-type", "application/x-www-form-urlencoded"]] : []);
      expect(outcome("braintree", [privateKey], { publicKey }, body)).toBe("secret 0");
      const [signature, payload, ...others] = [...new URLSearchParams(body).values()];
      expect([payload?.trimEnd(), others]).toEqual([base64, []]);
      const notification = await gatewayOf(publicKey, privateKey).webhookNotification.parse(signature ?? "", payload ?? "");
      expect(notification.kind).toBe("check");
    }
    for (const body of ["", "bt_payload=", "bt_payload=%3Cxml%3E", "bt_payload=abcd&bt_payload=abcd", "bt_payload=abcd&a=1"])
      expect(() => sign(body), body).toThrow(/^body: /);
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

  test("what is signed keeps its kind of form and all that is in it, with hash and time of its own", () => {
    const given = { event: { event_type: "signature_request_sent", event_hash: "old", event_metadata: { a: "é & b" } }, other: [1] };
    const { event_time, event_hash } = eventOf("1760000000", "signature_request_sent").event;
    const wanted = { ...given, event: { ...given.event, event_time, event_hash } };
    const sign = (body: string): SignedHeaders => signed("dropbox-sign", [secret], {}, body);
    const bodyOf = (value: object): string[] => [
      `first=1&${urlEncoded(value)}&last=%C3%A9`,
      multipart(value).replace("--x9\r\n", '--x9\r\nContent-Disposition: form-data; name="first"\r\n\r\n1\r\n--x9\r\n'),
    ];
    for (const [index, body] of bodyOf(given).entries()) {
      const { headers, body: sent = "" } = sign(body);
      expect([headers, verify(sent)]).toEqual([[], "secret 0"]);
      expect(anyFormFields(sent)?.map(([name, value]) => [name, name === "json" ? JSON.parse(value) : value])).toEqual(
        anyFormFields(bodyOf(wanted)[index] ?? "")?.map(([name, value]) => [name, name === "json" ? JSON.parse(value) : value]),
      );
    }
    const made = sign(JSON.stringify(given));
    expect(made.headers).toEqual([["content-type", "application/x-www-form-urlencoded"]]);
    expect(JSON.parse(new URLSearchParams(made.body).get("json") ?? "")).toEqual(wanted);
    const noType = { event: { event_time: "1" } };
    for (const body of ["", "{}", "a=1", urlEncoded(noType), multipart(noType), `${urlEncoded(given)}&json=1`])
      expect(() => sign(body), body).toThrow(/^body: /);
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

  test("what is signed has the clientState in every notification", () => {
    const sign = (value: unknown) => signed("microsoft-graph", [secret, "another-client-state"], {}, JSON.stringify({ a: 1, value })).body;
    const body = sign([{ id: "1", clientState: "old" }, { id: "2" }]) ?? "";
    expect(JSON.parse(body)).toEqual({ a: 1, value: ["1", "2"].map((id) => ({ id, clientState: secret })) });
    expect(outcome("microsoft-graph", [secret], {}, body)).toBe("secret 0");
    for (const value of [[], {}, [null], ["a"], [{}, [1]]]) expect(() => sign(value)).toThrow(/^body: /);
  });
});
