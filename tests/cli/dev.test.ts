// `posthorn dev` for real: what it prints works when pasted into a shell, commands find it, and it stops cleanly.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
const dataDir = join(mkdtempSync(join(tmpdir(), "posthorn-dev-")), "data");
const environment = { PATH: process.env["PATH"] };
const received: string[] = [];
const receiver = createServer((request, response) => {
  request.on("data", (chunk: Buffer) => received.push(chunk.toString())).on("end", () => response.end());
});

let child: ChildProcess;
let out = "";
let err = "";

async function shell(line: string): Promise<string> {
  return (await promisify(execFile)("sh", ["-c", line], { env: environment })).stdout;
}

async function posthorn(...argv: string[]): Promise<{ exit: number; out: string; err: string }> {
  const options = { env: environment };
  return promisify(execFile)(process.execPath, [main, ...argv, "--data-dir", dataDir], options).then(
    ({ stdout, stderr }) => ({ exit: 0, out: stdout, err: stderr }),
    (error: { code: number; stdout: string; stderr: string }) => ({ exit: error.code, out: error.stdout, err: error.stderr }),
  );
}

function curlTo(path: string): string {
  const line = out.split("\n").find((each) => each.trim().startsWith("curl ") && each.includes(path));
  if (line === undefined) throw new Error(`no curl to ${path} was printed:\n${out}\n${err}`);
  return line.trim().replace(/^curl /, "curl -sS ");
}

beforeAll(async () => {
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  child = spawn(process.execPath, [main, "dev", "--port", "0", "--data-dir", dataDir], {
    env: environment,
    stdio: ["ignore", "pipe", "pipe"],
  });
  child.stdout!.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr!.on("data", (chunk: Buffer) => (err += chunk.toString()));
  await vi.waitUntil(() => out.includes("Ctrl-C stops"), { timeout: 20_000 });
});

afterAll(() => {
  child.kill("SIGKILL");
  receiver.close();
});

test("the printed curls take a webhook to a program of one's own, and the terminal shows it", async () => {
  const { port } = receiver.address() as AddressInfo;
  const destination = JSON.parse(await shell(curlTo("/v1/destinations").replace("127.0.0.1:3000", `127.0.0.1:${port}`))) as { id: string };
  await shell(curlTo("/v1/subscriptions").replace("dst_...", destination.id));
  await shell(curlTo("/in/"));
  await expect.poll(() => received, { timeout: 10_000 }).toEqual(['{"type":"hello","message":"from curl"}']);
  await expect
    .poll(() => out, { timeout: 10_000 })
    .toMatch(/accepted {3}hello {2}evt_.*\n.*routed .*to 1 destination\n.*delivered {2}\[200\] dst_/);
  expect(err).toBe("");
});

test("commands find the server and agree with it", async () => {
  const events = JSON.parse((await posthorn("events", "list", "--json")).out) as { data: { id: string; type: string }[] };
  expect(events.data).toHaveLength(1);
  const { exit, out: text } = await posthorn("events", "get", events.data[0]!.id);
  expect(exit).toBe(0);
  expect(text).toContain('"message": "from curl"');
  expect(text).toContain("delivered");
  const deliveries = JSON.parse((await posthorn("deliveries", "list", "--status", "delivered", "--json")).out) as {
    data: { id: string }[];
  };
  expect((await posthorn("deliveries", "get", deliveries.data[0]!.id)).out).toContain("HTTP 200");
  expect((await posthorn("deliveries", "retry", deliveries.data[0]!.id)).exit).toBe(0);
  await expect.poll(() => received.length, { timeout: 10_000 }).toBe(2);
  expect(await posthorn("events", "get", "evt_nope")).toMatchObject({ exit: 4, out: "" });
  expect(await posthorn("requests", "list", "--outcome", "accepted", "--since", "1h")).toMatchObject({ exit: 0, err: "" });
});

test("a kept request is verified by its id", async () => {
  const requests = JSON.parse((await posthorn("requests", "list", "--json")).out) as { data: { id: string }[] };
  expect(await posthorn("verify", "--id", requests.data[0]!.id, "--provider", "none")).toMatchObject({
    exit: 0,
    out: expect.stringContaining("Verified"),
  });
});

test("a replay is planned, made and followed to its end", async () => {
  expect((await posthorn("jobs", "replay", "--dry-run")).out).toBe("It would take 1 events and make 1 deliveries. Nothing was done.\n");
  expect(await posthorn("jobs", "replay", "--wait", "--timeout", "20")).toMatchObject({
    exit: 0,
    out: expect.stringContaining("finished"),
  });
});

test("pausing, resuming and making things work from the command line", async () => {
  const made = JSON.parse((await posthorn("destinations", "create", "--name", "cli", "--to", "http://127.0.0.1:9/x", "--json")).out) as {
    id: string;
  };
  expect((await posthorn("destinations", "pause", made.id)).exit).toBe(0);
  expect((await posthorn("destinations", "list")).out).toMatch(/cli +paused/);
  expect((await posthorn("destinations", "resume", made.id)).exit).toBe(0);
  expect((await posthorn("sources", "create", "--name", "cli source")).out).toContain("/in/");
  expect((await posthorn("subscriptions", "create", "--destination", made.id, "--type", "never.*")).exit).toBe(0);
  expect((await posthorn("subscriptions", "list")).out).toContain("never.*");
  expect(await posthorn("destinations", "create", "--name", "bad", "--to", "http://10.0.0.1/x")).toMatchObject({ exit: 2, out: "" });
});

test("its key is readable by its owner only", () => {
  expect(statSync(join(dataDir, "api-key")).mode & 0o777).toBe(0o600);
  expect(out).toContain(readFileSync(join(dataDir, "api-key"), "utf8").trim());
});

test("a second server on the same directory is refused in one sentence", async () => {
  const second = await posthorn("start", "--port", "0");
  expect(second).toMatchObject({ exit: 1, out: "" });
  expect(second.err.trimEnd().split("\n")).toHaveLength(1);
  expect(second.err).toContain("Another Posthorn is using the data directory");
});

test("SIGTERM stops it cleanly, and commands then say that no server runs", async () => {
  const closed = new Promise((resolve) => child.on("close", resolve));
  child.kill("SIGTERM");
  expect(await closed).toBe(0);
  expect(await posthorn("events", "list")).toMatchObject({ exit: 1, err: expect.stringContaining('Start one with "posthorn dev"') });
});
