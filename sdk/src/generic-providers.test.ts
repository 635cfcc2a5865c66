// The generic providers: hmac with parameters, token, basic and none.
import fc from "fast-check";
import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { createSigner, createVerifier, sign, type HeadersInput, type Params } from "./index.ts";

const nowMs = 1_760_000_000_500;
const secret = "a-secret-of-some-length";
const body = Buffer.from([0, 255, 10, 123, 125]);

describe("hmac", () => {
  const cases: [Params, string, string][] = [
    [{}, "x-signature", createHmac("sha256", secret).update(body).digest("hex")],
    [
      { algorithm: "sha512", header: "X-Sig", prefix: "v=", encoding: "base64" },
      "x-sig",
      `v=${createHmac("sha512", secret).update(body).digest("base64")}`,
    ],
    [{ algorithm: "sha1", encoding: "base64url" }, "x-signature", createHmac("sha1", secret).update(body).digest("base64url")],
    [
      { content: "v0:{ts}:{method} {url}|{param:app}|{body}|{header:x-extra}", timestampHeader: "x-time", app: "app-1" },
      "x-signature",
      createHmac("sha256", secret).update("v0:1760000000:POST https://a.test/in?x=1|app-1|").update(body).update("|more").digest("hex"),
    ],
    [
      { content: "{ts}{body}", timestampHeader: "x-time", timestampUnit: "ms", toleranceSeconds: "5" },
      "x-signature",
      createHmac("sha256", secret).update("1760000000500").update(body).digest("hex"),
    ],
    [
      { content: "{ts}{body}", timestampHeader: "x-time", timestampUnit: "rfc3339" },
      "x-signature",
      createHmac("sha256", secret).update("2025-10-09T08:53:20.500Z").update(body).digest("hex"),
    ],
  ];

  test.each(cases)("%j", async (params, header, value) => {
    const request = { method: "POST", url: "https://a.test/in?x=1", body, headers: { "x-extra": "more" } };
    const { headers } = await sign({ provider: "hmac", secret, params, timestampMs: nowMs, ...request });
    expect(headers.find(([name]) => name === header)?.[1]).toBe(value);
    const verifier = createVerifier({ provider: "hmac", secrets: [secret], params });
    const all: HeadersInput = [...headers.filter(([name]) => name !== "x-extra"), ["X-Extra", "more"]];
    expect(verifier.verify({ ...request, headers: all }, nowMs)).toEqual({ ok: true, secretIndex: 0 });
    expect(verifier.verify({ ...request, headers: all, body: "other" }, nowMs)).toMatchObject({ cause: "signature_mismatch" });
  });

  test("secrets in hex and base64 give the same key", async () => {
    const key = Buffer.from(secret);
    const { headers } = await sign({ provider: "hmac", secret, body });
    for (const encoding of ["hex", "base64"] as const) {
      const verifier = createVerifier({ provider: "hmac", secrets: [key.toString(encoding)], params: { secretEncoding: encoding } });
      expect(verifier.verify({ headers, body }, nowMs).ok).toBe(true);
    }
  });

  test("both edges of the tolerance, and what is signed but absent", async () => {
    const params = { content: "{ts}.{url}.{body}", timestampHeader: "x-time", toleranceSeconds: 10 };
    const verifier = createVerifier({ provider: "hmac", secrets: [secret], params });
    const { headers } = await sign({ provider: "hmac", secret, params, timestampMs: 1_760_000_000_000, url: "/in", body });
    const at = (seconds: number) => verifier.verify({ headers, body, url: "/in" }, 1_760_000_000_000 + seconds * 1000);
    expect([at(10).ok, at(-10).ok]).toEqual([true, true]);
    expect(at(11)).toMatchObject({ cause: "timestamp_too_old", message: "The timestamp is 11 s old; the tolerance is 10 s." });
    expect(at(-11)).toMatchObject({ cause: "timestamp_in_future" });
    expect(verifier.verify({ headers, body }, 1_760_000_000_000)).toMatchObject({ cause: "malformed_request" });
    expect(verifier.verify({ headers: headers.filter(([name]) => name !== "x-time"), body, url: "/in" }, nowMs)).toMatchObject({
      cause: "missing_header",
    });
  });
});

describe("token", () => {
  const verifyWith = (params: Params, request: { headers?: HeadersInput; url?: string }) => {
    const result = createVerifier({ provider: "token", secrets: ["previous-token", secret], params }).verify(
      { headers: {}, body, ...request },
      nowMs,
    );
    return result.ok ? result.secretIndex : result.cause;
  };

  test.each<[Params, { headers?: HeadersInput; url?: string }, unknown]>([
    [{}, { headers: { Authorization: `Bearer ${secret}` } }, 1],
    [{}, { headers: { authorization: "bearer previous-token" } }, 0],
    [{}, { headers: { authorization: secret } }, "wrong_token"],
    [{}, { headers: { authorization: `Bearer ${secret}x` } }, "wrong_token"],
    [{}, { headers: { authorization: "Bearer " } }, "wrong_token"],
    [{}, {}, "missing_header"],
    [{}, { headers: ["authorization", `Bearer ${secret}`, "Authorization", "x"] }, "duplicate_header"],
    [{ header: "X-Token" }, { headers: { "x-token": secret } }, 1],
    [{ header: "x-token", prefix: "t=" }, { headers: { "x-token": `t=${secret}` } }, 1],
    [{ query: "key" }, { url: `/in/abc?a=b&key=${secret}` }, 1],
    [{ query: "key" }, { url: `https://a.test/in?key=${secret}#part` }, 1],
    [{ query: "key" }, { url: `/in?key=${secret}&key=x` }, "duplicate_header"],
    [{ query: "key" }, { url: "/in?key=%zz" }, "wrong_token"],
    [{ query: "key" }, { url: "/in" }, "missing_header"],
    [{ query: "key" }, {}, "malformed_request"],
  ])("%j %j", (params, request, expected) => {
    expect(verifyWith(params, request)).toBe(expected);
  });

  test("a query token is added to the URL when signing", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 8, unit: "grapheme" }), (token) => {
        const signed = createSigner({ provider: "token", secrets: [token], params: { query: "k" } }).sign({
          timestampSeconds: 1,
          url: "https://a.test/in?x=1#f",
          body,
        });
        expect(signed.headers).toEqual([]);
        expect(
          createVerifier({ provider: "token", secrets: [token], params: { query: "k" } }).verify(
            { headers: {}, url: signed.url, body },
            nowMs,
          ).ok,
        ).toBe(true);
      }),
    );
  });
});

describe("basic and none", () => {
  const verifier = createVerifier({ provider: "basic", secrets: ["user:pässword:x"] });
  const check = (authorization?: string) => {
    const result = verifier.verify({ headers: authorization === undefined ? {} : { authorization }, body }, nowMs);
    return result.ok ? "ok" : result.cause;
  };
  const encoded = Buffer.from("user:pässword:x").toString("base64");

  test.each([
    [`Basic ${encoded}`, "ok"],
    [`bAsIc ${encoded}`, "ok"],
    [`Basic ${Buffer.from("user:other-password").toString("base64")}`, "wrong_credentials"],
    [`Basic ${encoded} `, "wrong_credentials"],
    ["Basic !!!", "wrong_credentials"],
    ["Basic", "wrong_credentials"],
    [`Bearer ${encoded}`, "wrong_credentials"],
    [undefined, "missing_header"],
  ])("%j: %s", (header, expected) => {
    expect(check(header)).toBe(expected);
  });

  test("none accepts everything and signs nothing", async () => {
    expect(createVerifier({ provider: "none" }).verify({ headers: [], body }, nowMs)).toEqual({ ok: true, secretIndex: undefined });
    expect(await sign({ provider: "none", body })).toEqual({ headers: [] });
  });
});
