// The files of this repository as the tidy test reads them: no dependencies, no build results, nothing hidden.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const SKIPPED = new Set(["node_modules", "dist", "coverage", "results", "posthorn-data"]);

/** Paths from the root with `/` between names, sorted. */
export const files: readonly string[] = walk("").toSorted();
export const sources = files.filter((file) => /\.(ts|js)$/.test(file) && !file.endsWith(".d.ts"));
export const tests = sources.filter((file) => file.endsWith(".test.ts"));
export const pages = files.filter((file) => file.endsWith(".md"));

export function read(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

export function exists(path: string): boolean {
  return existsSync(join(root, path));
}

export function foldersOf(path: string): string[] {
  return readdirSync(join(root, path), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
}

function walk(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    if (entry.name.startsWith(".") || SKIPPED.has(entry.name)) return [];
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    return entry.isDirectory() ? walk(path) : [path];
  });
}
