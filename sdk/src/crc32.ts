// CRC-32 (ISO-HDLC, the one of zip and PNG), which PayPal signs in place of the body.
import { utf8 } from "./encoding.ts";

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value >>> 0;
});

export function crc32(body: Uint8Array | string): number {
  let value = 0xffffffff;
  for (const byte of typeof body === "string" ? utf8(body) : body) value = (table[(value ^ byte) & 255] ?? 0) ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}
