// What only SQLite promises: one process, durable settings, refusals at the door, and a log that stays bounded.
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { startCheckpoints } from "../../src/store/sqlite/checkpoint.ts";
import { assertSqliteVersion, migrate, openReader, openWriter } from "../../src/store/sqlite/connection.ts";
import { openSqliteStore } from "../../src/store/sqlite/index.ts";
import { DirectoryLockedError } from "../../src/store/sqlite/lock.ts";
import { MIGRATIONS } from "../../src/store/sqlite/schema.ts";
import { createCommits, createWrites, type Writes } from "../../src/store/sqlite/writes.ts";
import { type Store, StoreUnavailableError } from "../../src/store/store.ts";
import { type Clock, systemClock } from "../../src/system/clock.ts";
import { awaitState } from "../kit/clock.ts";
import { seededRandom } from "../kit/random.ts";
import { allPages, draft, newDirectory } from "../kit/store.ts";
import { newDelivery, settlement, START_MS, dispatch } from "./store-bench.ts";

const LEDGER = fileURLToPath(new URL("sqlite-ledger.ts", import.meta.url));
const ids = seededRandom("ids");
const stores = new Set<Store>();
const directories: string[] = [];

async function open(directory: string, fatal: Error[] = []): Promise<Store> {
  const store = await openSqliteStore({
    directory,
    clock: systemClock,
    random: ids,
    requestsKeptMax: 100,
    onFatal: (error) => fatal.push(error),
  });
  stores.add(store);
  return store;
}

function directory(): string {
  const made = newDirectory();
  directories.push(made);
  return made;
}

afterEach(async () => {
  for (const store of stores) await store.close();
  stores.clear();
  for (const made of directories.splice(0)) rmSync(made, { recursive: true, force: true });
});

/** Runs the ledger process; `act` gets it once the condition holds on what it printed. */
function ledgerProcess(place: string, options: { bodyBytes?: number; fileKiBMax?: number; endWhen?: (lines: string[]) => boolean } = {}) {
  const limit = options.fileKiBMax === undefined ? "" : `ulimit -f ${options.fileKiBMax}; `;
  const out = join(place, "ledger.txt");
  writeFileSync(out, "");
  const command = `${limit}exec "$0" "$1" "$2" "$3" >> "$4"`;
  const child = spawn("bash", ["-c", command, process.execPath, LEDGER, place, String(options.bodyBytes ?? 1000), out], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => {
    child.on("close", resolve);
  });
  const lines = () => readFileSync(out, "utf8").split("\n").slice(0, -1);
  return { child, ended, lines, errors: () => errors };
}

describe("one directory, one process", () => {
  it("a second open in this process fails with a sentence that says what to do", async () => {
    const place = directory();
    await open(place);
    const second = open(place);
    await expect(second).rejects.toThrow(DirectoryLockedError);
    await expect(second).rejects.toThrow(
      `Another Posthorn is using the data directory ${place}. Stop it, or set POSTHORN_DATA_DIR to another directory.`,
    );
  });

  it("a second process is kept out, and let in after the first has closed", async () => {
    const place = directory();
    const store = await open(place);
    const refused = ledgerProcess(place);
    expect(await refused.ended).toBe(3);
    expect(refused.errors()).toContain("DirectoryLockedError: Another Posthorn is using the data directory");
    await store.close();
    const let_in = ledgerProcess(place);
    await awaitState("an acknowledged event", async () => let_in.lines().length > 0);
    await expect(open(place)).rejects.toThrow(DirectoryLockedError);
    let_in.child.kill("SIGKILL");
    await let_in.ended;
    await expect(open(place)).resolves.toBeDefined();
  });
});

describe("refusals at the door", () => {
  it.each(["3.7.0", "3.51.2", "3.50.9", "2.99.99", "3.51"])("SQLite %s is refused, with the version that is needed", (version) => {
    expect(() => assertSqliteVersion(version)).toThrow(/WAL-reset bug; Posthorn needs 3\.51\.3/);
  });

  it.each(["3.51.3", "3.51.10", "3.52.0", "4.0.0"])("SQLite %s is taken", (version) => {
    expect(() => assertSqliteVersion(version)).not.toThrow();
  });

  it("a directory of a newer schema is refused, unlocked and unchanged", async () => {
    const place = directory();
    await (await open(place)).close();
    const raw = new DatabaseSync(join(place, "posthorn.db"));
    raw.exec("PRAGMA user_version = 999");
    raw.close();
    await expect(open(place)).rejects.toThrow(/written by a newer Posthorn \(schema 999/);
    const again = new DatabaseSync(join(place, "posthorn.db"));
    again.exec(`PRAGMA user_version = ${MIGRATIONS.length}`);
    again.close();
    await expect(open(place)).resolves.toBeDefined();
  });

  it("a file that is no database is refused", async () => {
    const place = directory();
    writeFileSync(join(place, "posthorn.db"), "this is not a database, it only has its name ".repeat(50));
    await expect(open(place)).rejects.toThrow(/not a database/);
  });

  it("a directory that does not exist is refused", async () => {
    await expect(open(join(directory(), "missing"))).rejects.toThrow();
  });
});

describe("durability settings", () => {
  it("the writer is in WAL mode with synchronous=FULL and no checkpoints of its own; readers cannot write", () => {
    const file = join(directory(), "x.db");
    const writer = openWriter(file);
    migrate(writer);
    const pragma = (name: string) => Object.values(writer.prepare(`PRAGMA ${name}`).get() ?? {})[0];
    expect([pragma("journal_mode"), pragma("synchronous"), pragma("wal_autocheckpoint"), pragma("auto_vacuum")]).toEqual(["wal", 2, 0, 2]);
    const reader = openReader(file);
    expect(() => reader.exec("DELETE FROM events")).toThrow(/readonly|read-only|query_only/i);
    reader.close();
    writer.close();
  });

  it("migrating twice changes nothing", () => {
    const writer = openWriter(join(directory(), "x.db"));
    migrate(writer);
    const version = () => writer.prepare("PRAGMA user_version").get();
    const before = version();
    migrate(writer);
    expect(version()).toEqual(before);
    writer.close();
  });
});

describe("kill -9 while committing", () => {
  it("loses nothing that was acknowledged, and leaves a sound file", async () => {
    const place = directory();
    const random = seededRandom("kill");
    const acknowledged: string[] = [];
    for (let round = 0; round < 3; round += 1) {
      const { child, ended, lines } = ledgerProcess(place);
      const wanted = 20 + random.int(400);
      await awaitState("acknowledged events", async () => lines().length > wanted);
      child.kill("SIGKILL");
      await ended;
      acknowledged.push(...lines());
    }
    const store = await open(place);
    const found = await Promise.all(acknowledged.map(async (id) => (await store.event(id)) !== null));
    expect(
      found.filter((there) => !there),
      "missing of acknowledged",
    ).toHaveLength(0);
    expect(acknowledged.length).toBeGreaterThan(60);
    await store.close();
    expectSound(place);
  });
});

describe("a disk that fails", () => {
  it("a write error refuses everything from then on, tells once, and keeps what was acknowledged", async () => {
    const place = directory();
    // A file size limit makes a write fail with EFBIG, which SQLite takes for what it is: an I/O error.
    const { ended, lines, errors } = ledgerProcess(place, { bodyBytes: 20_000, fileKiBMax: 3000 });
    expect(await ended, errors()).toBe(0);
    const printed = lines();
    const firstRefusal = printed.indexOf("refused");
    expect(firstRefusal).toBeGreaterThan(10);
    expect(printed.slice(firstRefusal, -1).filter((line) => line !== "refused")).toEqual([]);
    expect(printed.at(-1)).toBe("fatal 1");
    const store = await open(place);
    const found = await Promise.all(printed.slice(0, firstRefusal).map(async (id) => (await store.event(id)) !== null));
    expect(found.every(Boolean)).toBe(true);
    await store.close();
    expectSound(place);
  });

  it("a failed fsync fails its whole group, and nothing is tried on that disk again", () => {
    const begun: string[] = [];
    const ioError = Object.assign(new Error("disk I/O error"), { errcode: 1034 });
    const exec = (sql: string) => {
      begun.push(sql);
      if (sql === "COMMIT") throw ioError;
    };
    const commit = createCommits({ isTransaction: false, exec } as unknown as DatabaseSync, { ping: () => null } as unknown as Writes);
    const call = (id: number) => ({ id, name: "ping" as const, args: [] });
    const failed = (id: number) => ({ id, ok: false, message: "disk I/O error", code: 1034 });
    expect(commit([call(1), call(2)])).toEqual([failed(1), failed(2)]);
    expect(commit([call(3)])).toEqual([failed(3)]);
    expect(begun).toEqual(["BEGIN IMMEDIATE", "COMMIT"]);
  });

  it("a full database fails the calls that need room, and takes them again when there is some", () => {
    const writer = openWriter(join(directory(), "x.db"));
    migrate(writer);
    const commit = createCommits(writer, createWrites(writer, { requestsKeptMax: 10 }));
    const { page_count: pages } = writer.prepare("PRAGMA page_count").get() as { page_count: number };
    writer.exec(`PRAGMA max_page_count = ${pages + 4}`);
    const call = (id: number) => ({ id, name: "recordRequests" as const, args: [[rejection(id)]] });
    const [full, ping] = commit([call(1), { id: 2, name: "ping", args: [] }]);
    expect(full).toMatchObject({ id: 1, ok: false, code: 13 });
    expect(ping).toMatchObject({ id: 2, ok: true });
    expect(writer.prepare("SELECT count(*) AS count FROM requests").get()).toEqual({ count: 0 });
    writer.exec("PRAGMA max_page_count = 100000");
    expect(commit([call(3)])[0]).toMatchObject({ ok: true });
    expect(writer.prepare("SELECT count(*) AS count FROM requests").get()).toEqual({ count: 1 });
    writer.close();
  });
});

describe("a full disk", () => {
  let mounted: string | null = null;
  afterEach(async () => {
    if (mounted === null) return;
    for (const store of stores) await store.close();
    execFileSync("umount", [mounted]);
    rmSync(mounted, { recursive: true });
    mounted = null;
  });

  it("refuses without acknowledging, loses nothing, and goes on by itself when there is room", async ({ skip }) => {
    mounted = mountSmall();
    if (mounted === null) return skip("Only root may mount a small file system to fill.");
    const place = mounted;
    const fatal: Error[] = [];
    const upkeep: (() => void)[] = [];
    const after: Clock["after"] = (_delayMs, callback) => {
      upkeep.push(callback);
      return { cancel: () => undefined };
    };
    const clock: Clock = { now: systemClock.now, after };
    writeFileSync(join(place, "ballast"), new Uint8Array(20 * 1024 ** 2));
    const store = await openSqliteStore({
      directory: place,
      clock,
      random: ids,
      requestsKeptMax: 10,
      onFatal: (error) => fatal.push(error),
    });
    stores.add(store);
    const accepted: string[] = [];
    const fill = async (): Promise<Error> => {
      for (;;) {
        try {
          const outcome = await store.accept(draft(START_MS, { body: new Uint8Array(300_000) }));
          if (outcome.kind === "accepted") accepted.push(outcome.event.id);
        } catch (error) {
          return error as Error;
        }
      }
    };
    expect(await fill()).toBeInstanceOf(StoreUnavailableError);
    expect(await fill()).toBeInstanceOf(StoreUnavailableError);
    expect(fatal).toEqual([]);
    expect(await kept(store)).toEqual(accepted);
    // A copy of the log finds no room either; it must be tried again all the same.
    upkeep.shift()!();
    await awaitState("the next look at the log", async () => upkeep.length > 0);
    rmSync(join(place, "ballast"));
    await expect(store.accept(draft(START_MS, { body: new Uint8Array(300_000) }))).resolves.toMatchObject({ kind: "accepted" });
    upkeep.shift()!();
    await awaitState("a copied log", async () => statSync(join(place, "posthorn.db")).size > 8 * 1024 ** 2);
    expect((await kept(store)).length).toBe(accepted.length + 1);
    await store.close();
    expectSound(place);
  });
});

describe("the log", () => {
  it("starts anew once it is long and copied, so that it stops growing", async () => {
    const place = directory();
    const store = await open(place);
    const accept = (bytes: number) => store.accept(draft(systemClock.now(), { body: new Uint8Array(bytes) }));
    await accept(1);
    const first = salt(place);
    // 64 MiB is where the writer is asked to begin again at the start of the file.
    for (let i = 0; i < 9; i += 1) await Promise.all(Array.from({ length: 8 }, () => accept(1024 ** 2)));
    await awaitState("a log that starts anew", async () => (await accept(1)) && salt(place) !== first);
    const size = statSync(join(place, "posthorn.db-wal")).size;
    await Promise.all(Array.from({ length: 8 }, () => accept(1024 ** 2)));
    expect(statSync(join(place, "posthorn.db-wal")).size).toBe(size);
  });

  it.each([
    [10, false],
    [70, true],
  ])("of %i MiB is handed back to the writer: %s", async (mebibytes, handedBack) => {
    const file = join(directory(), "x.db");
    const writer = openWriter(file);
    writer.exec("CREATE TABLE filler (body BLOB)");
    for (let i = 0; i < mebibytes; i += 1) writer.prepare("INSERT INTO filler VALUES (zeroblob(1048576))").run();
    const upkeep: (() => void)[] = [];
    const after: Clock["after"] = (_delayMs, callback) => {
      upkeep.push(callback);
      return { cancel: () => undefined };
    };
    let resets = 0;
    const checkpoints = startCheckpoints(file, { now: systemClock.now, after }, () => void (resets += 1));
    upkeep.shift()!();
    await awaitState("the next look at the log", async () => upkeep.length > 0);
    expect(resets > 0).toBe(handedBack);
    await checkpoints.close();
    writer.close();
  });

  it("an attempt of a deleted event leaves no row behind", async () => {
    const place = directory();
    const store = await open(place);
    const outcome = await store.accept(draft(START_MS));
    if (outcome.kind !== "accepted") throw new Error("not accepted");
    const [delivery] = await dispatch(store, [outcome.event], [newDelivery(outcome.event)]);
    await store.commandDeliveries([delivery!.id], { kind: "cancel", at: START_MS }, null);
    expect(await store.deleteExpired({ before: systemClock.now() + 1000, sourceId: null, exceptSourceIds: [], limit: 10 })).toBe(1);
    await store.settle([settlement(delivery!, START_MS, { state: "delivered" })]);
    await store.close();
    const raw = new DatabaseSync(join(place, "posthorn.db"));
    const tables = ["events", "deliveries", "attempts", "dedupe", "requests"];
    const counts = tables.map((table) => (raw.prepare(`SELECT count(*) AS count FROM ${table}`).get() as { count: number }).count);
    raw.close();
    expect(counts).toEqual([0, 0, 0, 0, 0]);
  });
});

async function kept(store: Store): Promise<string[]> {
  return (await allPages(store.events, { ascending: true })).map((event) => event.id);
}

/** A file system of 36 MiB in memory; null where this user may not mount one. */
function mountSmall(): string | null {
  const place = newDirectory();
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=36m", "tmpfs", place], { stdio: "ignore" });
  } catch {
    rmSync(place, { recursive: true });
    return null;
  }
  return place;
}

/** The log's salt changes each time it starts anew. */
function salt(place: string): string | null {
  const head = readFileSync(join(place, "posthorn.db-wal")).subarray(16, 24);
  return head.length === 8 ? head.toString("hex") : null;
}

function expectSound(place: string): void {
  mkdirSync(place, { recursive: true });
  const raw = new DatabaseSync(join(place, "posthorn.db"));
  expect(raw.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
  raw.close();
}

function rejection(seq: number): Record<string, unknown> {
  const body = new Uint8Array(40_000);
  return {
    seq,
    tail: "t",
    outcome: "rejected",
    sourceId: null,
    cause: "bad_signature",
    message: "m",
    receivedAt: START_MS,
    bodyBytes: body.length,
    envelope: "[]",
    body,
  };
}
