// A process that exports or imports and says after each part that it is on the disk, for tests that kill it.
import { writeSync } from "node:fs";
import { exported, imported } from "./bench.ts";

const [what, place, archive] = process.argv.slice(2) as [string, string, string];
const onPart = () => void writeSync(1, "part\n");

try {
  const report = what === "export" ? await exported(place, archive, { onPart }) : await imported(archive, place, { onPart });
  writeSync(1, `${report.resumed ? "resumed" : "whole"}\n`);
} catch (error) {
  writeSync(1, `failed: ${error instanceof Error ? error.message : String(error)}\n`);
}
process.exit(0);
