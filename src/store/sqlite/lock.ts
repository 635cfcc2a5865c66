// Keeps a second process out of the data directory, with a lock the operating system drops when we die.
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

export class DirectoryLockedError extends Error {
  override readonly name = "DirectoryLockedError";
}

/**
 * Holds an exclusive transaction on a small database of its own: SQLite takes an operating-system lock for it, which
 * `kill -9` releases and a stale pid file would not.
 */
export function lockDirectory(directory: string): { release(): void } {
  const database = new DatabaseSync(join(directory, "lock.db"), { timeout: 0 });
  try {
    database.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if (error instanceof Error && /locked|busy/i.test(error.message)) {
      throw new DirectoryLockedError(
        `Another Posthorn is using the data directory ${directory}. Stop it, or set POSTHORN_DATA_DIR to another directory.`,
      );
    }
    throw error;
  }
  return {
    release() {
      database.exec("ROLLBACK");
      database.close();
    },
  };
}
