// What `export` and `import` share: which store, the keys of the archive, progress on stderr, and errors as exit codes.
import { type ArchiveSettings, loadArchiveSettings } from "../config.ts";
import type { Progress } from "../archive/export.ts";
import { type Context, type MovingOptions, type StorePlace, text } from "./command.ts";
import { CliError, EXIT, type ExitCode, usageError } from "./exit.ts";
import { readSecret } from "./input-file.ts";

export const movingOptions = {
  dataDir: text("path", "Data directory of the store; without it POSTHORN_DATABASE_URL, or else POSTHORN_DATA_DIR, says which store."),
  passphraseFile: text("path", "File with the passphrase of the archive's secrets, - for stdin; POSTHORN_ARCHIVE_PASSPHRASE otherwise."),
};

const PASSPHRASE_CHARACTERS_MIN = 12;
const KEY_BYTES = 32;
/** A line that changes in place may do so often; lines that stay are few. */
const TERMINAL_INTERVAL_MS = 100;
const LOG_INTERVAL_MS = 5_000;

export function placeOf({ dataDir, databaseUrl, secretKey }: ArchiveSettings, flag: string | undefined): StorePlace {
  // Whoever names a directory means the store in it, whatever the environment says of another.
  return flag === undefined ? { dataDir, databaseUrl, secretKey } : { dataDir: flag, databaseUrl: null, secretKey };
}

export async function readPassphrase(context: Context, file: string | undefined): Promise<string | null> {
  const given =
    file === undefined ? loadArchiveSettings(context.environment).passphrase : await readSecret(context, file, "--passphrase-file");
  if (given !== null && given.length < PASSPHRASE_CHARACTERS_MIN) {
    throw usageError(
      `The passphrase has fewer than ${PASSPHRASE_CHARACTERS_MIN} characters. Whoever gets the archive can try them all; take a longer one.`,
    );
  }
  return given;
}

/** A key as the file `secret-key` of a data directory holds it. */
export async function readSourceKey(context: Context, file: string | undefined): Promise<Uint8Array | null> {
  if (file === undefined) return loadArchiveSettings(context.environment).sourceKey;
  const key = Buffer.from((await readSecret(context, file, "--source-key-file")).trim(), "base64");
  if (key.byteLength === KEY_BYTES) return new Uint8Array(key);
  throw usageError(
    `${file}, the file of --source-key-file, must hold ${KEY_BYTES} bytes in base64, as the file secret-key of a data directory does.`,
  );
}

/** Shows how far it is; `end` clears the line that changes in place. */
function progressOn({ terminal, clock }: Context, verb: string): Pick<MovingOptions, "onProgress"> & { end(): void } {
  const interval = terminal.errIsTerminal ? TERMINAL_INTERVAL_MS : LOG_INTERVAL_MS;
  let shownAt = clock.now();
  let isShown = false;
  return {
    onProgress(progress) {
      const now = clock.now();
      if (now - shownAt < interval) return;
      [shownAt, isShown] = [now, true];
      const line = `${verb} ${progressText(progress)}`;
      terminal.err(terminal.errIsTerminal ? `\r\u001b[K${line}` : `${line}\n`);
    },
    end() {
      if (isShown && terminal.errIsTerminal) terminal.err("\r\u001b[K");
    },
  };
}

function progressText({ section, records, recordsTotal, parts, partsTotal, bytes }: Progress): string {
  const share = recordsTotal === null || recordsTotal === 0 ? "" : ` (${Math.floor((records / recordsTotal) * 100)} %)`;
  const done = partsTotal === null ? `${parts}` : `${parts} of ${partsTotal}`;
  return `${section}: ${records} records${share}, ${done} ${(partsTotal ?? parts) === 1 ? "part" : "parts"}, ${megabytes(bytes)}`;
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}

/** Runs to the end; what people can do something about becomes one sentence with its exit code. */
export async function moved<T>(context: Context, verb: string, work: (onProgress: MovingOptions["onProgress"]) => Promise<T>): Promise<T> {
  const progress = progressOn(context, verb);
  try {
    return await work(progress.onProgress);
  } catch (error) {
    progress.end();
    throw exitOf(error);
  } finally {
    progress.end();
  }
}

function exitOf(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof CliError || error instanceof TypeError || error instanceof RangeError) return error;
  if ("code" in error && error.code === "ENOSPC") {
    return new CliError(EXIT.failure, "The disk is full. Free some space and run the same command again; it goes on where it stopped.");
  }
  return new CliError(codeOf(error), error.message);
}

function codeOf(error: Error): ExitCode {
  if (error.name === "DirectoryLockedError") return EXIT.conflict;
  switch ("reason" in error ? error.reason : null) {
    case "state":
      return EXIT.conflict;
    case "key":
      return EXIT.usage;
    default:
      return EXIT.failure;
  }
}
