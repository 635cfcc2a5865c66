// `npm run proof:cluster`: three nodes on one PostgreSQL under faults. `-- --seed 7 --phases kill,restart --seconds 30` repeats a part.
import { parseArgs } from "node:util";
import type { Violation } from "./cluster-ledger.ts";
import { PHASES } from "./cluster-phases.ts";
import { type PhaseVerdict, runClusterProof } from "./cluster-run.ts";

const VIOLATIONS_SHOWN = 20;

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    /** Names with commas between them; all of them when left out. */
    phases: { type: "string" },
    /** Of each fault, in place of the phase's own. */
    seconds: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
const seed = values.seed ?? String(Date.now() % 1_000_000);
// The two absences are a phase each; together they are the short form's.
const names = values.phases?.split(",") ?? PHASES.map(({ name }) => name).filter((name) => name !== "cut-off-and-stopped");
const seconds = values.seconds === undefined ? {} : { seconds: Number(values.seconds) };
if (values.seconds !== undefined && !(Number(values.seconds) >= 0)) throw new Error("--seconds takes a number.");
const say = (line: string) => (values.json ? console.error(line) : console.log(line));

say(`cluster proof: ${names.join(", ")}; seed ${seed}`);
const report = await runClusterProof({
  seed,
  phases: names.map((name) => ({ name, ...seconds })),
  restsBetween: true,
  log: say,
  judged(verdict) {
    say(lineOf(verdict));
    for (const violation of verdict.violations.slice(0, VIOLATIONS_SHOWN)) say(`    ${sentenceOf(violation)}`);
  },
});
say(`
handed in                    ${report.handedIn}
acknowledged with a 2xx      ${report.acknowledged}
arrivals                     ${report.arrivals}
arrivals after one was taken ${report.repeats}  (each under the same id, and in doubt)
answers                      ${report.answers.taken} × 2xx, ${report.answers.away} × 503, ${report.answers.none} × none
disabled and looked at       ${report.silences} times
slowest recovery             ${Math.max(...report.phases.map(({ recoveredMs }) => recoveredMs))} ms
violations                   ${report.violations.length}`);
if (values.json) console.log(JSON.stringify(report, null, 2));
if (report.violations.length > 0) say(`\nrepeat it with: npm run proof:cluster -- --seed ${seed} --phases ${names.join(",")}`);
process.exit(report.violations.length === 0 && report.acknowledged > 0 ? 0 : 1);

function lineOf(verdict: PhaseVerdict): string {
  const { name, facts, recoveredMs, drainedMs, acknowledged, arrived, repeats, violations } = verdict;
  const head = `${violations.length === 0 ? "ok  " : "FAIL"}  ${name.padEnd(12)} ${verdict.seconds.toFixed(1).padStart(6)} s  seed ${verdict.seed}`;
  const counts = `${acknowledged} acknowledged, ${arrived} arrivals, ${repeats} repeats`;
  return `${head}\n      ${facts}\n      ${counts}; recovered in ${recoveredMs} ms, drained in ${drainedMs ?? 0} ms`;
}

function sentenceOf({ rule, what, ids }: Violation): string {
  return `${rule}: ${what}${ids.length === 0 ? "" : ` [${ids.join(", ")}]`}`;
}
