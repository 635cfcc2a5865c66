// SQL of what jobs do to deliveries that are there: recover failed ones, cancel waiting ones.
import type { DatabaseSync } from "node:sqlite";
import { OUT_OF_ORDER } from "../../core/delivery.ts";
import type { Left, OrderWrites } from "./order.ts";
import { BLOCKED_LANE, DELIVERY_COLUMNS, LANE_CODE, type Row, STATE_CODE } from "../rows.ts";

export interface JobChange {
  kind: "recover" | "cancel";
  targets: { seq: number; tail: string }[];
  at: number;
  reason: string;
}

export function createJobChanges(database: DatabaseSync, order: OrderWrites): (change: JobChange) => Row[] {
  const recover = database.prepare(
    // One that waits keeps its place in its line; one that had its turn has none any more.
    `UPDATE deliveries SET state = ${STATE_CODE.waiting}, next_at = ?, finished_at = NULL, attempts_before = attempts, trigger = 'recover',
       reason = ? || CASE WHEN state <> 0 AND order_key IS NOT NULL THEN ' ${OUT_OF_ORDER}' ELSE '' END,
       late = CASE WHEN state <> 0 AND order_key IS NOT NULL THEN 1 ELSE late END,
       in_line = CASE WHEN state = 0 THEN in_line ELSE 0 END,
       released = CASE WHEN state = 0 AND order_by > 0 AND lane < ${BLOCKED_LANE} THEN 1 ELSE released END,
       lane = CASE WHEN state = 0 AND lane >= ${BLOCKED_LANE} THEN ${LANE_CODE.replay + BLOCKED_LANE} ELSE ${LANE_CODE.replay} END
     WHERE seq = ? AND tail = ? AND state IN (${STATE_CODE.waiting}, ${STATE_CODE.dead})`,
  );
  const cancel = database.prepare(
    `UPDATE deliveries SET state = ${STATE_CODE.cancelled}, next_at = NULL, reason = ?, finished_at = ?
     WHERE seq = ? AND tail = ? AND state = ${STATE_CODE.waiting} RETURNING order_key, destination_id, job_id, 0`,
  );
  cancel.setReturnArrays(true);
  const one = database.prepare(`SELECT ${DELIVERY_COLUMNS} FROM deliveries d JOIN events e ON e.seq = d.event_seq WHERE d.seq = ?`);
  one.setReturnArrays(true);

  return ({ kind, targets, at, reason }) => {
    const changed: Row[] = [];
    for (const { seq, tail } of targets) {
      const isChanged =
        kind === "recover"
          ? recover.run(at, reason, seq, tail).changes > 0
          : order.left(cancel.get(reason, at, seq, tail) as unknown as Left | undefined);
      if (isChanged) changed.push(one.get(seq) as unknown as Row);
    }
    return changed;
  };
}
