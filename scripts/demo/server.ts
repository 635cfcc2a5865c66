// The server of the demo: the real program on a data directory of its own, set up through its API.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const API_KEY = "phk_demo-key-not-a-secret-0000000";
const SOURCE_SECRET = "demo-secret-between-github-and-us";

export interface DemoHook {
  ingestUrl: string;
  sourceSecret: string;
  /** What the receiver verifies deliveries with. */
  signingSecret: string;
}

export interface DemoServer {
  /** Makes the source, the destination and the subscription between them. */
  connect(receiverUrl: string): Promise<DemoHook>;
  get<T>(path: string): Promise<T>;
  /** Every page of a list. */
  all<T>(path: string): Promise<T[]>;
  stop(): Promise<void>;
}

export async function startDemoServer(): Promise<DemoServer> {
  const directory = mkdtempSync(join(tmpdir(), "posthorn-demo-"));
  const child = spawn(process.execPath, [new URL("../../bin/posthorn.js", import.meta.url).pathname, "start", "--json"], {
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      ...process.env,
      POSTHORN_PORT: "0",
      POSTHORN_DATA_DIR: directory,
      POSTHORN_API_KEY: API_KEY,
      POSTHORN_LOG_LEVEL: "warn",
      POSTHORN_OUTBOUND_ALLOW: "loopback",
      POSTHORN_OUTBOUND_PLAIN_HTTP: "true",
    },
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.once("data", (line: Buffer) => resolve((JSON.parse(line.toString()) as { url: string }).url));
    child.once("exit", (code) => reject(new Error(`the server ended with ${code}`)));
  });

  async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const headers = { authorization: `Bearer ${API_KEY}`, "content-type": "application/json" };
    const answer = await fetch(`${url}${path}`, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
    return JSON.parse(text) as T;
  }

  return {
    async connect(receiverUrl) {
      const source = await call<{ id: string; url: string }>("POST", "/v1/sources", {
        name: "github",
        provider: "github",
        secrets: [SOURCE_SECRET],
      });
      const destination = await call<{ id: string; secret?: string }>("POST", "/v1/destinations", {
        name: "receiver",
        type: "http",
        url: receiverUrl,
        // Retries within the demo's patience; the default schedule takes three days.
        retry: { scheduleMs: [0, 200, 400, 800], jitter: 0.2 },
      });
      await call("POST", "/v1/subscriptions", { sourceId: source.id, destinationId: destination.id });
      const signingSecret = destination.secret;
      if (signingSecret === undefined) throw new Error("the destination came without its signing secret");
      return { ingestUrl: source.url, sourceSecret: SOURCE_SECRET, signingSecret };
    },
    get: (path) => call("GET", path),
    async all<T>(path: string) {
      const found: T[] = [];
      let cursor: string | null = null;
      do {
        const join = path.includes("?") ? "&" : "?";
        const page: { data: T[]; nextCursor: string | null } = await call(
          "GET",
          `${path}${join}limit=250${cursor === null ? "" : `&cursor=${cursor}`}`,
        );
        found.push(...page.data);
        cursor = page.nextCursor;
      } while (cursor !== null);
      return found;
    },
    async stop() {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await gone;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
