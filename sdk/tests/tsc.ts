// Runs the compiler that also makes the package.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const compiler = fileURLToPath(new URL("../../node_modules/typescript/bin/tsc", import.meta.url));
const project = fileURLToPath(new URL("../tsconfig.json", import.meta.url));

/** What the compiler said; empty when nothing is wrong. */
export function tsc(...flags: readonly string[]): string {
  try {
    execFileSync(process.execPath, [compiler, ...flags], { stdio: "pipe" });
    return "";
  } catch (error) {
    return String((error as { stdout?: unknown }).stdout);
  }
}

/** Compiles the SDK into a folder of its own, hands it to `use`, and removes it. */
export function withCompiledSdk<Value>(flags: readonly string[], use: (folder: string) => Value): Value {
  const folder = mkdtempSync(join(tmpdir(), "posthorn-sdk-"));
  try {
    const said = tsc(
      "-p",
      project,
      "--outDir",
      folder,
      "--composite",
      "false",
      "--incremental",
      "false",
      "--tsBuildInfoFile",
      "null",
      ...flags,
    );
    if (said !== "") throw new Error(said);
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The texts of all files of a folder, by their path in it. */
export function filesOf(folder: string): [path: string, text: string][] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.map(({ parentPath, name }) => {
    const file = join(parentPath, name);
    return [relative(folder, file).replaceAll("\\", "/"), readFileSync(file, "utf8")];
  });
}
