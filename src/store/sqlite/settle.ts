// SQL of the settle step and of people's commands: next states and attempt rows.
import type { DatabaseSync } from "node:sqlite";
import type { DeliveryCommand } from "../store.ts";
import { DELIVERY_COLUMNS, type Cell, LANE_CODE, type Row, STATE_CODE } from "./rows.ts";

/** Values per settlement in the flat list that crosses to the writer's thread: the new state's six, then the attempt's thirteen. */
const SETTLE_WIDTH = 19;
const STATE_WIDTH = 6;

export function createSettleWrites(database: DatabaseSync) {
  const update = database.prepare(
    `UPDATE deliveries SET state = ?, attempts = ?, next_at = ?, reason = ?, finished_at = ?,
       lane = CASE trigger WHEN 'replay' THEN ${LANE_CODE.replay} WHEN 'manual' THEN ${LANE_CODE.fresh} ELSE ${LANE_CODE.retry} END
     WHERE seq = ? AND state = 0`,
  );
  const countAttempt = database.prepare("UPDATE deliveries SET attempts = max(attempts, ?) WHERE seq = ?");
  const insertAttempt = database.prepare(
    `INSERT INTO attempts (seq, tail, delivery_seq, number, started_at, duration_ms, request, status, failure, message, response_headers, response_body, truncated)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const retry = database.prepare(
    `UPDATE deliveries SET state = 0, next_at = ?, reason = ?, finished_at = NULL, trigger = 'manual', lane = ${LANE_CODE.fresh}
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
