// What a command is: a record of its name, arguments, options, examples and one function. Help, docs and parsing are derived.
import type { ExportReport, Progress } from "../archive/export.ts";
import type { ImportReport } from "../archive/import.ts";
import type { Environment, Settings } from "../config.ts";
import type { Logger } from "../log.ts";
import type { Clock } from "../system/clock.ts";
import { type ExitCode, usageError } from "./exit.ts";
import type { Terminal } from "./terminal.ts";

/** Everything a command may touch, so that tests can own all of it. */
export interface Context {
  terminal: Terminal;
  environment: Environment;
  clock: Clock;
  startApp: StartApp;
  /** Export and import, loaded when first asked for. */
  loadMoving(): Promise<Moving>;
  /** Calls `listener` when somebody asks the process to stop (Ctrl-C, SIGTERM); the answer takes the listener away. */
  onStop(listener: (signal: string) => void): () => void;
  /** Ends the process at once, without cleaning up. */
  exitNow(code: number): void;
}

/** Moves a store out to a directory of files and in again; see src/archive/. */
export interface Moving {
  exportTo(directory: string, place: StorePlace, options: MovingOptions & { attempts: boolean }): Promise<ExportReport>;
  verify(directory: string, options: MovingOptions): Promise<ImportReport>;
  importFrom(directory: string, place: StorePlace, options: MovingOptions): Promise<ImportReport>;
}

/** Which store: the PostgreSQL of the URL, or the data directory's own when it is null. */
export interface StorePlace {
  dataDir: string;
  databaseUrl: string | null;
  /** Null for the key in the data directory. */
  secretKey: Uint8Array | null;
}

export interface MovingOptions {
  passphrase: string | null;
  /** Of the store that the archive was made from. */
  sourceKey: Uint8Array | null;
  onProgress(progress: Progress): void;
}

export interface StartOptions {
  settings: Settings;
  log: Logger;
  mode: "start" | "dev";
  /** Called when the app can go on no more, such as with a broken disk; whoever started it ends the process. */
  onFatal: (error: Error) => void;
}

export type StartApp = (options: StartOptions) => Promise<RunningApp>;

export interface RunningApp {
  url: string;
  /** Null when the key was preset and nobody here has to be told. */
  apiKey: string | null;
  apiKeyIsNew: boolean;
  /** The source that `dev` mode keeps for trying things out. */
  devSource: { url: string } | null;
  close(): Promise<void>;
}

export interface Argument {
  name: string;
  description: string;
  /** How many: one unless said otherwise. */
  many?: boolean;
}

export interface Option<T> {
  /** What stands for the value in help, such as `<number>`; null for a flag. */
  placeholder: string | null;
  description: string;
  /** May be given more than once. */
  many: boolean;
  /** A flag that can be given as `--no-…` too. */
  negatable?: boolean;
  /** Shown in help; the value itself comes from `read`. */
  default: string | null;
  /** `raw` is what the parser found: undefined, true, a text or several. Throws a usage error. */
  read(raw: unknown, flag: string, nowMs: number): T;
}

export type OptionTable = Readonly<Record<string, Option<unknown>>>;
export type OptionValues<O extends OptionTable> = { [K in keyof O]: O[K] extends Option<infer T> ? T : never };

interface CommandText {
  /** Noun and verb: `events list`. */
  name: string;
  summary: string;
  /** More to know, as paragraphs. */
  description?: string;
  arguments?: Argument[];
  /** Whole command lines with a comment of what they do. */
  examples: [line: string, does: string][];
}

export interface CommandSpec<O extends OptionTable> extends CommandText {
  options: O;
  run(context: Context, input: { args: string[]; options: OptionValues<O> }): Promise<ExitCode>;
}

export interface Command extends CommandText {
  options: OptionTable;
  run(context: Context, args: string[], raw: Readonly<Record<string, unknown>>): Promise<ExitCode>;
}

export function defineCommand<O extends OptionTable>(spec: CommandSpec<O>): Command {
  return {
    ...spec,
    run(context, args, raw) {
      const now = context.clock.now();
      const read = Object.entries(spec.options).map(([key, option]) => [key, option.read(raw[key], flagOf(key), now)]);
      return spec.run(context, { args, options: Object.fromEntries(read) as OptionValues<O> });
    },
  };
}

/** `apiKeyFile` is given as `--api-key-file`. */
export function flagOf(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

export function flag(description: string): Option<boolean> {
  return { placeholder: null, description, many: false, default: null, read: (raw) => raw === true };
}

/** `--http2` or `--no-http2`; undefined when neither is given. */
export function toggle(description: string): Option<boolean | undefined> {
  const read = (raw: unknown) => (typeof raw === "boolean" ? raw : undefined);
  return { placeholder: null, description, many: false, negatable: true, default: null, read };
}

export function text(placeholder: string, description: string): Option<string | undefined> {
  return {
    placeholder: `<${placeholder}>`,
    description,
    many: false,
    default: null,
    read: (raw) => (typeof raw === "string" ? raw : undefined),
  };
}

/** May be repeated: `--header a --header b`. */
export function several(placeholder: string, description: string): Option<string[]> {
  return {
    placeholder: `<${placeholder}>`,
    description: `${description} May be repeated.`,
    many: true,
    default: null,
    read: (raw) => (Array.isArray(raw) ? raw.filter((item) => typeof item === "string") : []),
  };
}

export function count(placeholder: string, description: string, bounds: { min: number; max: number }): Option<number | undefined> {
  return {
    ...text(placeholder, description),
    read(raw, name) {
      if (raw === undefined) return undefined;
      const value = typeof raw === "string" && /^\d{1,15}$/.test(raw) ? Number(raw) : Number.NaN;
      if (value >= bounds.min && value <= bounds.max) return value;
      throw usageError(`${name} takes a whole number from ${bounds.min} to ${bounds.max}.`);
    },
  };
}

export function choice<const T extends string>(choices: readonly T[], description: string): Option<T | undefined> {
  return {
    ...text(choices.join("|"), description),
    read(raw, name) {
      if (raw === undefined) return undefined;
      const found = choices.find((candidate) => candidate === raw);
      if (found !== undefined) return found;
      throw usageError(`${name} takes one of ${choices.join(", ")}.`);
    },
  };
}

const SPAN_UNITS_MS: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Several spans of time with commas between: `0s,5s,5m`. Answers milliseconds. */
export function spans(placeholder: string, description: string): Option<number[] | undefined> {
  return {
    ...text(placeholder, description),
    read(raw, name) {
      if (typeof raw !== "string") return undefined;
      return raw.split(",").map((item) => {
        const span = /^(\d{1,9})(ms|[smhd])$/.exec(item.trim());
        if (span === null)
          throw usageError(`${name} takes spans such as 0s,5s,5m,2h (units ms, s, m, h, d); ${JSON.stringify(item)} is none.`);
        return Number(span[1]) * (SPAN_UNITS_MS[span[2]!] ?? 1);
      });
    },
  };
}

/** A point in time: RFC 3339, Unix seconds, or how long ago (`90s`, `2h`, `7d`). Answers ms since the Unix epoch. */
export function moment(description: string): Option<number | undefined> {
  return {
    ...text("time", `${description} RFC 3339, Unix seconds, or a span back from now such as 2h.`),
    read(raw, name, nowMs) {
      if (typeof raw !== "string") return undefined;
      const span = /^(\d{1,9})([smhd])$/.exec(raw);
      if (span !== null) return nowMs - Number(span[1]) * (SPAN_UNITS_MS[span[2]!] ?? 0);
      if (/^\d{9,11}$/.test(raw)) return Number(raw) * 1000;
      const timeMs = /^\d{4}-\d{2}-\d{2}/.test(raw) ? Date.parse(raw) : Number.NaN;
      if (!Number.isNaN(timeMs)) return timeMs;
      throw usageError(`${name} takes a time such as 2026-11-21T12:00:00Z, 1795262400 or 2h (two hours ago).`);
    },
  };
}
