// X.509 certificates (RFC 5280): the key inside and how long it is valid. Who issued it is not looked at here: a
// certificate is trusted because it was pinned, or because it came over TLS from an exact address of the vendor.
import { children, type Element, fieldsOf, tags } from "./der.ts";
import { decode } from "./encoding.ts";

export interface Certificate {
  /** SubjectPublicKeyInfo in DER. */
  readonly spki: Uint8Array;
  /** Unix time in milliseconds, both edges included. */
  readonly validFromMs: number;
  readonly validToMs: number;
}

/** The first PEM block of the label; undefined when the text does not start with one. */
export function pemBytes(text: string, label: string): Uint8Array | undefined {
  const [begin, end] = [`-----BEGIN ${label}-----`, `-----END ${label}-----`];
  if (!text.startsWith(begin)) return undefined;
  // Only the first block counts: a file with a chain starts with the certificate of the signer.
  const stop = text.indexOf(end);
  return stop < 0 ? undefined : decode("base64", text.slice(begin.length, stop).replaceAll(/[\r\n]/g, ""));
}

/** The first certificate of a PEM text, or undefined when it is none. */
export function parseCertificate(text: string): Certificate | undefined {
  const bytes = pemBytes(text.trim(), "CERTIFICATE");
  if (bytes === undefined) return undefined;
  // Certificate { tbs { [0] version?, serial, algorithm, issuer, validity, subject, subjectPublicKeyInfo, … }, … }
  const [certificate] = children(bytes, 0, bytes.length) ?? [];
  const fields = fieldsOf(bytes, fieldsOf(bytes, certificate)[0]);
  const first = fields[0]?.tag === tags.explicitVersion ? 1 : 0;
  const [from, to] = fieldsOf(bytes, fields[first + 3]);
  const spki = fields[first + 5];
  const [validFromMs, validToMs] = [timeOf(bytes, from), timeOf(bytes, to)];
  if (spki?.tag !== tags.sequence || validFromMs === undefined || validToMs === undefined) return undefined;
  return { spki: bytes.subarray(spki.at, spki.end), validFromMs, validToMs };
}

// Certificates write their times in UTC with seconds, two digits of the year up to 2049 (RFC 5280, 4.1.2.5).
function timeOf(bytes: Uint8Array, time: Element | undefined): number | undefined {
  if (time?.tag !== tags.utcTime && time?.tag !== tags.generalizedTime) return undefined;
  const text = String.fromCharCode(...bytes.subarray(time.start, Math.min(time.end, time.start + 16)));
  const [, year = "", ...rest] = /^(\d{2}|\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/.exec(text) ?? [];
  if (year.length !== (time.tag === tags.utcTime ? 2 : 4)) return undefined;
  const [month = 0, day = 0, hour = 0, minute = 0, second = 0] = rest.map(Number);
  const fullYear = year.length === 4 ? Number(year) : Number(year) + (Number(year) < 50 ? 2000 : 1900);
  return Date.UTC(fullYear, month - 1, day, hour, minute, second);
}
