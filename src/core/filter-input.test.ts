// How bodies, headers and queries become what filters look at, and what is refused.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { headerRecord, isTooDeep, parseBody, queryRecord } from "./filter-input.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

describe("parseBody", () => {
  it.each([
    [null, '{"a":1}', { a: 1 }],
    [undefined, "[1]", [1]],
    ["", "5", 5],
    ["application/json; charset=utf-7", '{"a":1}', { a: 1 }],
    ["Application/JSON", "null", null],
    ["application/cloudevents-batch+json", '[{"id":"1"}]', [{ id: "1" }]],
    ["application/json", '\ufeff{"a":1}', { a: 1 }],
    ["text/plain; charset=utf-8", '{"Type":"Notification"}', { Type: "Notification" }],
    ["text/plain", "{not json", "{not json"],
    ["text/plain", "hello", "hello"],
    ["application/xml", "<a>&lol;</a>", "<a>&lol;</a>"],
    ["application/x-www-form-urlencoded", "a=1&b=x+y&b=%C3%A9", { a: "1", b: ["x y", "é"] }],
    ["application/x-www-form-urlencoded", "payload=%7B%22action%22%3A%22opened%22%7D", { action: "opened" }],
    ["application/x-www-form-urlencoded", "payload=%7B%7D&x=1", { payload: "{}", x: "1" }],
    ["application/x-www-form-urlencoded", "payload={broken", { payload: "{broken" }],
  ])("%s %s", (contentType, text, value) => {
    const parsed = parseBody(bytes(text), contentType);
    expect(parsed.ok && JSON.parse(JSON.stringify(parsed.value))).toEqual(value);
  });

  it("takes an empty body as no value", () => {
    expect(parseBody(new Uint8Array(), "application/json")).toEqual({ ok: true, value: undefined });
  });

  it.each([
    ["application/json", bytes("{a:1}"), "not_json"],
    ["application/json", bytes("NaN"), "not_json"],
    [null, bytes("a=1"), "not_json"],
    ["application/json", Uint8Array.of(0x22, 0xff, 0x22), "not_utf8"],
    ["application/json", bytes("[".repeat(65) + "]".repeat(65)), "too_deep"],
    ["application/json", bytes("[".repeat(1_000_000)), "too_deep"],
    ["text/plain", bytes("[".repeat(65)), "too_deep"],
    ["application/x-www-form-urlencoded", bytes(`payload=${"[".repeat(65)}`), "too_deep"],
    ["image/png", Uint8Array.of(0x89, 0x50), "unsupported_type"],
    ["multipart/form-data", bytes("--x"), "unsupported_type"],
  ])("%s %o is refused", (contentType, body, cause) => {
    expect(parseBody(body, contentType)).toMatchObject({ ok: false, cause });
  });

  it("refuses bodies above the limit unread", () => {
    expect(parseBody(bytes('"12345"'), null, { bytesMax: 6 })).toMatchObject({ ok: false, cause: "too_large" });
    expect(parseBody(bytes('"12345"'), null, { bytesMax: 7 })).toMatchObject({ ok: true });
  });

  it("does not count brackets in strings as depth", () => {
    expect(parseBody(bytes(JSON.stringify(['\\"' + "[{".repeat(500)])), null).ok).toBe(true);
    expect(parseBody(bytes("[".repeat(64) + "]".repeat(64)), null).ok).toBe(true);
  });

  it("pollutes no prototype", () => {
    const json = parseBody(bytes('{"__proto__":{"admin":true}}'), null);
    const form = parseBody(bytes("__proto__=1&constructor=2"), "application/x-www-form-urlencoded");
    expect(json.ok && Object.keys(json.value as object)).toEqual(["__proto__"]);
    expect(form.ok && Object.keys(form.value as object)).toEqual(["__proto__", "constructor"]);
    expect(({} as Record<string, unknown>).admin).toBeUndefined();
  });

  it("gives back any JSON value of allowed depth, and never throws", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 20 }), (value) => {
        const parsed = parseBody(bytes(JSON.stringify(value)), "application/json");
        expect(parsed).toEqual({ ok: true, value: JSON.parse(JSON.stringify(value)) });
        expect(parsed.ok && isTooDeep(parsed.value)).toBe(false);
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array(), fc.constantFrom(null, "text/plain", "application/x-www-form-urlencoded", "x"), (body, type) => {
        parseBody(body, type);
      }),
    );
  });

  it("measures a text and the value parsed from it alike", () => {
    fc.assert(
      fc.property(fc.integer({ min: 60, max: 70 }), fc.boolean(), (levels, lists) => {
        const text = lists ? "[".repeat(levels) + "]".repeat(levels) : '{"a":'.repeat(levels) + "1" + "}".repeat(levels);
        expect(parseBody(bytes(text), null).ok).toBe(!isTooDeep(JSON.parse(text)));
      }),
    );
  });
});

describe("headerRecord and queryRecord", () => {
  it("gather repeated names in order", () => {
    expect({ ...headerRecord(["X-A", "1", "x-b", "2", "x-a", "3", "X-A", "4"]) }).toEqual({
      "x-a": ["1", "3", "4"],
      "x-b": "2",
    });
    expect({ ...queryRecord("a=1&b&a=%20&c=%zz") }).toEqual({ a: ["1", " "], b: "", c: "%zz" });
  });

  it("take any name as a name", () => {
    expect(Object.keys(headerRecord(["__proto__", "x", "toString", "y"]))).toEqual(["__proto__", "tostring"]);
    expect(Object.keys(queryRecord("__proto__=x&hasOwnProperty=y"))).toEqual(["__proto__", "hasOwnProperty"]);
  });

  it("stop at a thousand parameters", () => {
    const query = Array.from({ length: 1200 }, (_, i) => `p${i}=1`).join("&");
    expect(Object.keys(queryRecord(query))).toHaveLength(1000);
  });
});
