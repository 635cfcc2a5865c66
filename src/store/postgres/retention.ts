// Retention: everything about an event goes together, in slices row by row, or by whole days where the caller allows it.
import type { RetentionSlice, Store } from "../store.ts";
import type { Database, Queries } from "./connection.ts";
import { dayOf, SEQ_MAX, seqAt } from "./days.ts";
import { createDrops } from "./drops.ts";
import { createErasure } from "./erase.ts";
import type { Partitions } from "./partitions.ts";
import { createSize } from "./size.ts";
import { type Listing, seqOf, Values, walk } from "./walk.ts";
import { createWindows } from "./windows.ts";

const REVISION_KEPT_MS = 90 * 86_400_000;
const IDEMPOTENCY_KEPT_MS = 86_400_000;

// One call walks over so many times 8,000 rows that are none of its business; the next goes on from there.
const WALKS_PER_CALL_MAX = 5;
// Events that are past their time and still have something to do are looked at each time, without walking to them again.
const BLOCKED_KEPT_MAX = 10_000;
// Passes of one rule after which everything is walked again, for events that came in with old numbers: a day of minutes.
const PASSES_PER_FULL_WALK = 1_440;

/** How far one rule has come. Numbers go by time, so what it has walked over is not looked at again each minute. */
interface Progress {
  /** Below this there is nothing for the rule but what is in `blocked`. */
  floor: number;
  blocked: Set<number>;
  passes: number;
}

/** Deletes what is older than it should be. Every method may run on several nodes at once. */
export function createRetention(database: Database, partitions: Partitions): Pick<Store, "deleteExpired" | "sweep" | "size"> {
  const windows = createWindows(database);
  const erase = createErasure(database);
  const drops = createDrops(database, partitions);
  const rules = createRules();
  const size = createSize(database, windows);

  async function deleteRows(slice: RetentionSlice, upTo: number): Promise<number> {
    const progress = rules.progressOf(slice, upTo);
    let deleted = 0;
    /** Erases what nothing holds, remembers the rest. */
    const take = async (seqs: number[]) => {
      const held = new Set(await erase.held(seqs, slice.before));
      const free = seqs.filter((seq) => !held.has(seq)).slice(0, slice.limit - deleted);
      const gone = await erase.events(free);
      deleted += gone.erased;
      for (const seq of free) progress.blocked.delete(seq);
      for (const seq of [...held, ...gone.held]) progress.blocked.add(seq);
    };
    if (progress.blocked.size > 0) await take([...progress.blocked].toSorted((a, b) => a - b));
    for (let walks = 0; walks < WALKS_PER_CALL_MAX && deleted < slice.limit && progress.floor < upTo; walks += 1) {
      if (progress.blocked.size >= BLOCKED_KEPT_MAX) break;
      const { rows, nextSeq } = await walk(database, windows, expiredListing(slice, progress.floor, upTo, slice.limit - deleted));
      await take(rows.map(seqOf));
      progress.floor = nextSeq === null ? upTo : nextSeq + 1;
    }
    if (progress.floor >= upTo) progress.passes += 1;
    return deleted;
  }

  return {
    async deleteExpired(slice) {
      const everyRule = rules.note(slice);
      if (slice.wholeDays !== true || slice.sourceId !== null) return deleteRows(slice, seqAt(slice.before));
      const { events, locked } = everyRule === null ? { events: 0, locked: false } : await drops.dropBefore(everyRule);
      // What could not be dropped for a moment is not worth deleting row by row: it goes with the next call.
      return locked ? events : events + (await deleteRows(slice, dayOf(seqAt(slice.before))));
    },
    async sweep(now, requestsBefore) {
      await sweepTables(database, now, requestsBefore);
      await partitions.ensure(now);
    },
    size,
  };
}

function expiredListing(slice: RetentionSlice, floor: number, upTo: number, limit: number): Listing {
  const values = new Values();
  const { sourceId, exceptSourceIds } = slice;
  const filters =
    sourceId !== null
      ? values.equal("e.source_id", sourceId)
      : exceptSourceIds.length === 0
        ? []
        : [`(e.source_id IS NULL OR e.source_id <> ALL(${values.add(exceptSourceIds)}::text[]))`];
  const query = { limit, cursor: null, since: null, until: null, ascending: true };
  return { from: "events", alias: "e", columns: "e.seq", filters, values, query, lowest: floor, highest: upTo };
}

/** What the calls tell of the rules there are: one pass names the sources with a rule of their own before all the others. */
function createRules() {
  const progress = new Map<string, Progress & { except: string }>();
  const ownBefore = new Map<string, number>();
  return {
    /** Before which time every rule lets go of everything, ms since the Unix epoch; null while one is not known. */
    note({ sourceId, exceptSourceIds, before }: RetentionSlice): number | null {
      if (sourceId !== null) {
        ownBefore.set(sourceId, before);
        return null;
      }
      const own = exceptSourceIds.map((id) => ownBefore.get(id) ?? Number.NEGATIVE_INFINITY);
      const earliest = own.reduce((a, b) => Math.min(a, b), before);
      return Number.isFinite(earliest) ? earliest : null;
    },
    progressOf({ sourceId, exceptSourceIds }: RetentionSlice, upTo: number): Progress {
      const except = exceptSourceIds.join(" ");
      const name = sourceId ?? "";
      let known = progress.get(name);
      // A rule that was changed, or another one of the same name, begins anew.
      if (known === undefined || known.except !== except || known.floor > upTo || known.passes >= PASSES_PER_FULL_WALK) {
        known = { floor: 0, blocked: new Set(), passes: 0, except };
        progress.set(name, known);
      }
      return known;
    },
  };
}

async function sweepTables(database: Queries, now: number, requestsBefore: number): Promise<void> {
  // By outcome, because the index on it leads past the accepted ones, and of the others each has its cap.
  await database.query({
    text: "DELETE FROM requests WHERE outcome IN ('rejected', 'handshake', 'duplicate') AND received_at < $1",
    values: [Math.ceil(requestsBefore)],
  });
  await database.query({ text: "DELETE FROM idempotency WHERE created_at < $1", values: [Math.ceil(now - IDEMPOTENCY_KEPT_MS)] });
  // A provider's place counts as long as the events from before it are known.
  await database.query({
    text: "DELETE FROM frontiers WHERE event_seq < (SELECT coalesce(min(e.seq), $1::bigint) FROM events e)",
    values: [SEQ_MAX],
  });
  await database.query({ text: "DELETE FROM config_revisions WHERE replaced_at < $1", values: [Math.ceil(now - REVISION_KEPT_MS)] });
}
