// Signatures that stand in unusual places: the query, behind a label, over one form field, inside a form, as the body.
import { createHmac, generateKeyPairSync, sign as signWith } from "node:crypto";
import { describe, expect, test } from "vitest";
import { createSigner, createVerifier, extract, type VerifierOptions, type WebhookRequest } from "./index.ts";

const now = 1_760_000_000;
const secret = "a-secret-of-some-length";
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const publicKey = rsa.publicKey.export({ format: "pem", type: "spki" }).toString();
const privateKey = rsa.privateKey.export({ format: "pem", type: "pkcs8" }).toString();
const hex = (text: string, key = secret): string => createHmac("sha256", key).update(text).digest("hex");

function outcome(options: VerifierOptions, request: Partial<WebhookRequest>, atSeconds = now): string {
  const result = createVerifier(options).verify({ headers: {}, body: "", ...request }, atSeconds * 1000);
  return result.ok ? "ok" : result.cause;
}

describe("pandadoc: in the query", () => {
  const body = '[{"event":"document_state_changed"}]';
  const at = (query: string): string =>
    outcome({ provider: "pandadoc", secrets: [secret] }, { url: `https://hooks.example.test/in/x${query}`, body });

  test("a signature over the body, whatever else is in the query", () => {
    expect(at(`?signature=${hex(body)}`)).toBe("ok");
    expect(at(`?a=1&signature=${hex(body)}#top`)).toBe("ok");
  });
  test("what we sign keeps the query of the URL", () => {
    const signer = createSigner({ provider: "pandadoc", secrets: [secret] });
    const signed = signer.sign({ timestampSeconds: now, url: "https://hooks.example.test/in/x?a=1", body });
    expect(signed).toEqual({ headers: [], url: `https://hooks.example.test/in/x?a=1&signature=${hex(body)}` });
    expect(() => signer.sign({ timestampSeconds: now, body })).toThrow("url");
  });
  test.each([
    ["", "missing_header"],
    [`#signature=${hex(body)}`, "missing_header"],
    [`?signature=${hex(body)}&signature=${hex(body)}`, "duplicate_header"],
    ["?signature=", "malformed_signature"],
    [`?signature=${hex(body).slice(2)}`, "malformed_signature"],
    [`?signature=${hex(`${body} `)}`, "signature_mismatch"],
  ])("%s", (query, cause) => expect(at(query)).toBe(cause));
  test("without the URL nothing can be said", () => {
    expect(outcome({ provider: "pandadoc", secrets: [secret] }, { body })).toBe("malformed_request");
  });
});

describe("worldpay: behind the number of a key", () => {
  const body = '{"eventId":"1"}';
  const of = (header: string, secrets = [secret]): string =>
    outcome({ provider: "worldpay", secrets }, { headers: { "Event-Signature": header }, body });

  test.each([
    `1/SHA256/${hex(body)}`,
    `17/SHA256/${hex(body).toUpperCase()}`,
    `1/SHA256/${hex(body, "another-secret")},2/SHA256/${hex(body)}`,
    `2/SHA256/${hex(body)}, 1/SHA256/${hex(body, "another-secret")}`,
    `1/SHA512/00,2/SHA256/${hex(body)}`,
  ])("%s", (header) => expect(of(header)).toBe("ok"));
  test.each([
    [`1/SHA512/${hex(body)}`, "unknown_signature_version"],
    [hex(body), "unknown_signature_version"],
    ["1/SHA256/", "malformed_signature"],
    [`1/SHA256/x/SHA256/${hex(body)}`, "malformed_signature"],
    [`1,/SHA256/,${hex(body)}`, "malformed_signature"],
    [`1/SHA256/${hex("x")}`, "signature_mismatch"],
  ])("%s: %s", (header, cause) => expect(of(header)).toBe(cause));
  test("each of our secrets has a number of its own", () => {
    const signer = createSigner({ provider: "worldpay", secrets: [secret, "another-secret"] });
    const { headers } = signer.sign({ timestampSeconds: now, body });
    expect(headers).toEqual([["event-signature", `1/SHA256/${hex(body)},2/SHA256/${hex(body, "another-secret")}`]]);
  });
});

describe("travis-ci: over one form field, decoded", () => {
  const payload = '{"id":7,"type":"push","state":"passed","message":"a + b & c é"}';
  const signature = signWith("sha1", Buffer.from(payload), rsa.privateKey).toString("base64");
  const of = (body: string): string => outcome({ provider: "travis-ci", publicKey }, { headers: { Signature: signature }, body });

  test("however its characters are escaped", () => {
    const form = new URLSearchParams({ payload }).toString();
    expect(of(form)).toBe("ok");
    expect(of(`payload=${encodeURIComponent(payload)}`)).toBe("ok");
    expect(extract("travis-ci", { headers: {}, body: form })).toEqual({ id: "7.passed", type: "push" });
  });
  test.each([
    ["another payload", `payload=${encodeURIComponent(payload.replace("passed", "failed"))}`, "signature_mismatch"],
    ["a second payload", `payload=${encodeURIComponent(payload)}&payload=x`, "malformed_request"],
    ["another field beside it", `payload=${encodeURIComponent(payload)}&a=1`, "malformed_request"],
    ["another field", `other=${encodeURIComponent(payload)}`, "malformed_request"],
    ["a broken escape", "payload=%E9", "malformed_request"],
    ["the bare JSON", payload, "malformed_request"],
  ])("refused: %s", (_, body, cause) => expect(of(body)).toBe(cause));

  const sign = (body: string | Uint8Array) =>
    createSigner({ provider: "travis-ci", secrets: [privateKey] }).sign({ timestampSeconds: now, body });
  test("a form is signed as it is given, and the bare JSON in a form of its own", () => {
    // RSA with PKCS #1 v1.5 has one signature for a text.
    expect(sign(`payload=${encodeURIComponent(payload)}`)).toEqual({ headers: [["signature", signature]] });
    for (const given of [payload, Buffer.from(payload)]) {
      const { headers, body } = sign(given);
      expect(headers).toEqual([
        ["content-type", "application/x-www-form-urlencoded"],
        ["signature", signature],
      ]);
      expect([...new URLSearchParams(body)]).toEqual([["payload", payload]]);
      expect(of(body ?? "")).toBe("ok");
    }
  });
  test.each(["", "a=1", "payload=a&b=1", "[1]"])("%j is not signed", (body) => expect(() => sign(body)).toThrow(/^body: .*payload/));
});

describe("paddle-classic: inside the form", () => {
  // As PHP writes it: sorted by name, and lengths in bytes, so that é counts two.
  const serialised = 'a:3:{s:8:"alert_id";s:2:"17";s:10:"alert_name";s:20:"subscription_created";s:4:"name";s:6:"André";}';
  const signature = (text = serialised): string => signWith("sha1", Buffer.from(text), rsa.privateKey).toString("base64");
  const fields = { name: "André", alert_name: "subscription_created", alert_id: "17" };
  const form = (more: Record<string, string>): string => new URLSearchParams({ ...fields, ...more }).toString();
  const of = (body: string): string => outcome({ provider: "paddle-classic", publicKey }, { body });

  test("over all other fields, in any order", () => {
    expect(of(form({ p_signature: signature() }))).toBe("ok");
    expect(of(new URLSearchParams({ p_signature: signature(), ...fields }).toString())).toBe("ok");
    expect(extract("paddle-classic", { headers: {}, body: form({}) })).toEqual({ id: "17", type: "subscription_created" });
  });
  test.each([
    ["a changed field", form({ p_signature: signature(), name: "Andre" }), "signature_mismatch"],
    ["a field more", form({ p_signature: signature(), admin: "1" }), "signature_mismatch"],
    ["a field twice", `${form({ p_signature: signature() })}&alert_id=18`, "malformed_request"],
    ["no signature", form({}), "missing_header"],
    ["no base64", form({ p_signature: "%%%" }), "malformed_signature"],
    ["a short signature", form({ p_signature: "AAAA" }), "malformed_signature"],
    ["a broken escape", "p_signature=%E9", "malformed_request"],
  ])("refused: %s", (_, body, cause) => expect(of(body)).toBe(cause));

  const sign = (body: string) => createSigner({ provider: "paddle-classic", secrets: [privateKey] }).sign({ timestampSeconds: now, body });
  test("what we sign is the form as it was given and the signature", () => {
    const added = `&${new URLSearchParams({ p_signature: signature() }).toString()}`;
    const given = "name=Andr%c3%a9&alert_name=subscription%5Fcreated&alert_id=17";
    for (const body of [given, `p_signature=old&${given}`, `${given}&`]) expect(sign(body)).toEqual({ headers: [], body: given + added });
    expect(of(given + added)).toBe("ok");
  });
  test.each(["", "p_signature=a", "a=1&a=2", "a=%E9", '{"a":"1"}'])("%j is not signed", (body) =>
    expect(() => sign(body)).toThrow(/^body: /),
  );
});

describe("wix: the body is the token", () => {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const token = (claims: object, alg = "RS256"): string => {
    const text = `${part({ alg })}.${part(claims)}`;
    return `${text}.${signWith("sha256", Buffer.from(text), rsa.privateKey).toString("base64url")}`;
  };
  const claims = { data: '{"eventType":"wix.ecom.v1.order_created"}', iat: now, exp: now + 300 };
  const of = (body: string | Uint8Array, atSeconds = now): string => outcome({ provider: "wix", publicKey }, { body }, atSeconds);

  test("as text and as bytes", () => {
    expect(of(token(claims))).toBe("ok");
    expect(of(Buffer.from(token(claims)))).toBe("ok");
  });
  test.each([
    ["nothing", "", "malformed_signature"],
    ["no token", '{"eventType":"a"}', "malformed_signature"],
    ["bytes that are no text", Buffer.from([0xff, 0x2e, 0xff]), "malformed_signature"],
    ["a changed claim", token(claims).replace(/\.([^.]*)\./, `.${part({ ...claims, data: "{}" })}.`), "signature_mismatch"],
    ["another algorithm", token(claims, "none"), "algorithm_not_allowed"],
    ["no end", token({ data: "{}" }), "claim_mismatch"],
  ])("refused: %s", (_, body, cause) => expect(of(body)).toBe(cause));
  test("refused when it has expired", () => expect(of(token(claims), now + 361)).toBe("timestamp_too_old"));
  const sign = (body: string) =>
    createSigner({ provider: "wix", secrets: [privateKey] }).sign({
      timestampSeconds: now,
      body,
    });
  test("what is signed holds the claims that are given, with times of its own", () => {
    const signed = sign(JSON.stringify({ ...claims, iat: 1, exp: 2 }));
    expect(of(signed.body ?? "")).toBe("ok");
    const [, payload = ""] = (signed.body ?? "").split(".");
    expect(JSON.parse(Buffer.from(payload, "base64url").toString())).toEqual({ ...claims, exp: now + 180 });
    expect(signed.headers).toEqual([["content-type", "text/plain"]]);
  });
  test.each(["", "[]", token(claims)])("is not signed over %j", (body) => expect(() => sign(body)).toThrow(/^body: must be a JSON object/));
  test("is not signed with a secret", () =>
    expect(() => createSigner({ provider: "wix", secrets: [secret] })).toThrow("no RSA private key"));
});

test("supabase-auth takes the secret as Supabase shows it", () => {
  const key = Buffer.from("a-secret-of-exactly-33-bytes-long").toString("base64");
  const body = "{}";
  const { headers } = createSigner({ provider: "supabase-auth", secrets: [`whsec_${key}`] }).sign({
    id: "msg_1",
    timestampSeconds: now,
    body,
  });
  for (const each of [`v1,whsec_${key}`, `whsec_${key}`, key])
    expect(outcome({ provider: "supabase-auth", secrets: [each] }, { headers, body })).toBe("ok");
  expect(() => createVerifier({ provider: "supabase-auth", secrets: [`v1,${key}`] })).toThrow("base64");
});
