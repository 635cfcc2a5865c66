// SQL of the lists: newest first, cursor by id, and a bound on how much one page may look at.
import { parseId } from "../../core/id.ts";
import { attemptFrom, eventHeadFrom, requestHeadRecordFrom, type Row, STATE_CODE } from "../rows.ts";
import type { AttemptQuery, DeliveryQuery, EventQuery, FailedQuery, Page, RequestQuery, Store } from "../store.ts";
import {
  ACCEPTED_REQUEST_COLUMNS,
  ATTEMPT_COLUMNS,
  DELIVERY_COLUMNS,
  deliveryOf,
  DONE_COLUMNS,
  EVENT_HEAD_COLUMNS,
  OTHER_REQUEST_COLUMNS,
  WAITING_COLUMNS,
} from "./columns.ts";
import type { Queries } from "./connection.ts";
import { DAY_SEQS } from "./days.ts";
import { type Listing, type RowPage, SCAN_ROWS_MAX, seqOf, Values, walk } from "./walk.ts";
import { createWindows } from "./windows.ts";

// A filter on the event or on the last attempt looks each one up: 3 µs a row where the walk itself takes less than 1, and 25 to 30
// where nobody has read its page for long.
const LOOKED_UP_ROWS_MAX = 1_000;

// An event's deliveries and attempts have higher numbers than it has, except for what the clocks of two nodes differ by.
const SKEW_SEQS = DAY_SEQS;

const WAITING = `(SELECT ${WAITING_COLUMNS} FROM deliveries d)`;
const ENDED = `(SELECT ${DONE_COLUMNS} FROM deliveries_done d)`;
// One statement sees each delivery in one of the two tables, also while it moves.
const WAITING_AND_ENDED = `(SELECT ${WAITING_COLUMNS} FROM deliveries d UNION ALL SELECT ${DONE_COLUMNS} FROM deliveries_done d)`;

/**
 * What a recovery looks through. Conditions inside would keep the planner from walking both tables in one order: outside, each
 * table has them with `ended` as it is there, so that dead ones are read off their index.
 */
const TRIED_AND_ENDED = `(SELECT ${WAITING_COLUMNS}, false AS ended FROM deliveries d UNION ALL SELECT ${DONE_COLUMNS}, true AS ended FROM deliveries_done d)`;
const TRIED_OR_DEAD = `(NOT d.ended AND d.attempts > d.attempts_before OR d.ended AND d.state = ${STATE_CODE.dead})`;

function fromOf({ state, failed }: DeliveryQuery): string {
  if (state !== undefined) return state === "waiting" ? WAITING : ENDED;
  if (failed === undefined) return WAITING_AND_ENDED;
  return failed.includeWaiting ? TRIED_AND_ENDED : ENDED;
}

/** The time of a dead one's failure is its end; of one that waits, its last attempt. */
function failedFilter(values: Values, { includeWaiting, since, until }: FailedQuery): string {
  const [low, high] = [values.add(since ?? 0), values.add(until)];
  const dead = `d.state = ${STATE_CODE.dead} AND d.finished_at >= ${low} AND d.finished_at < ${high}`;
  if (!includeWaiting) return dead;
  // As for events, the offset keeps it a lookup for each row.
  const last = `(SELECT max(a.started_at) FROM attempts a WHERE a.delivery_seq = d.seq AND a.seq >= d.seq - ${SKEW_SEQS} OFFSET 0)`;
  return `(${dead} OR d.state = ${STATE_CODE.waiting} AND d.attempts > d.attempts_before AND ${last} >= ${low} AND ${last} < ${high})`;
}

/** One page out of two newest-first pages; goes no further back than the page that stopped first. */
function mergePages(pages: RowPage[], limit: number): RowPage {
  const floor = Math.max(0, ...pages.map((page) => page.nextSeq ?? 0));
  const rows = pages
    .flatMap((page) => page.rows)
    .filter((row) => seqOf(row) >= floor)
    .toSorted((a, b) => seqOf(b) - seqOf(a));
  if (rows.length > limit) return { rows: rows.slice(0, limit), nextSeq: seqOf(rows[limit - 1]!) };
  return { rows, nextSeq: floor === 0 ? null : floor };
}

/** The number in an id, -1 for something that is no id: it matches nothing. Null when none is asked for. */
function numberIn(prefix: "evt" | "dlv", id: string | undefined): number | null {
  return id === undefined ? null : (parseId(prefix, id)?.seq ?? -1);
}

function eventListing(query: EventQuery): Listing {
  const values = new Values();
  const filters = [
    ...values.equal("e.source_id", query.sourceId),
    ...values.equal("e.tenant_id", query.tenantId),
    ...values.equal("e.key", query.key),
    ...values.equal("e.provider_event_id", query.providerEventId),
    ...values.type("e.type", query.type),
  ];
  return { from: "events", alias: "e", columns: EVENT_HEAD_COLUMNS, filters, values, query };
}

function deliveryListing(query: DeliveryQuery): Listing {
  const values = new Values();
  const { state, destinationIds, failed } = query;
  const eventSeq = numberIn("evt", query.eventId);
  const narrow = eventSeq === null ? [] : [`d.event_seq = ${values.add(eventSeq)}`];
  const filters = [
    ...(failed === undefined ? [] : [failedFilter(values, failed)]),
    ...values.equal("d.destination_id", query.destinationId),
    ...(destinationIds === undefined ? [] : [`d.destination_id = ANY(${values.add(destinationIds)}::text[])`]),
    ...values.equal("d.subscription_id", query.subscriptionId),
    ...values.equal("d.job_id", query.jobId),
  ];
  // Those that wait have a table of their own, and dead ones an index.
  if (state === "dead" || (state === undefined && failed?.includeWaiting === false)) narrow.push(`d.state = ${STATE_CODE.dead}`);
  else if (state !== undefined && state !== "waiting") filters.push(`d.state = ${STATE_CODE[state]}`);
  if (state === undefined && failed?.includeWaiting === true) narrow.push(TRIED_OR_DEAD);
  const ofEvent = [
    ...values.equal("e.source_id", query.sourceId),
    ...values.equal("e.tenant_id", query.tenantId),
    ...values.type("e.type", query.type),
  ];
  // The offset keeps it a lookup by number for each row: as a join it may become a scan of all events.
  if (ofEvent.length > 0) filters.push(`EXISTS (SELECT 1 FROM events e WHERE e.seq = d.event_seq AND ${ofEvent.join(" AND ")} OFFSET 0)`);
  return {
    from: fromOf(query),
    alias: "d",
    columns: DELIVERY_COLUMNS,
    narrow,
    sorts: eventSeq !== null,
    filters,
    scanRowsMax: ofEvent.length > 0 || failed?.includeWaiting === true ? LOOKED_UP_ROWS_MAX : SCAN_ROWS_MAX,
    values,
    query,
    lowest: (eventSeq ?? 0) - SKEW_SEQS,
  };
}

/** Attempts have no index by their event: they are found by its deliveries, which are no older than it. */
function ofDeliveriesOf(eventSeq: string, lowest: string): string {
  return `a.delivery_seq = ANY(ARRAY(
    SELECT w.seq FROM deliveries w WHERE w.event_seq = ${eventSeq}
    UNION ALL SELECT o.seq FROM deliveries_done o WHERE o.event_seq = ${eventSeq} AND o.seq >= ${lowest}))`;
}

function attemptListing(query: AttemptQuery): Listing {
  const values = new Values();
  const deliverySeq = numberIn("dlv", query.deliveryId);
  const eventSeq = numberIn("evt", query.eventId);
  return {
    from: "attempts",
    alias: "a",
    columns: ATTEMPT_COLUMNS,
    narrow: [
      ...(deliverySeq === null ? [] : [`a.delivery_seq = ${values.add(deliverySeq)}`]),
      ...(eventSeq === null ? [] : [ofDeliveriesOf(values.add(eventSeq), values.add(eventSeq - SKEW_SEQS))]),
    ],
    sorts: deliverySeq !== null || eventSeq !== null,
    filters: values.equal("a.destination_id", query.destinationId),
    values,
    query,
    lowest: Math.max(deliverySeq ?? 0, eventSeq ?? 0) - SKEW_SEQS,
  };
}

/** A plain accepted request is its event's row; split ones and the unaccepted are in `requests`. */
function requestListings(query: RequestQuery): Listing[] {
  const accepted = new Values();
  // Published events came through the API, not as a request to a source.
  const ofEvents = [...accepted.equal("e.source_id", query.sourceId), "e.source_id IS NOT NULL", "e.request_seq IS NULL"];
  const others = new Values();
  const narrow = others.equal("r.outcome", query.outcome);
  const ofRequests = [...others.equal("r.source_id", query.sourceId), ...others.equal("r.cause", query.cause)];
  const wantsAccepted = query.cause === undefined && (query.outcome === undefined || query.outcome === "accepted");
  return [
    ...(wantsAccepted
      ? [{ from: "events", alias: "e", columns: ACCEPTED_REQUEST_COLUMNS, filters: ofEvents, values: accepted, query }]
      : []),
    { from: "requests", alias: "r", columns: OTHER_REQUEST_COLUMNS, narrow, filters: ofRequests, values: others, query },
  ];
}

/** The lists of the store; `queries` may be a replica's. */
export function createListReads(queries: Queries): Pick<Store, "events" | "deliveries" | "attempts" | "requests"> {
  const windows = createWindows(queries);
  const read = (listing: Listing) => walk(queries, windows, listing);
  const page = <T>({ rows, nextSeq }: RowPage, from: (row: Row) => T): Page<T> => ({
    data: rows.map(from),
    nextCursor: nextSeq === null ? null : String(nextSeq),
  });
  return {
    events: async (query) => page(await read(eventListing(query)), eventHeadFrom),
    deliveries: async (query) => page(await read(deliveryListing(query)), deliveryOf),
    attempts: async (query) => page(await read(attemptListing(query)), attemptFrom),
    async requests(query) {
      const pages = await Promise.all(requestListings(query).map(read));
      return page(mergePages(pages, query.limit), requestHeadRecordFrom);
    },
  };
}
