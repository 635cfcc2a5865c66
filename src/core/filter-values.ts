// What filters know about JSON values: their types, deep equality, and how to show one in a sentence.
import { spend, type Run } from "./filter-check.ts";

export const JSON_TYPES = ["string", "number", "boolean", "null", "array", "object"] as const;

export type JsonType = (typeof JSON_TYPES)[number];

/** Undefined for what JSON cannot hold. */
export function jsonTypeOf(value: unknown): JsonType | undefined {
  switch (typeof value) {
    case "string":
    case "number":
    case "boolean":
      return typeof value as JsonType;
    case "object":
      if (value === null) return "null";
      return Array.isArray(value) ? "array" : "object";
    default:
      return undefined;
  }
}

export function isJsonObject(value: unknown): value is Record<string, unknown> {
  return jsonTypeOf(value) === "object";
}

const SHOWN_CHARACTERS_MAX = 60;

/** A value in a sentence, cut to 60 characters: `"open"`, `12`, `nothing`, `a list of 3`, `an object`. */
export function describe(value: unknown): string {
  switch (jsonTypeOf(value)) {
    case "string": {
      const text = value as string;
      const cut = text.length > SHOWN_CHARACTERS_MAX;
      return JSON.stringify(cut ? `${text.slice(0, SHOWN_CHARACTERS_MAX)}…` : text);
    }
    case "array":
      return `a list of ${(value as unknown[]).length}`;
    case "object":
      return "an object";
    case undefined:
      return "nothing";
    default:
      return String(value);
  }
}

/**
 * Deep and strict: 1 is not "1", and the order of keys does not matter. (The library this syntax comes from used `!=`
 * for single values, so that "1" matched 1, and compared objects by their text, so that key order mattered.)
 * In headers, query and path, which can only hold text, a number or boolean of the filter is compared by its text:
 * there `{page: 2}` matches `page=2`. Nothing equals an absent value.
 */
export function deepEqual(value: unknown, expected: unknown, text: boolean, run: Run): boolean {
  if (value === expected) return value !== undefined;
  if (typeof value === "string") {
    return text && (typeof expected === "number" || typeof expected === "boolean") && String(expected) === value;
  }
  if (typeof value !== "object" || value === null || typeof expected !== "object" || expected === null) return false;
  if (Array.isArray(value) || Array.isArray(expected)) {
    if (!Array.isArray(value) || !Array.isArray(expected) || value.length !== expected.length) return false;
    for (let i = 0; i < value.length; i += 1) {
      if (!spend(run, 1) || !deepEqual(value[i], expected[i], text, run)) return false;
    }
    return true;
  }
  const keys = Object.keys(value);
  if (!spend(run, keys.length) || keys.length !== Object.keys(expected).length) return false;
  for (const key of keys) {
    if (!Object.hasOwn(expected, key)) return false;
    if (!deepEqual((value as Record<string, unknown>)[key], (expected as Record<string, unknown>)[key], text, run)) {
      return false;
    }
  }
  return true;
}
