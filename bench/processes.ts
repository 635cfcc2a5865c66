// Starts and ends the processes a bench is made of; each ends with the bench, whatever happens.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Program, startProgram } from "../tests/kit/program.ts";

const started = new Set<ChildProcess>();
const programs = new Set<Program>();
process.on("exit", () => {
  for (const child of started) child.kill("SIGKILL");
  for (const program of programs) program.killNow();
});

const root = new URL("..", import.meta.url).pathname;

function launch(args: string[]): ChildProcess {
  const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  started.add(child);
  child.once("exit", () => started.delete(child));
  return child;
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    child.stdout!.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      const end = text.indexOf("\n");
      if (end >= 0) resolve(text.slice(0, end));
    });
    child.once("exit", (code) => reject(new Error(`a process of the bench ended early with ${code}`)));
  });
}

/** Runs a script to its end and reads the JSON it prints. */
export async function runJson<T>(script: string, plan: unknown): Promise<T> {
  const child = launch([join("bench", script), JSON.stringify(plan)]);
  let text = "";
  child.stdout!.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  if (code !== 0) throw new Error(`${script} ended with ${code}`);
  return JSON.parse(text) as T;
}

export interface Service {
  port: number;
  pid: number;
  stop(): Promise<void>;
}

/** A script that listens and prints its port. */
export async function startScript(script: string, ...args: string[]): Promise<Service> {
  const child = launch([join("bench", script), ...args]);
  return { port: Number(await firstLine(child)), pid: child.pid!, stop: () => end(child) };
}

export interface PosthornService {
  url: string;
  port: number;
  pid: number;
  call: Program["call"];
  stop(): Promise<void>;
}

/** The real program, as built, on a data directory of its own; settings by environment name. */
export async function startPosthorn(settings: Record<string, string> = {}): Promise<PosthornService> {
  const directory = mkdtempSync(join(tmpdir(), "posthorn-bench-"));
  const program = await startProgram(directory, settings);
  programs.add(program);
  return {
    url: program.url,
    port: Number(new URL(program.url).port),
    pid: program.pid,
    call: program.call,
    async stop() {
      await program.stop();
      programs.delete(program);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function end(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await gone;
}

/** Resident memory of a process in MiB (Linux). */
export function residentMiB(pid: number): number {
  const kib = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Math.round(Number(kib ?? 0) / 1024);
}
