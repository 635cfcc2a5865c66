// What the database and the API say at a moment of rest, held against each other and against the ledger.
import type pg from "pg";
import type { Violation } from "./cluster-ledger.ts";
import { until } from "./cluster-until.ts";
import type { ClusterNode, World } from "./cluster-world.ts";

const IDS_SHOWN = 5;
const PAGE = 250;
/** A hint that got lost is found by the look at the store every 10 s; the rest is for a busy machine. */
const DRAIN_MS_MAX = 60_000;
/** What waits longer than any step of the schedule was not answered, and a person may ask for another attempt. */
const LONG_WAIT_MS = 15_000;

const WAITING = `
SELECT (SELECT count(*) FROM posthorn.undispatched)::integer AS undispatched, (SELECT count(*) FROM posthorn.deliveries)::integer AS deliveries`;

/** Waits until nothing waits any more, and answers how long that took. What still waits breaks the first rule. */
export async function drain(world: World): Promise<number> {
  const begun = Date.now();
  let left = { undispatched: 0, deliveries: 0 };
  const drained = await until(DRAIN_MS_MAX, async () => {
    const { rows } = await world.admin((client) => client.query<typeof left>(WAITING));
    left = rows[0]!;
    if (left.undispatched + left.deliveries === 0) return true;
    await hurry(world);
    return false;
  });
  if (!drained) {
    const { rows } = await world.admin((client) => client.query<{ text: string }>(STUCK));
    const what = `${left.undispatched} events and ${left.deliveries} deliveries still wait after ${DRAIN_MS_MAX} ms without load`;
    world.breaks(
      "I1",
      what,
      rows.map(({ text }) => text),
    );
  }
  return Date.now() - begun;
}

const STUCK = `
SELECT concat_ws(' ', 'dlv', d.seq, d.tail, 'shard', d.shard, d.destination_id, 'attempts', d.attempts, 'next in',
  d.next_at - floor(extract(epoch FROM clock_timestamp()) * 1000), 'ms', d.reason, 'lease of', l.owner, 'until', l.expires_at) AS text
FROM posthorn.deliveries d JOIN posthorn.leases l ON l.shard = d.shard ORDER BY d.seq LIMIT ${IDS_SHOWN}`;

interface WaitingView {
  id: string;
  nextAttemptAt: string | null;
}

/** One that hung is tried again after a minute at least; nobody here has a minute. */
async function hurry({ nodes }: World): Promise<void> {
  const [{ calls }] = nodes as [ClusterNode];
  const list = await calls.get<{ data: WaitingView[] }>("/v1/deliveries?status=waiting&limit=50");
  for (const { id, nextAttemptAt } of list?.body?.data ?? []) {
    if (Date.parse(nextAttemptAt ?? "") - Date.now() > LONG_WAIT_MS) await calls.post(`/v1/deliveries/${id}/retry`, "{}");
  }
}

/** Each selects `what` and `id` of what must not be. */
const NEVER: [rule: Violation["rule"], what: string, sql: string][] = [
  [
    "once",
    "became more than one event",
    "SELECT dedupe_key AS id FROM posthorn.events WHERE dedupe_key IS NOT NULL GROUP BY 1 HAVING count(*) > 1",
  ],
  [
    "once",
    "became more than one delivery to a destination",
    "SELECT concat(event_seq, ' ', destination_id) AS id FROM posthorn.deliveries_done GROUP BY event_seq, destination_id HAVING count(*) > 1",
  ],
  [
    "I3",
    "was recorded as delivered more than once",
    "SELECT delivery_seq::text AS id FROM posthorn.attempts WHERE status BETWEEN 200 AND 299 GROUP BY delivery_seq HAVING count(*) > 1",
  ],
  ["I1", "ended without being delivered", "SELECT concat(seq, ' ', reason) AS id FROM posthorn.deliveries_done WHERE state <> 1"],
  [
    "I6",
    "is delivered and has no attempt that was",
    `SELECT d.seq::text AS id FROM posthorn.deliveries_done d WHERE d.state = 1 AND NOT EXISTS (
       SELECT 1 FROM posthorn.attempts a WHERE a.delivery_seq = d.seq AND a.status BETWEEN 200 AND 299)`,
  ],
  [
    "I6",
    "has no delivery",
    `SELECT e.seq::text AS id FROM posthorn.events e WHERE e.type NOT LIKE 'posthorn.%' AND NOT EXISTS (
       SELECT 1 FROM posthorn.deliveries_done d WHERE d.event_seq = e.seq)`,
  ],
];

/** Called when nothing waits. */
export async function audit(world: World): Promise<Violation[]> {
  return world.admin(async (client) => {
    const found: Violation[] = [];
    for (const [rule, what, sql] of NEVER) {
      const { rows } = await client.query<{ id: string }>(sql);
      if (rows.length > 0) found.push({ rule, what: `${rows.length}: ${what}`, ids: rows.slice(0, IDS_SHOWN).map(({ id }) => id) });
    }
    const kept = await count(client, "SELECT count(*)::integer AS n FROM posthorn.events WHERE type NOT LIKE 'posthorn.%'");
    const posted = [...world.ledger.posted.values()];
    const acknowledged = posted.filter(({ acknowledgedAt }) => acknowledgedAt !== null).length;
    if (kept < acknowledged || kept > posted.length) {
      found.push({ rule: "I6", what: `${kept} events kept of ${posted.length} handed in and ${acknowledged} acknowledged`, ids: [] });
    }
    return found;
  });
}

async function count(client: pg.Client, sql: string): Promise<number> {
  const { rows } = await client.query<{ n: number }>(sql);
  return rows[0]!.n;
}

const COUNTED: [path: string, sql: string][] = [
  ["/v1/events?", "SELECT count(*)::integer AS n FROM posthorn.events"],
  ["/v1/attempts?", "SELECT count(*)::integer AS n FROM posthorn.attempts"],
  ["/v1/deliveries?status=delivered&", "SELECT count(*)::integer AS n FROM posthorn.deliveries_done WHERE state = 1"],
  ["/v1/deliveries?status=waiting&", "SELECT count(*)::integer AS n FROM posthorn.deliveries"],
  ["/v1/deliveries?status=dead&", "SELECT count(*)::integer AS n FROM posthorn.deliveries_done WHERE state = 2"],
];

/** Pages through the lists of one node after the other, and compares with the tables. Called when nothing happens any more. */
export async function countsAgree(world: World): Promise<Violation[]> {
  const found: Violation[] = [];
  for (const [index, [path, sql]] of COUNTED.entries()) {
    const node = world.nodes[index % world.nodes.length]!;
    const [told, kept] = [await listed(node, path), await world.admin((client) => count(client, sql))];
    if (told !== kept) found.push({ rule: "I6", what: `${node.name} lists ${told} of ${kept} at ${path}`, ids: [] });
  }
  return found;
}

async function listed({ calls }: ClusterNode, path: string): Promise<number> {
  const seen = new Set<string>();
  let cursor: string | null = null;
  do {
    const after: string = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const answer = await calls.get<{ data: { id: string }[]; nextCursor: string | null }>(`${path}limit=${PAGE}${after}`);
    if (answer?.status !== 200) return -1;
    for (const { id } of answer.body.data) seen.add(id);
    cursor = answer.body.nextCursor;
  } while (cursor !== null);
  return seen.size;
}
