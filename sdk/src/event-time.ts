// When an event happened, as a provider writes it: more lenient than the timestamps of signatures, because nothing is accepted or refused by it.
import type { TimestampUnit } from "./provider.ts";
import { parseTimestamp } from "./timestamp.ts";

/** The last millisecond of the year 9999, beyond which times cannot be written in four digits. */
const MAX_MS = 253_402_300_799_999;

// Fractions as in Slack's "1760000000.000200"; an exponent or a sign is no time.
const DECIMAL = /^\d{1,15}(?:\.\d{1,12})?$/;
const RFC3339 = /^(\d{4})-(\d{2})-(\d{2})[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d{1,12})?(?:[Zz]|[+-]\d{2}:\d{2})$/;

/** Unix milliseconds, whole; undefined for what is no time of this unit between the years 1970 and 9999. */
export function timeOf(value: unknown, unit: TimestampUnit): number | undefined {
  const instant = instantOf(value, unit);
  // Written so that NaN fails.
  return instant >= 0 && instant <= MAX_MS ? Math.floor(instant) : undefined;
}

function instantOf(value: unknown, unit: TimestampUnit): number {
  switch (unit) {
    case "s":
      return numberOf(value) * 1000;
    case "ms":
      return numberOf(value);
    case "rfc3339":
      return dateOf(value);
    case "http-date":
      return (typeof value === "string" ? parseTimestamp(value, unit) : undefined) ?? Number.NaN;
  }
}

/** Whether a text is a time of RFC 3339, of whatever year. */
export function isRfc3339(text: unknown): boolean {
  return !Number.isNaN(dateOf(text));
}

function numberOf(value: unknown): number {
  if (typeof value === "number") return value;
  return typeof value === "string" && DECIMAL.test(value) ? Number(value) : Number.NaN;
}

function dateOf(value: unknown): number {
  const [text, year = "", month = "", day = ""] = (typeof value === "string" && RFC3339.exec(value)) || [];
  if (text === undefined) return Number.NaN;
  // Date.parse takes the 30th of February for the 2nd of March.
  if (new Date(Date.UTC(Number(year), Number(month) - 1, Number(day))).getUTCDate() !== Number(day)) return Number.NaN;
  return Date.parse(text.toUpperCase().replace(" ", "T"));
}
