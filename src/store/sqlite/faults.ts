// What SQLite's result codes mean to us: the disk failed, not the program; and after which nothing may be acknowledged any more.

// FULL, IOERR, READONLY, CORRUPT, NOTADB.
const DISK_CODES = new Set([13, 10, 8, 11, 26]);
// After these the state of the log is unknown: a later fsync may succeed without the pages an earlier one lost.
const FATAL_CODES = new Set([10, 11, 26]);

/** SQLite's extended result code of an error; null when something else failed. */
export function codeOf(error: unknown): number | null {
  return typeof error === "object" && error !== null && "errcode" in error ? Number(error.errcode) : null;
}

export function isDiskFault(code: number | null): boolean {
  return code !== null && DISK_CODES.has(code & 0xff);
}

export function isFatal(code: number | null): boolean {
  return code !== null && FATAL_CODES.has(code & 0xff);
}
