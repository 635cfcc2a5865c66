// `npm run bench`: every figure of merit in one run, as ratios to the platform's floor. See bench/README.md.
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { benchDelivery } from "./delivery.ts";
import { benchEndToEnd } from "./end-to-end.ts";
import { benchFairness, fairnessLines } from "./fairness.ts";
import { benchIngest } from "./ingest.ts";
import { benchPostgresLists } from "./lists-postgres.ts";
import { benchMemory } from "./memory.ts";
import { benchOnPostgres, POSTGRES_PARTS } from "./postgres.ts";
import { milliseconds, verdict } from "./report.ts";
import { benchStorePostgres } from "./store-postgres.ts";
import { benchVerification } from "./verification.ts";

const PARTS = ["ingest", "delivery", "end-to-end", "fairness", "verification", "memory"] as const;
/** These need a PostgreSQL, and so run only when they are asked for. */
const ON_POSTGRES = ["store-postgres", "lists-postgres"] as const;

const { values } = parseArgs({
  options: {
    only: { type: "string", multiple: true },
    store: { type: "string", default: "sqlite" },
    rounds: { type: "string", default: "5" },
    requests: { type: "string", default: "40000" },
    events: { type: "string", default: "500000" },
    "list-events": { type: "string", default: "5000000" },
    help: { type: "boolean", default: false },
  },
});

if (values.help) {
  console.log(`npm run bench -- [--only ${[...PARTS, ...ON_POSTGRES].join("|")}]... [--rounds 5] [--requests 40000] [--events 500000]`);
  console.log(`npm run bench -- --store postgres [--only ${POSTGRES_PARTS.join("|")}]... [--rounds 5] [--requests 40000]`);
  process.exit(0);
}
if (values.store !== "sqlite" && values.store !== "postgres") throw new Error("--store is sqlite or postgres");

const onPostgres = values.store === "postgres";
const wanted = new Set<string>(onPostgres ? [] : (values.only ?? PARTS));
const size = { rounds: Number(values.rounds), requests: Number(values.requests) };
const lines: string[] = [];
const report: Record<string, unknown> = { node: process.version, cpus: cpus().length, cpu: cpus()[0]?.model };

if (onPostgres) lines.push(...(await benchOnPostgres(new Set(values.only ?? POSTGRES_PARTS), size, report)));
if (wanted.has("ingest")) {
  const ingest = await benchIngest(size);
  report["ingest"] = ingest;
  lines.push(verdict("ingest, ratio to bare node:http (stretch 0.60)", ingest.ratio.toFixed(3), ">= 0.45", ingest.ratio >= 0.45));
  lines.push(
    verdict(
      `ingest p99 at half load (${ingest.halfLoad.perSecond}/s)`,
      milliseconds(ingest.halfLoad.p99Ms),
      "< 25 ms",
      ingest.halfLoad.p99Ms < 25,
    ),
  );
  lines.push(
    `        ingest saturated: p50 ${milliseconds(ingest.saturated.p50Ms)}, p99 ${milliseconds(ingest.saturated.p99Ms)}; at half load p50 ${milliseconds(ingest.halfLoad.p50Ms)}`,
  );
}
if (wanted.has("delivery")) {
  const delivery = await benchDelivery(size);
  report["delivery"] = delivery;
  lines.push(verdict("delivery, ratio to bare undici (stretch 0.75)", delivery.ratio.toFixed(3), ">= 0.65", delivery.ratio >= 0.65));
}
if (wanted.has("end-to-end")) {
  const endToEnd = await benchEndToEnd({ seconds: 10 });
  report["endToEnd"] = endToEnd;
  lines.push(verdict("request in to delivery at 500/s, p50", milliseconds(endToEnd.p50Ms), "< 10 ms", endToEnd.p50Ms < 10));
  lines.push(`        its p99: ${milliseconds(endToEnd.p99Ms)}`);
}
if (wanted.has("fairness")) {
  const fairness = await benchFairness({ seconds: 6 });
  report["fairness"] = fairness;
  lines.push(...fairnessLines(fairness));
}
if (wanted.has("verification")) {
  const verification = benchVerification(size);
  report["verification"] = verification;
  for (const { scheme, provider, hmac, ratio, perSecond } of verification) {
    const name = `${scheme} (${provider})`;
    lines.push(
      hmac
        ? verdict(name, ratio.toFixed(3), ">= 0.85", ratio >= 0.85)
        : `        ${name}: ratio ${ratio.toFixed(3)}, ${perSecond.toLocaleString("en")}/s`,
    );
  }
}
if (wanted.has("memory")) {
  const memory = await benchMemory({ events: Number(values.events) });
  report["memory"] = memory;
  lines.push(verdict(`highest resident memory over ${memory.events} events`, `${memory.maxMiB} MiB`, "< 250 MiB", memory.maxMiB < 250));
}
if (wanted.has("store-postgres")) {
  const storePostgres = await benchStorePostgres({ rounds: size.rounds, rows: Math.ceil(size.requests / 4) });
  report["storePostgres"] = storePostgres;
  const { ratio } = storePostgres;
  lines.push(verdict("claim and settle on PostgreSQL, ratio to bare pg", ratio.toFixed(3), ">= 0.50", ratio >= 0.5));
}

// Only when asked for: it needs a PostgreSQL in POSTHORN_TEST_DATABASE_URL, 8 GB of disk and some minutes.
if (wanted.has("lists-postgres")) {
  const lists = await benchPostgresLists({ events: Number(values["list-events"]) });
  report["listsPostgres"] = lists;
  for (const { name, p99Ms } of lists) lines.push(verdict(`p99 of ${name}`, milliseconds(p99Ms), "< 50 ms", p99Ms < 50));
}

console.log(`\n${lines.join("\n")}`);
mkdirSync(new URL("results/", import.meta.url), { recursive: true });
const file = new URL("results/latest.json", import.meta.url);
writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
console.log("\nwritten to bench/results/latest.json");
process.exit(lines.some((line) => line.startsWith("MISSED")) ? 1 : 0);
