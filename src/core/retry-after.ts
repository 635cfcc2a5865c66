// The Retry-After header, read strictly: whole seconds or one of the three date forms of RFC 9110; the rest is ignored.

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)";
const LONG_DAY = "(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day";
const TIME = "(?<hour>\\d\\d):(?<minute>\\d\\d):(?<second>\\d\\d)";
const MONTH = `(?<month>${MONTHS.join("|")})`;

const DATE_FORMS = [
  // Sun, 06 Nov 1994 08:49:37 GMT
  new RegExp(`^${DAY}, (?<day>\\d\\d) ${MONTH} (?<year>\\d{4}) ${TIME} GMT$`),
  // Sunday, 06-Nov-94 08:49:37 GMT (obsolete, but a recipient must read it)
  new RegExp(`^${LONG_DAY}, (?<day>\\d\\d)-${MONTH}-(?<year>\\d\\d) ${TIME} GMT$`),
  // Sun Nov  6 08:49:37 1994 (obsolete, as above)
  new RegExp(`^${DAY} ${MONTH} (?<day>[ \\d]\\d) ${TIME} (?<year>\\d{4})$`),
];

const VALUE_CHARACTERS_MAX = 40;

/** Milliseconds to wait from `nowMs`, 0 for a date that has passed, or null when the value is neither form. Not clamped. */
export function parseRetryAfter(value: string | undefined, nowMs: number): number | null {
  if (value === undefined || value.length > VALUE_CHARACTERS_MAX) return null;
  const text = value.trim();
  // Number() alone would also take "", "1e3", "0x10" and " 5 ".
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const atMs = parseHttpDate(text, nowMs);
  return atMs === null ? null : Math.max(0, atMs - nowMs);
}

function parseHttpDate(text: string, nowMs: number): number | null {
  for (const form of DATE_FORMS) {
    const parts = form.exec(text)?.groups;
    if (parts === undefined) continue;
    const [day, hour, minute, second] = [parts.day, parts.hour, parts.minute, parts.second].map(Number) as [number, number, number, number];
    const month = MONTHS.indexOf(parts.month!);
    const year = parts.year!.length === 2 ? fullYear(Number(parts.year), nowMs) : Number(parts.year);
    if (hour > 23 || minute > 59 || second > 60 || year < 1970) return null;
    const atMs = Date.UTC(year, month, day, hour, minute, second);
    // Date.UTC rolls 31 June over into July; such a date is garbage.
    return new Date(Date.UTC(year, month, day)).getUTCDate() === day ? atMs : null;
  }
  return null;
}

/** RFC 9110: a two-digit year that looks more than 50 years ahead is in the past. */
function fullYear(twoDigits: number, nowMs: number): number {
  const thisYear = new Date(nowMs).getUTCFullYear();
  const year = thisYear - (thisYear % 100) + twoDigits;
  return year > thisYear + 50 ? year - 100 : year;
}
