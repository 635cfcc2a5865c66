// The line that ends `.ci/run`: right for every kind of report, and never a success when nothing was run.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";

const script = fileURLToPath(new URL("../../scripts/count-tests.ts", import.meta.url));
const directory = mkdtempSync(join(tmpdir(), "posthorn-count-"));
afterAll(() => rmSync(directory, { recursive: true }));

function count(report: string): { status: number | null; line: string } {
  const path = join(directory, "report.json");
  writeFileSync(path, report);
  const { status, stdout } = spawnSync(process.execPath, [script, path], { encoding: "utf8" });
  return { status, line: stdout };
}

function file(status: string, ...tests: string[]) {
  return { status, name: "a.test.ts", message: "", assertionResults: tests.map((one) => ({ status: one })) };
}

test.each([
  ["all passed", { testResults: [file("passed", "passed", "passed", "skipped", "todo")] }, 0, "2 passed, 0 failed, 2 skipped\n"],
  ["one failed", { testResults: [file("failed", "passed", "failed")] }, 1, "1 passed, 1 failed, 0 skipped\n"],
  ["a file that could not be loaded", { testResults: [file("passed", "passed"), file("failed")] }, 1, "1 passed, 1 failed, 0 skipped\n"],
  ["nothing run", { testResults: [] }, 1, "0 passed, 0 failed, 0 skipped\n"],
  ["all skipped", { testResults: [file("passed", "skipped")] }, 1, "0 passed, 0 failed, 1 skipped\n"],
])("%s", (_name, report, status, line) => {
  expect(count(JSON.stringify(report))).toEqual({ status, line });
});

test("a report that is missing or cut short is no success", () => {
  expect(count("")).toEqual({ status: 1, line: "0 passed, 0 failed, 0 skipped\n" });
  expect(count('{"testResults":[')).toEqual({ status: 1, line: "0 passed, 0 failed, 0 skipped\n" });
});
