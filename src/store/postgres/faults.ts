// What the driver's errors mean to us: the database is away, a conflict that another try resolves, or a mistake of ours.
import pg from "pg";
import { StoreUnavailableError } from "../store.ts";

const { DatabaseError } = pg;

/** Deadlock, serialization failure: nothing was written, and another try finds a new order. */
const CONFLICTS: ReadonlySet<string> = new Set(["40001", "40P01"]);

/**
 * The server does not know a statement that this connection prepared, or knows one of its name already: a pooler handed the
 * session to somebody else in between.
 */
const FORGOTTEN_STATEMENTS: ReadonlySet<string> = new Set(["26000", "42P05"]);

/** Not the statement's fault: lock and statement timeouts, a standby that takes no writes, a full or broken disk, a session that was ended. */
const AWAY: ReadonlySet<string> = new Set(["55P03", "57014", "25006", "25P03", "25P04", "58030", "57P01", "57P02", "57P03", "57P05"]);
/** Connection exceptions, and insufficient resources: too many connections, no memory, no disk. */
const AWAY_CLASSES: ReadonlySet<string> = new Set(["08", "53"]);

function codeOf(error: unknown): string | null {
  return error instanceof DatabaseError ? (error.code ?? null) : null;
}

export function isConflict(error: unknown): boolean {
  return CONFLICTS.has(codeOf(error) ?? "");
}

export function isForgottenStatement(error: unknown): boolean {
  return FORGOTTEN_STATEMENTS.has(codeOf(error) ?? "");
}

/** A number that a row's key was made of is taken: a node that slept had its slot given to another. */
export function isTakenKey(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === "23505" && (error.constraint?.endsWith("_pkey") ?? false);
}

/** A row of a time for which no partition was made. */
export function isMissingPartition(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === "23514" && error.constraint === undefined;
}

const SESSION_ENDED: ReadonlySet<string> = new Set(["25006", "25P03", "25P04"]);

/** Whether an error of the driver means that the connection can't be used any more. */
export function isBrokenConnection(error: unknown): boolean {
  const code = codeOf(error);
  // An error that does not come from the server is one of the way there, or of our own deadline with the answer still to come.
  return code === null || code.startsWith("08") || code.startsWith("57P") || SESSION_ENDED.has(code);
}

/** StoreUnavailableError where the database is away, else the error itself. */
export function storeError(error: unknown): unknown {
  if (error instanceof StoreUnavailableError || error instanceof TypeError || error instanceof RangeError) return error;
  const code = codeOf(error);
  if (code !== null && !AWAY.has(code) && !AWAY_CLASSES.has(code.slice(0, 2)) && !CONFLICTS.has(code)) return error;
  const what = error instanceof Error ? error.message : String(error);
  return new StoreUnavailableError(`The database can't be used now: ${what}${code === null ? "" : ` (${code})`}.`, { cause: error });
}
