// One row of a settings table: what a setting is called, how it is read, and what it is for.
import type { Reader } from "./setting-values.ts";

export interface Row<T> {
  env: `POSTHORN_${string}`;
  /** As a person would type it; null when the setting is unset by default. */
  default: string | null;
  reader: Reader<unknown>;
  /** One sentence or two, in plain text. */
  doc: string;
  /** Never shown, and readable from the file that `<env>_FILE` names. */
  secret: boolean;
  /** The command-line flag of `start` and `dev` that sets the same thing. */
  flag: string | null;
  /** Carries the value's type; never set. */
  type?: T;
}

interface Extras {
  secret?: boolean;
  flag?: string;
}

export function setting<T>(env: Row<T>["env"], fallback: string, reader: Reader<T>, doc: string, extras: Extras = {}): Row<T> {
  return { env, default: fallback, reader, doc, secret: extras.secret ?? false, flag: extras.flag ?? null };
}

export function optional<T>(env: Row<T>["env"], reader: Reader<T>, doc: string, extras: Extras = {}): Row<T | null> {
  return { env, default: null, reader, doc, secret: extras.secret ?? false, flag: extras.flag ?? null };
}

export type Table = Record<string, Row<unknown>>;
export type Values<T extends Table> = { [K in keyof T]: T[K] extends Row<infer V> ? V : never };
