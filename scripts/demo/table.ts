// Prints what the demo found.

export interface TableRow {
  what: string;
  /** Null for a figure that is shown and not checked. */
  expected: number | null;
  found: number | string;
}

export function printTable(rows: TableRow[], problems: string[]): void {
  const width = Math.max(...rows.map((row) => row.what.length));
  console.log(`\n${"".padEnd(width)}  expected     found`);
  for (const { what, expected, found } of rows) {
    const mark = expected === null ? "" : expected === found ? "  ok" : "  WRONG";
    console.log(`${what.padEnd(width)}  ${String(expected ?? "").padStart(8)}  ${String(found).padStart(8)}${mark}`);
  }
  if (problems.length === 0) {
    console.log("\nEverything adds up.");
    return;
  }
  console.log(`\n${problems.length} problem${problems.length === 1 ? "" : "s"}:`);
  for (const problem of problems.slice(0, 20)) console.log(`  ${problem}`);
}
