// SQL of the settle step and of people's commands: next states and attempt rows.
import type { DatabaseSync } from "node:sqlite";
import { OUT_OF_ORDER } from "../../core/delivery.ts";
import type { DeliveryCommand } from "../store.ts";
import type { Left, OrderWrites } from "./order.ts";
import { BLOCKED_LANE, DELIVERY_COLUMNS, type Cell, LANE_CODE, type Row, STATE_CODE } from "../rows.ts";

/** Values per settlement in the flat list that crosses to the writer's thread: the new state's seven, then the attempt's thirteen. */
const SETTLE_WIDTH = 20;
const STATE_WIDTH = 7;

export function createSettleWrites(database: DatabaseSync, order: OrderWrites) {
  const step = `UPDATE deliveries SET state = ?, attempts = ?, next_at = ?, reason = ?, finished_at = ?,
       in_line = CASE WHEN ? THEN 0 ELSE in_line END,
       lane = CASE trigger WHEN 'replay' THEN ${LANE_CODE.replay} WHEN 'recover' THEN ${LANE_CODE.replay} WHEN 'manual' THEN ${LANE_CODE.fresh} ELSE ${LANE_CODE.retry} END
     WHERE seq = ? AND state = 0`;
  // RETURNING costs half as much again as the update, and only what goes in an order needs it.
  const update = database.prepare(`${step} AND order_key IS NULL`);
  const updateOrdered = database.prepare(`${step} RETURNING order_key, destination_id, job_id, state = 0 AND in_line = 1`);
  updateOrdered.setReturnArrays(true);
  const countAttempt = database.prepare("UPDATE deliveries SET attempts = max(attempts, ?) WHERE seq = ?");
  const insertAttempt = database.prepare(
    `INSERT INTO attempts (seq, tail, delivery_seq, number, started_at, duration_ms, request, status, failure, message, response_headers, response_body, truncated)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const retry = database.prepare(
    // One that had its turn has no place any more. One that is first in its line may be under way from here on.
    `UPDATE deliveries SET state = 0, next_at = ?, finished_at = NULL, expires_at = NULL, trigger = 'manual',
       reason = ? || CASE WHEN state <> 0 AND order_key IS NOT NULL THEN ' ${OUT_OF_ORDER}' ELSE '' END,
       late = CASE WHEN state <> 0 AND order_key IS NOT NULL THEN 1 ELSE late END,
       in_line = CASE WHEN state = 0 THEN in_line ELSE 0 END,
       released = CASE WHEN state = 0 AND order_by > 0 AND lane < ${BLOCKED_LANE} THEN 1 ELSE released END,
       lane = CASE WHEN state = 0 AND lane >= ${BLOCKED_LANE} THEN ${LANE_CODE.fresh + BLOCKED_LANE} ELSE ${LANE_CODE.fresh} END
     WHERE seq = ? AND tail = ? AND state <> ${STATE_CODE.cancelled}`,
  );
  const cancel = database.prepare(
    `UPDATE deliveries SET state = ${STATE_CODE.cancelled}, next_at = NULL, reason = ?, finished_at = ?
     WHERE seq = ? AND tail = ? AND state = 0 RETURNING order_key, destination_id, job_id, 0`,
  );
  cancel.setReturnArrays(true);
  const one = database.prepare(`SELECT ${DELIVERY_COLUMNS} FROM deliveries d JOIN events e ON e.seq = d.event_seq WHERE d.seq = ?`);
  one.setReturnArrays(true);

  return {
    settle(values: Cell[]): void {
      for (let at = 0; at < values.length; at += SETTLE_WIDTH) {
        const state = values.slice(at, at + STATE_WIDTH);
        // A delivery cancelled during its attempt stays cancelled, but the attempt was made and counts. One that retention
        // has deleted since leaves nothing behind.
        const changed = update.run(...state).changes > 0 || order.left(updateOrdered.get(...state) as unknown as Left | undefined);
        if (!changed && countAttempt.run(state[1]!, state[6]!).changes === 0) continue;
        insertAttempt.run(...values.slice(at + STATE_WIDTH, at + SETTLE_WIDTH));
      }
    },

    commandDeliveries(targets: { seq: number; tail: string }[], command: DeliveryCommand): Row[] {
      const changed: Row[] = [];
      for (const { seq, tail } of targets) {
        const isChanged =
          command.kind === "retry"
            ? retry.run(command.at, command.reason ?? "Retried by hand.", seq, tail).changes > 0
            : order.left(cancel.get(command.reason ?? "Cancelled by hand.", command.at, seq, tail) as unknown as Left | undefined);
        if (isChanged) changed.push(one.get(seq) as unknown as Row);
      }
      return changed;
    },
  };
}
