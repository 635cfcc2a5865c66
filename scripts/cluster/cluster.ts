// The parts of the cluster to look at, started in order and ended in reverse: database, front, nodes, traffic.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openOwnDatabase } from "../../tests/kit/own-database.ts";
import { type Backend, startBalancer } from "./balancer.ts";
import { createFigures, type NodeFigures } from "./figures.ts";
import type { Command } from "./keys.ts";
import { type ClusterNode, createNode } from "./node.ts";
import { startTraffic } from "./traffic.ts";
import type { Snapshot } from "./view.ts";

const START_MS_MAX = 60_000;
const STOP_GRACE_MS = 12_000;

export interface ClusterOptions {
  nodes: number;
  port: number;
  /** Webhooks a second of its own; null for none and no source either. */
  perSecond: number | null;
  say: (text: string) => void;
  /** What is open is closed last first, also where the start fails in between. */
  opened: (() => Promise<void> | void)[];
}

export interface RunningCluster {
  readonly url: string;
  readonly apiKey: string;
  look(): Promise<Pick<Snapshot, "nodes" | "database" | "traffic">>;
  /** Says what it does, and what became of it. */
  obey(command: Exclude<Command, { kind: "quit" }>): Promise<void>;
}

export async function startCluster({ nodes: count, port, perSecond, say, opened }: ClusterOptions): Promise<RunningCluster> {
  const directory = mkdtempSync(join(tmpdir(), "posthorn-three-nodes-"));
  opened.push(() => rmSync(directory, { recursive: true, force: true }));
  say("PostgreSQL is being started");
  const database = await openOwnDatabase("posthorn_cluster");
  opened.push(() => database.drop());
  const keeper = startKeeper(directory);
  opened.push(keeper.end);

  const apiKey = `phk_${randomBytes(24).toString("base64url")}`;
  const shared: Record<string, string> = {
    POSTHORN_DATABASE_URL: database.url,
    POSTHORN_SECRET_KEY: randomBytes(32).toString("base64"),
    POSTHORN_API_KEY: apiKey,
    POSTHORN_PORT: "0",
    POSTHORN_LOG_LEVEL: "warn",
    POSTHORN_OUTBOUND_ALLOW: "loopback",
    POSTHORN_OUTBOUND_PLAIN_HTTP: "true",
    POSTHORN_TRUSTED_PROXIES: "127.0.0.1/32",
  };
  const nodes = Array.from({ length: count }, (_, index) => {
    const name = `node-${index + 1}`;
    return createNode({ name, directory: join(directory, name), environment: shared, say, ...keeper });
  });
  const front = await startBalancer(nodes satisfies Backend[], port);
  opened.push(() => front.close());
  shared["POSTHORN_PUBLIC_URL"] = front.url;
  opened.push(async () => void (await Promise.all(nodes.map((node) => node.stop(STOP_GRACE_MS)))));
  await startNodes(nodes);

  const call = callerOf(front.url, apiKey);
  const traffic = perSecond === null ? null : await startTraffic(call, perSecond);
  if (traffic !== null) opened.push(() => traffic.stop());
  const figures = createFigures(nodes, apiKey, (name) => traffic?.waits(name) ?? []);
  let isRestarting = false;

  async function restartDatabase(): Promise<void> {
    if (database.server === null) return say("The server of POSTHORN_TEST_DATABASE_URL is not this script's to restart");
    if (isRestarting) return;
    isRestarting = true;
    say("PostgreSQL is restarted");
    const began = performance.now();
    await database.server.restart("fast").finally(() => (isRestarting = false));
    say(`PostgreSQL takes connections again after ${((performance.now() - began) / 1_000).toFixed(1)} s`);
  }

  return {
    url: front.url,
    apiKey,
    async look() {
      const found: NodeFigures[] = await figures.look();
      return { nodes: found, database: isRestarting ? "restarting" : "up", traffic: traffic?.totals() ?? null };
    },
    async obey(command) {
      switch (command.kind) {
        case "database":
          return restartDatabase();
        case "kill":
          return nodes[command.node]!.kill();
        case "pause":
          return nodes[command.node]!.pauseOrContinue();
        case "restart":
          return nodes[command.node]!.restart();
      }
    },
  };
}

/** The first one makes the tables; the others find them. */
async function startNodes(nodes: readonly ClusterNode[]): Promise<void> {
  for (const node of nodes) {
    node.start();
    const until = performance.now() + START_MS_MAX;
    while (node.state !== "ready") {
      if (node.state === "gone") throw new Error(`${node.name} ended before it was ready.`);
      if (performance.now() > until) throw new Error(`${node.name} was not ready within ${START_MS_MAX / 1_000} s.`);
      await new Promise((resolve) => {
        setTimeout(resolve, 50);
      });
    }
  }
}

/** It ends the nodes should this process go without a goodbye; the database has a keeper of its own. */
function startKeeper(directory: string) {
  const keeper = spawn(process.execPath, [new URL("keeper.ts", import.meta.url).pathname, directory], {
    stdio: ["pipe", "ignore", "inherit"],
    detached: true,
  });
  return {
    began: (pid: number) => void keeper.stdin.write(`${pid}\n`),
    ended: (pid: number) => void keeper.stdin.write(`-${pid}\n`),
    end: () => void keeper.stdin.end(),
  };
}

function callerOf(url: string, apiKey: string) {
  return async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" };
    const answer = await fetch(`${url}${path}`, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
    return JSON.parse(text) as T;
  };
}
