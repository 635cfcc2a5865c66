// The bin on an old Node: one sentence and exit code 1, instead of a syntax error.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
// @ts-expect-error -- plain JavaScript, because an old Node reads it too
import { oldNodeMessage as untyped } from "../../bin/node-version.js";

const oldNodeMessage = untyped as (version: string) => string | null;
const bin = fileURLToPath(new URL("../../bin/posthorn.js", import.meta.url));
const systemNode = ["/usr/bin/node", "/usr/local/bin/node"].find(
  (path) => existsSync(path) && Number(execFileSync(path, ["-p", "process.versions.node.split('.')[0]"], { encoding: "utf8" })) < 24,
);

test.each(["18.0.0", "20.20.2", "22.19.0", "23.11.1"])("Node %s is told what to do, in one sentence", (version) => {
  expect(oldNodeMessage(version)).toBe(
    `Posthorn needs Node 24 or newer, and this is Node ${version}: install it from https://nodejs.org, or run \`npm start\` in a clone, which brings its own.`,
  );
});

test.each(["24.0.0", "24.21.0", "26.10.0", "100.0.0"])("Node %s is new enough", (version) => {
  expect(oldNodeMessage(version)).toBeNull();
});

// Skipped where the machine has no Node below 24 of its own.
test.skipIf(systemNode === undefined)("the bin itself says so on an old Node", () => {
  const { status, stdout, stderr } = spawnSync(systemNode!, [bin, "dev"], { encoding: "utf8" });
  expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
  expect(stderr).toMatch(/^Posthorn needs Node 24 or newer, and this is Node \d+\.\d+\.\d+: .*\n$/);
});
