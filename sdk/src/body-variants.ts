// The ways in which frameworks, proxies and editors change a body between signing and verification.
import { utf8Text } from "./encoding.ts";
import { limits } from "./limits.ts";

export interface BodyVariant {
  readonly code: "body_reserialized" | "body_newline" | "body_line_ends";
  /** Completes "The signature verifies when …". */
  readonly when: string;
  readonly body: string;
}

/** Each variant differs from the body given. Never throws; nothing for bodies that are no UTF-8 or above 1 MiB. */
export function bodyVariants(body: Uint8Array | string): BodyVariant[] {
  if (body.length > limits.diagnoseBodyBytesMax) return [];
  const text = utf8Text(body);
  if (text === undefined) return [];
  const variants: BodyVariant[] = [
    { code: "body_newline", when: "the line break at the end of the body is removed", body: text.replace(/\r?\n$/, "") },
    { code: "body_newline", when: "a line break is added at the end of the body", body: `${text}\n` },
    { code: "body_newline", when: "a line break (CRLF) is added at the end of the body", body: `${text}\r\n` },
    { code: "body_line_ends", when: "CRLF line ends in the body become LF", body: text.replaceAll("\r\n", "\n") },
    { code: "body_line_ends", when: "LF line ends in the body become CRLF", body: text.replace(/\r?\n/g, "\r\n") },
    // Last, because a lost line break at the end is also repaired by writing the JSON again, but is said more exactly above.
    ...jsonVariants(text),
  ];
  return variants.filter((variant) => variant.body !== text);
}

function jsonVariants(text: string): BodyVariant[] {
  try {
    const value: unknown = JSON.parse(text);
    return [
      { code: "body_reserialized", when: "the JSON body is written compactly", body: JSON.stringify(value) },
      { code: "body_reserialized", when: "the JSON body is written with an indent of 2 spaces", body: JSON.stringify(value, null, 2) },
    ];
  } catch {
    // No JSON, or nested too deeply to be written again.
    return [];
  }
}
