// The command as a process of its own: streams, exit codes and a reader that goes away.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

function start(argv: string[], environment: Record<string, string> = {}) {
  return spawn(process.execPath, [main, ...argv], {
    env: { PATH: process.env["PATH"], ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

async function finish(
  argv: string[],
  environment: Record<string, string> = {},
): Promise<{ status: number | null; out: string; err: string }> {
  const child = start(argv, environment);
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
  const status = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { status, out, err };
}

test("prints help without escape sequences in a pipe, and no warning beside it", async () => {
  const { status, out, err } = await finish(["--help"]);
  expect({ status, err }).toEqual({ status: 0, err: "" });
  expect(out).not.toContain("\u001b");
});

test("its version is the package's", async () => {
  expect((await finish(["--version"])).out).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test("a wrong command line exits with 2", async () => {
  expect(await finish(["nonsense"])).toMatchObject({ status: 2, out: "" });
});

test("bad settings exit with 2 and one message", async () => {
  const { status, err } = await finish(["start"], { POSTHORN_PORT: "x", POSTHORN_RETENTION_DAYS: "x" });
  expect(status).toBe(2);
  expect(err).toContain("2 settings are wrong");
});

test("a reader that goes away ends it quietly", async () => {
  const child = start(["verify", "--help"]);
  child.stdout.destroy();
  let err = "";
  child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
  const status = await new Promise((resolve) => child.on("close", resolve));
  expect({ status, err }).toEqual({ status: 0, err: "" });
});
