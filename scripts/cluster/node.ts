// One node of the cluster to look at: the real program, started, stopped, killed and paused, with what it last said.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { createInterface } from "node:readline";

/** `unfit` runs and does not say that it is ready; `paused` is stopped by SIGSTOP; `gone` ended, by a signal or by itself. */
export type NodeState = "starting" | "ready" | "unfit" | "paused" | "stopping" | "gone";

export interface ClusterNode {
  readonly name: string;
  readonly state: NodeState;
  /** Where it listens; null while it does not. */
  readonly url: string | null;
  readonly pid: number | null;
  start(): void;
  /** `kill -9`. */
  kill(): void;
  /** SIGSTOP, or SIGCONT for one that is paused. */
  pauseOrContinue(): void;
  /** SIGTERM where it runs, and started again. */
  restart(): Promise<void>;
  /** SIGTERM; SIGKILL for one that has not ended after the grace. */
  stop(graceMs: number): Promise<void>;
  /** What the last look at /readyz found. */
  found(isReady: boolean): void;
}

export interface NodeOptions {
  name: string;
  directory: string;
  environment: Readonly<Record<string, string>>;
  /** A sentence for the log of the cluster. */
  say: (text: string) => void;
  began: (pid: number) => void;
  ended: (pid: number) => void;
}

const program = new URL("../../bin/posthorn.js", import.meta.url).pathname;

export function createNode({ name, directory, environment, say, began, ended }: NodeOptions): ClusterNode {
  let child: ChildProcess | null = null;
  let gone: Promise<void> = Promise.resolve();
  let url: string | null = null;
  let state: NodeState = "gone";

  function start(): void {
    if (child !== null) return;
    mkdirSync(directory, { recursive: true });
    const startedAt = performance.now();
    // A group of its own: a Ctrl-C in the terminal is for the script, which then ends the nodes in order.
    const own = spawn(process.execPath, [program, "start", "--json"], {
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
      env: { ...process.env, ...environment, POSTHORN_NODE_NAME: name, POSTHORN_DATA_DIR: directory },
    });
    child = own;
    state = "starting";
    if (own.pid !== undefined) began(own.pid);
    createInterface({ input: own.stdout }).once("line", (line) => {
      url = (JSON.parse(line) as { url: string }).url;
      say(`${name} answers after ${((performance.now() - startedAt) / 1000).toFixed(1)} s (pid ${own.pid})`);
      if (state === "starting") state = "unfit";
    });
    createInterface({ input: own.stderr }).on("line", (line) => say(`${name}: ${sentenceOf(line)}`));
    own.once("error", (error) => say(`${name} could not be started: ${error.message}`));
    gone = new Promise((resolve) => {
      own.once("close", (code, signal) => {
        if (own.pid !== undefined) ended(own.pid);
        say(`${name} ended ${signal === null ? `with ${code}` : `by ${signal}`}`);
        child = url = null;
        state = "gone";
        resolve();
      });
    });
  }

  async function stop(graceMs: number): Promise<void> {
    if (child === null) return;
    const ending = child;
    state = "stopping";
    ending.kill("SIGTERM");
    // One that is paused hears nothing before this.
    ending.kill("SIGCONT");
    const timer = setTimeout(() => ending.kill("SIGKILL"), graceMs);
    await gone;
    clearTimeout(timer);
  }

  return {
    name,
    get state() {
      return state;
    },
    get url() {
      return url;
    },
    get pid() {
      return child?.pid ?? null;
    },
    start,
    stop,
    kill() {
      if (child?.kill("SIGKILL")) say(`${name} is killed with -9`);
    },
    pauseOrContinue() {
      if (child === null) return;
      const wasPaused = state === "paused";
      if (!child.kill(wasPaused ? "SIGCONT" : "SIGSTOP")) return;
      state = wasPaused ? "unfit" : "paused";
      say(`${name} ${wasPaused ? "goes on (SIGCONT)" : "is paused (SIGSTOP)"}`);
    },
    async restart() {
      if (child !== null) say(`${name} is asked to stop`);
      await stop(15_000);
      start();
    },
    found(isReady) {
      if (state === "ready" || state === "unfit") state = isReady ? "ready" : "unfit";
    },
  };
}

/** A line of the node's JSON log as a sentence; anything else as it is. */
function sentenceOf(line: string): string {
  try {
    const { level, msg, error } = JSON.parse(line) as { level?: string; msg?: string; error?: { message?: string } | string };
    const cause = typeof error === "string" ? error : error?.message;
    return `${level ?? "info"}: ${msg ?? line}${cause === undefined ? "" : ` (${cause})`}`;
  } catch {
    return line;
  }
}
