// How much live data there is: from a sample of pages, because what was deleted stays in the tables' files until it is written over.
import type { StoreSize } from "../store.ts";
import type { Database, Queries } from "./connection.ts";
import { Values, walk } from "./walk.ts";
import type { Windows } from "./windows.ts";

// 32 MiB of each table are read at most, some 20,000 rows of 1 KiB: the sum is then right within a few per cent.
const SAMPLE_PAGES = 4_096;
const LOOK_MS_MAX = 60_000;

/** What a row takes: its own bytes where they vary, and a share of its page and of its indexes. */
const ROW_BYTES: Readonly<Record<string, string>> = {
  events: "octet_length(t.body)::bigint + octet_length(t.envelope) + 400",
  requests: "octet_length(t.body)::bigint + octet_length(t.envelope) + 350",
  deliveries: "350",
  deliveries_done: "350",
  attempts:
    "octet_length(t.request)::bigint + coalesce(octet_length(t.response_headers), 0) + coalesce(octet_length(t.response_body), 0) + 350",
};

/** Bytes of live data, and when the oldest event came in (ms since the Unix epoch). */
export function createSize(database: Database, windows: Windows): () => Promise<StoreSize> {
  return async () => {
    const usedBytes = await database.transaction(liveBytes, { deadlineMs: LOOK_MS_MAX });
    const query = { limit: 1, cursor: null, since: null, until: null, ascending: true };
    const { rows } = await walk(database, windows, {
      from: "events",
      alias: "e",
      columns: "e.seq, e.received_at",
      values: new Values(),
      query,
    });
    return { usedBytes, oldestEventAt: (rows[0]?.[1] as number | undefined) ?? null };
  };
}

async function liveBytes(queries: Queries): Promise<number> {
  const sizes = await queries.query({
    text: `SELECT p.relname, sum(pg_relation_size(t.relid)) / current_setting('block_size')::bigint
      FROM pg_catalog.pg_class p JOIN pg_catalog.pg_namespace n ON n.oid = p.relnamespace CROSS JOIN LATERAL pg_partition_tree(p.oid) t
      WHERE n.nspname = current_schema() AND p.relname = ANY($1::text[]) AND t.isleaf GROUP BY p.relname
      UNION ALL SELECT 'deliveries', pg_relation_size('deliveries') / current_setting('block_size')::bigint`,
    values: [Object.keys(ROW_BYTES)],
  });
  let bytes = 0;
  for (const [table, pages] of sizes as [string, number][]) {
    const share = Math.min(1, SAMPLE_PAGES / Math.max(pages, 1));
    // The same pages each time, so that the figure moves by what changes and not by chance.
    const [row] = await queries.query({
      text: `SELECT coalesce(sum(${ROW_BYTES[table]}), 0) FROM ${table} t TABLESAMPLE SYSTEM (${share * 100}) REPEATABLE (1)`,
    });
    bytes += (row![0] as number) / share;
  }
  return Math.round(bytes);
}
