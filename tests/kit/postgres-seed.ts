// Events of many days with all that hangs on them, made by the server itself: millions in minutes.
import { DAY_SEQS } from "../../src/store/postgres/days.ts";
import type { Queries } from "../../src/store/postgres/connection.ts";

export interface SeedDay {
  /** First seq of the day. */
  low: number;
  events: number;
  bodyBytes?: number;
  /** Events at the end of the day that stay without an ended delivery; their deliveries wait. */
  waiting?: number;
  /** Rejected requests beside them. */
  rejected?: number;
}

const TAIL = "'0000000000000'";

/**
 * One day: `events` events, even in time, of 20 sources, 50 types, 10 tenants; each with a delivery to one of 100
 * destinations, and one attempt of it. Every 1,000th delivery is dead. Every 5,000th event is of the source `src_rare`.
 */
export async function seedDay(queries: Queries, { low, events, bodyBytes = 100, waiting = 0, rejected = 0 }: SeedDay): Promise<void> {
  // Room for an event, its delivery and its attempt under numbers of their own.
  const step = Math.floor(DAY_SEQS / events);
  const of = (from: number, to: number) =>
    `generate_series(${from}, ${to}) n, LATERAL (SELECT ${low}::bigint + n::bigint * ${step} AS seq) s`;
  const source = "CASE WHEN n % 5000 = 0 THEN 'src_rare' ELSE 'src_' || n % 20 END";
  const at = "(seq / 2048 + 1577836800000)";
  await queries.query({
    text: `INSERT INTO events (seq, tail, shard, position, source_id, tenant_id, type, key, provider_event_id, received_at, envelope, body)
      SELECT seq, ${TAIL}, n % 64, seq, ${source}, 'tnt_' || n % 10, 'type.' || n % 50, 'key' || n % 10000, 'p' || n, ${at},
        '["POST","","","192.0.2.1",["content-type","application/json"]]', convert_to(repeat('x', ${bodyBytes}), 'UTF8')
      FROM ${of(0, events - 1)}`,
  });
  const facts = `seq + 1, ${TAIL}, n % 64, seq, ${TAIL}, 'dst_' || n % 100, 'sub_' || n % 200`;
  await queries.query({
    text: `INSERT INTO deliveries_done (seq, tail, shard, event_seq, event_tail, destination_id, subscription_id, state, attempts, trigger, late, finished_at)
      SELECT ${facts}, CASE WHEN n % 1000 = 0 THEN 2 ELSE 1 END, 1, 'event', false, ${at} FROM ${of(0, events - waiting - 1)}`,
  });
  await queries.query({
    text: `INSERT INTO deliveries (seq, tail, shard, event_seq, event_tail, destination_id, subscription_id, lane, next_at, trigger)
      SELECT ${facts}, 0, ${at}, 'event' FROM ${of(events - waiting, events - 1)}`,
  });
  await queries.query({
    text: `INSERT INTO attempts (seq, tail, shard, delivery_seq, delivery_tail, event_seq, event_tail, destination_id, number, started_at, duration_ms, request, status, response_headers)
      SELECT seq + 2, ${TAIL}, n % 64, seq + 1, ${TAIL}, seq, ${TAIL}, 'dst_' || n % 100, 1, ${at}, 12, '["POST","https://receiver.example/",[]]', 200, '[]'
      FROM ${of(0, events - waiting - 1)}`,
  });
  await queries.query({
    text: `INSERT INTO requests (seq, tail, source_id, outcome, cause, message, received_at, body_bytes, envelope, body)
      SELECT seq + 3, ${TAIL}, 'src_' || n % 20, 'rejected', CASE WHEN n % 500 = 0 THEN 'too_large' ELSE 'bad_signature' END, 'No signature matched.', ${at}, 2,
        '["POST","","","192.0.2.1",[]]', '\\x7b7d'
      FROM ${of(0, rejected - 1)}`,
  });
}
