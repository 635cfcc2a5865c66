// `npm run bench -- --store postgres`: what the benches of the flow say on PostgreSQL, on one database that goes afterwards.
import { cpus } from "node:os";
import { type OwnDatabase, openOwnDatabase } from "../tests/kit/own-database.ts";
import { benchDelivery } from "./delivery.ts";
import { benchIngestPostgres } from "./ingest-postgres.ts";
import { milliseconds, range, verdict } from "./report.ts";
import { benchStorePostgres } from "./store-postgres.ts";
import { benchWorkers, workersLimit } from "./workers.ts";

export const POSTGRES_PARTS = ["ingest", "delivery", "store-postgres", "workers"] as const;
/**
 * The receiver without a delay, so that CPU is what limits, and one that keeps attempts under way; and workers that are held to a
 * part of a core, so that two cores are enough for both, PostgreSQL and the receiver.
 */
const WORKERS = [
  { delayMs: 0, coresEach: 0.25 },
  { delayMs: 0, coresEach: null },
  { delayMs: 100, coresEach: null },
] as const;

interface Size {
  rounds: number;
  requests: number;
}

/** Answers the lines of the verdict, and enters the figures into `report`. */
export async function benchOnPostgres(wanted: ReadonlySet<string>, size: Size, report: Record<string, unknown>): Promise<string[]> {
  const lines: string[] = [];
  if (wanted.has("ingest")) lines.push(...(await inDatabase((database) => ingestLines(database, size, report))));
  if (wanted.has("delivery")) lines.push(...(await inDatabase((database) => deliveryLines(database, size, report))));
  if (wanted.has("store-postgres")) {
    const store = await benchStorePostgres({ rounds: size.rounds, rows: Math.ceil(size.requests / 4) });
    report["storePostgres"] = store;
    lines.push(verdict("claim and settle on PostgreSQL, ratio to bare pg", store.ratio.toFixed(3), ">= 0.50", store.ratio >= 0.5));
  }
  if (wanted.has("workers")) lines.push(...(await workerLines(size, report)));
  return lines;
}

async function inDatabase<T>(work: (database: OwnDatabase) => Promise<T>): Promise<T> {
  const database = await openOwnDatabase("posthorn_bench");
  try {
    return await work(database);
  } finally {
    await database.drop();
  }
}

async function ingestLines(database: OwnDatabase, size: Size, report: Record<string, unknown>): Promise<string[]> {
  const ingest = await benchIngestPostgres({ ...size, database: database.url });
  report["ingestPostgres"] = ingest;
  const { saturated, halfLoad, rounds } = ingest;
  const ratios = (key: "postgresRatio" | "sqliteRatio") =>
    `${ingest[key].toFixed(3)} (${range(
      rounds.map((row) => row[key]),
      3,
    )})`;
  return [
    `        ingest, ratio to bare node:http: PostgreSQL ${ratios("postgresRatio")}, SQLite ${ratios("sqliteRatio")}`,
    `        ingest on PostgreSQL saturated: p50 ${milliseconds(saturated.p50Ms)}, p99 ${milliseconds(saturated.p99Ms)}; at half load (${halfLoad.perSecond}/s) p50 ${milliseconds(halfLoad.p50Ms)}, p99 ${milliseconds(halfLoad.p99Ms)}`,
  ];
}

async function deliveryLines(database: OwnDatabase, size: Size, report: Record<string, unknown>): Promise<string[]> {
  const delivery = await benchDelivery({ ...size, database: database.url });
  report["deliveryPostgres"] = delivery;
  const ratios = delivery.rounds.map(({ ratio }) => ratio);
  return [`        delivery on PostgreSQL, ratio to bare undici: ${delivery.ratio.toFixed(3)} (${range(ratios, 3)})`];
}

async function workerLines(size: Size, report: Record<string, unknown>): Promise<string[]> {
  const lines: string[] = [];
  const reports = [];
  for (const { delayMs, coresEach } of WORKERS) {
    const workers = await inDatabase((database) => benchWorkers(database, { ...size, delayMs, coresEach }));
    const name = `two workers to one, receiver of ${delayMs} ms${coresEach === null ? "" : `, ${coresEach} of a core each`}`;
    if (workers === null) {
      lines.push(`        ${name}: not measured, because this machine lets nobody hold a process to a part of a core`);
      continue;
    }
    reports.push(workers);
    const { ratio, rounds } = workers;
    // Where the two of them, PostgreSQL and the receiver have more to do than there are cores, it is the machine that is measured.
    if (coresEach === null) lines.push(`        ${name}: ${ratio.toFixed(2)}`);
    else lines.push(verdict(name, ratio.toFixed(2), ">= 1.60", ratio >= 1.6));
    lines.push(`        rounds ${range(rounds.map((round) => round.ratio))}; ${workersLimit(workers, cpus().length)}`);
  }
  report["workersPostgres"] = reports;
  return lines;
}
