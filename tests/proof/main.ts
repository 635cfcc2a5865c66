// `npm run proof`: the long crash proof. `npm run proof -- --rounds 200 --seed 7` repeats a run.
import { parseArgs } from "node:util";
import { runCrashProof } from "./crash.ts";

const { values } = parseArgs({ options: { rounds: { type: "string", default: "50" }, seed: { type: "string" } } });
const seed = Number(values.seed ?? Date.now() % 1_000_000);
console.log(`crash proof: ${values.rounds} rounds of kill -9, seed ${seed}`);
const report = await runCrashProof({ rounds: Number(values.rounds), seed, log: (line) => console.log(line) });
console.log(`
requests sent                ${report.requests}
acknowledged with a 2xx      ${report.acknowledged}
events kept                  ${report.events}
different requests arrived   ${report.arrived}
arrivals more than once      ${report.repeats}  (each under the same id)
integrity_check              ${report.integrity}
violations                   ${report.violations.length}`);
for (const violation of report.violations.slice(0, 20)) console.log(`  ${violation}`);
process.exit(report.violations.length === 0 && report.acknowledged > 0 ? 0 : 1);
