// SQL of where events have got to: which destinations have a delivery of them.
import { STATES } from "../rows.ts";
import type { EventReach } from "../store.ts";
import type { Queries } from "./connection.ts";
import { DAY_SEQS } from "./days.ts";

// One statement sees each delivery in one of the two tables, also while it moves. A delivery has a higher number than its event,
// but for what the clocks of two nodes differ by: days before the first event are not looked at.
const REACH = `
SELECT r.seq, r.event_seq, r.destination_id, r.state FROM (
  SELECT d.seq, d.event_seq, d.destination_id, 0::smallint AS state FROM deliveries d WHERE d.event_seq = ANY($1::bigint[])
  UNION ALL
  SELECT d.seq, d.event_seq, d.destination_id, d.state FROM deliveries_done d WHERE d.event_seq = ANY($1::bigint[]) AND d.seq >= $2
  UNION ALL
  SELECT u.seq, u.seq, NULL, NULL FROM undispatched u WHERE u.seq = ANY($1::bigint[])
) r ORDER BY r.seq`;

export async function reachOfEvents(
  queries: Queries,
  eventSeqs: readonly number[],
): Promise<{ reached: EventReach[]; undispatched: number[] }> {
  if (eventSeqs.length === 0) return { reached: [], undispatched: [] };
  const lowest = eventSeqs.reduce((a, b) => Math.min(a, b)) - DAY_SEQS;
  const rows = (await queries.query({ text: REACH, values: [eventSeqs, lowest] })) as [number, number, string | null, number | null][];
  const reached: EventReach[] = [];
  const undispatched = new Set<number>();
  for (const [, eventSeq, destinationId, state] of rows) {
    if (destinationId === null) undispatched.add(eventSeq);
    else reached.push({ eventSeq, destinationId, state: STATES[state!]! });
  }
  return { reached, undispatched: eventSeqs.filter((seq) => undispatched.has(seq)) };
}
