// A second worker process: how much more two deliver than one, on one PostgreSQL, with what each process costs.
import { cpus } from "node:os";
import { SHARDS, shardOf } from "../src/core/shard.ts";
import type { OwnDatabase } from "../tests/kit/own-database.ts";
import { asAdmin } from "../tests/kit/postgres-shared.ts";
import { holdToCores } from "./cpu-quota.ts";
import { cpuSeconds, familyCpuSeconds } from "./cpu.ts";
import type { Span } from "./lean-receiver.ts";
import { type PosthornService, runJson, type Service, startPosthorn, startScript } from "./processes.ts";
import { median, range } from "./report.ts";

const BODY_BYTES = 1024;
const CALLS_AT_ONCE = 16;
const WAIT_MS_MAX = 60_000;
/** Of each worker; more than a receiver of 100 ms lets one process use up. */
const SETTINGS = { POSTHORN_ATTEMPTS_IN_FLIGHT_MAX: "512", POSTHORN_ATTEMPTS_PER_HOST_MAX: "512" };
/** Attempts under way of the 64 destinations together are those of both workers. */
const CONCURRENCY = 16;

interface Side {
  perSecond: number;
  /** Cores each of these kept busy; null where nobody tells. */
  workers: (number | null)[];
  database: number | null;
  receiver: number | null;
}

export interface WorkersReport {
  delayMs: number;
  /** What each worker was held to; null for as much as there was. */
  coresEach: number | null;
  rounds: { one: Side; two: Side; ratio: number }[];
  ratio: number;
}

interface Target {
  id: string;
  subscriptionId: string;
}

/**
 * The receiver answers after `delayMs`. With `coresEach` a worker gets no more than that of a core, which leaves the others of two
 * cores to the second one and to PostgreSQL, as on a machine with more of them; null where nobody may set that. Deliveries wait for
 * paused destinations, and the clock starts with the first arrival.
 */
export async function benchWorkers(
  database: OwnDatabase,
  options: { rounds: number; requests: number; delayMs: number; coresEach: number | null },
): Promise<WorkersReport | null> {
  const { delayMs, coresEach } = options;
  if (coresEach !== null && !mayHold()) return null;
  const receiver = await startScript("lean-receiver.ts", String(delayMs));
  const shared = {
    POSTHORN_DATABASE_URL: database.url,
    POSTHORN_SECRET_KEY: Buffer.alloc(32, "bench").toString("base64"),
    ...SETTINGS,
  };
  const front = await startPosthorn({ ...shared, POSTHORN_NODE_NAME: "front", POSTHORN_ROLES: "ingest,api" });
  const targets = await makeTargets(front, receiver);
  const rounds: WorkersReport["rounds"] = [];
  const each = Math.ceil(options.requests / targets.length);

  async function measure(count: number): Promise<Side> {
    await everyOf(targets, ({ id }) => front.call("POST", `/v1/destinations/${id}/pause`, {}));
    await runJson("workers-fill.ts", { database: database.url, destinations: targets, each, bodyBytes: BODY_BYTES });
    // What the filling leaves for the server to do in the background is no part of the delivering.
    await asAdmin(database.adminUrl, (admin) => admin.query("VACUUM ANALYZE"));
    await asAdmin(database.adminUrl, (admin) => admin.query("CHECKPOINT"));
    const names = Array.from({ length: count }, (_, index) => `worker-${index + 1}`);
    const workers = await Promise.all(
      names.map((name) => startPosthorn({ ...shared, POSTHORN_NODE_NAME: name, POSTHORN_ROLES: "worker" })),
    );
    await until("shards shared out", () => areShared(workers));
    const held = coresEach === null ? [] : workers.map(({ pid }) => holdToCores(pid, coresEach));
    await spanOf(receiver, "/reset");
    const began = performance.now();
    const cpu = () => [...workers.map(({ pid }) => cpuSeconds(pid)), databaseCpu(database), cpuSeconds(receiver.pid)];
    const before = cpu();
    await everyOf(targets, ({ id }) => front.call("POST", `/v1/destinations/${id}/resume`, {}));
    await until("every delivery", async () => (await spanOf(receiver, "/span")).received >= each * targets.length);
    const after = cpu();
    const elapsed = (performance.now() - began) / 1000;
    const { received, seconds } = await spanOf(receiver, "/span");
    await Promise.all(workers.map((worker) => worker.stop()));
    for (const letGo of held) letGo?.();
    const cores = after.map((value, index) => (value === null || before[index] === null ? null : (value - before[index]!) / elapsed));
    return { perSecond: received / seconds, workers: cores.slice(0, count), database: cores[count]!, receiver: cores[count + 1]! };
  }

  for (let round = 0; round < options.rounds; round += 1) {
    const one = await measure(1);
    const two = await measure(2);
    const ratio = two.perSecond / one.perSecond;
    rounds.push({ one, two, ratio });
    console.log(
      `workers   round ${round + 1}  receiver ${delayMs} ms${coresEach === null ? "" : `, ${coresEach} cores each`}  one ${shown(one)}  two ${shown(two)}  ratio ${ratio.toFixed(2)}`,
    );
  }
  await front.stop();
  await receiver.stop();
  return { delayMs, coresEach, rounds, ratio: median(rounds.map(({ ratio }) => ratio)) };
}

function mayHold(): boolean {
  const letGo = holdToCores(process.pid, cpus().length);
  letGo?.();
  return letGo !== null;
}

/** What kept two workers from twice as much, in words: the cores that everybody used. */
export function workersLimit({ rounds }: WorkersReport, cores: number): string {
  const busy = rounds.map(({ two }) => [...two.workers, two.database, two.receiver].reduce((sum, value) => (sum ?? 0) + (value ?? 0), 0)!);
  const workers = rounds.map(({ two }) => Math.max(...two.workers.map((value) => value ?? 0)));
  return `busy with two: ${range(busy)} of ${cores} cores in all, the busier worker ${range(workers)}, PostgreSQL ${range(rounds.map(({ two }) => two.database ?? 0))}`;
}

/** One destination in each shard, so that two workers have the same to do: how many are made for that is chance. */
async function makeTargets(front: PosthornService, receiver: Service): Promise<Target[]> {
  const byShard = new Map<number, string>();
  const spare: string[] = [];
  while (byShard.size < SHARDS) {
    const made = await everyOf(Array.from({ length: SHARDS - byShard.size }), () =>
      front.call<{ id: string }>("POST", "/v1/destinations", {
        name: "bench",
        type: "http",
        url: `http://127.0.0.1:${receiver.port}/`,
        concurrencyMax: CONCURRENCY,
        adaptiveConcurrency: false,
      }),
    );
    for (const { id } of made) {
      if (byShard.has(shardOf(id))) spare.push(id);
      else byShard.set(shardOf(id), id);
    }
  }
  await everyOf(spare, (id) => front.call("DELETE", `/v1/destinations/${id}`));
  return everyOf([...byShard.values()], async (id) => {
    const { id: subscriptionId } = await front.call<{ id: string }>("POST", "/v1/subscriptions", { destinationId: id });
    return { id, subscriptionId };
  });
}

async function areShared(workers: readonly PosthornService[]): Promise<boolean> {
  const held = await Promise.all(
    workers.map(async ({ url }) => Number(/^posthorn_shards_held (\d+)$/m.exec(await (await fetch(`${url}/metrics`)).text())?.[1] ?? 0)),
  );
  return held.every((shards) => shards === SHARDS / workers.length);
}

function databaseCpu({ server }: OwnDatabase): number | null {
  return server === null ? null : familyCpuSeconds(server.pid);
}

async function spanOf(receiver: Service, path: string): Promise<Span> {
  return (await (await fetch(`http://127.0.0.1:${receiver.port}${path}`)).json()) as Span;
}

async function everyOf<T, R>(list: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let at = 0; at < list.length; at += CALLS_AT_ONCE)
    results.push(...(await Promise.all(list.slice(at, at + CALLS_AT_ONCE).map(work))));
  return results;
}

async function until(what: string, isDone: () => Promise<boolean>): Promise<void> {
  const latest = performance.now() + WAIT_MS_MAX;
  while (!(await isDone())) {
    if (performance.now() > latest) throw new Error(`${what}: not within ${WAIT_MS_MAX / 1000} s`);
    await new Promise((resume) => {
      setTimeout(resume, 50);
    });
  }
}

function shown({ perSecond, workers, database, receiver }: Side): string {
  const cores = (value: number | null) => value?.toFixed(2) ?? "?";
  return `${Math.round(perSecond)}/s (cores: ${workers.map(cores).join(" + ")}, pg ${cores(database)}, receiver ${cores(receiver)})`;
}
