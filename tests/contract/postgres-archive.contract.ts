// The PostgreSQL adapter under the archive contract, a move there and back, and what only it has. Needs the URL of a database.
import { rmSync } from "node:fs";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { exportStore } from "../../src/archive/export.ts";
import { importStore } from "../../src/archive/import.ts";
import { shardOf } from "../../src/core/shard.ts";
import { SECTION_ORDER, type StoreArchive } from "../../src/store/archive.ts";
import { openPostgresArchive, refuseHalfImported } from "../../src/store/postgres/archive.ts";
import { ARCHIVE_TABLES } from "../../src/store/postgres/archive-tables.ts";
import { openSqliteArchive } from "../../src/store/sqlite/archive.ts";
import { systemClock } from "../../src/system/clock.ts";
import { randomRecords, type RecordOptions, type Records, withOpenSecrets } from "../kit/archive-records.ts";
import { dropSchema, newSchemaName, openPlainDatabase, type PlainDatabase } from "../kit/plain-database.ts";
import { seededRandom } from "../kit/random.ts";
import { newDirectory } from "../kit/store.ts";
import { describeArchive, readAll, writeAll } from "./archive.contract.ts";

const KEY = new Uint8Array(32).fill(9);
const OPTIONS: RecordOptions = { events: 60, bodyBytesMax: 3_000, loneSurrogates: false, orders: false, dispatchedAnyhow: false, key: KEY };

export function describePostgresArchive(url: () => Promise<string>): void {
  const open = async (place: string): Promise<StoreArchive & { plain: PlainDatabase }> => {
    const plain = await openPlainDatabase(await url(), place);
    let closed: Promise<void> | null = null;
    const archive = openPostgresArchive({ ...plain, onClose: () => (closed ??= plain.close()) });
    return { ...archive, plain };
  };

  describeArchive("PostgreSQL", {
    newPlace: () => Promise.resolve(newSchemaName()),
    open,
    removePlace: async (place) => dropSchema(await url(), place),
    keepsLoneSurrogates: true,
    keepsOrders: true,
  });

  const directories: string[] = [];
  const schemas: string[] = [];
  const stores: StoreArchive[] = [];
  const directory = () => {
    const made = newDirectory();
    directories.push(made);
    return made;
  };
  const sqlite = (place: string) => {
    const store = openSqliteArchive({ directory: place, create: true });
    stores.push(store);
    return store;
  };
  const postgres = async (schema = newSchemaName()) => {
    if (!schemas.includes(schema)) schemas.push(schema);
    const store = await open(schema);
    stores.push(store);
    return { store, schema };
  };
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
  });
  afterAll(async () => {
    for (const schema of schemas) await dropSchema(await url(), schema);
    for (const made of directories) rmSync(made, { recursive: true, force: true });
  });

  async function move(from: StoreArchive, to: StoreArchive): Promise<void> {
    const archive = directory();
    const random = seededRandom("move");
    const [keys, onProgress] = [{ passphrase: null, sourceKey: KEY }, () => undefined];
    await exportStore({
      store: from,
      directory: archive,
      keys,
      attempts: true,
      version: "0.0.0-test",
      clock: systemClock,
      random,
      onProgress,
    });
    await importStore({ directory: archive, keys, random, onProgress, openTarget: () => Promise.resolve({ store: to, targetKey: KEY }) });
  }

  describe("moving house", () => {
    it.each([1, 2, 3])("from SQLite to PostgreSQL and back changes nothing (seed %i)", { timeout: 120_000 }, async (seed) => {
      const first = sqlite(directory());
      await writeAll(first, randomRecords(seed, OPTIONS), 20);
      await first.finishImport();
      const before = await readAll(first, 100);
      const { store: middle, schema } = await postgres();
      await move(first, middle);
      const back = sqlite(directory());
      await move((await postgres(schema)).store, back);
      // The import has closed it.
      const after = await readAll(sqlite(directories.at(-2)!), 100);
      expect(withOpenSecrets(comparable(after), KEY)).toEqual(withOpenSecrets(comparable(before), KEY));
    });

    it("from PostgreSQL to PostgreSQL keeps positions, orders and whatever waits for dispatch", { timeout: 60_000 }, async () => {
      const { store: first } = await postgres();
      const given = randomRecords(4, { ...OPTIONS, loneSurrogates: true, orders: true, dispatchedAnyhow: true });
      for (const [at, event] of given.events.entries()) event["position"] = given.events.length - at;
      await writeAll(first, given, 20);
      await first.finishImport();
      const before = await readAll(first, 100);
      const { store, schema } = await postgres();
      await move(first, store);
      const after = await readAll((await postgres(schema)).store, 100);
      expect(withOpenSecrets(after, KEY)).toEqual(withOpenSecrets(before, KEY));
    });
  });

  describe("the rows", () => {
    it("carry the shards that nodes look for, and new positions come behind all of them", async () => {
      const { store, schema } = await postgres();
      const given = randomRecords(6, { ...OPTIONS, orders: true });
      await writeAll(store, given, 50);
      await store.finishImport();
      const { plain } = await open(schema);
      const pairs = await plain.database.query({
        text: "SELECT destination_id, shard FROM deliveries UNION SELECT destination_id, shard FROM deliveries_done UNION SELECT destination_id, shard FROM attempts",
      });
      expect(pairs.length).toBeGreaterThan(0);
      for (const [id, shard] of pairs) expect(shard).toBe(shardOf(id as string));
      const sourced = await plain.database.query({ text: "SELECT source_id, shard FROM events WHERE source_id IS NOT NULL" });
      for (const [id, shard] of sourced) expect(shard).toBe(shardOf(id as string));
      const waiting = given.events.filter(({ dispatched }) => dispatched === false);
      const rows = await plain.database.query({
        text: "SELECT u.seq, e.shard = u.shard, e.position = u.position FROM undispatched u JOIN events e USING (seq) ORDER BY u.seq",
      });
      expect(rows).toEqual(waiting.map(({ seq }) => [seq, 1, 1]));
      const [next] = await plain.database.query({ text: "SELECT nextval('positions')" });
      const highest = [...given.events.map(({ seq }) => seq), ...given.deliveries.map(({ orderAt }) => orderAt ?? 0)] as number[];
      expect(next![0]).toBeGreaterThan(Math.max(...highest.filter((value) => value < Number.MAX_SAFE_INTEGER)));
      await plain.close();
    });

    it("every column of every table is in the archive", async () => {
      const { plain } = await open((await postgres()).schema);
      const columns = (await plain.database.query({
        text: "SELECT table_name::text, column_name::text FROM information_schema.columns WHERE table_schema = current_schema()",
      })) as [string, string][];
      await plain.close();
      // What nodes tell each other is of no use in another house; shards are computed; `state` of a row is in which table it is.
      const left = ["nodes", "leases", "signals", "config_version", "import_progress", "undispatched"];
      const partition = /_(\d{5}|\d{8}|default)$/;
      const known = new Map(
        Object.values(ARCHIVE_TABLES).flatMap(({ from, places }) => tablesIn(from).map((table) => [table, Object.values(places)])),
      );
      const missing = columns.filter(
        ([table, name]) =>
          !left.includes(table) && !partition.test(table) && name !== "shard" && known.get(table)?.includes(name as never) !== true,
      );
      expect(missing.map((pair) => pair.join("."))).toEqual([]);
    });
  });

  describe("a database in use", () => {
    it("by nodes is refused until they are silent, and shows by its mark that it was used", async () => {
      const { store, schema } = await postgres();
      const { plain } = await open(schema);
      const before = await store.useMark();
      const node = (silentSeconds: number) =>
        plain.database.query({
          text: `INSERT INTO nodes (id, slot, report, beat_at) VALUES ('n', 1, '{}', clock_timestamp() - interval '${silentSeconds} seconds') ON CONFLICT (id) DO UPDATE SET beat_at = excluded.beat_at`,
        });
      await node(1);
      await expect(store.assertUnused()).rejects.toThrow(/A node runs on this database/);
      await node(11);
      await store.assertUnused();
      expect(await store.useMark()).not.toBe(before);
      await plain.close();
    });

    it("that holds half an import is not served from", async () => {
      const { store, schema } = await postgres();
      const { plain } = await open(schema);
      await refuseHalfImported(plain.database);
      await store.write({ archive: "a".repeat(32), chunk: 0 }, "config", []);
      await expect(refuseHalfImported(plain.database)).rejects.toThrow(/An import into this database was interrupted/);
      await store.finishImport();
      await refuseHalfImported(plain.database);
      await plain.close();
    });
  });
}

function tablesIn(from: string): string[] {
  return [...from.matchAll(/(?:FROM\s+|^)(\w+)/g)].map((match) => match[1]!);
}

/** What SQLite has and PostgreSQL does not keep: the lane of what has ended, and the walk of dispatch. */
function comparable(all: Records): Records {
  const version = all.marks.filter(({ name }) => name === "configVersion");
  const deliveries = all.deliveries.map(({ lane, ...rest }) => ({ ...rest, lane: rest["state"] === 0 ? lane! : null }));
  const revisions = all.revisions.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  return Object.fromEntries(
    SECTION_ORDER.map((section) => [section, { ...all, marks: version, deliveries, revisions }[section]]),
  ) as Records;
}
