// The real program, as built: started, killed and started again on one data directory. For proofs, benches and the demo.
import { type ChildProcess, spawn } from "node:child_process";

const API_KEY = "phk_fixture-key-not-a-secret-0000";

export interface Program {
  url: string;
  pid: number;
  /** Calls the API; throws on anything but a 2xx. */
  call<T>(method: string, path: string, body?: unknown): Promise<T>;
  /** `kill -9`: no goodbye. Resolves when the process is gone. */
  kill(): Promise<void>;
  /** The same without waiting, for a process that is about to end itself. */
  killNow(): void;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
  exited: Promise<number | null>;
  stderr(): string;
}

export async function startProgram(directory: string, env: Record<string, string> = {}): Promise<Program> {
  const child = spawn(process.execPath, [new URL("../../bin/posthorn.js", import.meta.url).pathname, "start", "--json"], {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      POSTHORN_PORT: "0",
      POSTHORN_DATA_DIR: directory,
      POSTHORN_API_KEY: API_KEY,
      POSTHORN_LOG_LEVEL: "warn",
      POSTHORN_OUTBOUND_ALLOW: "loopback",
      POSTHORN_OUTBOUND_PLAIN_HTTP: "true",
      ...env,
    },
  });
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const exited = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
  const url = await readyUrl(child, exited, () => stderr);
  return {
    url,
    pid: child.pid!,
    exited,
    stderr: () => stderr,
    async call<T>(method: string, path: string, body?: unknown): Promise<T> {
      const headers = { authorization: `Bearer ${API_KEY}`, "content-type": "application/json" };
      const answer = await fetch(`${url}${path}`, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
      return (text === "" ? null : JSON.parse(text)) as T;
    },
    killNow() {
      child.kill("SIGKILL");
    },
    async kill() {
      child.kill("SIGKILL");
      await exited;
    },
    async stop() {
      child.kill("SIGTERM");
      return exited;
    },
  };
}

function readyUrl(child: ChildProcess, exited: Promise<number | null>, stderr: () => string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    child.stdout!.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes("\n")) resolve((JSON.parse(text.slice(0, text.indexOf("\n"))) as { url: string }).url);
    });
    void exited.then((code) => reject(new Error(`the server ended with ${code} before it was ready: ${stderr()}`)));
  });
}
