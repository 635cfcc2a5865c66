// The cluster's proof in short: three real nodes on one PostgreSQL, each kind of fault once, the same ledger and the same rules.
import { expect, test } from "vitest";
import { runClusterProof } from "../proof/cluster-run.ts";

const PHASES = [
  { name: "kill", seconds: 1 },
  { name: "restart", times: 2 },
  { name: "commit-lost", seconds: 3, times: 3 },
  { name: "conflicts", seconds: 1 },
  { name: "cut-off-and-stopped", seconds: 12 },
  { name: "copies" },
];

test("nothing is lost, repeated without doubt or out of order while nodes and the database fail", { timeout: 180_000 }, async () => {
  const seed = process.env["PROOF_SEED"] ?? String(Date.now() % 1_000_000);
  const judged: string[] = [];
  const report = await runClusterProof({
    seed,
    phases: PHASES,
    restsBetween: false,
    log: () => undefined,
    judged: (verdict) => judged.push(`${verdict.name}: ${verdict.seconds} s, ${verdict.facts}; recovered in ${verdict.recoveredMs} ms`),
  });
  expect(report.violations, `seed ${seed}\n${judged.join("\n")}`).toEqual([]);
  expect(report.phases.map(({ name }) => name)).toEqual(PHASES.map(({ name }) => name));
  expect(report.acknowledged).toBeGreaterThan(200);
  // The faults took place: some were told to come again, and some heard nothing.
  expect(report.answers.away).toBeGreaterThan(0);
  expect(report.answers.none).toBeGreaterThan(0);
  expect(report.silences).toBeGreaterThan(0);
});
