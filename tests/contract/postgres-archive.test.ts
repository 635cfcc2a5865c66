// The PostgreSQL adapter under the archive contract, a move there and back, and what only its schema has.
import { rmSync } from "node:fs";
import type pg from "pg";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { exportStore } from "../../src/archive/export.ts";
import { importStore } from "../../src/archive/import.ts";
import { formatId } from "../../src/core/id.ts";
import { shardOf, shardOfEvent } from "../../src/core/shard.ts";
import { type AnyRecord, SECTION_ORDER, type StoreArchive } from "../../src/store/archive.ts";
import { openPostgresArchive } from "../../src/store/postgres/archive.ts";
import { ARCHIVE_TABLES } from "../../src/store/postgres/archive-tables.ts";
import { PARTITIONED } from "../../src/store/postgres/days.ts";
import { openSqliteArchive } from "../../src/store/sqlite/archive.ts";
import { systemClock } from "../../src/system/clock.ts";
import { systemRandom } from "../../src/system/random.ts";
import { randomRecords, type RecordOptions, type Records, withOpenSecrets } from "../kit/archive-records.ts";
import { seededRandom } from "../kit/random.ts";
import { newDirectory } from "../kit/store.ts";
import { describeArchive, readAll, writeAll } from "./archive.contract.ts";
import { acceptOne, postgresRig } from "./postgres-rig.ts";

const KEY = new Uint8Array(32).fill(9);
const OPTIONS: RecordOptions = { events: 60, bodyBytesMax: 3_000, loneSurrogates: false, places: false, dispatchedAnyhow: false, key: KEY };

const rig = postgresRig({ relaxed: true });

/** The random store of the first seed from this one on that has enough of everything. */
function manyRecords(seed: number, options: Partial<RecordOptions> = {}): Records {
  for (let at = seed; ; at += 1) {
    const records = randomRecords(at, { ...OPTIONS, ...options });
    if (records.events.length > 30 && records.frontiers.length > 2 && records.requests.length > 0) return records;
  }
}

function open(schema: string, create = true): Promise<StoreArchive> {
  return openPostgresArchive({ url: rig.url(), schema, create, clock: systemClock, random: systemRandom });
}

describeArchive("PostgreSQL", {
  newPlace: () => Promise.resolve(rig.place()),
  open,
  removePlace: (place) => rig.giveBack(place),
  serve: async (place) => (await rig.open(place)).store,
  keepsLoneSurrogates: true,
  keepsPlacesOfEnded: false,
});

const directories: string[] = [];
const stores: StoreArchive[] = [];

function directory(): string {
  const made = newDirectory();
  directories.push(made);
  return made;
}

function sqlite(place: string): StoreArchive {
  const store = openSqliteArchive({ directory: place, create: true });
  stores.push(store);
  return store;
}

async function postgres(schema = rig.place()): Promise<{ store: StoreArchive; schema: string }> {
  const store = await open(schema);
  stores.push(store);
  return { store, schema };
}

afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
});
afterAll(() => {
  for (const made of directories) rmSync(made, { recursive: true, force: true });
});

async function move(from: StoreArchive, to: StoreArchive): Promise<void> {
  const archive = directory();
  const random = seededRandom("move");
  const [keys, onProgress] = [{ passphrase: null, sourceKey: KEY }, () => undefined];
  const of = { directory: archive, random, onProgress };
  await exportStore({ ...of, store: from, keys, attempts: true, version: "0.0.0-test", clock: systemClock });
  await importStore({ ...of, keys, openTarget: () => Promise.resolve({ store: to, targetKey: KEY }) });
}

/** `text` stands for one column. */
async function column<T>(schema: string, text: string): Promise<T[]> {
  const rows = (client: pg.Client) => client.query<[T]>({ text, rowMode: "array" });
  return (await rig.look(rows, schema)).rows.map(([value]) => value);
}

describe("moving house", () => {
  it.each([1, 2, 3])("from SQLite to PostgreSQL and back changes nothing (seed %i)", { timeout: 120_000 }, async (seed) => {
    const first = sqlite(directory());
    await writeAll(first, manyRecords(seed * 1_000), 20);
    await first.finishImport();
    const before = await readAll(first, 100);
    const { store: middle, schema } = await postgres();
    await move(first, middle);
    const place = directory();
    await move((await postgres(schema)).store, sqlite(place));
    // The import has closed it.
    const after = await readAll(sqlite(place), 100);
    const [moved, given] = [withOpenSecrets(comparable(after), KEY), withOpenSecrets(comparable(before), KEY)];
    for (const section of SECTION_ORDER) expect({ [section]: moved[section] }).toEqual({ [section]: given[section] });
  });

  it("from PostgreSQL to PostgreSQL keeps positions, orders and whatever waits for dispatch", { timeout: 60_000 }, async () => {
    const { store: first } = await postgres();
    const given = manyRecords(4, { loneSurrogates: true, places: true, dispatchedAnyhow: true });
    for (const [at, event] of given.events.entries()) event["position"] = given.events.length - at;
    await writeAll(first, given, 20);
    await first.finishImport();
    const before = await readAll(first, 100);
    expect(before.frontiers.length).toBeGreaterThan(2);
    const { store, schema } = await postgres();
    await move(first, store);
    const after = await readAll((await postgres(schema)).store, 100);
    const [moved, kept] = [withOpenSecrets(after, KEY), withOpenSecrets(before, KEY)];
    for (const section of SECTION_ORDER) expect({ [section]: moved[section] }).toEqual({ [section]: kept[section] });
  });
});

describe("the rows", () => {
  it("carry the shards that nodes look for, and new positions come behind all of them", async () => {
    const { store, schema } = await postgres();
    const given = manyRecords(6, { places: true });
    await writeAll(store, given, 50);
    await store.finishImport();
    const pairs = await column<[string, number]>(
      schema,
      `SELECT DISTINCT jsonb_build_array(destination_id, shard) FROM (SELECT destination_id, shard FROM deliveries
         UNION ALL SELECT destination_id, shard FROM deliveries_done UNION ALL SELECT destination_id, shard FROM attempts) d`,
    );
    expect(pairs.length).toBeGreaterThan(2);
    for (const [id, shard] of pairs) expect(shard).toBe(shardOf(id));
    const shards = await column<[number, number]>(schema, "SELECT jsonb_build_array(seq, shard) FROM events ORDER BY seq");
    const idOf = ({ seq, tail }: AnyRecord) => formatId("evt", { seq: seq as number, tail: tail as string });
    expect(shards).toEqual(
      given.events.map((event) => [event["seq"], shardOfEvent({ id: idOf(event), sourceId: event["sourceId"] as string | null })]),
    );
    const waiting = given.events.filter(({ dispatched }) => dispatched === false);
    const rows = await column(
      schema,
      "SELECT jsonb_build_array(u.seq, e.shard = u.shard, e.position = u.position) FROM undispatched u JOIN events e USING (seq) ORDER BY u.seq",
    );
    expect(rows).toEqual(waiting.map(({ seq }) => [seq, true, true]));
    const [next] = await column<string>(schema, "SELECT nextval('positions')");
    const ties = given.deliveries.map(({ orderTie }) => orderTie ?? 0);
    expect(Number(next)).toBeGreaterThan(Math.max(...([...given.events.map(({ seq }) => seq), ...ties] as number[])));
  });

  it("stand in partitions of their own days, and none in the default ones", async () => {
    const { store, schema } = await postgres();
    const given = manyRecords(7);
    await writeAll(store, given, 50);
    for (const table of PARTITIONED) {
      expect(await column(schema, `SELECT seq FROM ${table}_default`)).toEqual([]);
      const rows = await column(schema, `SELECT seq FROM ${table}`);
      expect(rows.length).toBeGreaterThan(0);
    }
  });

  it("every column of every table is in the archive", async () => {
    const { schema } = await postgres();
    const columns = await column<[string, string]>(
      schema,
      "SELECT jsonb_build_array(table_name, column_name) FROM information_schema.columns WHERE table_schema = current_schema()",
    );
    // What nodes tell each other is of no use in another house, and how far an import and the tables are is the target's own.
    const left = ["nodes", "leases", "signals", "migrations", "import_progress"];
    // Sections of their own, fields of another table's section, or computed from what is in the archive.
    const elsewhere = new Set([
      "config_version.version",
      "undispatched.seq",
      "undispatched.position",
      "undispatched.received_at",
      "frontiers.line",
      "frontiers.order_by",
      "frontiers.at",
      "frontiers.event_seq",
      // Made of inLine, the destination, the key and the job.
      "deliveries.line",
      "deliveries.frontier",
      // The body itself is at the event.
      "deliveries.body_bytes",
      "deliveries_done.body_bytes",
      // Of the statement that writes it, and never read by another.
      "dedupe.window_ms",
    ]);
    const partition = /_(\d{8}|default)$/;
    const known = new Map(
      Object.values(ARCHIVE_TABLES).flatMap(({ from, places }) => tablesIn(from).map((table) => [table, Object.values(places)])),
    );
    const missing = columns.filter(
      ([table, name]) =>
        !left.includes(table) &&
        !partition.test(table) &&
        name !== "shard" &&
        !elsewhere.has(`${table}.${name}`) &&
        known.get(table)?.includes(name as never) !== true,
    );
    expect(missing.map((pair) => pair.join("."))).toEqual([]);
  });
});

describe("a database in use", () => {
  it("is refused until its nodes have gone, and shows by its mark that it was used", async () => {
    const { store, schema } = await postgres();
    const before = await store.useMark();
    const node = await rig.open(schema);
    await expect(open(schema, false)).rejects.toThrow(/^A node runs on this database/);
    await expect(store.assertUnused()).rejects.toThrow(/^A node runs on this database/);
    await acceptOne(node.store);
    await node.store.close();
    await store.assertUnused();
    expect(await store.useMark()).not.toBe(before);
  });

  it("by a node that was killed is refused for as long as its leases may count", async () => {
    const { store, schema } = await postgres();
    const silent = (seconds: number) =>
      rig.look(
        (client) =>
          client.query(
            `INSERT INTO nodes (id, slot, report, takes, beat_at, made_at) VALUES ('n', 1, '{}', true, clock_timestamp() - interval '${seconds} seconds', '-infinity')
             ON CONFLICT (id) DO UPDATE SET beat_at = excluded.beat_at`,
          ),
        schema,
      );
    await silent(8);
    await expect(store.assertUnused()).rejects.toThrow(/one that was killed counts as running for 10 seconds/);
    await silent(11);
    await store.assertUnused();
  });

  it("that holds half an import is not served from", async () => {
    const { store, schema } = await postgres();
    await store.write({ archive: "a".repeat(32), chunk: 0 }, "config", []);
    await expect(rig.open(schema)).rejects.toThrow(/An import into this database was interrupted/);
    await store.finishImport();
    await (await rig.open(schema)).store.ping();
  });

  it("without a schema is refused unless one may be made", async () => {
    const schema = `nobody_${rig.place()}`;
    await expect(open(schema, false)).rejects.toThrow(/holds no schema nobody_/);
    const [found] = await column<string | null>("public", `SELECT to_regnamespace('${schema}')::text`);
    expect(found).toBeNull();
  });
});

function tablesIn(from: string): string[] {
  return [...from.matchAll(/(?:FROM\s+|^)(\w+)/g)].map((match) => match[1]!);
}

/** What SQLite has and PostgreSQL does not keep: the lane and the place of what has ended, and the walk of dispatch. */
function comparable(all: Records): Records {
  const version = all.marks.filter(({ name }) => name === "configVersion");
  const deliveries = all.deliveries.map((record) => ({
    ...record,
    ...(record["state"] === 0 ? {} : { lane: null }),
    ...(record["state"] === 0 && record["inLine"] === true ? {} : { inLine: false, orderBy: 0, orderAt: null, released: false }),
  }));
  const revisions = all.revisions.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  return Object.fromEntries(
    SECTION_ORDER.map((section) => [section, { ...all, marks: version, deliveries, revisions }[section]]),
  ) as Records;
}
