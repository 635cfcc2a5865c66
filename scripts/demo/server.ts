// The server of the demo: the real program on a data directory of its own, set up through its API.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startProgram } from "../../tests/kit/program.ts";

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
  const program = await startProgram(directory);
  const { call } = program;

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
      await program.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
