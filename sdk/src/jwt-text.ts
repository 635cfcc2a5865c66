// A JSON Web Token as text (RFC 7515, compact form), split and decoded strictly; nothing is verified here.
import { decode, utf8Text } from "./encoding.ts";
import { jsonObject } from "./json.ts";
import { limits } from "./limits.ts";

export interface JwtText {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  /** The first two parts and the dot between them, which are what is signed. */
  readonly signed: string;
  readonly signature: Uint8Array;
}

// Padding is not allowed in a token, and a decoder that takes it would let one token have several spellings.
const PART = /^[A-Za-z0-9_-]+$/;

/** Undefined for anything but three parts of strict base64url with a JSON object in the first two. */
export function parseJwt(token: string): JwtText | undefined {
  if (token.length > limits.jwtCharsMax) return undefined;
  const parts = token.split(".");
  const [first = "", second = "", third = ""] = parts;
  if (parts.length !== 3 || !parts.every((part) => PART.test(part))) return undefined;
  const [header, claims, signature] = [jsonPart(first), jsonPart(second), decode("base64url", third)];
  if (header === undefined || claims === undefined || signature === undefined) return undefined;
  return { header, claims, signed: `${first}.${second}`, signature };
}

/** The claims of a token that was verified before, or undefined. */
export function jwtClaims(token: string): Readonly<Record<string, unknown>> | undefined {
  return parseJwt(token)?.claims;
}

function jsonPart(part: string): Readonly<Record<string, unknown>> | undefined {
  const bytes = decode("base64url", part);
  const text = bytes && utf8Text(bytes);
  return text === undefined ? undefined : jsonObject(text);
}
