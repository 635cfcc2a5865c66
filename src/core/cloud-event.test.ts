// The official library reads what we write: every event is a valid CloudEvent with its data unchanged.
import { HTTP, type CloudEvent } from "cloudevents";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CLOUD_EVENT_TYPE, cloudEventJson } from "./cloud-event.ts";
import type { Event } from "./event.ts";

interface Given extends Partial<Omit<Event, "request">> {
  headers?: string[];
  body?: string | Uint8Array;
}

function eventOf({ headers = ["Content-Type", "application/json"], body = "{}", ...changes }: Given = {}): Event {
  const bytes = Buffer.from(body);
  return {
    id: "evt_1",
    seq: 1,
    sourceId: "src_1",
    tenantId: null,
    type: "invoice.paid",
    key: null,
    providerEventId: null,
    channels: [],
    requestId: "req_1",
    receivedAt: Date.UTC(2026, 0, 6, 12),
    occurredAt: null,
    deliverAt: null,
    deliverBefore: null,
    request: { method: "POST", pathTail: "", query: "", headers, remoteAddress: "192.0.2.1", body: bytes },
    bodyBytes: bytes.byteLength,
    ...changes,
  };
}

/** As the library reads it; throws where the event does not hold up against its schema. */
function read(json: string): CloudEvent<unknown> {
  const event = HTTP.toEvent({ headers: { "content-type": CLOUD_EVENT_TYPE }, body: json }) as CloudEvent<unknown>;
  expect(event.validate()).toBe(true);
  return event;
}

describe("an event as a CloudEvent", () => {
  it("has attributes from what is known of it", () => {
    const event = eventOf({
      key: "customer 7",
      tenantId: "acme",
      providerEventId: "p-1",
      occurredAt: Date.UTC(2025, 11, 31, 23, 59, 59, 7),
      body: '{"a":1}',
    });
    expect(read(cloudEventJson(event, "billing & more"))).toMatchObject({
      specversion: "1.0",
      id: "evt_1",
      source: "/sources/billing%20%26%20more",
      type: "invoice.paid",
      time: "2025-12-31T23:59:59.007Z",
      subject: "customer 7",
      datacontenttype: "application/json",
      data: { a: 1 },
      sourceid: "src_1",
      tenantid: "acme",
      providereventid: "p-1",
    });
  });

  it("falls back to the source's id, the publish API, and the time of receipt, and leaves out what it lacks", () => {
    expect(JSON.parse(cloudEventJson(eventOf(), null))).toEqual({
      specversion: "1.0",
      id: "evt_1",
      source: "/sources/src_1",
      type: "invoice.paid",
      time: "2026-01-06T12:00:00.000Z",
      datacontenttype: "application/json",
      sourceid: "src_1",
      data: {},
    });
    expect(read(cloudEventJson(eventOf({ sourceId: null }), null))).toMatchObject({ source: "/publish" });
  });

  const data: [string, string, string | Uint8Array, string][] = [
    [
      "JSON byte for byte",
      "application/json; charset=utf-8",
      '{ "n": 12345678901234567890, "f": 1.0, "f":2 }\n',
      '"data":{ "n": 12345678901234567890, "f": 1.0, "f":2 }\n',
    ],
    ["a JSON text", "application/vnd.api+json", '"text"', '"data":"text"'],
    ["text", "text/plain", 'say "hi"\n', '"data":"say \\"hi\\"\\n"'],
    ["XML", "application/soap+xml", "<a/>", '"data":"<a/>"'],
    ["a form", "application/x-www-form-urlencoded", "a=1&b=%20", '"data":"a=1&b=%20"'],
    ["what claims to be JSON", "application/json", "{'a':1}", '"data_base64":"eydhJzoxfQ=="'],
    ["JSON with a byte order mark", "application/json", "\ufeff{}", '"data_base64":"77u/e30="'],
    ["text that is no UTF-8", "text/plain", Uint8Array.of(0xff), '"data_base64":"/w=="'],
    ["bytes", "application/octet-stream", Uint8Array.of(0, 255), '"data_base64":"AP8="'],
    ["JSON above 1 MiB", "application/json", `[${"1,".repeat(600_000)}1]`, '"data_base64":"WzEsMSwx'],
  ];
  it.each(data)("carries %s", (_, contentType, body, expected) => {
    const json = cloudEventJson(eventOf({ headers: ["content-type", contentType], body }), null);
    expect(json).toContain(`,${expected}`);
    expect(read(json).datacontenttype).toBe(contentType);
  });

  it("carries what is compressed as bytes, and nothing for an empty body", () => {
    const headers = ["content-type", "application/json", "content-encoding", "gzip"];
    expect(cloudEventJson(eventOf({ headers, body: "{}" }), null)).toContain('"data_base64":"e30="');
    const empty = JSON.parse(cloudEventJson(eventOf({ body: "" }), null)) as object;
    expect(Object.keys(empty).filter((name) => name.startsWith("data_") || name === "data")).toEqual([]);
  });

  it("without a content type that reads as one carries bytes and claims none", () => {
    for (const headers of [[], ["content-type", ""], ["content-type", "json"]]) {
      const event = JSON.parse(cloudEventJson(eventOf({ headers, body: "{}" }), null)) as Record<string, unknown>;
      expect([event["datacontenttype"], event["data_base64"]]).toEqual([undefined, "e30="]);
    }
  });

  it("is valid whatever stands in it", () => {
    // Half surrogate pairs come in where a provider's text was cut.
    const text = fc
      .tuple(fc.string({ unit: "binary", minLength: 1, maxLength: 40 }), fc.constantFrom("", "\ud800", "\udc00"))
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(
        fc.record({ type: text, key: fc.option(text), providerEventId: fc.option(text), tenantId: fc.option(text) }),
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom("application/json", "text/plain", "image/png", "application/cloudevents+json", "\u00e9"),
        fc.option(text),
        (facts, body, contentType, sourceName) => {
          const json = cloudEventJson(eventOf({ ...facts, headers: ["Content-Type", contentType], body }), sourceName);
          const event = read(json);
          expect(event.id).toBe("evt_1");
          for (const [name, value] of Object.entries(JSON.parse(json) as Record<string, unknown>)) {
            if (name !== "data" && typeof value === "string") expect(value, name).toMatch(/^[^\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]*$/u);
          }
          const { data_base64: base64, data } = JSON.parse(json) as { data_base64?: string; data?: unknown };
          if (base64 !== undefined) expect(Buffer.from(base64, "base64").equals(body)).toBe(true);
          else if (contentType === "text/plain" && body.length > 0) expect(Buffer.from(data as string).equals(body)).toBe(true);
        },
      ),
    );
  });
});

describe("an event that came in as a CloudEvent", () => {
  const ce = { specversion: "1.0", id: "A-1", source: "https://shop.example/orders", type: "com.example.order", subject: "7" };

  it("in binary mode keeps its own attributes and extensions", () => {
    const headers = Object.entries({
      "CE-SpecVersion": "1.0",
      "ce-id": "A-1",
      "ce-source": "https://shop.example/orders",
      "ce-type": "com.example.order",
      "ce-subject": "caf%C3%A9",
      "ce-time": "2020-01-02T03:04:05+01:00",
      "ce-traceparent": "00-x",
      "Content-Type": "application/json",
    }).flat();
    const event = read(cloudEventJson(eventOf({ headers, body: '{"a":1}', key: "not the subject", occurredAt: 5 }), "shop"));
    expect(event).toMatchObject({
      id: "A-1",
      source: "https://shop.example/orders",
      type: "com.example.order",
      subject: "caf\u00e9",
      traceparent: "00-x",
      datacontenttype: "application/json",
      data: { a: 1 },
      sourceid: "src_1",
    });
    expect(Date.parse(event.time!)).toBe(Date.parse("2020-01-02T03:04:05+01:00"));
  });

  it("in structured mode goes out as it came, with our extensions in front", () => {
    const body = `  ${JSON.stringify({ ...ce, datacontenttype: "application/json" }).slice(0, -1)}, "data": {"n": 12345678901234567890, "x": 1.0}}`;
    const headers = ["content-type", "application/cloudevents+json; charset=utf-8"];
    const json = cloudEventJson(eventOf({ headers, body, providerEventId: "A-1" }), "shop");
    expect(json.endsWith(body.trimStart().slice(1))).toBe(true);
    expect(JSON.parse(json)).toMatchObject({ ...ce, time: "2026-01-06T12:00:00.000Z", sourceid: "src_1", providereventid: "A-1" });
    read(json);
  });

  it("in structured mode keeps its own time, and attributes that have our names", () => {
    const body = JSON.stringify({ ...ce, time: "2020-01-02T03:04:05Z", sourceid: "theirs" });
    const json = cloudEventJson(eventOf({ headers: ["content-type", CLOUD_EVENT_TYPE], body }), null);
    expect(json).toBe(body);
  });

  it.each([
    ["of another version", { ...ce, specversion: "0.3" }],
    ["without an id", { ...ce, id: undefined }],
    ["with an empty type", { ...ce, type: "" }],
    ["with a time that is none", { ...ce, time: "yesterday" }],
    ["with data twice", { ...ce, data: 1, data_base64: "MQ==" }],
    ["with a name that is none", { ...ce, Upper: 1 }],
    ["that is a list", [ce]],
  ])("but %s is an event like any other", (_, document) => {
    const body = JSON.stringify(document);
    const event = read(cloudEventJson(eventOf({ headers: ["content-type", CLOUD_EVENT_TYPE], body }), null));
    expect(event).toMatchObject({ id: "evt_1", source: "/sources/src_1", datacontenttype: CLOUD_EVENT_TYPE, data: JSON.parse(body) });
  });

  it("in binary mode with an attribute missing is an event like any other", () => {
    const event = read(cloudEventJson(eventOf({ headers: ["ce-specversion", "1.0", "ce-id", "A-1", "ce-source", "/a"] }), null));
    expect(event).toMatchObject({ id: "evt_1", type: "invoice.paid" });
  });
});
