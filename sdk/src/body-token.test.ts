// Shared tokens inside a JSON body: Aircall, Figma, LiveChat.
import { describe, expect, test } from "vitest";
import { ConfigError, createSigner, createVerifier, extract, type Provider, providerById } from "./index.ts";

const secret = "a-secret-of-some-length";
const nowMs = 1_760_000_000_000;

const providers = ["aircall", "figma", "livechat"].map((id) => {
  const provider: Provider = providerById(id)!;
  return { id, field: provider.scheme.kind === "token" ? (provider.scheme.json ?? "") : "", provider };
});

function outcome(provider: string | Provider, body: string, headers = {}): string {
  const url = `https://hooks.example.test/in?token=${secret}`;
  const result = createVerifier({ provider, secrets: ["another-secret-of-it", secret] }).verify({ url, headers, body }, nowMs);
  return result.ok ? `secret ${result.secretIndex}` : result.cause;
}

describe.each(providers)("$id", ({ id, field, provider }) => {
  const event = (token: unknown): string => JSON.stringify({ [field]: token });

  test("the field is compared, whatever headers and query hold", () => {
    expect(outcome(id, event(secret))).toBe("secret 1");
    expect(outcome(id, event(`${secret} `))).toBe("wrong_token");
    expect(outcome(id, event(secret.slice(0, -1)))).toBe("wrong_token");
    expect(outcome(id, event(""))).toBe("wrong_token");
    expect(outcome(id, "{}", { authorization: secret, token: secret })).toBe("missing_header");
    expect(outcome(id, JSON.stringify({ data: { [field]: secret } }))).toBe("missing_header");
  });

  test("no other value is a token", () => {
    for (const token of [null, 1, true, [secret], { toString: secret }]) expect(outcome(id, event(token))).toBe("wrong_token");
    for (const body of ["", "no JSON", "[]", "null", JSON.stringify(secret), JSON.stringify([{ [field]: secret }])])
      expect(outcome(id, body)).toBe("malformed_request");
    expect(outcome(id, `{"__proto__":${event(secret)}}`)).toBe("missing_header");
  });

  test("of a field that is there twice the last counts, as for whoever reads the event", () => {
    expect(outcome(id, `{"${field}":"x","${field}":"${secret}"}`)).toBe("secret 1");
    expect(outcome(id, `{"${field}":"${secret}","${field}":"x"}`)).toBe("wrong_token");
  });

  test("sign writes the first secret into the body of each sample, and nothing else changes", () => {
    const signer = createSigner({ provider: id, secrets: [secret, "another-secret-of-it"] });
    for (const sample of provider.samples ?? []) {
      const given = sample.body as Record<string, unknown>;
      const signed = signer.sign({ id: "e1", type: sample.type, timestampSeconds: nowMs / 1000, body: JSON.stringify(given) });
      expect(signed.headers).toEqual([]);
      expect(JSON.parse(signed.body ?? "")).toEqual({ ...given, [field]: secret });
      expect(outcome(id, signed.body ?? "")).toBe("secret 1");
      expect(outcome(id, JSON.stringify(given))).toBe("wrong_token");
      expect(extract(id, { headers: {}, body: signed.body ?? "" }).type).toBe(sample.type);
    }
    for (const body of ["", "[]", "null", "text"])
      expect(() => signer.sign({ timestampSeconds: 0, body })).toThrow(
        new ConfigError("body", `must be a JSON object: its field ${field} is the token`),
      );
  });

  test("nothing about a header tells this provider, and no parameter moves the token", () => {
    expect(() => createVerifier({ provider: id, secrets: [secret], params: { header: "x-token" } })).toThrow(/^params\.header/);
    expect(() => createVerifier({ provider: id, secrets: ["short"] })).toThrow(/^secrets\[0\]: is too short/);
  });
});

test("the token may stand deeper", () => {
  const provider: Provider = { ...providerById("aircall")!, id: "own", scheme: { kind: "token", json: "meta.auth.token" } };
  const signed = createSigner({ provider, secrets: [secret] }).sign({ timestampSeconds: 0, body: '{"a":1,"meta":{"b":2,"auth":"x"}}' });
  expect(signed.body).toBe(`{"a":1,"meta":{"b":2,"auth":{"token":"${secret}"}}}`);
  expect(outcome(provider, signed.body ?? "")).toBe("secret 1");
});
