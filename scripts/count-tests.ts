// Reads vitest's JSON report and prints one line, `N passed, N failed, N skipped`; fails when a test failed or none was run.
import { readFileSync } from "node:fs";

interface Report {
  testResults: { status: string; name: string; message: string; assertionResults: { status: string }[] }[];
}

const count = { passed: 0, failed: 0, skipped: 0 };
for (const file of readReport(process.argv[2] ?? "").testResults) {
  for (const { status } of file.assertionResults) {
    if (status === "passed" || status === "failed") count[status] += 1;
    else count.skipped += 1;
  }
  // A file that could not be loaded has no tests to fail, and counts as one that did.
  if (file.status === "failed" && !file.assertionResults.some(({ status }) => status === "failed")) {
    console.error(`${file.name}: ${file.message}`);
    count.failed += 1;
  }
}
console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
process.exitCode = count.failed === 0 && count.passed > 0 ? 0 : 1;

function readReport(path: string): Report {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Report;
  } catch (error) {
    console.error(`There is no report of the tests: ${error instanceof Error ? error.message : String(error)}`);
    return { testResults: [] };
  }
}
