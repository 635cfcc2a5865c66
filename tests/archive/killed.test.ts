// kill -9 of an export and of an import, at random moments, again and again: the result is that of one that ran through.
import { spawn } from "node:child_process";
import { appendFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, expect, it } from "vitest";
import { verifyArchive } from "../../src/archive/import.ts";
import { openSqliteStore } from "../../src/store/sqlite/index.ts";
import { systemClock } from "../../src/system/clock.ts";
import { systemRandom } from "../../src/system/random.ts";
import { seededRandom, type SeededRandom } from "../kit/random.ts";
import { dataDirectory, directory, exported, filled, imported, removeDirectories, SOURCE_KEY, tables, TARGET_KEY } from "./bench.ts";

const PROCESS = fileURLToPath(new URL("move-process.ts", import.meta.url));
const RUNS_MAX = 60;

afterEach(removeDirectories);

/** Runs until it ends by itself; answers its last line and how often it was killed. */
async function runKilled(
  what: "export" | "import",
  place: string,
  archive: string,
  random: SeededRandom,
): Promise<{ last: string; kills: number }> {
  for (let kills = 0; kills < RUNS_MAX; kills += 1) {
    const last = await runOnce([what, place, archive], random.int(4), random.int(12));
    if (last !== null) return { last, kills };
  }
  throw new Error(`${what} did not end in ${RUNS_MAX} runs`);
}

/** Kills the process `delayMs` after its `parts`th part, which is before the first one for 0. Null when it was killed. */
function runOnce(argv: string[], parts: number, delayMs: number): Promise<string | null> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ["--no-warnings", PROCESS, ...argv], { stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (text.split("part\n").length > parts) setTimeout(() => child.kill("SIGKILL"), delayMs);
    });
    child.once("close", (_, signal) => resolve(signal === null ? (text.trim().split("\n").at(-1) ?? "") : null));
  });
}

it("interrupted exports and imports are resumed to the same store", { timeout: 240_000 }, async () => {
  const seed = Number(process.env["MOVE_SEED"] ?? Date.now() % 1_000_000);
  const random = seededRandom(seed);
  // About 15 parts: bodies of up to 700 kB, and one at least of every section that has anything.
  const source = await filled(seed, { events: 90, bodyBytesMax: 700_000 });
  const before = tables(source, SOURCE_KEY);
  const archive = join(directory(), "archive");
  const out = await runKilled("export", source, archive, random);
  const told = `seed ${seed}, ${out.kills} kills of the export`;
  expect(out.last, told).toMatch(/^(resumed|whole)$/);
  expect(tables(source, SOURCE_KEY), told).toEqual(before);
  expect(
    readdirSync(archive).filter((name) => name.endsWith(".part") || name.endsWith(".progress")),
    told,
  ).toEqual([]);
  await verifyArchive({
    directory: archive,
    keys: { passphrase: null, sourceKey: SOURCE_KEY },
    random: systemRandom,
    onProgress: () => undefined,
  });

  const target = dataDirectory(null);
  const into = await runKilled("import", target, archive, random);
  expect(into.last, `${told}, ${into.kills} of the import`).toMatch(/^(resumed|whole)$/);
  expect(tables(target, TARGET_KEY), `${told}, ${into.kills} of the import`).toEqual(before);
});

it("a half written line of the journal and a part that is not in it are nothing", { timeout: 60_000 }, async () => {
  const source = await filled(12, { events: 40 });
  const [archive, other] = [join(directory(), "archive"), join(directory(), "archive")];
  let parts = 0;
  const stop = new Error("stopped by the test");
  const onPart = () => {
    parts += 1;
    if (parts === 4) throw stop;
  };
  await expect(exported(source, archive, { onPart })).rejects.toThrow(stop);
  appendFileSync(join(archive, "export.progress"), '{"file":"000099-ev');
  writeFileSync(join(archive, "000005-events.ndjson.gz"), "half of a part");
  writeFileSync(join(archive, ".000006-events.ndjson.gz.part"), "half");
  const report = await exported(source, archive);
  const whole = await exported(source, other);
  expect(report.resumed).toBe(true);
  expect(report.sections).toEqual(whole.sections);
  expect(readdirSync(archive)).toEqual(readdirSync(other));
  const target = dataDirectory(null);
  expect((await imported(archive, target)).resumed).toBe(false);
  expect(tables(target, TARGET_KEY)).toEqual(tables(source, SOURCE_KEY));
});

it("an export that is whole already says so again, until a server has used the store", { timeout: 60_000 }, async () => {
  const source = await filled(13, { events: 40 });
  const archive = join(directory(), "archive");
  const { resumed: _, ...first } = await exported(source, archive);
  expect(await exported(source, archive)).toEqual({ ...first, resumed: true });
  await expect(exported(await filled(14, { events: 40 }), archive)).rejects.toThrow(/holds a finished archive of another store/);
});

it("an export does not go on when a server has used the store meanwhile", { timeout: 60_000 }, async () => {
  const source = await filled(12, { events: 40 });
  const archive = join(directory(), "archive");
  const onPart = () => {
    throw new Error("stopped by the test");
  };
  await expect(exported(source, archive, { onPart })).rejects.toThrow("stopped by the test");
  const store = await openSqliteStore({
    directory: source,
    clock: systemClock,
    random: systemRandom,
    requestsKeptMax: 10,
    onFatal: () => undefined,
  });
  await store.close();
  await expect(exported(source, archive)).rejects.toThrow(/A server has used the store since/);
});
