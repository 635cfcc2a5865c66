// Strict hex and base64: what is not exactly one spelling of the bytes is refused, never repaired.
//
// Buffer.from() truncates at the first bad hex digit and skips garbage, inner spaces and url-safe letters in base64,
// so a "decoded" signature could be empty or shorter than the digest. These decoders return undefined instead, and
// they also refuse base64 whose unused last bits are set, so that two texts never stand for the same signature.

/** How a signature or a secret is written. `hex` accepts upper case; `base64` wants padding, `base64url` allows it. */
export type Encoding = "hex" | "base64" | "base64url";

const BASE64_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE64URL_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const INVALID = 255;

const hexValues = valuesOf("0123456789abcdef");
for (let index = 0; index < 6; index++) hexValues["A".charCodeAt(0) + index] = 10 + index;
const base64Values = valuesOf(BASE64_LETTERS);
const base64urlValues = valuesOf(BASE64URL_LETTERS);
const hexPairs = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

function valuesOf(letters: string): Uint8Array {
  const values = new Uint8Array(256).fill(INVALID);
  for (let index = 0; index < letters.length; index++) values[letters.charCodeAt(index)] = index;
  return values;
}

// A code above 255 reads undefined from the table; `?? INVALID` refuses it like any other foreign letter.
function valueAt(table: Uint8Array, text: string, index: number): number {
  return table[text.charCodeAt(index)] ?? INVALID;
}

/** The bytes of `text` between `from` and `to`, or undefined when that is not exactly this encoding of some bytes. */
export function decode(encoding: Encoding, text: string, from = 0, to = text.length): Uint8Array | undefined {
  if (to < from) return undefined;
  if (encoding === "hex") return decodeHex(text, from, to);
  if (encoding === "base64") return decodeBase64(text, from, to, base64Values, "required");
  return decodeBase64(text, from, to, base64urlValues, "optional");
}

/** Base64 of a configured secret: as strict as a signature, but padding may be left out, as some dashboards do. */
export function decodeBase64Secret(text: string): Uint8Array | undefined {
  return decodeBase64(text, 0, text.length, base64Values, "optional");
}

function decodeHex(text: string, from: number, to: number): Uint8Array | undefined {
  if ((to - from) % 2 !== 0) return undefined;
  const bytes = new Uint8Array((to - from) / 2);
  let seen = 0;
  for (let index = 0; index < bytes.length; index++) {
    const high = valueAt(hexValues, text, from + index * 2);
    const low = valueAt(hexValues, text, from + index * 2 + 1);
    seen |= high | low;
    bytes[index] = (high << 4) | low;
  }
  return seen > 15 ? undefined : bytes;
}

function decodeBase64(text: string, from: number, to: number, table: Uint8Array, padding: "required" | "optional"): Uint8Array | undefined {
  let end = to;
  while (end > from && end > to - 2 && text.charCodeAt(end - 1) === 0x3d) end--;
  if ((end !== to || padding === "required") && (to - from) % 4 !== 0) return undefined;
  const rest = (end - from) % 4;
  if (rest === 1) return undefined;
  const bytes = new Uint8Array(((end - from) >> 2) * 3 + (rest === 0 ? 0 : rest - 1));
  let seen = 0;
  let length = 0;
  let index = from;
  // Whole groups of four letters first: that is twice as fast as letter by letter.
  for (; index + 4 <= end; index += 4) {
    const a = valueAt(table, text, index);
    const b = valueAt(table, text, index + 1);
    const c = valueAt(table, text, index + 2);
    const d = valueAt(table, text, index + 3);
    seen |= a | b | c | d;
    bytes[length++] = (a << 2) | (b >> 4);
    bytes[length++] = (b << 4) | (c >> 2);
    bytes[length++] = (c << 6) | d;
  }
  if (rest === 0) return seen > 63 ? undefined : bytes;
  const a = valueAt(table, text, index);
  const b = valueAt(table, text, index + 1);
  const c = rest === 3 ? valueAt(table, text, index + 2) : 0;
  bytes[length++] = (a << 2) | (b >> 4);
  if (rest === 3) bytes[length] = (b << 4) | (c >> 2);
  const unused = rest === 3 ? c & 3 : b & 15;
  return (seen | a | b | c) > 63 || unused !== 0 ? undefined : bytes;
}

/** `bytes` written in `encoding`: lower-case hex, base64 with padding, base64url without. */
export function encode(encoding: Encoding, bytes: Uint8Array): string {
  if (encoding === "hex") {
    let text = "";
    for (const byte of bytes) text += hexPairs[byte];
    return text;
  }
  const letters = encoding === "base64" ? BASE64_LETTERS : BASE64URL_LETTERS;
  let text = "";
  for (let index = 0; index < bytes.length; index += 3) {
    const [first = 0, second = 0, third = 0] = [bytes[index], bytes[index + 1], bytes[index + 2]];
    const left = bytes.length - index;
    text += letters.charAt(first >> 2) + letters.charAt(((first & 3) << 4) | (second >> 4));
    if (left > 1) text += letters.charAt(((second & 15) << 2) | (third >> 6));
    if (left > 2) text += letters.charAt(third & 63);
    if (left < 3 && encoding === "base64") text += left === 1 ? "==" : "=";
  }
  return text;
}

const utf8Encoder = new TextEncoder();
const utf8Decoder = new TextDecoder("utf-8", { fatal: true });

/** The UTF-8 bytes of a text. */
export function utf8(text: string): Uint8Array {
  return utf8Encoder.encode(text);
}

/** The text of UTF-8 bytes, or undefined when they are not UTF-8: two different byte strings never give one text. */
export function utf8Text(bytes: Uint8Array | string): string | undefined {
  if (typeof bytes === "string") return bytes;
  try {
    return utf8Decoder.decode(bytes);
  } catch {
    return undefined;
  }
}
