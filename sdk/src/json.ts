// Reading one value out of a JSON body, without ever throwing.
import { utf8Text } from "./encoding.ts";

const NOT_JSON = Symbol("not JSON");

/** The parsed value, or NOT_JSON; `null` counts as NOT_JSON, because there is nothing in it. */
export function parseJson(body: Uint8Array | string): unknown {
  const text = utf8Text(body);
  if (text === undefined) return NOT_JSON;
  try {
    return JSON.parse(text) ?? NOT_JSON;
  } catch {
    return NOT_JSON;
  }
}

/** Only own keys are followed, so `__proto__` and `constructor` lead nowhere; the depth is that of the path. */
export function valueAt(root: unknown, keys: readonly string[]): unknown {
  let value = root;
  for (const key of keys) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[key];
  }
  return value;
}

/** A copy of an object with the value at the path; what stands on the way and is no object becomes one. */
export function withValueAt(
  root: Readonly<Record<string, unknown>>,
  [key = "", ...rest]: readonly string[],
  value: unknown,
): Readonly<Record<string, unknown>> {
  const inner = Object.hasOwn(root, key) ? root[key] : undefined;
  return { ...root, [key]: rest.length === 0 ? value : withValueAt(isRecord(inner) ? inner : {}, rest, value) };
}

/** A JSON object, or undefined for anything else. */
export function jsonObject(body: Uint8Array | string): Readonly<Record<string, unknown>> | undefined {
  const value = parseJson(body);
  return isRecord(value) ? value : undefined;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
