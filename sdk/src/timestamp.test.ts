// Times of signatures: each unit takes one spelling of an instant and writes that one; the date of HTTP in particular.
import fc from "fast-check";
import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { createSigner, createVerifier, extract, type VerifyResult } from "./index.ts";
import { signedTime } from "./adapters/signed-time.ts";
import { timeOf } from "./event-time.ts";
import { formatTimestamp, parseTimestamp } from "./timestamp.ts";

const nowMs = 1_760_000_000_000;
const written = "Thu, 09 Oct 2025 08:53:20 GMT";

test("every whole second of the years 100 to 9999 is read as it was written", () => {
  const seconds = fc.integer({ min: Date.UTC(100, 0, 1) / 1000, max: 253_402_300_799 });
  fc.assert(
    fc.property(seconds, (second) => {
      const text = formatTimestamp(second * 1000, "http-date");
      expect(text).toMatch(/^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/);
      expect(parseTimestamp(text, "http-date")).toBe(second * 1000);
    }),
  );
});

test.each([
  ["an instant", written, nowMs],
  ["a leap day", "Thu, 29 Feb 2024 00:00:00 GMT", Date.UTC(2024, 1, 29)],
  ["another day of the week", "Fri, 09 Oct 2025 08:53:20 GMT", undefined],
  ["a day that no month has", "Sun, 30 Feb 2025 00:00:00 GMT", undefined],
  ["a leap day of another year", "Sat, 29 Feb 2025 00:00:00 GMT", undefined],
  ["an hour too late", "Thu, 09 Oct 2025 24:00:00 GMT", undefined],
  ["a leap second", "Thu, 09 Oct 2025 23:59:60 GMT", undefined],
  ["no month", "Thu, 09 Okt 2025 08:53:20 GMT", undefined],
  ["letters of another size", "thu, 09 oct 2025 08:53:20 gmt", undefined],
  ["a day of one digit", "Thu, 9 Oct 2025 08:53:20 GMT", undefined],
  ["a year of two digits", "Thursday, 09-Oct-25 08:53:20 GMT", undefined],
  ["the form of C", "Thu Oct  9 08:53:20 2025", undefined],
  ["an offset", "Thu, 09 Oct 2025 08:53:20 +0000", undefined],
  ["a space behind", `${written} `, undefined],
  ["a line break behind", `${written}\n`, undefined],
  ["RFC 3339", "2025-10-09T08:53:20Z", undefined],
  ["digits", "1760000000", undefined],
  ["nothing", "", undefined],
])("http-date: %s", (_, text, instant) => {
  expect(parseTimestamp(text, "http-date")).toBe(instant);
  expect(timeOf(text, "http-date")).toBe(instant);
});

test("http-date of an event is a text", () => {
  expect([timeOf(nowMs, "http-date"), timeOf([written], "http-date"), timeOf(undefined, "http-date")]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

describe("Klaviyo", () => {
  const secret = "a-secret-of-some-length";
  const body = '{"data":[{"external_id":"e1","topic":"event:klaviyo.opened_email"}]}';
  const signature = (time: string): string => createHmac("sha256", secret).update(`${body}${time}`).digest("hex");
  const check = (time: string, toleranceSeconds?: number, made = signature(time)): VerifyResult =>
    createVerifier({ provider: "klaviyo", secrets: [secret], toleranceSeconds }).verify(
      { headers: { "Klaviyo-Signature": made, "Klaviyo-Timestamp": time }, body },
      nowMs,
    );

  test("the time stands behind the body as it is written", () => {
    expect(check(written)).toEqual({ ok: true, secretIndex: 0 });
    expect(check("Thu, 09 Oct 2025 08:53:21 GMT", undefined, signature(written))).toMatchObject({ cause: "signature_mismatch" });
    expect(check(`${nowMs / 1000}`)).toMatchObject({ cause: "malformed_timestamp", message: expect.stringContaining("a date of HTTP") });
  });

  test("any age is accepted, unless the source sets a limit", () => {
    const old = "Thu, 09 Oct 2025 08:48:19 GMT";
    expect(check(old)).toMatchObject({ ok: true });
    expect(check(old, 301)).toMatchObject({ ok: true });
    expect(check(old, 300)).toMatchObject({ cause: "timestamp_too_old" });
  });

  test("sign writes the date, and the adapters read it", () => {
    const signer = createSigner({ provider: "klaviyo", secrets: [secret] });
    const { headers } = signer.sign({ timestampSeconds: nowMs / 1000 + 0.9, body });
    expect(headers).toEqual([
      ["klaviyo-timestamp", written],
      ["klaviyo-signature", signature(written)],
    ]);
    const first = (name: string): string | undefined => new Map(headers).get(name);
    expect(signedTime(signer.provider, {}, first, Buffer.from(body))?.getTime()).toBe(nowMs);
    expect(extract("klaviyo", { headers, body })).toEqual({ id: "e1", type: "event:klaviyo.opened_email" });
  });

  test("the generic provider takes the unit as well", () => {
    const params = { header: "klaviyo-signature", content: "{body}{ts}", timestampHeader: "klaviyo-timestamp", timestampUnit: "http-date" };
    const verifier = createVerifier({ provider: "hmac", secrets: [secret], params });
    const headers = { "klaviyo-timestamp": written, "klaviyo-signature": signature(written) };
    expect(verifier.verify({ headers, body }, nowMs + 300_000)).toMatchObject({ ok: true });
    expect(verifier.verify({ headers, body }, nowMs + 301_000)).toMatchObject({ cause: "timestamp_too_old" });
  });
});

describe("Recharge", () => {
  const secret = "a-secret-of-some-length";
  const body = '{"charge":{"id":1}}';
  const now = nowMs / 1000;
  const at = (time: number): string => `t=${time},v1=${createHmac("sha256", secret).update(`${time}.${body}`).digest("hex")}`;
  const check = (headers: Record<string, string>, params = {}): string => {
    const result = createVerifier({ provider: "recharge", secrets: [secret], params }).verify({ headers, body }, nowMs);
    return result.ok ? "ok" : result.cause;
  };
  const timestamped = { signatureVersion: "timestamped" };

  test("the newer signature counts only where the owner chose it, for 48 hours", () => {
    expect(check({ "X-Recharge-Webhook-Signature": at(now) })).toBe("missing_header");
    expect(check({ "X-Recharge-Webhook-Signature": at(now) }, timestamped)).toBe("ok");
    expect(check({ "X-Recharge-Webhook-Signature": at(now - 172_800) }, timestamped)).toBe("ok");
    expect(check({ "X-Recharge-Webhook-Signature": at(now - 172_801) }, timestamped)).toBe("timestamp_too_old");
    expect(check({ "X-Recharge-Webhook-Signature": at(now + 172_801) }, timestamped)).toBe("timestamp_in_future");
    const old = createSigner({ provider: "recharge", secrets: [secret] }).sign({ timestampSeconds: now, body });
    expect(check(Object.fromEntries(old.headers), timestamped)).toBe("missing_header");
    expect(check(Object.fromEntries(old.headers))).toBe("ok");
  });
});
