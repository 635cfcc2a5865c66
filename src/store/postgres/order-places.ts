// Where new deliveries stand in their lines: pure, over what is known of each line's first and last row.
import { createHash } from "node:crypto";
import type { OrderPlace } from "../store.ts";

/** What a place comes from, as in the column `order_by`. */
export const BY_ACCEPTANCE = 0;
export const ORDER_BY = { timestamp: 1, sequence: 2 } as const;

const HASH_BYTES = 6;

/**
 * The number of a line: 48 bits of a hash of its destination, its key, and the job of a replay, which is a line of its own.
 * Two lines with one number, once in 16 million lines, wait for each other and keep both their orders.
 */
export function lineOf(destinationId: string, key: string, jobId: string | null): number {
  return createHash("sha256")
    .update(JSON.stringify([destinationId, key, jobId ?? ""]))
    .digest()
    .readUIntBE(0, HASH_BYTES);
}

/** A line goes by `at`, then `place`, then by who was put there first. */
export interface Standing {
  by: number;
  at: number;
  place: number;
}

export interface Head<Row> extends Standing {
  /** It was answered as due. */
  released: boolean;
  row: Row;
}

/** One line, as it is while rows are put into it. `frontiers` are the furthest of the provider's places that were answered as due. */
export interface LineEnds<Row> {
  head: Head<Row> | null;
  end: Standing | null;
  frontiers: ReadonlyMap<number, number>;
}

export interface Placement<Row> extends Standing {
  late: boolean;
  blocked: boolean;
  /** Whom it comes before: the one that was first until now. */
  displaced: Row | null;
}

/**
 * Puts a row into its line and brings the line up to date. `accepted` is its event's place in the order of acceptance; null for
 * a replay, which keeps the order of its job.
 * Those with a provider's place come first, and only as long as all of the line have one of one kind. Behind them stand the
 * others by acceptance: of two events that were dispatched the wrong way round, the earlier one is put before the later one
 * while that has not been answered as due, and right behind it from then on.
 */
export function putInLine<Row>(line: LineEnds<Row>, row: Row, { position }: OrderPlace, accepted: number | null): Placement<Row> {
  const { standing, late } = standingOf(line, position, accepted);
  const { head } = line;
  const first = head === null || isBefore(standing, head);
  const displaced = first ? (head?.row ?? null) : null;
  if (first) line.head = { ...standing, released: false, row };
  if (line.end === null || !isBefore(standing, line.end)) line.end = standing;
  return { ...standing, late, blocked: !first, displaced };
}

function standingOf<Row>(
  { head, end, frontiers }: LineEnds<Row>,
  position: OrderPlace["position"],
  accepted: number | null,
): { standing: Standing; late: boolean } {
  if (position !== null) {
    const by = ORDER_BY[position.by];
    if (end === null || end.by === by) {
      const frontier = frontiers.get(by) ?? -Infinity;
      return { standing: { by, at: Math.max(position.at, frontier), place: 0 }, late: position.at < frontier };
    }
  }
  const passed = head !== null && head.released && head.by === BY_ACCEPTANCE ? head.place : 0;
  return {
    standing: { by: BY_ACCEPTANCE, at: end?.at ?? 0, place: accepted === null ? 0 : Math.max(accepted, passed) },
    late: accepted !== null && accepted < passed,
  };
}

/** Of two that stand at one place, whoever was put there first is before the other. */
function isBefore(a: Standing, b: Standing): boolean {
  return a.at < b.at || (a.at === b.at && a.place < b.place);
}
