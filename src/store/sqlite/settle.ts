// SQL of the settle step and of people's commands: next states, attempt rows, and what is due.
import type { DatabaseSync } from "node:sqlite";
import type { DeliveryCommand } from "../store.ts";
import { DELIVERY_COLUMNS, type Cell, type Row, STATE_CODE } from "./rows.ts";

/** Values per settlement in the flat list that crosses to the writer's thread: the new state's six, then the attempt's thirteen. */
const SETTLE_WIDTH = 19;
const STATE_WIDTH = 6;
// Whoever asks what is due reads the events next, and 500 of 10 MiB would not fit in memory. The size is in the row's header.
const DUE_BODY_BYTES_MAX = 16 * 1024 ** 2;
const BODY_BYTES_COLUMN = 13;

export function createSettleWrites(database: DatabaseSync) {
  const update = database.prepare(
    "UPDATE deliveries SET state = ?, attempts = ?, next_at = ?, reason = ?, finished_at = ? WHERE seq = ? AND state = 0",
  );
  const countAttempt = database.prepare("UPDATE deliveries SET attempts = max(attempts, ?) WHERE seq = ?");
  const insertAttempt = database.prepare(
    `INSERT INTO attempts (seq, tail, delivery_seq, number, started_at, duration_ms, request, status, failure, message, response_headers, response_body, truncated)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const due = database.prepare(
    `SELECT ${DELIVERY_COLUMNS}, length(e.body) FROM deliveries d JOIN events e ON e.seq = d.event_seq
     WHERE d.destination_id = ? AND d.state = 0 AND d.next_at <= ? ORDER BY d.next_at, d.seq LIMIT ?`,
  );
  due.setReturnArrays(true);
  const nextDue = database.prepare("SELECT min(next_at) AS at FROM deliveries WHERE destination_id = ? AND state = 0 AND next_at > ?");
  const retry = database.prepare(
    `UPDATE deliveries SET state = 0, next_at = ?, reason = ?, finished_at = NULL, trigger = 'manual'
     WHERE seq = ? AND tail = ? AND state <> ${STATE_CODE.cancelled}`,
  );
  const cancel = database.prepare(
    `UPDATE deliveries SET state = ${STATE_CODE.cancelled}, next_at = NULL, reason = ?, finished_at = ?
     WHERE seq = ? AND tail = ? AND state = 0`,
  );
  const one = database.prepare(`SELECT ${DELIVERY_COLUMNS} FROM deliveries d JOIN events e ON e.seq = d.event_seq WHERE d.seq = ?`);
  one.setReturnArrays(true);

  return {
    settle(values: Cell[]): void {
      for (let at = 0; at < values.length; at += SETTLE_WIDTH) {
        const state = values.slice(at, at + STATE_WIDTH);
        // A delivery cancelled during its attempt stays cancelled, but the attempt was made and counts. One that retention
        // has deleted since leaves nothing behind.
        if (update.run(...state).changes === 0 && countAttempt.run(state[1]!, state[5]!).changes === 0) continue;
        insertAttempt.run(...values.slice(at + STATE_WIDTH, at + SETTLE_WIDTH));
      }
    },

    dueDeliveries(destinationId: string, now: number, limit: number, skipSeqs: number[]): { rows: Row[]; nextDueAt: number | null } {
      const skip = new Set(skipSeqs);
      const found = due.all(destinationId, now, limit + skip.size) as unknown as Row[];
      const all = found.filter((row) => !skip.has(row[0] as number)).slice(0, limit);
      const rows = all.slice(0, countWithin(all));
      // A full answer may hide more that is due already, so the next look must come at once.
      const isFull = rows.length === limit || rows.length < all.length;
      const nextDueAt = isFull ? now : ((nextDue.get(destinationId, now) as { at: number | null }).at ?? null);
      return { rows, nextDueAt };
    },

    commandDeliveries(targets: { seq: number; tail: string }[], command: DeliveryCommand): Row[] {
      const changed: Row[] = [];
      for (const { seq, tail } of targets) {
        const { changes } =
          command.kind === "retry"
            ? retry.run(command.at, command.reason ?? "Retried by hand.", seq, tail)
            : cancel.run(command.reason ?? "Cancelled by hand.", command.at, seq, tail);
        if (changes > 0) changed.push(one.get(seq) as unknown as Row);
      }
      return changed;
    },
  };
}

/** How many of these, in order, have bodies within the bound: at least one. */
function countWithin(rows: Row[]): number {
  let bytes = 0;
  const over = rows.findIndex((row, index) => (bytes += row[BODY_BYTES_COLUMN] as number) > DUE_BODY_BYTES_MAX && index > 0);
  return over < 0 ? rows.length : over;
}

export function createWaitingReads(database: DatabaseSync) {
  // A loose scan of the partial index: one step per destination instead of one per waiting delivery.
  const waiting = database.prepare(
    `WITH RECURSIVE d(id) AS (
       SELECT min(destination_id) FROM deliveries WHERE state = 0
       UNION ALL
       SELECT (SELECT min(destination_id) FROM deliveries WHERE state = 0 AND destination_id > d.id) FROM d WHERE d.id IS NOT NULL
     )
     SELECT id, (SELECT min(next_at) FROM deliveries WHERE state = 0 AND destination_id = d.id) FROM d WHERE id IS NOT NULL`,
  );
  waiting.setReturnArrays(true);
  return {
    waitingDestinations: () => waiting.all() as unknown as [string, number][],
  };
}
