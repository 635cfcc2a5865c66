// How long the lists take on PostgreSQL with millions of events: each list, with and without filters, on random pages of its history.
import { timeOfSeq } from "../src/core/id.ts";
import { DAY_SEQS, dayOf, seqAt } from "../src/store/postgres/days.ts";
import { createListReads } from "../src/store/postgres/lists.ts";
import { createPartitions } from "../src/store/postgres/partitions.ts";
import type { ListQuery, Page } from "../src/store/store.ts";
import { type BareDatabase, openBareDatabase } from "../tests/kit/bare-database.ts";
import { startPostgres } from "../tests/kit/postgres-server.ts";
import { seedDay } from "../tests/kit/postgres-seed.ts";
import { seededRandom } from "../tests/kit/random.ts";
import { percentile } from "./report.ts";

const DAYS = 30;
const CALLS = 400;
const FIRST = dayOf(seqAt(Date.UTC(2026, 9, 1)));

export interface ListFigure {
  name: string;
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
  /** Of a bare `SELECT 1` over the same pool between the calls: what the machine and its other work cost by themselves. */
  floorP50Ms: number;
  floorP99Ms: number;
  /** Mean number of records in a page of at most 50. */
  rows: number;
}

const QUERIES: { [Name in "events" | "deliveries" | "attempts" | "requests"]: object[] } = {
  events: [
    {},
    { sourceId: "src_3" },
    { sourceId: "src_rare" },
    { tenantId: "tnt_3" },
    { key: "key77" },
    { providerEventId: "p99" },
    { type: "type.7" },
    { type: "none.*" },
  ],
  deliveries: [
    {},
    { state: "waiting" },
    { state: "delivered" },
    { state: "dead" },
    { state: "cancelled" },
    { destinationId: "dst_7" },
    { destinationIds: ["dst_7", "dst_8"], state: "waiting" },
    { subscriptionId: "sub_7" },
    { jobId: "job_none" },
    { type: "type.7" },
    { sourceId: "src_rare" },
    { eventId: "a random one" },
  ],
  attempts: [{}, { destinationId: "dst_7" }, { destinationId: "dst_none" }, { eventId: "a random one" }, { deliveryId: "a random one" }],
  requests: [{}, { sourceId: "src_3" }, { outcome: "accepted" }, { outcome: "rejected" }, { cause: "too_large" }],
};

/** On the server of POSTHORN_TEST_DATABASE_URL where that is set, in a schema of its own that goes afterwards; else on one of its own. */
export async function benchPostgresLists({ events }: { events: number }): Promise<ListFigure[]> {
  const url = process.env["POSTHORN_TEST_DATABASE_URL"] ?? "";
  const server = url === "" ? await startPostgres() : null;
  const database = await openBareDatabase(server?.url ?? url);
  try {
    await fill(database, Math.floor(events / DAYS));
    const figures: ListFigure[] = [];
    for (const name of Object.keys(QUERIES) as (keyof typeof QUERIES)[]) {
      for (const query of QUERIES[name]) figures.push(await measure(database, name, query));
    }
    return figures;
  } finally {
    await database.dispose();
    await server?.stop();
  }
}

async function fill(database: BareDatabase, perDay: number): Promise<void> {
  const partitions = createPartitions(database);
  const started = performance.now();
  for (let day = 0; day < DAYS; day += 1) {
    const low = FIRST + day * DAY_SEQS;
    await partitions.ensure(timeOfSeq(low));
    await seedDay(database, { low, events: perDay, bodyBytes: 300, waiting: 500, rejected: 1_000 });
  }
  await database.query({ text: "VACUUM ANALYZE events, requests, deliveries, deliveries_done, attempts" });
  // Gigabytes that the server would write in the background while the lists are measured: no server in use starts from there.
  await database.query({ text: "CHECKPOINT" });
  console.log(`lists-postgres: ${perDay * DAYS} events over ${DAYS} days made in ${Math.round((performance.now() - started) / 1000)} s`);
}

async function measure(database: BareDatabase, name: keyof typeof QUERIES, query: object): Promise<ListFigure> {
  const lists = createListReads(database);
  const read = lists[name] as (query: object) => Promise<Page<{ id: string; eventId?: string; deliveryId?: string }>>;
  const random = seededRandom(`${name} ${JSON.stringify(query)}`);
  const plain: ListQuery = { limit: 50, cursor: null, since: null, until: null };
  // Every other call is of the newest page, as dashboards ask for it; the others begin anywhere in the 30 days.
  const page = (call: number) => (call % 2 === 0 ? null : String(FIRST + random.int(DAYS * 86_400_000) * 2_048));
  const times: number[] = [];
  const floor: number[] = [];
  let rows = 0;
  for (let call = 0; call < CALLS; call += 1) {
    const filled: Record<string, unknown> = { ...plain, cursor: page(call), ...query };
    for (const id of ["eventId", "deliveryId"] as const) {
      if (!(id in query)) continue;
      const [one] = (await lists.attempts({ ...plain, limit: 1, cursor: String(FIRST + (1 + random.int(DAYS * 86_400_000 - 1)) * 2_048) }))
        .data;
      filled[id] = one?.[id];
      filled["cursor"] = null;
    }
    const before = performance.now();
    await database.query({ text: "SELECT 1" });
    const started = performance.now();
    floor.push(started - before);
    const { data } = await read(filled);
    times.push(performance.now() - started);
    rows += data.length;
  }
  const figure = {
    name: `${name} ${JSON.stringify(query)}`,
    p50Ms: percentile(times, 0.5),
    p99Ms: percentile(times, 0.99),
    maxMs: Math.max(...times),
    floorP50Ms: percentile(floor, 0.5),
    floorP99Ms: percentile(floor, 0.99),
    rows: rows / CALLS,
  };
  console.log(
    `${figure.name.padEnd(64)} p50 ${figure.p50Ms.toFixed(1)}  p99 ${figure.p99Ms.toFixed(1)}  max ${figure.maxMs.toFixed(1)}  floor ${figure.floorP50Ms.toFixed(1)}, ${figure.floorP99Ms.toFixed(1)}  rows ${figure.rows.toFixed(1)}`,
  );
  return figure;
}
