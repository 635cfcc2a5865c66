// What SQLite keeps for the control of deliveries: older databases are brought to it, and expiry reads an index of its own.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, it, onTestFinished } from "vitest";
import { createIdSource, formatId } from "../../src/core/id.ts";
import { migrate, openWriter } from "../../src/store/sqlite/connection.ts";
import { openSqliteStore } from "../../src/store/sqlite/index.ts";
import { MIGRATIONS } from "../../src/store/sqlite/schema.ts";
import { systemClock } from "../../src/system/clock.ts";
import { seededRandom } from "../kit/random.ts";
import { newDirectory } from "../kit/store.ts";
import { START_MS } from "./store-bench.ts";

function directory(): string {
  const made = newDirectory();
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

it("a replay that an older version began goes on with what it has made", async () => {
  const place = directory();
  const ids = createIdSource({ now: () => START_MS, after: systemClock.after }, seededRandom("older version"));
  const raw = new DatabaseSync(join(place, "posthorn.db"));
  raw.exec(`PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL`);
  for (const migration of MIGRATIONS.slice(0, 3)) raw.exec(migration);
  raw.exec("PRAGMA user_version = 3");
  const parts = ids.next();
  const id = formatId("job", parts);
  const old = { id, kind: "replay", status: "running", filter: {}, cursor: "7", eventsSeen: 4, eventsTotal: 9, deliveriesCreated: 5 };
  raw.prepare("INSERT INTO jobs (seq, id, status, doc) VALUES (?, ?, 'running', ?)").run(parts.seq, id, JSON.stringify(old));
  const event = ids.next();
  const insertEvent = raw.prepare("INSERT INTO events (seq, tail, type, received_at, envelope, body) VALUES (?, ?, 'old', ?, ?, ?)");
  insertEvent.run(event.seq, event.tail, START_MS, JSON.stringify(["POST", "", "", "", []]), Buffer.from("{}"));
  const delivery = ids.next();
  raw
    .prepare(
      "INSERT INTO deliveries (seq, tail, event_seq, destination_id, attempts, next_at, trigger) VALUES (?, ?, ?, 'dst_a', 3, 5, 'event')",
    )
    .run(delivery.seq, delivery.tail, event.seq);
  raw.close();

  const store = await openSqliteStore({
    directory: place,
    clock: systemClock,
    random: seededRandom("opened"),
    requestsKeptMax: 100,
    onFatal: (error) => {
      throw error;
    },
  });
  onTestFinished(() => store.close());
  const { deliveriesCreated: _, ...rest } = old;
  const [job] = await store.unfinishedJobs();
  expect(job).toEqual({ ...rest, deliveriesDone: 5, deliveriesTotal: 5 });
  const { job: stepped } = await store.stepJob({ ...job!, cursor: null, status: "finished" }, "7", { kind: "create", deliveries: [] });
  expect(stepped).toMatchObject({ status: "finished", deliveriesDone: 5 });
  expect(await store.delivery(formatId("dlv", delivery))).toMatchObject({ attempts: 3, attemptsBefore: 0, expiresAt: null });
  expect(await store.event(formatId("evt", event))).toMatchObject({ deliverBefore: null });
});

it("what has expired is read off its own index, without sorting", () => {
  const database = openWriter(join(directory(), "x.db"));
  migrate(database);
  const sql = "SELECT seq FROM deliveries WHERE state = 0 AND expires_at IS NOT NULL AND expires_at <= 5 ORDER BY expires_at, seq";
  const plan = (database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() as { detail: string }[]).map(({ detail }) => detail).join("\n");
  expect(plan).toContain("INDEX deliveries_expiry (");
  expect(plan).not.toMatch(/TEMP B-TREE/);
  database.close();
});
