// ECDSA signatures of P-256 in DER and as two numbers side by side, which is the only form WebCrypto knows.
import { concat, element, integer, tags } from "./der.ts";

const NUMBER_BYTES = 32;

/**
 * The 64 bytes of a signature in DER, or undefined. One pair of numbers has exactly one spelling: a negative number, a
 * zero more in front than its sign needs, a long form of a length or anything behind the pair is refused, as OpenSSL does.
 */
export function rawOfDer(der: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  if (der[0] !== tags.sequence || der[1] !== der.length - 2 || der.length > 72) return undefined;
  const first = numberAt(der, 2);
  const second = first === undefined ? undefined : numberAt(der, first.end);
  if (first === undefined || second?.end !== der.length) return undefined;
  return concat(first.bytes, second.bytes);
}

function numberAt(der: Uint8Array, at: number): { readonly bytes: Uint8Array; readonly end: number } | undefined {
  const [tag, length = 0, first = 0x80, next = 0] = der.subarray(at, at + 4);
  const end = at + 2 + length;
  if (tag !== tags.integer || length < 1 || end > der.length || first >= 0x80) return undefined;
  if (first === 0 && length > 1 && next < 0x80) return undefined;
  const digits = der.subarray(at + 2 + (first === 0 ? 1 : 0), end);
  if (digits.length > NUMBER_BYTES) return undefined;
  return { bytes: concat(new Uint8Array(NUMBER_BYTES - digits.length), digits), end };
}

/** The DER of a signature of 64 bytes. */
export function derOfRaw(raw: Uint8Array): Uint8Array<ArrayBuffer> {
  return element(tags.sequence, integer(withoutZeros(raw.subarray(0, NUMBER_BYTES))), integer(withoutZeros(raw.subarray(NUMBER_BYTES))));
}

function withoutZeros(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex((byte) => byte !== 0);
  return bytes.subarray(first < 0 ? bytes.length - 1 : first);
}
