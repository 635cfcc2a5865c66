// Walks of partitioned tables in the order of seq, window by window, with a bound on how many rows one may look at.
import type { Row } from "../rows.ts";
import type { ListQuery } from "../store.ts";
import type { Queries, Value } from "./connection.ts";
import { SEQ_MAX, seqAt, type SeqRange } from "./days.ts";
import type { Windows } from "./windows.ts";

// A rare filter may have to walk far for a full page; a page ends after this many rows, with a cursor to go on from.
export const SCAN_ROWS_MAX = 5_000;

export interface RowPage {
  rows: Row[];
  /** The seq after which the next page goes on; null at the end. */
  nextSeq: number | null;
}

export interface Listing {
  /** A table, or a subquery that the planner sees through. */
  from: string;
  alias: string;
  columns: string;
  /** Conditions that an index answers. */
  narrow?: readonly string[];
  /** Whether that index has another order than seq: so few rows that sorting them costs less than walking by seq. */
  sorts?: boolean;
  /** Conditions that each row has to be looked at for; the walk is then bounded. */
  filters?: readonly string[];
  scanRowsMax?: number;
  values: Values;
  query: ListQuery & { ascending?: boolean };
  /** Seqs [lowest, highest) are all that can match. */
  lowest?: number;
  highest?: number;
}

/** Values of one statement. The first two are the bounds of its window. */
export class Values {
  readonly list: Value[] = [0, 0];

  add(value: string | number | readonly string[]): string {
    this.list.push(value);
    return `$${this.list.length}`;
  }

  /** `column = value`, or nothing when no value is asked for. */
  equal(column: string, value: string | undefined): string[] {
    return value === undefined ? [] : [`${column} = ${this.add(value)}`];
  }

  /** `invoice.*` and `**` as a prefix match on the column; a plain type as equality. */
  type(column: string, type: string | undefined): string[] {
    if (type === undefined || type === "**") return [];
    const prefix = /^(.*\.)\*{1,2}$/.exec(type)?.[1];
    return prefix === undefined ? this.equal(column, type) : [`starts_with(${column}, ${this.add(prefix)})`];
  }
}

/** The seq range of a query: [low, high), narrowed by its cursor. A cursor that nobody gave ends the list. */
function rangeOf({ query: { since, until, cursor, ascending }, lowest = 0, highest = SEQ_MAX }: Listing): SeqRange {
  let low = Math.max(lowest, since === null ? 0 : seqAt(since));
  let high = Math.min(highest, until === null ? SEQ_MAX : seqAt(until));
  if (cursor !== null) {
    const seq = Number(cursor);
    if (!Number.isSafeInteger(seq)) high = low;
    else if (ascending === true) low = Math.max(low, seq + 1);
    else high = Math.min(high, seq);
  }
  return { low, high };
}

/** Up to `wanted` rows of one window, and at the end of their rows how far the walk came when it found fewer. */
function walkText(listing: Listing, wanted: number, scanRowsMax: number): string {
  const { from, alias, columns, narrow = [], filters = [] } = listing;
  const direction = listing.query.ascending === true ? "ASC" : "DESC";
  const order = `ORDER BY ${alias}.seq${listing.sorts === true ? " + 0" : ""} ${direction}`;
  const inside = [`${alias}.seq >= $1`, `${alias}.seq < $2`, ...narrow].join(" AND ");
  if (filters.length === 0) return `SELECT ${columns}, NULL::text FROM ${from} ${alias} WHERE ${inside} ${order} LIMIT ${wanted}`;
  const rowsOf = (what: string) => `(SELECT ${what} FROM ${from} ${alias} WHERE ${inside} ${order} LIMIT ${scanRowsMax})`;
  const edge = direction === "ASC" ? "max" : "min";
  // The walk is counted only when the page is not full, and in the same snapshot: no row falls between it and the next page.
  return `WITH page AS MATERIALIZED (
      SELECT ${columns} FROM ${rowsOf(`${alias}.*`)} ${alias} WHERE ${filters.join(" AND ")} ${order} LIMIT ${wanted}
    )
    SELECT page.*, walked.mark FROM (
      SELECT CASE WHEN (SELECT count(*) FROM page) < ${wanted}
        THEN (SELECT count(*) || ' ' || coalesce(${edge}(w.seq), 0) FROM ${rowsOf(`${alias}.seq`)} w) END AS mark OFFSET 0
    ) walked LEFT JOIN page ON true`;
}

export async function walk(queries: Queries, windows: Windows, listing: Listing): Promise<RowPage> {
  const { limit, ascending = false } = listing.query;
  const range = rangeOf(listing);
  const rows: Row[] = [];
  let scanLeft = listing.scanRowsMax ?? SCAN_ROWS_MAX;
  for await (const window of windows.of(range, ascending)) {
    const wanted = limit + 1 - rows.length;
    // Without a name it is planned anew, with its values: the planner leaves out the partitions beside the window.
    const values = listing.values.list.with(0, window.low).with(1, window.high);
    const found = await queries.query({ text: walkText(listing, wanted, scanLeft), values });
    const mark = found[0]?.at(-1) ?? null;
    const page = found.filter((row) => row[0] !== null).map((row) => row.slice(0, -1));
    rows.push(...page.toSorted(ascending ? (a, b) => seqOf(a) - seqOf(b) : (a, b) => seqOf(b) - seqOf(a)));
    if (rows.length > limit) {
      rows.pop();
      return { rows, nextSeq: seqOf(rows.at(-1)!) };
    }
    if (typeof mark !== "string") continue;
    const [walked, edge] = mark.split(" ").map(Number) as [number, number];
    if (walked === scanLeft) return { rows, nextSeq: edge };
    scanLeft -= walked;
  }
  return { rows, nextSeq: null };
}

export const seqOf = (row: Row): number => row[0] as number;
