// Timestamps of signatures: strict parsing, the tolerance check, and writing them when we sign.
import type { TimestampUnit } from "./provider.ts";
import { failure, type VerifyFailure } from "./result.ts";

// Number() takes "", "1e10", " 1 " and "0x65"; parseInt takes "1700000000abc". Only plain digits are a timestamp.
// 12 digits of seconds reach the year 33658; milliseconds need three more. 13 digits of seconds are milliseconds.
const SECONDS = /^\d{1,12}$/;
const MILLISECONDS = /^\d{1,15}$/;
const RFC3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;

/** The instant in milliseconds, or undefined for anything but the exact format of the unit. */
export function parseTimestamp(text: string, unit: TimestampUnit): number | undefined {
  switch (unit) {
    case "s":
      return SECONDS.test(text) ? Number(text) * 1000 : undefined;
    case "ms":
      return MILLISECONDS.test(text) ? Number(text) : undefined;
    case "rfc3339": {
      if (!RFC3339.test(text)) return undefined;
      const instant = Date.parse(text);
      return Number.isNaN(instant) ? undefined : instant;
    }
    case "http-date":
      return parseHttpDate(text);
  }
}

const HTTP_DATE = /^[A-Z][a-z]{2}, (\d{2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT$/;
const MONTHS: readonly string[] = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

// Date.parse takes "1", "Thu 9 October" and a wrong day of the week; what is read here is written back and must be the same.
function parseHttpDate(text: string): number | undefined {
  const [, day, month = "", year, ...time] = HTTP_DATE.exec(text) ?? [];
  const [hour, minute, second] = time.map(Number);
  const instant = Date.UTC(Number(year), MONTHS.indexOf(month), Number(day), hour, minute, second);
  return !Number.isNaN(instant) && formatTimestamp(instant, "http-date") === text ? instant : undefined;
}

export function formatTimestamp(timestampMs: number, unit: TimestampUnit): string {
  switch (unit) {
    case "s":
      return String(Math.floor(timestampMs / 1000));
    case "ms":
      return String(Math.round(timestampMs));
    case "rfc3339":
      return new Date(timestampMs).toISOString();
    case "http-date":
      return new Date(timestampMs).toUTCString();
  }
}

export interface TimestampCheck {
  readonly unit: TimestampUnit;
  /** Undefined: every age is accepted. */
  readonly toleranceSeconds: number | undefined;
  readonly future: boolean;
  /** With `future`: the largest accepted lead; undefined: the tolerance. */
  readonly aheadSeconds?: number | undefined;
}

const UNIT_NAMES: Readonly<Record<TimestampUnit, string>> = {
  s: "whole Unix seconds",
  ms: "whole Unix milliseconds",
  rfc3339: "an RFC 3339 time",
  "http-date": "a date of HTTP, such as Thu, 09 Oct 2025 08:53:20 GMT",
};

/** The failure of a timestamp against now, or undefined when it is fine. Both edges of the tolerance are inside. */
export function checkTimestamp(text: string, check: TimestampCheck, nowMs: number): VerifyFailure | undefined {
  const instant = parseTimestamp(text, check.unit);
  if (instant === undefined) return failure("malformed_timestamp", `The timestamp of the request is not ${UNIT_NAMES[check.unit]}.`);
  const tolerance = check.toleranceSeconds;
  if (tolerance === undefined) return undefined;
  // Whole seconds are compared with whole seconds, as the vendors' libraries do: at age 300.9 s a tolerance of 300 holds.
  const now = check.unit === "s" ? Math.floor(nowMs / 1000) * 1000 : nowMs;
  const ageSeconds = (now - instant) / 1000;
  // Written so that NaN fails: `age > tolerance` is false for NaN and would let the request pass.
  if (!(ageSeconds <= tolerance)) {
    return failure("timestamp_too_old", `The timestamp is ${Math.floor(ageSeconds)} s old; the tolerance is ${tolerance} s.`);
  }
  const ahead = check.aheadSeconds ?? tolerance;
  if (check.future && !(-ageSeconds <= ahead)) {
    return failure("timestamp_in_future", `The timestamp is ${Math.ceil(-ageSeconds)} s ahead of the clock; the tolerance is ${ahead} s.`);
  }
  return undefined;
}
