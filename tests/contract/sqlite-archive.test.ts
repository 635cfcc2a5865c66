// The SQLite adapter under the archive contract, and what only its data directory has.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { openSqliteArchive } from "../../src/store/sqlite/archive.ts";
import { ARCHIVE_TABLES } from "../../src/store/sqlite/archive-tables.ts";
import { migrate, openWriter } from "../../src/store/sqlite/connection.ts";
import { openSqliteStore } from "../../src/store/sqlite/index.ts";
import type { Store } from "../../src/store/store.ts";
import { systemClock } from "../../src/system/clock.ts";
import { seededRandom } from "../kit/random.ts";
import { randomRecords } from "../kit/archive-records.ts";
import { newDirectory } from "../kit/store.ts";
import { describeArchive, readAll, writeAll } from "./archive.contract.ts";

describeArchive("SQLite", {
  newPlace: () => Promise.resolve(newDirectory()),
  open: (place) => Promise.resolve(openSqliteArchive({ directory: place, create: true })),
  removePlace(place) {
    rmSync(place, { recursive: true, force: true });
    return Promise.resolve();
  },
  serve: (place) => serve(place),
  keepsLoneSurrogates: false,
  keepsPlacesOfEnded: true,
});

const directories: string[] = [];
let store: Store | null = null;

function directory(): string {
  const made = newDirectory();
  directories.push(made);
  return made;
}

async function serve(place: string): Promise<Store> {
  store = await openSqliteStore({
    directory: place,
    clock: systemClock,
    random: seededRandom("served"),
    requestsKeptMax: 100,
    onFatal: () => undefined,
  });
  return store;
}

afterEach(async () => {
  await store?.close();
  store = null;
  for (const made of directories.splice(0)) rmSync(made, { recursive: true, force: true });
});

describe("the data directory", () => {
  it("that a server runs on is refused, and one that is opened keeps servers away", async () => {
    const place = directory();
    await serve(place);
    expect(() => openSqliteArchive({ directory: place, create: false })).toThrow(/Another Posthorn is using the data directory/);
    await store!.close();
    const archive = openSqliteArchive({ directory: place, create: false });
    await expect(serve(place)).rejects.toThrow(/Another Posthorn is using the data directory/);
    await archive.close();
  });

  it("without a database is refused unless one may be made", () => {
    expect(() => openSqliteArchive({ directory: directory(), create: false })).toThrow(/is no data directory of Posthorn/);
  });

  it("whose import is not finished starts no server, and starts one when it is", async () => {
    const place = directory();
    const archive = openSqliteArchive({ directory: place, create: true });
    await archive.write({ archive: "a".repeat(32), chunk: 0 }, "config", []);
    await archive.close();
    await expect(serve(place)).rejects.toThrow(/An import into .* was interrupted/);
    const again = openSqliteArchive({ directory: place, create: false });
    await again.finishImport();
    await again.close();
    await (await serve(place)).ping();
  });

  it("says by its mark whether a server has used it since", async () => {
    const place = directory();
    const mark = async () => {
      const archive = openSqliteArchive({ directory: place, create: true });
      const found = await archive.useMark();
      await archive.close();
      return found;
    };
    const before = await mark();
    expect(await mark()).toBe(before);
    await (await serve(place)).close();
    expect(await mark()).not.toBe(before);
  });
});

describe("events of a store that does not dispatch in one line", () => {
  it("wait exactly as they did, pass on as they are dispatched, and leave nothing behind", async () => {
    const place = directory();
    const given = randomRecords(11, {
      events: 40,
      bodyBytesMax: 10,
      loneSurrogates: false,
      places: false,
      dispatchedAnyhow: true,
      key: new Uint8Array(32),
    });
    const waiting = given.events.filter(({ dispatched }) => dispatched === false).map(({ seq }) => seq);
    expect(waiting.length).toBeGreaterThan(3);
    const archive = openSqliteArchive({ directory: place, create: true });
    await writeAll(archive, given, 7);
    await archive.finishImport();
    await archive.close();
    await serve(place);
    const found: number[] = [];
    for (let batch = await store!.undispatched(3); batch.length > 0; batch = await store!.undispatched(3)) {
      found.push(...batch.map(({ seq }) => seq));
      await store!.commitDispatch(batch, []);
    }
    expect(found).toEqual(waiting);
    await store!.close();
    await (await serve(place)).close();
    const again = openSqliteArchive({ directory: place, create: false });
    expect((await readAll(again, 100)).events.every(({ dispatched }) => dispatched === true)).toBe(true);
    await again.close();
    const database = openWriter(join(place, "posthorn.db"));
    // Those behind the last one that waited are still ahead of the walk.
    const ahead = given.events.length - 1 - given.events.findLastIndex(({ dispatched }) => dispatched === false);
    expect(database.prepare("SELECT count(*) AS n FROM progress WHERE name GLOB 'dispatched:*'").get()).toEqual({ n: ahead });
    database.close();
  });
});

it("every column of every table is in the archive", () => {
  const database = openWriter(join(directory(), "x.db"));
  migrate(database);
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").all() as {
    name: string;
  }[];
  const known = Object.values(ARCHIVE_TABLES);
  const missing = tables.flatMap(({ name }) => {
    // Its rows are the section `marks`, and how far the import itself is.
    if (name === "progress") return [];
    const columns = database.prepare("SELECT name FROM pragma_table_info(?)").all(name) as { name: string }[];
    const places = Object.values(known.find(({ table }) => table === name)?.places ?? {});
    return columns.filter((column) => !places.includes(column.name as never)).map((column) => `${name}.${column.name}`);
  });
  database.close();
  expect(missing).toEqual([]);
});
