// Lines of an archive from several nodes: they go by numbers that these tables do not have, and are brought to go by order_at and seq.
import type { DatabaseSync } from "node:sqlite";
import type { AnyRecord } from "../archive.ts";

/** Keeps the numbers beside the deliveries until the import is complete: only then the lines are. */
export function createLineWrites(database: DatabaseSync): (records: readonly AnyRecord[]) => void {
  return (records) => {
    const placed = records.filter(
      ({ state, inLine, orderPlace, orderTie }) => state === 0 && inLine === true && (orderPlace ?? orderTie) !== null,
    );
    if (placed.length === 0) return;
    database.exec("CREATE TABLE IF NOT EXISTS import_lines (seq INTEGER PRIMARY KEY, place INTEGER NOT NULL, tie INTEGER NOT NULL) STRICT");
    const put = database.prepare("INSERT INTO import_lines (seq, place, tie) VALUES (?, ?, ?)");
    for (const { seq, orderPlace, orderTie } of placed as Record<string, number | null>[]) put.run(seq!, orderPlace ?? 0, orderTie ?? 0);
  };
}

/**
 * Where seqs would put a line's rows into another order, order_at moves up by as little as keeps it; a provider's places move
 * with it. Runs inside the transaction that finishes the import.
 */
export function settleLines(database: DatabaseSync): void {
  const found = database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'import_lines'").get();
  if (found === undefined) return;
  const rows = database.prepare(
    `SELECT d.seq, d.destination_id, d.order_key, ifnull(d.job_id, ''), d.order_at FROM deliveries d LEFT JOIN import_lines i ON i.seq = d.seq
     WHERE d.state = 0 AND d.in_line = 1
     ORDER BY d.destination_id, d.order_key, ifnull(d.job_id, ''), d.order_at, ifnull(i.place, 0), ifnull(i.tie, 0), d.seq`,
  );
  rows.setReturnArrays(true);
  const moves: [at: number, seq: number][] = [];
  let last = { line: "", at: 0, seq: 0 };
  for (const [seq, destinationId, key, jobId, orderAt] of rows.iterate() as unknown as Iterable<[number, string, string, string, number]>) {
    const line = JSON.stringify([destinationId, key, jobId]);
    let at = orderAt;
    if (line === last.line && at <= last.at) at = seq > last.seq ? last.at : last.at + 1;
    if (at !== orderAt) moves.push([at, seq]);
    last = { line, at, seq };
  }
  const move = database.prepare("UPDATE deliveries SET order_at = ? WHERE seq = ?");
  for (const [at, seq] of moves) move.run(at, seq);
  database.exec("DROP TABLE import_lines");
}
