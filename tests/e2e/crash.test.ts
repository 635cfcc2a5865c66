// The crash proof in short: a few kills, the same ledgers, the same promises.
import { expect, test } from "vitest";
import { runCrashProof } from "../proof/crash.ts";

test("kill -9 at random moments loses nothing that was acknowledged", { timeout: 120_000 }, async () => {
  const seed = Number(process.env["PROOF_SEED"] ?? Date.now() % 1_000_000);
  const report = await runCrashProof({ rounds: 5, seed, log: () => undefined });
  expect(report.violations, `seed ${seed}`).toEqual([]);
  expect(report.integrity).toBe("ok");
  expect(report.acknowledged).toBeGreaterThan(50);
  expect(report.arrived).toBeGreaterThanOrEqual(report.acknowledged);
});
