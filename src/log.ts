// Logging: one line per record on stderr, with secrets taken out twice and no character that could forge or hide a line.
import { pino } from "pino";
import type { LogLevel } from "./config.ts";
import { LOG_TEXT_CHARACTERS_MAX } from "./limits.ts";
import { printable, printableJson } from "./printable.ts";

export type Logger = pino.Logger;

export interface LoggerOptions {
  level: LogLevel;
  format: "json" | "pretty";
  /** Colours of the pretty format; never without a terminal. */
  colors?: boolean;
  /** Takes whole lines with their line break; stderr when left out. */
  write?: (line: string) => void;
}

export function createLogger(options: LoggerOptions): Logger {
  const write = options.write ?? ((line: string) => void process.stderr.write(line));
  const pretty = options.format === "pretty";
  return pino(
    {
      level: options.level,
      base: undefined,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: (record) => redactFields(record, 0) as Record<string, unknown> },
      serializers: { err: (error: unknown) => error },
    },
    // Everything passes here, whatever made it: this is why a forgotten field cannot leak what a pattern knows.
    { write: (line: string) => write(pretty ? prettyLine(redactText(line), options.colors === true) : printableJson(redactText(line))) },
  );
}

const SECRET_FIELD = /authorization|cookie|secret|token|password|passphrase|api[-_]?key|private[-_]?key|signature|credential/i;
const REDACTED = "[redacted]";
const FIELD_DEPTH_MAX = 6;

/** First net: fields whose name says secret lose their value; bytes become their length and errors plain objects. */
function redactFields(value: unknown, depth: number): unknown {
  if (typeof value === "string")
    return value.length > LOG_TEXT_CHARACTERS_MAX ? `${value.slice(0, LOG_TEXT_CHARACTERS_MAX)}… (${value.length} characters)` : value;
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Uint8Array) return `[${value.byteLength} bytes]`;
  if (value instanceof Date) return value;
  if (depth >= FIELD_DEPTH_MAX) return "[deeper]";
  if (value instanceof Error) return redactError(value, depth);
  // A flat header list (name, value, …) has its secrets behind names that are elements, not fields.
  if (Array.isArray(value))
    return value.map((item: unknown, index) =>
      index % 2 === 1 && isSecretName(value[index - 1]) ? REDACTED : redactFields(item, depth + 1),
    );
  return Object.fromEntries(
    Object.entries(value).map(([name, item]: [string, unknown]) => [
      name,
      isSecretField(name, item) ? REDACTED : redactFields(item, depth + 1),
    ]),
  );
}

function redactError(error: Error, depth: number): Record<string, unknown> {
  const code = "code" in error ? { code: error.code } : {};
  const cause = error.cause === undefined ? {} : { cause: redactFields(error.cause, depth + 1) };
  return { type: error.name, message: error.message, ...code, stack: error.stack, ...cause };
}

function isSecretName(name: unknown): boolean {
  return typeof name === "string" && name.length <= 64 && SECRET_FIELD.test(name) && !name.includes(" ");
}

/** A count or a flag under such a name (`secretsMax`, `tokenExpired`) is no secret. */
function isSecretField(name: string, value: unknown): boolean {
  return SECRET_FIELD.test(name) && typeof value !== "number" && typeof value !== "boolean" && value !== null;
}

const SECRET_TEXTS: [RegExp, string][] = [
  // The token of an ingest URL lets its holder in.
  [/(\/in\/)[A-Za-z0-9_~.%-]+/g, "$1***"],
  [/\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{4,}/gi, `$1 ${REDACTED}`],
  [/\b(whsec_|whsk_|phk_)[A-Za-z0-9+/=_-]+/g, `$1${REDACTED}`],
  // User and password in a URL.
  [/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@"]+@/gi, `$1${REDACTED}@`],
];

/** Second net, over the finished line: texts that look like a secret wherever they stand. */
function redactText(line: string): string {
  let text = line;
  for (const [pattern, replacement] of SECRET_TEXTS) text = text.replace(pattern, replacement);
  return text;
}

const LEVEL_COLORS: Record<string, string> = { trace: "90", debug: "90", info: "36", warn: "33", error: "31", fatal: "31;1" };

/** `12:00:01 WARN  message  field=value`: for people at a terminal, from the same record. */
function prettyLine(line: string, colors: boolean): string {
  let record: Record<string, unknown>;
  try {
    record = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return printableJson(line);
  }
  const { level, time, msg, err, ...rest } = record;
  const paint = (code: string, text: string) => (colors ? `\u001b[${code}m${text}\u001b[0m` : text);
  const label = typeof level === "string" ? level : "info";
  const head = [
    paint("90", typeof time === "string" ? time.slice(11, 19) : ""),
    paint(LEVEL_COLORS[label] ?? "0", label.toUpperCase().padEnd(5)),
    printable(typeof msg === "string" ? msg : ""),
  ];
  const fields = Object.entries(rest).map(
    ([name, value]) => paint("90", `${printable(name)}=`) + printable(typeof value === "string" ? value : JSON.stringify(value)),
  );
  const stack = err === undefined ? "" : `\n${indented(err)}`;
  return `${[...head, ...fields].join(" ")}${stack}\n`;
}

function indented(error: unknown): string {
  const { stack, message } = (typeof error === "object" && error !== null ? error : {}) as { stack?: unknown; message?: unknown };
  const text = typeof stack === "string" ? stack : typeof message === "string" ? message : JSON.stringify(error);
  return text
    .split("\n")
    .map((line) => `    ${printable(line.trim())}`)
    .join("\n");
}
