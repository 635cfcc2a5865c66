// Ingest on PostgreSQL beside SQLite, both against the bare server: the three take turns in one run.
import { assertAllOk, githubLoad, githubSource } from "./ingest.ts";
import type { LoadResult } from "./load.ts";
import { startPosthorn, startScript } from "./processes.ts";
import { median } from "./report.ts";

export interface IngestPostgresReport {
  rounds: { floorPerSecond: number; sqlitePerSecond: number; postgresPerSecond: number; sqliteRatio: number; postgresRatio: number }[];
  sqliteRatio: number;
  postgresRatio: number;
  saturated: { p50Ms: number; p99Ms: number };
  halfLoad: { perSecond: number; p50Ms: number; p99Ms: number };
}

/** Nobody subscribes: what is measured is accept, and what dispatch does with events that nobody wants. */
export async function benchIngestPostgres(options: { database: string; rounds: number; requests: number }): Promise<IngestPostgresReport> {
  const floor = await startScript("floor.ts");
  const sqlite = await startPosthorn();
  const postgres = await startPosthorn({ POSTHORN_DATABASE_URL: options.database });
  const [sqlitePath, postgresPath] = [(await githubSource(sqlite)).path, (await githubSource(postgres)).path];
  const loads = {
    floor: (requests: number) => githubLoad(floor.port, "/", requests),
    sqlite: async (requests: number) => assertAllOk(await githubLoad(sqlite.port, sqlitePath, requests)),
    postgres: async (requests: number) => assertAllOk(await githubLoad(postgres.port, postgresPath, requests)),
  };
  // No side is measured cold.
  for (const load of Object.values(loads)) await load(Math.ceil(options.requests / 4));
  const rounds: IngestPostgresReport["rounds"] = [];
  const saturated: LoadResult[] = [];
  for (let round = 0; round < options.rounds; round += 1) {
    const { perSecond: floorPerSecond } = await loads.floor(options.requests);
    const { perSecond: sqlitePerSecond } = await loads.sqlite(options.requests);
    const ours = await loads.postgres(options.requests);
    saturated.push(ours);
    const [sqliteRatio, postgresRatio] = [sqlitePerSecond / floorPerSecond, ours.perSecond / floorPerSecond];
    rounds.push({ floorPerSecond, sqlitePerSecond, postgresPerSecond: ours.perSecond, sqliteRatio, postgresRatio });
    console.log(
      `ingest    round ${round + 1}  floor ${perSecond(floorPerSecond)}  sqlite ${perSecond(sqlitePerSecond)} (${sqliteRatio.toFixed(3)})  postgres ${perSecond(ours.perSecond)} (${postgresRatio.toFixed(3)})`,
    );
  }
  const rate = Math.round(median(rounds.map((row) => row.postgresPerSecond)) / 2);
  const half = assertAllOk(await githubLoad(postgres.port, postgresPath, rate * 5, rate));
  for (const service of [postgres, sqlite, floor]) await service.stop();
  return {
    rounds,
    sqliteRatio: median(rounds.map((row) => row.sqliteRatio)),
    postgresRatio: median(rounds.map((row) => row.postgresRatio)),
    saturated: { p50Ms: median(saturated.map((row) => row.p50Ms)), p99Ms: median(saturated.map((row) => row.p99Ms)) },
    halfLoad: { perSecond: rate, p50Ms: half.p50Ms, p99Ms: half.p99Ms },
  };
}

const perSecond = (value: number) => `${Math.round(value)}/s`;
