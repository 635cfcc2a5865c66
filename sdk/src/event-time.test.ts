// Event time and key: which spellings are a time, and where the first providers keep theirs.
import fc from "fast-check";
import { expect, test } from "vitest";
import { timeOf } from "./event-time.ts";
import { extract, type Provider } from "./index.ts";

const MAX_MS = Date.UTC(10_000, 0) - 1;

test("every millisecond between 1970 and 9999 is read back from every unit", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: MAX_MS }), (ms) => {
      const seconds = Math.floor(ms / 1000);
      expect([timeOf(ms, "ms"), timeOf(String(ms), "ms"), timeOf(new Date(ms).toISOString(), "rfc3339")]).toEqual([ms, ms, ms]);
      expect([timeOf(seconds, "s"), timeOf(String(seconds), "s")]).toEqual([seconds * 1000, seconds * 1000]);
    }),
  );
});

test.each([
  ["1760000000.000200", "s", 1_760_000_000_000],
  [1_760_000_000.75, "s", 1_760_000_000_750],
  ["2018-01-25T22:12:19.4556811Z", "rfc3339", 1_516_918_339_455],
  ["2025-10-09T10:53:20+02:00", "rfc3339", 1_760_000_000_000],
  ["2025-10-09t08:53:20z", "rfc3339", 1_760_000_000_000],
  ["2024-02-29T00:00:00Z", "rfc3339", 1_709_164_800_000],
] as const)("%s in %s is %d", (value, unit, ms) => {
  expect(timeOf(value, unit)).toBe(ms);
});

test.each([
  [-1, "s"],
  ["-1", "s"],
  [Number.NaN, "ms"],
  [Number.POSITIVE_INFINITY, "ms"],
  [MAX_MS + 1, "ms"],
  [1_760_000_000_000, "s"],
  ["1e9", "s"],
  ["0x10", "s"],
  [" 1", "s"],
  ["", "s"],
  [null, "s"],
  [true, "s"],
  [{}, "ms"],
  ["2025-02-30T00:00:00Z", "rfc3339"],
  ["2025-13-01T00:00:00Z", "rfc3339"],
  ["2025-10-09", "rfc3339"],
  ["2025-10-09T08:53:20", "rfc3339"],
  ["2025-10-09T25:00:00Z", "rfc3339"],
  ["Thu, 09 Oct 2025 08:53:20 GMT", "rfc3339"],
  ["9999-12-31T23:59:59-23:59", "rfc3339"],
  [1_760_000_000, "rfc3339"],
] as const)("%s in %s is no time", (value, unit) => {
  expect(timeOf(value, unit)).toBeUndefined();
});

test("any value gives a whole millisecond in range, or nothing", () => {
  fc.assert(
    fc.property(fc.anything(), fc.constantFrom("s" as const, "ms" as const, "rfc3339" as const, "http-date" as const), (value, unit) => {
      const ms = timeOf(value, unit);
      expect(ms === undefined || (Number.isInteger(ms) && ms >= 0 && ms <= MAX_MS)).toBe(true);
    }),
  );
});

test.each([
  ["stripe", { created: 1_760_000_000, data: { object: { id: "in_1" } } }, { timeMs: 1_760_000_000_000, key: "in_1" }],
  ["stripe", { created: "2025-10-09T08:53:20.000Z", related_object: { id: "mtr_1" } }, { timeMs: 1_760_000_000_000, key: "mtr_1" }],
  [
    "github",
    { repository: { full_name: "a/b" }, pull_request: { number: 7, updated_at: "2025-10-09T08:53:20Z" } },
    { timeMs: 1_760_000_000_000, key: "a/b#7" },
  ],
  [
    "github",
    { repository: { full_name: "a/b" }, head_commit: { timestamp: "2025-10-09T10:53:20+02:00" } },
    { timeMs: 1_760_000_000_000, key: "a/b" },
  ],
  [
    "slack",
    { event_time: 1_760_000_000, event: { type: "message", event_ts: "1760000000.500000", channel: "C1" } },
    { timeMs: 1_760_000_000_500, key: "C1" },
  ],
  [
    "slack",
    { event_time: 1_760_000_000, event: { type: "channel_created", channel: { id: "C2" } } },
    { timeMs: 1_760_000_000_000, key: "C2" },
  ],
  ["linear", { createdAt: "2025-10-09T08:53:20.000Z", data: { id: "x" } }, { timeMs: 1_760_000_000_000, key: "x" }],
  ["linear", { webhookTimestamp: 1_760_000_000_000 }, { timeMs: 1_760_000_000_000 }],
] as const)("%s of %j", (provider, body, facts) => {
  const { timeMs, key } = extract(provider, { headers: {}, body: JSON.stringify(body) });
  expect({ timeMs, key }).toEqual({ key: undefined, ...facts });
});

test("only what is wanted is read", () => {
  const request = { headers: { "x-github-delivery": "d1", "x-github-event": "push" }, body: '{"repository":{"full_name":"a/b"}}' };
  expect(extract("github", request, ["id", "type"])).toEqual({ id: "d1", type: "push" });
  expect(extract("github", request, ["key"])).toEqual({ key: "a/b" });
});

test("the first location that holds a time counts", () => {
  const own = {
    id: "x",
    scheme: { kind: "none" },
    eventId: [],
    eventType: [],
    eventTime: [
      { from: "header:x-time", unit: "s" },
      { from: "json:t", unit: "ms" },
    ],
  };
  const read = (time: string) => extract(own as unknown as Provider, { headers: { "x-time": time }, body: '{"t":5}' });
  expect([read("2"), read("soon")]).toEqual([{ timeMs: 2000 }, { timeMs: 5 }]);
});
