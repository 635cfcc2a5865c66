// Ingest: Posthorn verifying, deduping and committing before its 200, against a bare server; interleaved in one run.
import { createHmac } from "node:crypto";
import type { LoadPlan, LoadResult } from "./load.ts";
import { type PosthornService, runJson, startPosthorn, startScript } from "./processes.ts";
import { median, ratioRow } from "./report.ts";

const CONNECTIONS = 64;
const BODY = JSON.stringify({ action: "opened", text: "x".repeat(980) }).padEnd(1024, " ");
const SECRET = "a-secret-of-the-bench-not-real";

export interface IngestReport {
  rounds: { floorPerSecond: number; posthornPerSecond: number; ratio: number }[];
  ratio: number;
  saturated: { p50Ms: number; p99Ms: number };
  halfLoad: { perSecond: number; p50Ms: number; p99Ms: number };
}

let nextId = 0;

/** A load of distinct, correctly signed GitHub deliveries. */
export function githubLoad(port: number, path: string, requests: number, ratePerSecond = 0): Promise<LoadResult> {
  const signature = createHmac("sha256", SECRET).update(BODY).digest("hex");
  const plan: LoadPlan = {
    host: "127.0.0.1",
    port,
    path,
    headers: [
      "content-type: application/json",
      "user-agent: GitHub-Hookshot/bench",
      "accept: */*",
      "x-github-event: pull_request",
      `x-hub-signature-256: sha256=${signature}`,
    ],
    body: BODY,
    connections: CONNECTIONS,
    requests,
    ratePerSecond,
    idBase: nextId,
  };
  nextId += requests;
  return runJson<LoadResult>("load.ts", plan);
}

/** A GitHub source on a running Posthorn; answers the path of its ingest URL. */
export async function githubSource(posthorn: PosthornService): Promise<{ id: string; path: string }> {
  const source = await posthorn.call<{ id: string; url: string }>("POST", "/v1/sources", {
    name: "bench",
    provider: "github",
    secrets: [SECRET],
  });
  return { id: source.id, path: new URL(source.url).pathname };
}

export async function benchIngest(options: { rounds: number; requests: number }): Promise<IngestReport> {
  const floor = await startScript("floor.ts");
  const posthorn = await startPosthorn();
  const { path } = await githubSource(posthorn);
  // Neither side is measured cold.
  await githubLoad(floor.port, "/", Math.ceil(options.requests / 4));
  await githubLoad(posthorn.port, path, Math.ceil(options.requests / 4));
  const rounds: IngestReport["rounds"] = [];
  const saturated: LoadResult[] = [];
  for (let round = 0; round < options.rounds; round += 1) {
    const bare = await githubLoad(floor.port, "/", options.requests);
    const ours = assertAllOk(await githubLoad(posthorn.port, path, options.requests));
    rounds.push({ floorPerSecond: bare.perSecond, posthornPerSecond: ours.perSecond, ratio: ours.perSecond / bare.perSecond });
    saturated.push(ours);
    console.log(ratioRow("ingest", round, bare.perSecond, ours.perSecond));
  }
  const rate = Math.round(median(rounds.map((row) => row.posthornPerSecond)) / 2);
  const half = assertAllOk(await githubLoad(posthorn.port, path, rate * 5, rate));
  await posthorn.stop();
  await floor.stop();
  return {
    rounds,
    ratio: median(rounds.map((row) => row.ratio)),
    saturated: { p50Ms: median(saturated.map((row) => row.p50Ms)), p99Ms: median(saturated.map((row) => row.p99Ms)) },
    halfLoad: { perSecond: rate, p50Ms: half.p50Ms, p99Ms: half.p99Ms },
  };
}

export function assertAllOk(result: LoadResult): LoadResult {
  const statuses = Object.keys(result.statuses);
  if (statuses.length !== 1 || statuses[0] !== "200") throw new Error(`not every request was accepted: ${JSON.stringify(result.statuses)}`);
  return result;
}
