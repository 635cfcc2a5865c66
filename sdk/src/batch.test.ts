// Batches: items are the exact bytes of the body, ids of whole bodies do not collide, and nothing throws.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { batchId, providers, splitBatch, type BatchItem } from "./index.ts";
import { limits } from "./limits.ts";

const texts = (items: readonly BatchItem[] | undefined): string[] | undefined => items?.map(({ body }) => Buffer.from(body).toString());
const facts = (items: readonly BatchItem[] | undefined): object[] | undefined => items?.map(({ body: _body, ...rest }) => rest);
const split = (provider: string, body: string, headers: Record<string, string> = {}) =>
  splitBatch(provider, { headers, body: Buffer.from(body) });

describe("each provider", () => {
  test.each<[provider: string, body: string, items: object[]]>([
    [
      "sendgrid",
      '[{"email":"a@b.test","timestamp":1760000000,"event":"open","sg_event_id":"s1","sg_message_id":"m1"},\n {"event":"click","sg_event_id":"s2"}]\r\n',
      [
        { id: "s1", type: "open", timeMs: 1_760_000_000_000, key: "m1" },
        { id: "s2", type: "click" },
      ],
    ],
    [
      "hubspot",
      '[{"eventId":100,"occurredAt":1760000000000,"subscriptionType":"contact.creation","objectId":123}]',
      [{ id: "100", type: "contact.creation", timeMs: 1_760_000_000_000, key: "123" }],
    ],
    [
      "okta",
      '{"data":{"events":[{"uuid":"u1","eventType":"user.lifecycle.create","published":"2025-10-09T08:53:20Z","target":[{"id":"t1"}]}]}}',
      [{ id: "u1", type: "user.lifecycle.create", timeMs: 1_760_000_000_000, key: "t1" }],
    ],
    [
      "auth0",
      '[{"log_id":"l1","data":{"type":"s","date":"2025-10-09T08:53:20.000Z","user_id":"auth0|1"}}]',
      [{ id: "l1", type: "s", timeMs: 1_760_000_000_000, key: "auth0|1" }],
    ],
    [
      "asana",
      '{"events":[{"resource":{"resource_type":"task","gid":"9"},"action":"changed","created_at":"2025-10-09T08:53:20.000Z"}]}',
      [{ type: "task.changed", timeMs: 1_760_000_000_000, key: "9" }],
    ],
    [
      "line",
      '{"events":[{"webhookEventId":"w1","type":"message","timestamp":1760000000000,"source":{"type":"user","userId":"U1"}}]}',
      [{ id: "w1", type: "message", timeMs: 1_760_000_000_000, key: "U1" }],
    ],
    [
      "mandrill",
      `mandrill_events=${encodeURIComponent('[{"event":"open","_id":"m","ts":1760000000},{"event":"click","_id":"m","ts":1760000000}]')}`,
      [
        { id: "m.open.1760000000", type: "open", timeMs: 1_760_000_000_000, key: "m", contentType: "application/json" },
        { id: "m.click.1760000000", type: "click", timeMs: 1_760_000_000_000, key: "m", contentType: "application/json" },
      ],
    ],
    [
      "gocardless",
      '{"events":[{"id":"EV1","created_at":"2025-10-09T08:53:20.000Z","resource_type":"payments","action":"confirmed"}],"meta":{"webhook_id":"WB1"}}',
      [{ id: "EV1", type: "payments.confirmed", timeMs: 1_760_000_000_000 }],
    ],
    [
      "xero",
      '{"events":[{"resourceId":"r1","eventDateUtc":"2025-10-09T08:53:20","eventCategory":"INVOICE","eventType":"UPDATE"}]}',
      [{ id: "2025-10-09T08:53:20.r1", type: "INVOICE.UPDATE", key: "r1" }],
    ],
    [
      "quickbooks",
      '{"eventNotifications":[{"realmId":"1","dataChangeEvent":{"entities":[{"name":"Customer","operation":"Create"}]}}]}',
      [{ type: "Customer.Create", key: "1" }],
    ],
    [
      "adyen",
      '{"live":"false","notificationItems":[{"NotificationRequestItem":{"pspReference":"p1","eventCode":"AUTHORISATION","eventDate":"2025-10-09T10:53:20+02:00"}}]}',
      [{ id: "p1:AUTHORISATION", type: "AUTHORISATION", timeMs: 1_760_000_000_000, key: "p1" }],
    ],
    [
      "azure-eventgrid",
      '[{"id":"e1","eventType":"a.b","eventTime":"2025-10-09T08:53:20.0000000Z","subject":"s"}]',
      [{ id: "e1", type: "a.b", timeMs: 1_760_000_000_000, key: "s" }],
    ],
    [
      "microsoft-graph",
      '{"value":[{"id":"n1","changeType":"updated","resource":"users/1","clientState":"x"}]}',
      [{ id: "n1", type: "updated", key: "users/1" }],
    ],
    ["pusher", '{"time_ms":1760000000000,"events":[{"name":"channel_occupied","channel":"c"}]}', [{ type: "channel_occupied", key: "c" }]],
    [
      "klaviyo",
      '{"data":[{"external_id":"k1","topic":"event:klaviyo.sent_sms","payload":{"data":{"attributes":{"datetime":"2025-10-09T08:53:20+00:00"}}}}]}',
      [{ id: "k1", type: "event:klaviyo.sent_sms", timeMs: 1_760_000_000_000 }],
    ],
  ])("%s", (provider, body, items) => {
    expect(facts(split(provider, body))).toEqual(items);
  });

  test("all with a rule have a row above", () => {
    expect(providers.filter(({ batch }) => batch !== undefined)).toHaveLength(15);
  });

  test("a batch of CloudEvents, at every provider that understands them", () => {
    const body =
      '[{"specversion":"1.0","id":"1","source":"/a","type":"t","time":"2025-10-09T08:53:20Z","subject":"s"}, {"id":"2","source":"/a"}]';
    const headers = { "content-type": "application/cloudevents-batch+json; charset=utf-8" };
    for (const provider of ["cloudevents", "none", "token", "basic", "hmac", "standard-webhooks", "azure-eventgrid"]) {
      expect(facts(split(provider, body, headers))).toEqual([
        { id: "/a 1", type: "t", timeMs: 1_760_000_000_000, key: "s", contentType: "application/cloudevents+json" },
        { id: "/a 2", contentType: "application/cloudevents+json" },
      ]);
    }
    expect(split("none", body)).toBeUndefined();
    expect(split("github", body, headers)).toBeUndefined();
  });
});

describe("items", () => {
  test("are the bytes of the body: numbers, escapes, spaces and order stay", () => {
    const items = ['{"a":12345678901234567890,"b":1.0}', '{ "x" : "\\u00e9\\/é" }', '{"eventId":1,"eventId":2}', "{}"];
    const body = `[ ${items.join(" ,\n")}\t]\r\n`;
    expect(texts(split("hubspot", body))).toEqual(items);
    expect(split("hubspot", body)?.[2]).toMatchObject({ id: "2" });
  });

  test("whatever JSON they are", () => {
    const item = fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue()).map((record) => JSON.stringify(record));
    fc.assert(
      fc.property(fc.array(item), fc.constantFrom("sendgrid", "line", "okta", "mandrill"), (items, provider) => {
        const list = `[${items.join(", ")}]`;
        const bodies: Record<string, string> = {
          sendgrid: list,
          line: `{"events":[{}],"destination":"U", "events" : ${list}}`,
          okta: `{"data":{"events":${list}}}`,
          mandrill: new URLSearchParams({ mandrill_events: list }).toString(),
        };
        expect(texts(split(provider, bodies[provider]!))).toEqual(items);
      }),
    );
  });

  test("an empty batch is an empty list, and anything else is no batch", () => {
    expect(split("sendgrid", "[]")).toEqual([]);
    expect(split("xero", '{"events":[]}')).toEqual([]);
    for (const body of ["", "{}", "null", "[1]", "[{}, null]", "[[]]", "[{}", "[{},]", "[{}] x", '{"events":{}}', "[{'a':1}]"])
      expect(split("sendgrid", body)).toBeUndefined();
    for (const body of ['{"events":{}}', '{"events":null}', '{"data":{"events":[]}}', "[]"]) expect(split("line", body)).toBeUndefined();
    expect(splitBatch("sendgrid", { headers: {}, body: Uint8Array.of(0x5b, 0x22, 0xff, 0x22, 0x5d) })).toBeUndefined();
    expect(split("mandrill", "mandrill_events=[]&mandrill_events=[]")).toBeUndefined();
    expect(split("stripe", "[{}]")).toBeUndefined();
    expect(split("nobody", "[{}]")).toBeUndefined();
  });

  test("have a bound in number and depth, and cost time in proportion to the body", () => {
    const list = (count: number): string => `[${Array.from({ length: count }, () => "{}").join(",")}]`;
    expect(split("sendgrid", list(limits.batchItemsMax))).toHaveLength(limits.batchItemsMax);
    expect(split("sendgrid", list(limits.batchItemsMax + 1))).toBeUndefined();
    expect(split("sendgrid", `[{"a":${"[".repeat(1_000_000)}`)).toBeUndefined();
    expect(split("sendgrid", `[{"a":${"[".repeat(200)}${"]".repeat(200)}}]`)).toBeUndefined();
  });

  test("of hostile bodies never throw", () => {
    const record = fc.constantFrom(...providers);
    const body = fc.oneof(
      fc.json(),
      fc.string(),
      fc.uint8Array(),
      fc.json().map((json) => `mandrill_events=${json}`),
      fc.json().map((json) => `{"events":[${json}]}`),
    );
    fc.assert(
      fc.property(record, body, (provider, bytes) => {
        splitBatch(provider, { headers: {}, body: bytes });
        batchId(provider, { headers: [], body: bytes });
      }),
      { numRuns: 2000 },
    );
    for (const value of [null, undefined, {}, { body: {} }]) expect(splitBatch("sendgrid", value as never)).toBeUndefined();
  });
});

describe("the id of a whole batch", () => {
  const idOf = (ids: readonly unknown[]): string | undefined =>
    batchId("sendgrid", { headers: {}, body: JSON.stringify(ids.map((id) => (id === undefined ? {} : { sg_event_id: id }))) });

  test("is all ids, hashed where they are long, and absent where one is missing", () => {
    expect(idOf(["a"])).toBe("a");
    expect(idOf(["a", "b"])).toBe("a,b");
    expect(idOf(["a,b"])).not.toBe(idOf(["a", "b"]));
    expect(idOf(["a", undefined])).toBeUndefined();
    expect(idOf([])).toBeUndefined();
    const many = Array.from({ length: 1000 }, (_, index) => `event-${index}`);
    expect(idOf(many)).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(idOf(many.toReversed())).not.toBe(idOf(many));
    expect(batchId("asana", { headers: {}, body: '{"events":[{}]}' })).toBeUndefined();
  });

  test("tells batches apart that start with the same event, and is the same for the same", () => {
    const ids = fc.array(
      fc.string({ minLength: 1, maxLength: 300, unit: fc.constantFrom("a", ",", "b") }).filter((id) => id.length <= 256),
      { minLength: 1, maxLength: 5 },
    );
    fc.assert(
      fc.property(ids, ids, (first, second) => {
        expect(idOf(first) === idOf(second)).toBe(JSON.stringify(first) === JSON.stringify(second));
      }),
    );
  });
});
