// Runs the README: its servers are started, its commands are run in order, and what it shows is what they print.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Fence, fences } from "./tidy/rules.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const blocks = fences(readFileSync(join(root, "README.md"), "utf8"));
const directory = mkdtempSync(join(tmpdir(), "posthorn-readme-"));
const servers: ChildProcess[] = [];
let programPort = 0;

beforeAll(async () => {
  programPort = await freePort();
});

afterAll(async () => {
  await Promise.all(servers.map(stop));
  rmSync(directory, { recursive: true });
});

test("a newcomer gets from nothing to a delivered webhook", { timeout: 120_000 }, async () => {
  const [start, shown, program, subscribe, send, look, list, ...rest] = blocks;
  expect([start, program].map((block) => block?.note)).toEqual(["server", "server"]);
  const dev = await serve(start!, (output) => output.includes("Send it a webhook:"));
  expectShown(shown!, dev());
  const arrivals = await serve(program!, () => isListening(programPort));

  expect(await run(subscribe!)).toContain("every type");
  expect(await run(send!)).toContain("ok");
  await expect.poll(() => run(look!), { timeout: 30_000 }).toContain("delivered");
  expectShown(list!, await run(look!));
  expect(arrivals()).toMatch(/^POST \/webhooks evt_/m);
  expect(rest.filter(({ language }) => language === "bash")).toEqual([]);
});

/** The README's port of the reader's own program is a free one here; the server's port and directory come by settings. */
function spawnBlock({ text }: Fence): ChildProcess {
  // `npm ci` has just been run: doing it again would take the packages away from under the other tests.
  const script = text.replace("npm ci && ", "").replaceAll("3000", String(programPort));
  return spawn("bash", ["-euo", "pipefail", "-c", script], {
    cwd: root,
    detached: true,
    env: { ...process.env, POSTHORN_PORT: "0", POSTHORN_DATA_DIR: directory },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** Starts a block that runs until it is stopped; answers what it has printed so far. */
async function serve(block: Fence, isReady: (output: string) => boolean | Promise<boolean>): Promise<() => string> {
  const child = spawnBlock(block);
  servers.push(child);
  const output = collect(child);
  await expect.poll(async () => (await isReady(output())) || output(), { timeout: 60_000 }).toBe(true);
  return output;
}

async function run(block: Fence): Promise<string> {
  const child = spawnBlock(block);
  const output = collect(child);
  const status = await new Promise<number | null>((resolve) => child.on("close", resolve));
  expect({ status, output: output() }).toMatchObject({ status: 0 });
  return output();
}

function collect(child: ChildProcess): () => string {
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  return () => output;
}

/** npm stands between us and the server: the signal goes to the whole group. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.pid === undefined) return;
  const ended = new Promise((resolve) => child.on("close", resolve));
  process.kill(-child.pid, "SIGTERM");
  await ended;
}

/** Every line the README shows was printed, but for ids, keys, ports and the width of columns. */
function expectShown({ text }: Fence, output: string): void {
  const plain = (lines: string) =>
    lines
      .replaceAll(/[\w-]{20,}/g, "id")
      .replaceAll(/:\d+/g, ":port")
      .replaceAll(/[ \t]+/g, " ")
      .split("\n")
      .map((line) => line.trim());
  expect(plain(output)).toEqual(expect.arrayContaining(plain(text)));
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.on("listening", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function isListening(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/`).then(
    () => true,
    () => false,
  );
}
