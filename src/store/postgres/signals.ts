// SQL of the hints between nodes: gathered into rows, read once each although rows become visible out of order.
import type { Clock } from "../../system/clock.ts";
import type { Signal } from "../cluster.ts";
import type { Queries } from "./connection.ts";

// What is above it goes into the next row.
const ROW_BYTES_MAX = 8 * 1024;
// A number is taken before its row is committed: for this long a gap in the numbers may still be filled.
const GAP_MS_MAX = 5_000;
/** A node that was away has nothing but gaps; what they told is in the store. */
const GAPS_MAX = 1_000;
const KEPT_SECONDS = 60;
const PRUNE_EVERY_MS = 20_000;

const SEND = "INSERT INTO signals (node, body) SELECT $1, unnest($2::text[])";
const RECEIVE = `
SELECT s.id, CASE WHEN s.node = $1 THEN NULL ELSE s.body END FROM signals s
WHERE s.id > $2 OR s.id = ANY($3::bigint[]) ORDER BY s.id`;
const LATEST = "SELECT coalesce(max(id), 0) FROM signals";
const PRUNE = `
DELETE FROM signals WHERE id IN (
  SELECT id FROM signals WHERE at < clock_timestamp() - make_interval(secs => ${KEPT_SECONDS}) FOR UPDATE SKIP LOCKED)`;

export interface Signals {
  send(signals: readonly Signal[]): Promise<void>;
  receive(): Promise<Signal[]>;
}

/** Hears what is sent from now on. */
export async function createSignals(queries: Queries, clock: Clock, nodeId: string): Promise<Signals> {
  const [row] = await queries.query({ text: LATEST });
  let latest = row![0] as number;
  /** Numbers below `latest` that have not been seen, and until when they are looked for. */
  const gaps = new Map<number, number>();
  let pruneAt = clock.now() + PRUNE_EVERY_MS;

  function follow(id: number, now: number): void {
    gaps.delete(id);
    for (let missing = Math.max(latest + 1, id - GAPS_MAX); missing < id; missing += 1) gaps.set(missing, now + GAP_MS_MAX);
    latest = Math.max(latest, id);
  }

  return {
    async send(signals) {
      if (signals.length === 0) return;
      await queries.query({ name: "send-signals", text: SEND, values: [nodeId, rowsOf(signals)] });
    },
    async receive() {
      const rows = (await queries.query({ name: "signals", text: RECEIVE, values: [nodeId, latest, [...gaps.keys()]] })) as [
        number,
        string | null,
      ][];
      const now = clock.now();
      for (const [id] of rows) follow(id, now);
      for (const [id, until] of gaps) if (until <= now || gaps.size > GAPS_MAX) gaps.delete(id);
      if (now >= pruneAt) {
        pruneAt = now + PRUNE_EVERY_MS;
        await queries.query({ text: PRUNE });
      }
      return rows.flatMap(([, body]) => (body === null ? [] : (JSON.parse(body) as Signal[])));
    },
  };
}

function rowsOf(signals: readonly Signal[]): string[] {
  const rows: string[] = [];
  let texts: string[] = [];
  let bytes = 0;
  for (const signal of signals) {
    const text = JSON.stringify(signal);
    if (texts.length > 0 && bytes + text.length > ROW_BYTES_MAX) {
      rows.push(`[${texts.join(",")}]`);
      [texts, bytes] = [[], 0];
    }
    texts.push(text);
    bytes += text.length + 1;
  }
  rows.push(`[${texts.join(",")}]`);
  return rows;
}
