// `npm run cluster` for real: it starts, delivers what it sends, and leaves nothing behind, however it ends.
import { type ChildProcess, spawn } from "node:child_process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { asAdmin } from "../kit/postgres-shared.ts";
import { openTestDatabase, type TestDatabase } from "../kit/postgres.ts";

const script = new URL("../../scripts/cluster.ts", import.meta.url).pathname;
const children: ChildProcess[] = [];
let database: TestDatabase;

beforeAll(async () => {
  database = await openTestDatabase();
});

afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await database.drop();
});

interface Run {
  child: ChildProcess;
  output(): string;
  /** Of the nodes. */
  pids(): number[];
  ended: Promise<number | null>;
}

function run(): Run {
  const child = spawn(process.execPath, [script, "--port", "0", "--rate", "20"], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, POSTHORN_TEST_DATABASE_URL: database.adminUrl },
  });
  children.push(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  return {
    child,
    output: () => output,
    pids: () => [...output.matchAll(/\(pid (\d+)\)/g)].map((match) => Number(match[1])),
    ended: new Promise((resolve) => {
      child.once("close", resolve);
    }),
  };
}

async function delivers(cluster: Run): Promise<void> {
  await expect.poll(cluster.output, { timeout: 60_000 }).toMatch(/ [1-9]\d* delivered, /);
  expect(cluster.pids()).toHaveLength(3);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function databases(): Promise<string[]> {
  const text = "SELECT datname FROM pg_database WHERE starts_with(datname, 'posthorn_cluster')";
  return asAdmin(database.adminUrl, async (admin) => (await admin.query<{ datname: string }>(text)).rows.map(({ datname }) => datname));
}

test("three nodes deliver, and after Ctrl-C no process and no database is left", { timeout: 120_000 }, async () => {
  const before = await databases();
  const cluster = run();
  await delivers(cluster);
  expect(cluster.output()).toMatch(/node-1 ready shards=\d+.* node-2 ready shards=\d+.* node-3 ready shards=\d+/);
  const [, url, apiKey] = /URL +(\S+)\n +API key +(\S+)/.exec(cluster.output())!;
  const answer = await fetch(`${url}/v1/nodes`, { headers: { authorization: `Bearer ${apiKey}` } });
  const { data } = (await answer.json()) as { data: { name: string }[] };
  expect(data.map(({ name }) => name).toSorted()).toEqual(["node-1", "node-2", "node-3"]);
  cluster.child.kill("SIGINT");
  expect(await cluster.ended).toBe(0);
  expect(cluster.pids().filter(isAlive)).toEqual([]);
  expect(await databases()).toEqual(before);
});

test("a kill -9 of the script takes the nodes with it", { timeout: 120_000 }, async () => {
  const cluster = run();
  await expect.poll(cluster.pids, { timeout: 60_000 }).toHaveLength(3);
  cluster.child.kill("SIGKILL");
  await cluster.ended;
  await expect.poll(() => cluster.pids().filter(isAlive), { timeout: 10_000 }).toEqual([]);
});
