// Encodings agree with Node's where Node is strict, and refuse where Node repairs.
import fc from "fast-check";
import { expect, test } from "vitest";
import { decode, encode, type Encoding } from "./encoding.ts";

const encodings: Encoding[] = ["hex", "base64", "base64url"];

test.each(encodings)("%s: round trip, equal to Node's", (encoding) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const text = Buffer.from(bytes).toString(encoding);
      expect(encode(encoding, bytes)).toBe(text);
      expect(decode(encoding, text)).toEqual(bytes);
      expect(decode(encoding, `ab${text}cd`, 2, text.length + 2)).toEqual(bytes);
    }),
  );
});

test.each(encodings)("%s: any other text is refused", (encoding) => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(..."aF09+/-_= \u0141\n".split("")) }), (text) => {
      const bytes = decode(encoding, text);
      expect(bytes === undefined).toBe(!isStrict(encoding, text));
    }),
    { numRuns: 2000 },
  );
});

function isStrict(encoding: Encoding, text: string): boolean {
  if (encoding === "hex") return /^(?:[0-9a-fA-F]{2})*$/.test(text);
  const shape =
    encoding === "base64"
      ? /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
      : /^(?:[\w-]{4})*(?:[\w-]{2}(?:==)?|[\w-]{3}=?)?$/;
  return shape.test(text) && Buffer.from(text, encoding).toString(encoding).replace(/=+$/, "") === text.replace(/=+$/, "");
}
