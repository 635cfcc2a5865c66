// SQL of the lists: newest first, cursor by id, and a bound on how much one page may look at.
import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { seqAtTime } from "../../core/id.ts";
import type { AttemptQuery, DeliveryQuery, EventQuery, FailedQuery, ListQuery, RequestQuery } from "../store.ts";
import {
  ACCEPTED_REQUEST_COLUMNS,
  ATTEMPT_COLUMNS,
  DELIVERY_COLUMNS,
  EVENT_HEAD_COLUMNS,
  OTHER_REQUEST_COLUMNS,
  type Row,
  STATE_CODE,
} from "../rows.ts";

// A rare filter may have to walk far for a full page; a page ends after this many rows, with a cursor to go on from.
const SCAN_ROWS_MAX = 20_000;

export interface RowPage {
  rows: Row[];
  /** The seq after which the next page goes on; null at the end. */
  nextSeq: number | null;
}

/** Conditions and their values, gathered clause by clause. */
class Where {
  readonly clauses: string[] = [];
  readonly values: SQLInputValue[] = [];

  add(clause: string, ...values: SQLInputValue[]): void {
    this.clauses.push(clause);
    this.values.push(...values);
  }

  equal(column: string, value: SQLInputValue | undefined): void {
    if (value !== undefined) this.add(`${column} = ?`, value);
  }

  get sql(): string {
    return this.clauses.length === 0 ? "" : ` AND ${this.clauses.join(" AND ")}`;
  }
}

/** The seq range of a query: [low, high), narrowed by its cursor. */
function rangeOf(query: ListQuery, cursorSeq: number | null, ascending: boolean): { low: number; high: number } {
  let low = query.since === null ? 0 : seqAtTime(query.since);
  let high = query.until === null ? Number.MAX_SAFE_INTEGER : seqAtTime(query.until);
  if (cursorSeq !== null && ascending) low = Math.max(low, cursorSeq + 1);
  if (cursorSeq !== null && !ascending) high = Math.min(high, cursorSeq);
  return { low, high };
}

interface Listing {
  table: string;
  alias: string;
  columns: string;
  joins: string;
  where: Where;
  query: ListQuery;
  cursorSeq: number | null;
  ascending?: boolean;
  /** False when an index answers the filter, so that no bound on the walk is needed. */
  bounded: boolean;
}

function list(database: DatabaseSync, listing: Listing): RowPage {
  const { alias, table, where, query } = listing;
  const ascending = listing.ascending ?? false;
  const range = rangeOf(query, listing.cursorSeq, ascending);
  const order = ascending ? "ASC" : "DESC";
  let edge: number | null = null;
  if (listing.bounded && where.clauses.length > 0) {
    edge = scanEdge(database, table, range, order);
    if (edge !== null && ascending) range.high = edge + 1;
    if (edge !== null && !ascending) range.low = edge;
  }
  const statement = database.prepare(
    `SELECT ${listing.columns} FROM ${table} ${alias} ${listing.joins}
     WHERE ${alias}.seq >= ? AND ${alias}.seq < ?${where.sql} ORDER BY ${alias}.seq ${order} LIMIT ?`,
  );
  statement.setReturnArrays(true);
  const rows = statement.all(range.low, range.high, ...where.values, query.limit + 1) as unknown as Row[];
  if (rows.length > query.limit) {
    rows.pop();
    return { rows, nextSeq: rows.at(-1)![0] as number };
  }
  return { rows, nextSeq: edge };
}

/** Where a walk of SCAN_ROWS_MAX rows from the range's start ends; null when the range ends before. */
function scanEdge(database: DatabaseSync, table: string, range: { low: number; high: number }, order: string): number | null {
  const edge = database
    .prepare(`SELECT seq FROM ${table} WHERE seq >= ? AND seq < ? ORDER BY seq ${order} LIMIT 1 OFFSET ?`)
    .get(range.low, range.high, SCAN_ROWS_MAX - 1) as { seq: number } | undefined;
  return edge?.seq ?? null;
}

/** `invoice.*` and `**` as a prefix match on the column; a plain type as equality. */
function addType(where: Where, column: string, type: string | undefined): void {
  if (type === undefined || type === "**") return;
  const prefix = /^(.*\.)\*{1,2}$/.exec(type)?.[1];
  if (prefix === undefined) where.equal(column, type);
  else where.add(`substr(${column}, 1, ?) = ?`, prefix.length, prefix);
}

/** The time of a dead one's failure is its end; of one that waits, its last attempt. */
function addFailed(where: Where, { includeWaiting, since, until }: FailedQuery): void {
  const dead = `d.state = ${STATE_CODE.dead} AND d.finished_at >= ? AND d.finished_at < ?`;
  if (!includeWaiting) return where.add(dead, since ?? 0, until);
  const tried = `d.state = ${STATE_CODE.waiting} AND d.attempts > d.attempts_before`;
  const lastAttempt = "(SELECT max(a.started_at) FROM attempts a WHERE a.delivery_seq = d.seq)";
  where.add(`(${dead} OR ${tried} AND ${lastAttempt} >= ? AND ${lastAttempt} < ?)`, since ?? 0, until, since ?? 0, until);
}

export function createListReads(database: DatabaseSync) {
  return {
    events(query: EventQuery, cursorSeq: number | null): RowPage {
      const where = new Where();
      where.equal("e.source_id", query.sourceId);
      where.equal("e.tenant_id", query.tenantId);
      where.equal("e.key", query.key);
      where.equal("e.provider_event_id", query.providerEventId);
      addType(where, "e.type", query.type);
      return list(database, {
        table: "events",
        alias: "e",
        columns: EVENT_HEAD_COLUMNS,
        joins: "",
        where,
        query,
        cursorSeq,
        ascending: query.ascending ?? false,
        bounded: true,
      });
    },

    deliveries(query: DeliveryQuery, cursorSeq: number | null, eventSeq: number | null): RowPage {
      const where = new Where();
      if (query.state !== undefined) where.add(`d.state = ${STATE_CODE[query.state]}`);
      where.equal("d.destination_id", query.destinationId);
      if (query.destinationIds !== undefined) {
        where.add("d.destination_id IN (SELECT value FROM json_each(?))", JSON.stringify(query.destinationIds));
      }
      where.equal("d.subscription_id", query.subscriptionId);
      where.equal("d.job_id", query.jobId);
      if (query.failed !== undefined) addFailed(where, query.failed);
      where.equal("e.source_id", query.sourceId);
      where.equal("e.tenant_id", query.tenantId);
      addType(where, "e.type", query.type);
      if (eventSeq !== null) where.add("d.event_seq = ?", eventSeq);
      return list(database, {
        table: "deliveries",
        alias: "d",
        columns: DELIVERY_COLUMNS,
        joins: "JOIN events e ON e.seq = d.event_seq",
        where,
        query,
        cursorSeq,
        ascending: query.ascending ?? false,
        // A job walks all there is, so one of its pages must not walk far for a rare match: the writer's log can't be reset meanwhile.
        bounded: eventSeq === null && (query.state !== "dead" || query.ascending === true),
      });
    },

    attempts(query: AttemptQuery, cursorSeq: number | null, ids: { deliverySeq: number | null; eventSeq: number | null }): RowPage {
      const where = new Where();
      if (ids.deliverySeq !== null) where.add("a.delivery_seq = ?", ids.deliverySeq);
      if (ids.eventSeq !== null) where.add("a.delivery_seq IN (SELECT seq FROM deliveries WHERE event_seq = ?)", ids.eventSeq);
      where.equal("d.destination_id", query.destinationId);
      return list(database, {
        table: "attempts",
        alias: "a",
        columns: ATTEMPT_COLUMNS,
        joins: "JOIN deliveries d ON d.seq = a.delivery_seq JOIN events e ON e.seq = d.event_seq",
        where,
        query,
        cursorSeq,
        bounded: ids.deliverySeq === null && ids.eventSeq === null,
      });
    },

    /** A plain accepted request is its event's row; split ones and the unaccepted are in `requests`. Both pages are merged by time. */
    requests(query: RequestQuery, cursorSeq: number | null): RowPage {
      const accepted = new Where();
      accepted.equal("e.source_id", query.sourceId);
      // Published events came through the API, not as a request to a source.
      accepted.add("e.source_id IS NOT NULL");
      accepted.add("e.request_seq IS NULL");
      const others = new Where();
      others.equal("r.source_id", query.sourceId);
      others.equal("r.outcome", query.outcome);
      others.equal("r.cause", query.cause);
      const wantsAccepted = query.cause === undefined && (query.outcome === undefined || query.outcome === "accepted");
      const pages = [
        ...(wantsAccepted
          ? [
              list(database, {
                table: "events",
                alias: "e",
                columns: ACCEPTED_REQUEST_COLUMNS,
                joins: "",
                where: accepted,
                query,
                cursorSeq,
                bounded: true,
              }),
            ]
          : []),
        list(database, {
          table: "requests",
          alias: "r",
          columns: OTHER_REQUEST_COLUMNS,
          joins: "",
          where: others,
          query,
          cursorSeq,
          bounded: query.sourceId !== undefined || query.cause !== undefined,
        }),
      ];
      return mergePages(pages, query.limit);
    },
  };
}

/** One page out of two newest-first pages; goes no further back than the page that stopped first. */
function mergePages(pages: RowPage[], limit: number): RowPage {
  const floor = Math.max(0, ...pages.map((page) => page.nextSeq ?? 0));
  const rows = pages
    .flatMap((page) => page.rows)
    .filter((row) => (row[0] as number) >= floor)
    .toSorted((a, b) => (b[0] as number) - (a[0] as number));
  if (rows.length > limit) return { rows: rows.slice(0, limit), nextSeq: rows[limit - 1]![0] as number };
  return { rows, nextSeq: floor === 0 ? null : floor };
}
