// CloudEvents against the CloudEvents project's own library, the rules of the specification, and hostile requests.
import { CloudEvent as TheirEvent, HTTP } from "cloudevents";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createVerifier, extract, parseCloudEvents, toCloudEvent, type CloudEvent, type HeadersInput } from "./index.ts";

const structured = { "content-type": "application/cloudevents+json; charset=utf-8" };
const batched = { "content-type": "application/cloudevents-batch+json" };
const required = { specversion: "1.0", id: "1", source: "/s", type: "t" };
const textOf = (bytes: Uint8Array | undefined): string | undefined => bytes && Buffer.from(bytes).toString();

function events(headers: HeadersInput, body: string | Uint8Array): readonly CloudEvent[] {
  const parsed = parseCloudEvents({ method: "POST", headers, body });
  if (parsed?.ok !== true) throw new Error(parsed?.message ?? "no CloudEvent");
  return parsed.events;
}

function problem(headers: HeadersInput, body: string): string | undefined {
  const parsed = parseCloudEvents({ headers, body });
  return parsed?.ok === false ? parsed.message : undefined;
}

// Their library neither percent-encodes nor decodes headers, so values are such that need neither.
const plain = fc.stringMatching(/^[a-zA-Z0-9/._:-]{1,30}$/);
const time = fc.date({ min: new Date(0), max: new Date("9999-12-31"), noInvalidDate: true }).map((date) => date.toISOString());
const extensions = fc.dictionary(
  fc.stringMatching(/^x[a-z0-9]{1,9}$/),
  fc.oneof(plain, fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), fc.boolean()),
  { maxKeys: 3 },
);
const attributes = fc.record({ id: plain, source: plain, type: plain, subject: plain, time }, { requiredKeys: ["id", "source", "type"] });
// Their writer sends data that is a JSON object or list, or a text; null and false it leaves out.
const data = fc.oneof(fc.array(fc.jsonValue()), fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue()));

describe("the library of the CloudEvents project", () => {
  test("theirs is read by ours, binary and structured", () => {
    fc.assert(
      fc.property(attributes, time, extensions, data, (some, at, extra, value) => {
        // An event without a time gets the present from their library.
        const given = { ...some, time: at };
        const theirs = new TheirEvent({ ...given, ...extra, data: value, datacontenttype: "application/json" });
        const common = { ...given, dataContentType: "application/json" };
        const binary = HTTP.binary(theirs);
        const inHeaders = Object.fromEntries(Object.entries(binary.headers).map(([name, each]) => [name, String(each)]));
        const texts = Object.fromEntries(Object.entries(extra).map(([name, each]) => [name, String(each)]));
        const [first] = events(inHeaders, String(binary.body));
        expect({ ...first, data: textOf(first?.data) }).toEqual({ ...common, extensions: texts, data: JSON.stringify(value) });
        const message = HTTP.structured(theirs);
        const [second] = events(message.headers, String(message.body));
        expect({ ...second, data: textOf(second?.data) }).toEqual({ ...common, extensions: extra, data: JSON.stringify(value) });
      }),
    );
  });

  test("ours is read by theirs: JSON, text and bytes", () => {
    fc.assert(
      fc.property(attributes, extensions, data, (given, extra, value) => {
        const body = Buffer.from(JSON.stringify(value));
        const ours = toCloudEvent({ ...given, extensions: extra, dataContentType: "application/json", body });
        const theirs = HTTP.toEvent({
          headers: { "content-type": "application/cloudevents+json" },
          body: Buffer.from(ours).toString(),
        }) as TheirEvent<unknown>;
        expect(theirs).toMatchObject({ ...given, datacontenttype: "application/json" });
        expect(theirs.data).toEqual(JSON.parse(JSON.stringify(value)));
        for (const [name, each] of Object.entries(extra)) expect(theirs[name]).toBe(each);
      }),
    );
    const read = (dataContentType: string, body: Uint8Array): TheirEvent<unknown> =>
      HTTP.toEvent({
        headers: structured,
        body: Buffer.from(toCloudEvent({ id: "1", source: "/s", type: "t", dataContentType, body })).toString(),
      }) as TheirEvent<unknown>;
    expect(read("text/plain", Buffer.from("grüße\n")).data).toBe("grüße\n");
    expect([...(read("application/octet-stream", Uint8Array.of(0, 255, 7)).data as Uint32Array)]).toEqual([0, 255, 7]);
  });

  test("their batch is read by both as the same events", () => {
    fc.assert(
      fc.property(fc.array(attributes, { minLength: 1, maxLength: 4 }), (list) => {
        const body = JSON.stringify(list.map((each) => ({ specversion: "1.0", ...each })));
        const theirs = HTTP.toEvent({ headers: batched, body }) as TheirEvent<unknown>[];
        expect(events(batched, body).map(({ id, source, type }) => ({ id, source, type }))).toEqual(
          theirs.map(({ id, source, type }) => ({ id, source, type })),
        );
      }),
    );
  });
});

describe("data", () => {
  test("in JSON is the exact bytes", () => {
    for (const value of ['{ "a": 1.0, "b": 12345678901234567890 }', "[ ]", '"\\u00e9"', "null", "-0", "false"])
      expect(textOf(events(structured, `{"specversion":"1.0","id":"1","source":"/s","type":"t", "data" : ${value} }`)[0]?.data)).toBe(
        value,
      );
    const typed = (contentType: string, value: string) =>
      textOf(events(structured, `{"data":${value},${JSON.stringify({ ...required, datacontenttype: contentType }).slice(1)}`)[0]?.data);
    expect(typed("application/vnd.x+json", '"a"')).toBe('"a"');
    expect(typed("text/xml", '"<a>\\n</a>"')).toBe("<a>\n</a>");
    expect(typed("text/xml", '{"a":1}')).toBe('{"a":1}');
  });

  test("in base64 is decoded, strictly", () => {
    const base64 = (value: unknown) => ({ headers: structured, body: JSON.stringify({ ...required, data_base64: value }) });
    expect([...(events(structured, base64("AP8H").body)[0]?.data ?? [])]).toEqual([0, 255, 7]);
    for (const value of ["AP8", "*", 7]) expect(problem(structured, base64(value).body)).toMatch(/data_base64/);
    expect(problem(structured, JSON.stringify({ ...required, data: 1, data_base64: "AP8H" }))).toMatch(/both/);
  });

  test("is embedded byte for byte, whatever the body is, and comes back the same", () => {
    const body = fc.oneof(
      fc.json().map((json) => Buffer.from(` ${json}\n`)),
      fc.string({ unit: "grapheme" }).map((text) => Buffer.from(text)),
      fc.uint8Array(),
      fc.constant(Buffer.from("\ufeff{}")),
      fc.constant(Buffer.from("[".repeat(1000) + "]".repeat(1000))),
    );
    const type = fc.constantFrom(
      undefined,
      "application/json",
      "application/problem+json; charset=utf-8",
      "text/plain",
      "text/plain; charset=iso-8859-1",
      "application/xml",
      "image/png",
    );
    fc.assert(
      fc.property(body, type, (bytes, dataContentType) => {
        const document = toCloudEvent({ id: "1", source: "/s", type: "t", dataContentType, body: bytes });
        const [event] = events(structured, document);
        const isJson = dataContentType === undefined || dataContentType.includes("json");
        // White space around JSON is not part of the value; everything else must be the same bytes.
        const expected =
          isJson && event?.data?.length !== bytes.length ? Buffer.from(bytes).toString().trim() : Buffer.from(bytes).toString("latin1");
        expect(
          event?.data === undefined
            ? ""
            : Buffer.from(event.data).toString(isJson && event.data.length !== bytes.length ? "utf8" : "latin1"),
        ).toBe(expected);
        expect(event).toMatchObject({ id: "1", source: "/s", type: "t" });
        if (isJson && parses(bytes)) expect(Buffer.from(document).includes(Buffer.from(bytes))).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  test("in another charset than UTF-8 is bytes, not text, and JSON that is none, too", () => {
    const written = (dataContentType: string | undefined, body: string) =>
      Object.keys(
        JSON.parse(textOf(toCloudEvent({ id: "1", source: "/s", type: "t", dataContentType, body: Buffer.from(body) }))!) as object,
      ).at(-1);
    expect([written("text/plain; charset=iso-8859-1", "a"), written("text/plain; charset=UTF-8", "a")]).toEqual(["data_base64", "data"]);
    expect([written("application/json", "{"), written(undefined, "a"), written("image/png", "a")]).toEqual(Array(3).fill("data_base64"));
    expect(written("text/plain", "")).toBe("datacontenttype");
  });

  test("an event that cannot be one is not written", () => {
    const base = { id: "1", source: "/s", type: "t", body: Buffer.from("{}") };
    expect(() => toCloudEvent({ ...base, id: "" })).toThrow(/^id: /);
    expect(() => toCloudEvent({ ...base, time: "yesterday" })).toThrow(/^time: /);
    for (const name of ["Upper", "id", "data", "a-b", "", "x".repeat(21), "__proto__"])
      expect(() => toCloudEvent({ ...base, extensions: Object.fromEntries([[name, "x"]]) })).toThrow(/^extensions\./);
    for (const value of [1.5, 2 ** 31, null, {}])
      expect(() => toCloudEvent({ ...base, extensions: { a: value as number } })).toThrow(/^extensions\.a: /);
  });
});

function parses(bytes: Uint8Array): boolean {
  try {
    // Deeper JSON than the bound becomes base64.
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)) !== undefined && bytes.length < 1000;
  } catch {
    return false;
  }
}

describe("binary mode", () => {
  const headers = { "CE-SpecVersion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "t" };

  test("decodes percent-escapes once, after quotation marks", () => {
    const decoded = (value: string) => events({ ...headers, "ce-subject": value }, "")[0]?.subject;
    expect(decoded("Euro%20%E2%82%AC%20%F0%9F%98%80")).toBe("Euro € 😀");
    expect(decoded("%2541")).toBe("%41");
    expect(decoded('"a \\"b\\" %41"')).toBe('a "b" A');
    for (const broken of ["50%", "%E2%82", "%GG"]) expect(problem({ ...headers, "ce-subject": broken }, "")).toMatch(/ce-subject.*percent/);
  });

  test("the body is the data, and Content-Type its type", () => {
    const [event] = events({ ...headers, "Content-Type": "image/png", "ce-xyz": "7" }, Uint8Array.of(1, 2));
    expect(event).toEqual({
      id: "1",
      source: "/s",
      type: "t",
      dataContentType: "image/png",
      data: Uint8Array.of(1, 2),
      extensions: { xyz: "7" },
    });
    expect(events(headers, "")[0]).not.toHaveProperty("data");
    expect(events({ ...headers, "ce-datacontenttype": "text/plain", "content-type": "text/csv" }, "")[0]?.dataContentType).toBe("text/csv");
    expect(events({ ...headers, "ce-time": "1969-07-20T20:17:40Z" }, "")[0]?.time).toBe("1969-07-20T20:17:40Z");
  });

  test.each<[string, Record<string, string | string[]>]>([
    ["specversion is missing", { "ce-id": "1" }],
    ["source is missing", { ...headers, "ce-source": undefined as never }],
    ["specversion is not 1.0", { ...headers, "CE-SpecVersion": "0.3" }],
    ["ce-id is present more than once", { ...headers, "ce-id": ["1", "2"] }],
    ["id is not a text", { ...headers, "ce-id": "" }],
    ["time is not a time", { ...headers, "ce-time": "noon" }],
    ["other letters", { ...headers, "ce-my_ext": "1" }],
  ])("%s", (message, given) => {
    expect(problem(given, "")).toContain(message);
  });
});

describe("structured and batch mode", () => {
  test.each<[string, Record<string, string>, string]>([
    ["not JSON", structured, "{"],
    ["not a JSON object", structured, "[]"],
    ["specversion is missing", structured, "{}"],
    ["id is missing", structured, '{"specversion":"1.0"}'],
    ["id is missing", structured, '{"specversion":"1.0","id":null}'],
    ["id is not a text", structured, JSON.stringify({ ...required, id: 7 })],
    ["neither text, number nor boolean", structured, JSON.stringify({ ...required, x: {} })],
    ["32-bit integer", structured, JSON.stringify({ ...required, x: 1.5 })],
    ["send application/cloudevents+json", { "content-type": "application/cloudevents+xml" }, "<a/>"],
    ["not a JSON array", batched, "{}"],
    ["Event 1: The required attribute id", batched, JSON.stringify([required, { specversion: "1.0" }])],
    ["Event 0: The event is not", batched, "[null]"],
  ])("%s", (message, headers, body) => {
    expect(problem(headers, body)).toContain(message);
  });

  test("a null is an absent attribute, extensions keep their types", () => {
    const body = JSON.stringify({ ...required, subject: null, n: 7, b: true, s: "x" });
    expect(events(structured, body)).toEqual([{ id: "1", source: "/s", type: "t", extensions: { n: 7, b: true, s: "x" } }]);
    expect(events(batched, "[]")).toEqual([]);
  });

  test("other requests are none", () => {
    expect(parseCloudEvents({ headers: { "content-type": "application/json" }, body: JSON.stringify(required) })).toBeUndefined();
    expect(parseCloudEvents({ method: "OPTIONS", headers: structured, body: "" })).toBeUndefined();
    expect(parseCloudEvents({ headers: {}, body: "" })).toBeUndefined();
  });

  test("hostile requests give a value, never an error", () => {
    const name = fc.constantFrom("content-type", "ce-id", "ce-specversion", "ce-source", "ce-type", "ce-time", "ce-__proto__", "CE-X");
    const value = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("1.0", ...Object.values(structured), ...Object.values(batched)));
    const body = fc.oneof(
      fc.json(),
      fc.string(),
      fc.uint8Array(),
      fc.json().map((json) => JSON.stringify({ ...required, data: json }).replace('"data":', `"x":${json},"data":`)),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value)), body, (headers, bytes) => {
        const parsed = parseCloudEvents({ headers, body: bytes });
        if (parsed?.ok === false) expect(parsed.message).toMatch(/^[\x20-\x7e]+\.$/);
        extract("none", { headers, body: bytes });
      }),
      { numRuns: 3000 },
    );
  });
});

describe("generic providers", () => {
  const event = { ...required, time: "2025-10-09T08:53:20Z", subject: "order-7" };
  const facts = { id: "/s 1", type: "t", timeMs: 1_760_000_000_000, key: "order-7" };
  const binary = {
    "ce-specversion": "1.0",
    "ce-id": "1",
    "ce-source": "/s",
    "ce-type": "t",
    "ce-time": event.time,
    "ce-subject": "order-7",
  };

  test.each(["none", "token", "basic", "hmac", "standard-webhooks", "cloudevents", "azure-eventgrid"])(
    "%s reads CloudEvents",
    (provider) => {
      expect(extract(provider, { headers: structured, body: JSON.stringify(event) })).toEqual(facts);
      expect(extract(provider, { headers: binary, body: '{"type":"other","id":"2"}' })).toEqual(facts);
    },
  );

  test("of a batch only the type of the first holds, unless the provider reads its first item anyway", () => {
    const body = JSON.stringify([event, { ...event, id: "2" }]);
    expect(extract("none", { headers: batched, body })).toEqual({ type: "t" });
    expect(extract("azure-eventgrid", { headers: batched, body })).toEqual({ id: "1", type: "t", key: "order-7" });
  });

  test("a malformed one has no facts of its own, and other providers have theirs", () => {
    expect(extract("none", { headers: binary, body: '{"type":"other"}' })).toMatchObject({ type: "t" });
    expect(extract("none", { headers: { ...binary, "ce-specversion": "2.0" }, body: '{"type":"other"}' })).toEqual({ type: "other" });
    expect(extract("stripe", { headers: binary, body: '{"type":"other"}' })).toEqual({ type: "other" });
  });

  test("the signed webhook-id counts before the attributes, which are not signed", () => {
    expect(extract("standard-webhooks", { headers: { ...binary, "webhook-id": "msg_1" }, body: "{}" })).toEqual({ ...facts, id: "msg_1" });
  });
});

describe("the provider cloudevents", () => {
  const secret = "a-token-of-some-length";
  const verifier = createVerifier({ provider: "cloudevents", secrets: [secret] });
  const verify = (headers: HeadersInput, query = ""): string => {
    const result = verifier.verify({ method: "POST", url: `https://hooks.example.test/in/x${query}`, headers, body: "{}" }, 0);
    return result.ok ? "ok" : result.cause;
  };

  test("takes the token in the header or in the query, and not in both", () => {
    expect(verify({ authorization: `Bearer ${secret}` })).toBe("ok");
    expect(verify({}, `?access_token=${secret}`)).toBe("ok");
    expect(verify({ authorization: `Bearer ${secret}` }, `?access_token=${secret}`)).toBe("duplicate_header");
    expect(verify({}, `?access_token=${secret}&access_token=x`)).toBe("duplicate_header");
    expect(verify({ authorization: "Bearer wrong-token-here" })).toBe("wrong_token");
    expect(verify({}, "?access_token=wrong-token-here")).toBe("wrong_token");
    expect(verify({})).toBe("missing_header");
    expect(verifier.verify({ headers: {}, body: "" }, 0)).toMatchObject({ ok: false, cause: "missing_header" });
    expect(verifier.verify({ headers: { authorization: `bearer ${secret}` }, body: "" }, 0)).toMatchObject({ ok: true });
  });
});
