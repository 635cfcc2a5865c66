// diagnose(): each usual mistake is named together with its fix.
import { describe, expect, test } from "vitest";
import { createSigner, diagnose, generateSecret, type HeadersInput, type VerifyOptions } from "./index.ts";

const nowMs = 1_760_000_000_000;
const whsec = "whsec_o2P5jvPrHornG4SlBSGtH9/N6fNzbip9";
const text = "a-secret-of-some-length";
const body = '{"id":"evt_1","type":"a.b","list":[1,2]}';

function signed(provider: string, secret: string, content: string = body, timestampMs = nowMs): [string, string][] {
  return createSigner({ provider, secrets: [secret] }).sign({ id: "msg_1", timestampSeconds: timestampMs / 1000, body: content }).headers;
}

async function hints(
  headers: HeadersInput,
  options: Partial<VerifyOptions> & { provider: string },
  content: string = body,
): Promise<string[]> {
  return (await diagnose({ headers, body: content }, { nowMs, ...options })).hints.map(({ code }) => code);
}

function change(headers: [string, string][], name: string, to: (value: string) => string): [string, string][] {
  return headers.map(([each, value]) => [each, each === name ? to(value) : value]);
}

test("a request that verifies has no hints", async () => {
  expect(await diagnose({ headers: signed("stripe", text), body }, { provider: "stripe", secret: text, nowMs })).toEqual({
    ok: true,
    cause: undefined,
    message: "The request verifies.",
    hints: [],
  });
});

test("rotated_key: another of the secrets verifies", async () => {
  expect(await hints(signed("github", text), { provider: "github", secrets: ["the-new-secret", text] })).toEqual(["rotated_key"]);
});

test.each(["github", "stripe", "standard-webhooks"])("wrong_secret: %s", async (provider) => {
  expect(await hints(signed(provider, whsec), { provider, secret: generateSecret() })).toEqual(["wrong_secret"]);
});

describe("timestamps", () => {
  test("stale_timestamp names age and tolerance", async () => {
    const diagnosis = await diagnose(
      { headers: signed("standard-webhooks", whsec, body, nowMs - 3_600_000), body },
      { provider: "standard-webhooks", secret: whsec, nowMs },
    );
    expect(diagnosis).toMatchObject({ ok: false, cause: "timestamp_too_old", hints: [{ code: "stale_timestamp" }] });
    expect(diagnosis.hints[0]?.message).toContain("3600 s old; the tolerance is 300 s");
  });

  test("a future timestamp, too", async () => {
    expect(
      await hints(signed("standard-webhooks", whsec, body, nowMs + 900_000), { provider: "standard-webhooks", secret: whsec }),
    ).toEqual(["stale_timestamp"]);
  });

  test("a stale request with a wrong secret says so", async () => {
    expect(await hints(signed("stripe", text, body, nowMs - 3_600_000), { provider: "stripe", secret: "some-other-secret" })).toEqual([
      "wrong_secret",
    ]);
  });

  test("timestamp_in_milliseconds", async () => {
    expect(
      await hints(
        change(signed("standard-webhooks", whsec), "webhook-timestamp", (value) => `${value}000`),
        { provider: "standard-webhooks", secret: whsec },
      ),
    ).toEqual(["timestamp_in_milliseconds"]);
    expect(
      await hints(
        change(signed("stripe", text), "stripe-signature", (value) => value.replace("t=1760000000", "t=1760000000000")),
        { provider: "stripe", secret: text },
      ),
    ).toEqual(["timestamp_in_milliseconds"]);
    expect(
      await hints(
        change(signed("stripe", text), "stripe-signature", (value) => value.replace("t=1760000000", "t=yesterday")),
        { provider: "stripe", secret: text },
      ),
    ).toEqual([]);
  });
});

describe("a changed body", () => {
  const pretty = JSON.stringify(JSON.parse(body), null, 2);
  const lines = "{\n}\n";

  test.each([
    ["pretty-printed on the way", body, pretty, "body_reserialized"],
    ["compacted on the way", pretty, body, "body_reserialized"],
    ["line break added", body, `${body}\n`, "body_newline"],
    ["line break removed", `a\n`, "a", "body_newline"],
    ["CRLF removed", "a\r\n", "a", "body_newline"],
    ["LF became CRLF", lines, lines.replaceAll("\n", "\r\n"), "body_line_ends"],
    ["CRLF became LF", "a\r\nb\r\n", "a\nb\n", "body_line_ends"],
  ])("%s", async (_, original, received, code) => {
    expect(await hints(signed("github", text, original), { provider: "github", secret: text }, received)).toEqual([code]);
    // Captured requests are old when somebody looks at them: the hint must be found all the same.
    expect(await hints(signed("stripe", text, original, nowMs - 86_400_000), { provider: "stripe", secret: text }, received)).toEqual([
      code,
    ]);
  });
});

describe("signatures", () => {
  test("wrong_encoding", async () => {
    const base64 = change(
      signed("github", text),
      "x-hub-signature-256",
      (value) => `sha256=${Buffer.from(value.slice(7), "hex").toString("base64")}`,
    );
    expect(await hints(base64, { provider: "github", secret: text })).toEqual(["wrong_encoding"]);
  });

  test("signature_prefix_missing", async () => {
    expect(
      await hints(
        change(signed("github", text), "x-hub-signature-256", (value) => value.slice(7)),
        { provider: "github", secret: text },
      ),
    ).toEqual(["signature_prefix_missing"]);
    expect(
      await hints(
        change(signed("standard-webhooks", whsec), "webhook-signature", (value) => value.slice(3)),
        { provider: "standard-webhooks", secret: whsec },
      ),
    ).toEqual(["signature_prefix_missing"]);
  });

  test("the generic provider's recipe is diagnosed like any other", async () => {
    const params = { header: "x-sig", prefix: "v1=", encoding: "hex", content: "{param:app}:{body}", app: "a" };
    const headers = createSigner({ provider: "hmac", secrets: [text], params: { ...params, encoding: "base64" } }).sign({
      timestampSeconds: 1,
      body,
    }).headers;
    expect(await hints(headers, { provider: "hmac", secret: text, params })).toEqual(["wrong_encoding"]);
    const good = createSigner({ provider: "hmac", secrets: [text], params }).sign({ timestampSeconds: 1, body }).headers;
    expect(await hints(good, { provider: "hmac", secret: text, params }, `${body}\n`)).toEqual(["body_newline"]);
  });
});

describe("headers", () => {
  test("other_provider", async () => {
    const diagnosis = await diagnose({ headers: signed("github", text), body }, { provider: "stripe", secret: text, nowMs });
    expect(diagnosis.cause).toBe("missing_header");
    expect(diagnosis.hints).toEqual([
      {
        code: "other_provider",
        message:
          "The header x-hub-signature-256 is present: this looks like GitHub or Meta (WhatsApp, Messenger, Instagram, Pages); choose that provider.",
      },
    ]);
  });

  test("legacy_signature: only SHA-1", async () => {
    expect(await hints({ "x-hub-signature": "sha1=00" }, { provider: "github", secret: text })).toEqual(["legacy_signature"]);
  });

  test("header_missing", async () => {
    expect(await hints({}, { provider: "github", secret: text })).toEqual(["header_missing"]);
    expect(await hints(signed("standard-webhooks", whsec).slice(1), { provider: "standard-webhooks", secret: whsec })).toEqual([
      "header_missing",
    ]);
  });
});

describe("secrets", () => {
  test.each([` ${text}`, `${text}\n`])("secret_whitespace %j", async (secret) => {
    expect(await hints(signed("github", text), { provider: "github", secret })).toEqual(["secret_whitespace"]);
  });

  test.each([`"${text}"`, `'${text}'`, ` "${text}" `])("secret_quotes %j", async (secret) => {
    expect(await hints(signed("github", text), { provider: "github", secret })).toEqual(["secret_quotes"]);
  });

  test("a secret that cannot be decoded because of what is around it", async () => {
    expect(await hints(signed("standard-webhooks", whsec), { provider: "standard-webhooks", secret: `${whsec}\n` })).toEqual([
      "secret_whitespace",
    ]);
    expect(await hints(signed("standard-webhooks", whsec), { provider: "standard-webhooks", secret: `"${whsec}"` })).toEqual([
      "secret_quotes",
    ]);
  });

  test("secret_decoding: whsec_ as text, and text as base64", async () => {
    const base64 = whsec.slice(6);
    const key = Buffer.from(base64, "base64").toString("hex");
    const hexParams = { header: "x-signature", secretEncoding: "hex" };
    const asBytes = createSigner({ provider: "hmac", secrets: [key], params: hexParams }).sign({ timestampSeconds: 1, body }).headers;
    // The sender decoded base64, the receiver takes the same secret as text; and the other way round.
    expect(await hints(asBytes, { provider: "hmac", secret: whsec })).toEqual(["secret_decoding"]);
    const asText = createSigner({ provider: "hmac", secrets: [base64] }).sign({ timestampSeconds: 1, body }).headers;
    expect(await hints(asText, { provider: "hmac", secret: base64, params: { secretEncoding: "base64" } })).toEqual(["secret_decoding"]);
    expect(await hints(asText, { provider: "hmac", secret: whsec })).toEqual(["secret_decoding"]);
  });
});

test("unusable options are a cause, not an error", async () => {
  expect(await diagnose({ headers: {}, body }, { provider: "github", nowMs })).toMatchObject({ ok: false, cause: "no_secret", hints: [] });
  expect(await diagnose({ headers: {}, body }, { provider: "nobody", secret: text, nowMs })).toMatchObject({
    ok: false,
    cause: "invalid_config",
    hints: [],
  });
});

test("a body that cannot be re-serialised is no problem", async () => {
  const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
  expect(await hints(signed("github", text), { provider: "github", secret: text }, deep)).toEqual(["wrong_secret"]);
});
