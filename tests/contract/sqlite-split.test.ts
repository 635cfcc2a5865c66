// Split requests where SQLite fails or the process dies: all of one or nothing. And databases of the first version go on.
import { spawn } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { createIdSource, formatId, type IdParts } from "../../src/core/id.ts";
import { createBodyBuffers } from "../../src/store/sqlite/body-buffers.ts";
import { migrate, openWriter } from "../../src/store/sqlite/connection.ts";
import { type Pending, splitItemsOf } from "../../src/store/drafts.ts";
import { packDrafts } from "../../src/store/sqlite/drafts.ts";
import { openSqliteStore } from "../../src/store/sqlite/index.ts";
import { MIGRATIONS } from "../../src/store/sqlite/schema.ts";
import { createCommits, createWrites } from "../../src/store/sqlite/writes.ts";
import type { Store } from "../../src/store/store.ts";
import { systemClock } from "../../src/system/clock.ts";
import { awaitState } from "../kit/clock.ts";
import { seededRandom } from "../kit/random.ts";
import { allPages, draft, newDirectory } from "../kit/store.ts";
import { START_MS } from "./store-bench.ts";
import { splitDraft, splitItem } from "./store.split.contract.ts";

const LEDGER = fileURLToPath(new URL("sqlite-ledger.ts", import.meta.url));
const directories: string[] = [];
const stores: Store[] = [];

function directory(): string {
  const made = newDirectory();
  directories.push(made);
  return made;
}

async function open(place: string): Promise<Store> {
  const store = await openSqliteStore({
    directory: place,
    clock: systemClock,
    random: seededRandom(place),
    requestsKeptMax: 100,
    onFatal: () => undefined,
  });
  stores.push(store);
  return store;
}

afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  for (const made of directories.splice(0)) rmSync(made, { recursive: true, force: true });
});

describe("a split request that cannot be committed", () => {
  it("leaves neither items nor keys nor itself behind, at whichever of its rows the room ends", () => {
    const ids = createIdSource({ now: () => START_MS, after: systemClock.after }, seededRandom("split ids"));
    let failures = 0;
    for (let spare = 1; spare < 24; spare += 1) {
      const writer = openWriter(join(directory(), "x.db"));
      migrate(writer);
      const commit = createCommits(writer, createWrites(writer, { requestsKeptMax: 10 }));
      const { page_count: pages } = writer.prepare("PRAGMA page_count").get() as { page_count: number };
      writer.exec(`PRAGMA max_page_count = ${pages + spare}`);
      const items = Array.from({ length: 10 }, (_, i) => splitItem(`${spare}-${i}`, { body: new Uint8Array(6000) }));
      const accept = (id: number) => ({ id, name: "accept" as const, args: [batchOf(items, ids.next)] });
      const [reply] = commit([accept(1)]);
      const counts = () =>
        ["events", "requests", "dedupe"].map(
          (table) => (writer.prepare(`SELECT count(*) AS count FROM ${table}`).get() as { count: number }).count,
        );
      if (reply!.ok) {
        expect(counts()).toEqual([10, 1, 10]);
      } else {
        failures += 1;
        expect([reply!.code, counts()]).toEqual([13, [0, 0, 0]]);
        writer.exec("PRAGMA max_page_count = 100000");
        expect(commit([accept(2)])[0]).toMatchObject({ ok: true, result: [] });
        expect(counts()).toEqual([10, 1, 10]);
      }
      writer.close();
    }
    // Ten items of two pages each and the batch itself: the room ends at a different row nearly every time.
    expect(failures).toBeGreaterThan(10);
  });

  function batchOf(items: ReturnType<typeof splitItem>[], nextId: () => IdParts) {
    const split = splitDraft(START_MS, items);
    const never = () => {
      throw new Error("nobody settles here");
    };
    const pending: Pending = {
      kind: "split",
      draft: split,
      id: nextId(),
      items: splitItemsOf(split, nextId),
      resolve: never,
      reject: never,
    };
    return packDrafts([pending], createBodyBuffers());
  }
});

describe("kill -9 while split requests are committed", () => {
  it("keeps every acknowledged one with all its items, and no part of any other", async () => {
    const place = directory();
    const random = seededRandom("kill splits");
    const out = join(place, "ledger.txt");
    writeFileSync(out, "");
    const lines = () => readFileSync(out, "utf8").split("\n").slice(0, -1);
    for (let round = 0; round < 3; round += 1) {
      const before = lines().length;
      const child = spawn("bash", ["-c", 'exec "$0" "$1" "$2" 600 20 >> "$3"', process.execPath, LEDGER, place, out], { stdio: "ignore" });
      const ended = new Promise((resolve) => {
        child.on("close", resolve);
      });
      const wanted = before + 10 + random.int(60);
      await awaitState("acknowledged requests", async () => lines().length > wanted);
      child.kill("SIGKILL");
      await ended;
    }
    const store = await open(place);
    const eventsOf = new Map<string, string[]>();
    for (const event of await allPages(store.events, { ascending: true })) {
      eventsOf.set(event.requestId!, [...(eventsOf.get(event.requestId!) ?? []), event.id]);
    }
    const kept = await allPages(store.requests, {});
    expect(kept.map(({ id }) => id).toSorted()).toEqual([...eventsOf.keys()].toSorted());
    for (const { id } of kept) expect((await store.request(id))!.eventIds).toEqual(eventsOf.get(id));
    expect([...eventsOf.values()].every((events) => events.length === 20)).toBe(true);
    const missing = lines().filter((id) => !eventsOf.has(id));
    expect(missing).toEqual([]);
    expect(lines().length).toBeGreaterThan(30);
  });
});

describe("a database of the first version", () => {
  it("is brought up to date with everything in it, and takes split requests from then on", async () => {
    const place = directory();
    const ids = createIdSource({ now: () => START_MS, after: systemClock.after }, seededRandom("first version"));
    const [plain, published, copy] = [ids.next(), ids.next(), ids.next()];
    const raw = new DatabaseSync(join(place, "posthorn.db"));
    raw.exec(`PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; ${MIGRATIONS[0]}; PRAGMA user_version = 1`);
    const envelope = JSON.stringify(["POST", "/tail", "q=1", "192.0.2.1", ["Content-Type", "text/plain"]]);
    const insert = raw.prepare(
      "INSERT INTO events (seq, tail, source_id, type, provider_event_id, received_at, dedupe_key, envelope, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    );
    insert.run(plain.seq, plain.tail, "src_1", "old.type", "p1", START_MS, "src_1:p1", envelope, Buffer.from("old body"));
    insert.run(published.seq, published.tail, null, "old.published", null, START_MS, null, envelope, Buffer.from("{}"));
    raw.prepare("INSERT INTO dedupe VALUES ('src_1:p1', ?, ?)").run(plain.seq, START_MS);
    raw
      .prepare(
        "INSERT INTO requests (seq, tail, source_id, outcome, event_seq, event_tail, received_at, body_bytes, envelope, body) VALUES (?, ?, 'src_1', 'duplicate', ?, ?, ?, 3, ?, ?)",
      )
      .run(copy.seq, copy.tail, plain.seq, plain.tail, START_MS, envelope, Buffer.from("old"));
    raw.close();

    const store = await open(place);
    const [eventId, requestId] = [formatId("evt", plain), formatId("req", plain)];
    expect(await store.event(eventId)).toMatchObject({ type: "old.type", occurredAt: null, requestId, request: { pathTail: "/tail" } });
    expect(await store.event(formatId("evt", published))).toMatchObject({ requestId: null, occurredAt: null });
    expect((await allPages(store.requests, {})).map(({ id, outcome }) => [id, outcome])).toEqual([
      [formatId("req", copy), "duplicate"],
      [requestId, "accepted"],
    ]);
    expect(await store.request(formatId("req", copy))).toMatchObject({ eventId, eventIds: [eventId] });
    const split = await store.acceptSplit(splitDraft(START_MS, [splitItem("p1"), splitItem("p2")]));
    expect(split.items).toMatchObject([{ kind: "duplicate", of: eventId }, { kind: "accepted" }]);
    expect((await store.accept(draft(START_MS, { occurredAt: 7 }))).kind).toBe("accepted");
    expect((await store.undispatched(10)).map((event) => event.occurredAt)).toEqual([null, null, null, 7]);
    await store.commitDispatch(await store.undispatched(10), []);
    expect(await store.deleteExpired({ before: systemClock.now(), sourceId: null, exceptSourceIds: [], limit: 10 })).toBe(4);
    expect(await allPages(store.requests, {})).toEqual([]);
  });

  it("has the same tables and indexes afterwards as a new one", () => {
    const [old, fresh] = [openWriter(join(directory(), "x.db")), openWriter(join(directory(), "x.db"))];
    old.exec(`${MIGRATIONS[0]}; PRAGMA user_version = 1`);
    migrate(old);
    migrate(fresh);
    const schema = (database: DatabaseSync) => database.prepare("SELECT type, name, sql FROM sqlite_schema ORDER BY name").all();
    expect(schema(old)).toEqual(schema(fresh));
    expect(old.prepare("PRAGMA user_version").get()).toEqual({ user_version: MIGRATIONS.length });
    old.close();
    fresh.close();
  });
});
