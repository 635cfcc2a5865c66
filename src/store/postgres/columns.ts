// Columns as this adapter selects them, in the order in which src/store/rows.ts reads them.
import type { Delivery } from "../../core/delivery.ts";
import { timeOfSeq } from "../../core/id.ts";
import { deliveryFrom, EVENT_COLUMNS, EVENT_HEAD_COLUMNS, type Row } from "../rows.ts";

export { EVENT_COLUMNS, EVENT_HEAD_COLUMNS };

/** Of a row that waits (`d`): what only ended deliveries have is null. */
export const WAITING_COLUMNS =
  "d.seq, d.tail, d.event_seq, d.event_tail, d.destination_id, d.subscription_id, 0::smallint AS state, d.attempts, d.next_at, d.reason, d.trigger, d.job_id, NULL::bigint AS finished_at, d.attempts_before, d.expires_at, d.order_key, d.late, d.lane";

/** Of a row that has ended (`d`). Names and types are those of WAITING_COLUMNS, so that both can be walked as one. */
export const DONE_COLUMNS =
  "d.seq, d.tail, d.event_seq, d.event_tail, d.destination_id, d.subscription_id, d.state, d.attempts, NULL::bigint AS next_at, d.reason, d.trigger, d.job_id, d.finished_at, d.attempts_before, d.expires_at, d.order_key, d.late, 0::smallint AS lane";

/** Of either kind, once their columns have got one name (`d`). */
export const DELIVERY_COLUMNS =
  "d.seq, d.tail, d.event_seq, d.event_tail, d.destination_id, d.subscription_id, d.state, d.attempts, d.next_at, d.reason, d.trigger, d.job_id, d.finished_at, d.attempts_before, d.expires_at, d.order_key, d.late, d.lane";

/** An attempt's row names its delivery, event and destination itself: lists of attempts join nothing. */
export const ATTEMPT_COLUMNS =
  "a.seq, a.tail, a.number, a.started_at, a.duration_ms, a.request, a.status, a.failure, a.message, a.response_headers, a.response_body, a.truncated::int AS truncated, a.delivery_seq, a.delivery_tail, a.destination_id, a.event_seq, a.event_tail";

/** A plain accepted request is its event's row, under the same number. */
export const ACCEPTED_REQUEST_COLUMNS =
  "e.seq, e.tail, e.source_id, 'accepted'::text AS outcome, NULL::text AS cause, NULL::text AS message, e.seq AS event_seq, e.tail AS event_tail, e.received_at, length(e.body) AS body_bytes, e.envelope";

export const OTHER_REQUEST_COLUMNS =
  "r.seq, r.tail, r.source_id, r.outcome, r.cause, r.message, r.event_seq, r.event_tail, r.received_at, r.body_bytes, r.envelope";

export const deliveryOf = (row: Row): Delivery => deliveryFrom(row, timeOfSeq);
