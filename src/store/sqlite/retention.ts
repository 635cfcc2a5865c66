// SQL of retention: everything about an event goes together, in slices small enough not to stall a commit.
import type { DatabaseSync } from "node:sqlite";
import { seqAtTime } from "../../core/id.ts";
import type { RetentionSlice, StoreSize } from "../store.ts";

// Pages given back to the file system per slice; 256 pages are 1 MiB, a few milliseconds of work.
const VACUUM_PAGES_PER_SLICE = 256;
const REVISION_KEPT_MS = 90 * 86_400_000;
const IDEMPOTENCY_KEPT_MS = 86_400_000;

export function createRetentionWrites(database: DatabaseSync) {
  database.exec("CREATE TEMP TABLE expired (seq INTEGER PRIMARY KEY)");
  const collect = (where: string) =>
    database.prepare(
      `INSERT INTO expired SELECT e.seq FROM events e
       WHERE e.seq < ?1 AND e.received_at < ?2 AND e.seq <= (SELECT value FROM progress WHERE name = 'dispatched_through') AND ${where}
         AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.event_seq = e.seq AND d.state = 0)
       ORDER BY e.seq LIMIT ?`,
    );
  const collectOfSource = collect("e.source_id = ?");
  const collectOthers = collect("(e.source_id IS NULL OR e.source_id NOT IN (SELECT value FROM json_each(?)))");
  const deletions = [
    `DELETE FROM attempts WHERE delivery_seq IN (SELECT seq FROM deliveries WHERE event_seq IN (SELECT seq FROM expired))`,
    `DELETE FROM deliveries WHERE event_seq IN (SELECT seq FROM expired)`,
    // The key may have passed on to a newer event; only the holder takes it along.
    `DELETE FROM dedupe WHERE key IN (SELECT dedupe_key FROM events WHERE seq IN (SELECT seq FROM expired) AND dedupe_key IS NOT NULL)
       AND event_seq IN (SELECT seq FROM expired)`,
    // The plus keeps SQLite from walking every duplicate by its outcome instead of these by their event.
    `DELETE FROM requests WHERE event_seq IN (SELECT seq FROM expired) AND +outcome = 'duplicate'`,
    // A split request stays whole until the last of its events goes.
    `DELETE FROM requests WHERE seq IN (SELECT request_seq FROM events WHERE seq IN (SELECT seq FROM expired) AND request_seq IS NOT NULL)
       AND NOT EXISTS (SELECT 1 FROM events e WHERE e.request_seq = requests.seq AND e.seq NOT IN (SELECT seq FROM expired))`,
    `DELETE FROM events WHERE seq IN (SELECT seq FROM expired)`,
    `DELETE FROM expired`,
  ].map((sql) => database.prepare(sql));
  const deleteRequests = database.prepare("DELETE FROM requests WHERE received_at < ? AND outcome <> 'accepted'");
  const deleteIdempotency = database.prepare("DELETE FROM idempotency WHERE created_at < ?");
  const deleteRevisions = database.prepare("DELETE FROM config_revisions WHERE replaced_at < ?");

  return {
    deleteExpired(slice: RetentionSlice): number {
      // Numbers go by time, so the walk ends where younger events begin instead of looking at every one of them.
      const upTo = seqAtTime(slice.before);
      const found =
        slice.sourceId === null
          ? collectOthers.run(upTo, slice.before, JSON.stringify(slice.exceptSourceIds), slice.limit)
          : collectOfSource.run(upTo, slice.before, slice.sourceId, slice.limit);
      for (const deletion of deletions) deletion.run();
      return Number(found.changes);
    },
    sweep(now: number, requestsBefore: number): void {
      deleteRequests.run(requestsBefore);
      deleteIdempotency.run(now - IDEMPOTENCY_KEPT_MS);
      deleteRevisions.run(now - REVISION_KEPT_MS);
    },
  };
}

/** Hands free pages back to the file system; runs outside the shared transaction's rows but inside its commit. */
export function vacuumSlice(database: DatabaseSync): void {
  database.exec(`PRAGMA incremental_vacuum(${VACUUM_PAGES_PER_SLICE})`);
}

export function createSizeReads(database: DatabaseSync) {
  const pages = database.prepare(
    "SELECT (SELECT page_count FROM pragma_page_count) - (SELECT freelist_count FROM pragma_freelist_count) AS used, (SELECT page_size FROM pragma_page_size) AS size",
  );
  const oldest = database.prepare("SELECT received_at AS at FROM events ORDER BY seq LIMIT 1");
  return {
    size(): StoreSize {
      const { used, size } = pages.get() as { used: number; size: number };
      const first = oldest.get() as { at: number } | undefined;
      return { usedBytes: used * size, oldestEventAt: first?.at ?? null };
    },
  };
}
