// Classes of work in SQLite: an older database is brought to them, and the due index is what answers.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, describe, expect, it } from "vitest";
import { createIdSource, formatId } from "../../src/core/id.ts";
import { CLASSES } from "../../src/core/lane.ts";
import { migrate, openWriter } from "../../src/store/sqlite/connection.ts";
import { openSqliteStore } from "../../src/store/sqlite/index.ts";
import { MIGRATIONS } from "../../src/store/sqlite/schema.ts";
import type { Store } from "../../src/store/store.ts";
import { systemClock } from "../../src/system/clock.ts";
import { seededRandom } from "../kit/random.ts";
import { newDirectory } from "../kit/store.ts";
import { due, START_MS } from "./store-bench.ts";

const directories: string[] = [];
let store: Store | null = null;

function directory(): string {
  const made = newDirectory();
  directories.push(made);
  return made;
}

afterEach(async () => {
  await store?.close();
  store = null;
  for (const made of directories.splice(0)) rmSync(made, { recursive: true, force: true });
});

/** What waited, and what had ended, when the program before this one was stopped. */
const OLD_DELIVERIES = [
  { trigger: "event", attempts: 0, state: 0, lane: "fresh" },
  { trigger: "event", attempts: 2, state: 0, lane: "retry" },
  { trigger: "manual", attempts: 3, state: 0, lane: "fresh" },
  { trigger: "replay", attempts: 0, state: 0, lane: "replay" },
  { trigger: "replay", attempts: 4, state: 0, lane: "replay" },
  { trigger: "event", attempts: 1, state: 1, lane: null },
  { trigger: "replay", attempts: 10, state: 2, lane: null },
];

describe("a database from before there were classes", () => {
  it.each([1, 2])("of version %i is opened with every waiting delivery in its class", async (version) => {
    const place = directory();
    const ids = createIdSource({ now: () => START_MS, after: systemClock.after }, seededRandom("older version"));
    const raw = new DatabaseSync(join(place, "posthorn.db"));
    raw.exec(`PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL`);
    for (const migration of MIGRATIONS.slice(0, version)) raw.exec(migration);
    raw.exec(`PRAGMA user_version = ${version}`);
    const event = ids.next();
    const envelope = JSON.stringify(["POST", "", "", "192.0.2.1", []]);
    raw
      .prepare("INSERT INTO events (seq, tail, type, received_at, envelope, body) VALUES (?, ?, 'old.type', ?, ?, ?)")
      .run(event.seq, event.tail, START_MS, envelope, Buffer.from("{}"));
    const insert = raw.prepare(
      "INSERT INTO deliveries (seq, tail, event_seq, destination_id, state, attempts, next_at, trigger) VALUES (?, ?, ?, 'dst_a', ?, ?, ?, ?)",
    );
    const expected = new Map<string, string>();
    for (const { trigger, attempts, state, lane } of OLD_DELIVERIES) {
      const { seq, tail } = ids.next();
      insert.run(seq, tail, event.seq, state, attempts, state === 0 ? START_MS : null, trigger);
      if (lane !== null) expected.set(formatId("dlv", { seq, tail }), lane);
    }
    raw.close();

    store = await openSqliteStore({
      directory: place,
      clock: systemClock,
      random: seededRandom("opened"),
      requestsKeptMax: 100,
      onFatal: (error) => {
        throw error;
      },
    });
    const found = new Map<string, string>();
    for (const of of CLASSES) {
      for (const { id } of (await store.dueDeliveries(due(START_MS, { class: of }))).deliveries) found.set(id, of);
    }
    expect(found).toEqual(expected);
    expect((await store.waitingDestinations()).map((waiting) => waiting.class)).toEqual(["fresh", "retry", "replay"]);
    expect(await store.destinationHealth()).toEqual([]);
  });
});

describe("the plans", () => {
  it("what is due and who waits are read off the index, without sorting", () => {
    const database = openWriter(join(directory(), "x.db"));
    migrate(database);
    const plan = (sql: string) =>
      (database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() as { detail: string }[]).map(({ detail }) => detail).join("\n");
    const dueNow = plan(
      "SELECT seq FROM deliveries WHERE destination_id = 'a' AND lane = 0 AND state = 0 AND next_at <= 5 ORDER BY next_at, seq",
    );
    expect(dueNow).toContain("deliveries_due (destination_id=? AND lane=? AND next_at<?)");
    const nextDestination = plan(
      "SELECT seq FROM deliveries WHERE state = 0 AND (destination_id, lane) > ('a', 1) ORDER BY destination_id, lane, next_at, seq LIMIT 1",
    );
    expect(nextDestination).toContain("USING COVERING INDEX deliveries_due");
    for (const text of [dueNow, nextDestination]) expect(text).not.toMatch(/TEMP B-TREE|SCAN deliveries$/);
    database.close();
  });
});
