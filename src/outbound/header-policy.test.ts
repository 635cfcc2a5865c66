// Which headers of a user are refused, with the place of the first bad one.
import { describe, expect, test } from "vitest";
import { checkHeaders, isTransportHeader } from "./header-policy.ts";

function refusedName(name: string): boolean {
  return !checkHeaders([[name, "1"]]).ok;
}

describe("a header that frames the message or the connection", () => {
  test.each([
    "Host",
    "Content-Length",
    "Transfer-Encoding",
    "Connection",
    "Upgrade",
    "TE",
    "Trailer",
    "Keep-Alive",
    "Proxy-Authorization",
    "Proxy-Connection",
    "proxy-anything",
    "Expect",
    "HTTP2-Settings",
  ])("%s is refused, by the transport too", (name) => {
    expect(refusedName(name)).toBe(true);
    expect(refusedName(name.toUpperCase())).toBe(true);
    expect(isTransportHeader(name)).toBe(true);
  });
});

describe("a header receivers take on trust", () => {
  test.each([
    "Cookie",
    "webhook-id",
    "Webhook-Signature",
    "webhook-anything",
    "X-Forwarded-For",
    "x-forwarded-host",
    "Forwarded",
    "Via",
    "X-Real-IP",
    "metadata-flavor",
    "Metadata",
    "X-aws-ec2-metadata-token",
    "X-aws-ec2-metadata-token-ttl-seconds",
    "X-Google-Metadata-Request",
  ])("%s is refused", (name) => {
    expect(refusedName(name)).toBe(true);
    expect(isTransportHeader(name)).toBe(false);
  });
});

describe("an ordinary header", () => {
  test.each([
    ["authorization", "Bearer x"],
    ["x-api-key", "a b\tc"],
    ["accept-encoding", "gzip"],
    ["user-agent", "mine"],
    ["content-type", "text/plain"],
    ["x-latin", "caf\u00e9"],
    ["x-empty", ""],
    ["hostname", "a"],
    ["x-host", "a"],
    ["x-webhook-id", "a"],
    ["connection-id", "a"],
  ])("%s is allowed", (name, value) => expect(checkHeaders([[name, value]])).toEqual({ ok: true }));
});

describe("injection", () => {
  test.each([
    ["a line break in a value", "x-a", "a\r\nx-evil: 1"],
    ["a lone line feed", "x-a", "a\nb"],
    ["a lone carriage return", "x-a", "a\rb"],
    ["a NUL in a value", "x-a", "a\0b"],
    ["a DEL in a value", "x-a", "a\x7fb"],
    ["a value outside Latin-1", "x-a", "日本"],
    ["a line break in a name", "x-a\r\nx-b", "1"],
    ["a space in a name", "x a", "1"],
    ["a colon in a name", "x:a", "1"],
    ["no name", "", "1"],
    ["a name outside ASCII", "x-\u00e9", "1"],
    ["a value of 9 KiB", "x-a", "a".repeat(9 * 1024)],
    ["a name of 300 letters", "a".repeat(300), "1"],
  ])("%s is refused", (_what, name, value) => {
    const verdict = checkHeaders([
      ["x-fine", "1"],
      [name, value],
    ]);
    expect(verdict).toMatchObject({ ok: false, index: 1 });
    // The message is shown to people and logged, so it never repeats control characters.
    expect(verdict.ok ? "" : verdict.message).toMatch(/^[\x20-\x7e]+$/);
  });
});

test("64 headers are allowed and 65 are not", () => {
  const headers = Array.from({ length: 65 }, (_, i) => [`x-${i}`, "1"] as const);
  expect(checkHeaders(headers.slice(0, 64))).toEqual({ ok: true });
  expect(checkHeaders(headers)).toMatchObject({ ok: false, index: 64 });
});
