// Reads what a person names on the command line: files, `-` for stdin, secrets and JSON documents.
import { open } from "node:fs/promises";
import { CLI_INPUT_BYTES_MAX } from "../limits.ts";
import type { Context } from "./command.ts";
import { usageError } from "./exit.ts";

/** The bytes of a file, or of stdin for `-`. */
export async function readInput(context: Context, path: string, flag: string): Promise<Uint8Array> {
  if (path === "-") {
    if (context.terminal.stdinIsTerminal) context.terminal.err(`Reading ${flag} from stdin; end it with Ctrl-D.\n`);
    return context.terminal.stdin(CLI_INPUT_BYTES_MAX);
  }
  try {
    await using file = await open(path);
    const { size } = await file.stat();
    if (size > CLI_INPUT_BYTES_MAX) throw usageError(`${path}, the file of ${flag}, is larger than ${CLI_INPUT_BYTES_MAX} bytes.`);
    return new Uint8Array(await file.readFile());
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : null;
    if (code === null) throw error;
    throw usageError(`${path}, the file of ${flag}, cannot be read (${code}).`);
  }
}

/** A secret's text: the line break that editors add is no part of it. */
export async function readSecret(context: Context, path: string, flag: string): Promise<string> {
  const secret = Buffer.from(await readInput(context, path, flag))
    .toString("utf8")
    .replace(/\r?\n$/, "");
  if (secret === "") throw usageError(`${path}, the file of ${flag}, is empty.`);
  return secret;
}

/** A JSON object from a file. */
export async function readDocument(context: Context, path: string, flag: string): Promise<Record<string, unknown>> {
  const content = Buffer.from(await readInput(context, path, flag)).toString("utf8");
  let parsed: unknown;
  try {
    parsed = JSON.parse(content);
  } catch (error) {
    throw usageError(`${path}, the file of ${flag}, is not JSON: ${error instanceof Error ? error.message : ""}`);
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed))
    throw usageError(`${path}, the file of ${flag}, must hold a JSON object.`);
  return parsed as Record<string, unknown>;
}

/** `name=value` options as an object; numbers and booleans become such. */
export function readParams(given: string[], flag: string): Record<string, string | number | boolean> | undefined {
  if (given.length === 0) return undefined;
  return Object.fromEntries(
    given.map((pair) => {
      const at = pair.indexOf("=");
      if (at <= 0) throw usageError(`${flag} takes name=value; ${JSON.stringify(pair)} is not.`);
      const value = pair.slice(at + 1);
      if (value === "true" || value === "false") return [pair.slice(0, at), value === "true"];
      return [pair.slice(0, at), /^\d{1,15}$/.test(value) ? Number(value) : value];
    }),
  );
}
