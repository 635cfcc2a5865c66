// A store comes out of its archive as it went in, and nothing secret lies in the archive in clear.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { afterEach, expect, it } from "vitest";
import { verifyArchive } from "../../src/archive/import.ts";
import { openSqliteArchive } from "../../src/store/sqlite/archive.ts";
import { createSealer } from "../../src/store/sealer.ts";
import { systemRandom } from "../../src/system/random.ts";
import { dataDirectory, directory, exported, filled, imported, removeDirectories, SOURCE_KEY, tables, TARGET_KEY } from "./bench.ts";

const LARGE_EVENT = {
  tail: "0123456789abc",
  sourceId: null,
  tenantId: null,
  type: "large",
  key: null,
  providerEventId: null,
  channels: null,
  deliverAt: null,
  receivedAt: 1,
  dedupeKey: null,
  envelope: "[]",
  requestSeq: null,
  position: null,
  dispatched: true,
};
const PASSPHRASE = "an obviously fake passphrase";

afterEach(removeDirectories);

it("SQLite to archive to SQLite is equal in every table", { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.boolean(), async (seed, dispatchedAnyhow) => {
      const source = await filled(seed, { dispatchedAnyhow });
      const archive = join(directory(), "archive");
      const report = await exported(source, archive);
      const target = dataDirectory(null);
      expect((await imported(archive, target)).sections).toEqual(report.sections);
      expect(tables(target, TARGET_KEY)).toEqual(tables(source, SOURCE_KEY));
    }),
    { numRuns: 20 },
  );
});

it("records larger than a part go over several files, none of 16 MiB, and come back whole", { timeout: 120_000 }, async () => {
  const source = dataDirectory();
  const store = openSqliteArchive({ directory: source, create: true });
  const event = (seq: number, bytes: number) => ({
    ...LARGE_EVENT,
    seq,
    body: systemRandom.fill(new Uint8Array(bytes)),
  });
  const mark = { archive: "b".repeat(32), chunk: 1 };
  await store.write(mark, "events", [event(1, 10), event(2, 25 * 1024 ** 2), event(3, 10), event(4, 9 * 1024 ** 2), event(5, 0)]);
  await store.finishImport();
  await store.close();
  const archive = join(directory(), "archive");
  const report = await exported(source, archive);
  expect(report.parts).toBeGreaterThan(5);
  for (const name of readdirSync(archive)) expect(statSync(join(archive, name)).size).toBeLessThan(16 * 1024 ** 2);
  const target = dataDirectory(null);
  await imported(archive, target);
  expect(tables(target, TARGET_KEY)).toEqual(tables(source, SOURCE_KEY));
});

it("an empty store moves too", async () => {
  const source = await filled(1, { events: 0 });
  const target = dataDirectory(null);
  const archive = join(directory(), "archive");
  await exported(source, archive);
  await imported(archive, target);
  expect(tables(target, TARGET_KEY)).toEqual(tables(source, SOURCE_KEY));
});

it("attempts may stay behind", async () => {
  const source = await filled(3, { events: 60 });
  const target = dataDirectory(null);
  const archive = join(directory(), "archive");
  const report = await exported(source, archive, { attempts: false });
  expect(report.sections.attempts).toBe(0);
  await imported(archive, target);
  const before = tables(source, SOURCE_KEY);
  expect(before["attempts"]!.length).toBeGreaterThan(0);
  expect(tables(target, TARGET_KEY)).toEqual({ ...before, attempts: [] });
});

it("with a passphrase the secrets open with it alone, and the files are their owner's", { timeout: 60_000 }, async () => {
  const source = dataDirectory();
  const store = openSqliteArchive({ directory: source, create: true });
  const sealer = createSealer(SOURCE_KEY, systemRandom);
  const secret = "whsec-obviously-fake-and-easy-to-find";
  const sealed = sealer.seal("source:src_1", { secrets: [{ value: secret }] });
  await store.write({ archive: "c".repeat(32), chunk: 1 }, "config", [{ kind: "source", id: "src_1", doc: "{}", sealed }]);
  await store.finishImport();
  await store.close();
  const archive = join(directory(), "archive");
  await exported(source, archive, { passphrase: PASSPHRASE });
  expect(statSync(archive).mode & 0o777).toBe(0o700);
  for (const name of readdirSync(archive)) {
    const content = readFileSync(join(archive, name));
    const text = (name.endsWith(".gz") ? gunzipSync(content) : content).toString("latin1");
    for (const hidden of [
      secret,
      Buffer.from(secret).toString("base64").slice(2, -4),
      PASSPHRASE,
      Buffer.from(sealed).toString("base64"),
    ]) {
      expect(text).not.toContain(hidden);
    }
    expect(statSync(join(archive, name)).mode & 0o777, name).toBe(0o600);
  }
  const keys = { passphrase: PASSPHRASE, sourceKey: null };
  await verifyArchive({ directory: archive, keys, random: systemRandom, onProgress: () => undefined });
  const target = dataDirectory(null);
  await imported(archive, target, { passphrase: PASSPHRASE });
  expect(tables(target, TARGET_KEY)).toEqual(tables(source, SOURCE_KEY));
});
