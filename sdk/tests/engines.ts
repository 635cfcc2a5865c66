// Both executors, for suites that every one of them has to pass.
import { bestEngine, syncEngine } from "../src/engines.ts";
import { webEngine } from "../src/web-crypto.ts";

const nodeEngine = syncEngine("this test's runtime");

if (bestEngine() !== nodeEngine) throw new Error("On Node the fast executor is the one to be used.");

export const engines = [
  ["node", nodeEngine],
  ["web", webEngine],
] as const;
