// `npm run check`: format, lint, types, dead code and generated files, all at once. One line each; what failed is shown whole.
import { spawn } from "node:child_process";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const CHECKS: [name: string, command: string, ...args: string[]][] = [
  ["format", "oxfmt", "--check", "."],
  ["lint", "oxlint", "--type-aware", "--deny-warnings"],
  // What did not change since the last run is not looked at again.
  ["types", "tsc", "-p", "tsconfig.json", "--noEmit", "--incremental", "--tsBuildInfoFile", "node_modules/.cache/check.tsbuildinfo"],
  ["dead code", "knip", "--no-config-hints"],
  ["generated", "node", "scripts/generate.ts", "--check"],
];

interface Result {
  name: string;
  ok: boolean;
  output: string;
}

const root = fileURLToPath(new URL("../", import.meta.url));
const started = performance.now();
const results = await Promise.all(CHECKS.map(run));
for (const { name, output } of results.filter((result) => !result.ok)) console.log(`\n── ${name} ──\n${output.trimEnd()}`);

const failed = results.filter((result) => !result.ok).length;
console.log(`\ncheck: ${results.length - failed} passed, ${failed} failed in ${seconds(started)}`);
process.exitCode = failed === 0 ? 0 : 1;

function run([name, command, ...args]: (typeof CHECKS)[number]): Promise<Result> {
  const begun = performance.now();
  // Tools are scripts for the Node of node_modules, which an older one on the machine must not replace.
  const path = [join(root, "node_modules", ".bin"), process.env["PATH"]].join(delimiter);
  const child = spawn(command, args, { cwd: root, env: { ...process.env, PATH: path }, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const collect = (chunk: Buffer) => (output += chunk.toString());
  child.stdout.on("data", collect);
  child.stderr.on("data", collect);
  return new Promise((resolve) => {
    const end = (ok: boolean) => {
      console.log(`${ok ? "ok  " : "FAIL"}  ${name.padEnd(10)} ${seconds(begun)}`);
      resolve({ name, ok, output });
    };
    child.on("close", (code) => end(code === 0));
    child.on("error", (error) => {
      output += error.message;
    });
  });
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}
