// Partitions on PostgreSQL and how they go: made by many nodes at once, borders, rows without a day, and drops beside readers.
import type pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { formatId, seqAtTime, timeOfSeq } from "../../src/core/id.ts";
import { DAY_SEQS, dayOf, PARTITIONED } from "../../src/store/postgres/days.ts";
import { createListReads } from "../../src/store/postgres/lists.ts";
import { createPartitions, type Partitions } from "../../src/store/postgres/partitions.ts";
import { createRetention } from "../../src/store/postgres/retention.ts";
import type { RetentionSlice, Store } from "../../src/store/store.ts";
import { type BareDatabase, openBareDatabase } from "../kit/bare-database.ts";
import { openTestDatabase, type TestDatabase } from "../kit/postgres.ts";
import { allPages } from "../kit/store.ts";
import { seedDay } from "../kit/postgres-seed.ts";

const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2026, 0, 6);
const low = (day: number) => seqAtTime(START_MS) + day * DAY_SEQS;
const TAIL = "0000000000000";
const ALL_DAYS: RetentionSlice = { before: 0, sourceId: null, exceptSourceIds: [], limit: 500, wholeDays: true };

let server: TestDatabase;
let database: BareDatabase;
let partitions: Partitions;
let retention: Pick<Store, "deleteExpired" | "sweep" | "size">;
let lists: ReturnType<typeof createListReads>;
const clients: pg.Client[] = [];

beforeAll(async () => {
  server = await openTestDatabase({ schema: null });
});

afterAll(() => server.drop());

beforeEach(async () => {
  database = await openBareDatabase(server.url);
  partitions = createPartitions(database);
  retention = createRetention(database, partitions);
  lists = createListReads(database);
});

afterEach(async () => {
  for (const client of clients.splice(0)) await client.end();
  await database.dispose();
});

async function connect(): Promise<pg.Client> {
  const client = await database.connect();
  clients.push(client);
  return client;
}

async function insertEvent(
  seq: number,
  changes: { receivedAt?: number; requestSeq?: number; sourceId?: string; body?: Uint8Array } = {},
): Promise<string> {
  await database.query({
    text: `INSERT INTO events (seq, tail, shard, position, source_id, type, received_at, envelope, request_seq, body)
      VALUES ($1, $2, 0, $1, $3, 'a.b', $4, '["POST","","","192.0.2.1",[]]', $5, $6)`,
    values: [
      seq,
      TAIL,
      changes.sourceId ?? "src_1",
      changes.receivedAt ?? timeOfSeq(seq),
      changes.requestSeq ?? null,
      changes.body ?? new Uint8Array(2),
    ],
  });
  return formatId("evt", { seq, tail: TAIL });
}

/** An ended delivery with one attempt, both under numbers of their own. */
async function insertEnded(eventSeq: number, seq: number): Promise<void> {
  await database.query({
    text: `INSERT INTO deliveries_done (seq, tail, shard, event_seq, event_tail, destination_id, state, attempts, trigger, late, finished_at)
      VALUES ($1::bigint, $2, 0, $3, $2, 'dst_a', 1, 1, 'event', false, $4)`,
    values: [seq, TAIL, eventSeq, timeOfSeq(seq)],
  });
  await database.query({
    text: `INSERT INTO attempts (seq, tail, shard, delivery_seq, delivery_tail, event_seq, event_tail, destination_id, number, started_at, duration_ms, request, status)
      VALUES ($1::bigint + 1, $2, 0, $1, $2, $3, $2, 'dst_a', 1, $4, 1, '["POST","https://receiver.example/",[]]', 200)`,
    values: [seq, TAIL, eventSeq, timeOfSeq(seq)],
  });
}

async function insertWaiting(eventSeq: number, seq: number): Promise<void> {
  await database.query({
    text: `INSERT INTO deliveries (seq, tail, shard, event_seq, event_tail, destination_id, lane, next_at, trigger) VALUES ($1, $2, 0, $3, $2, 'dst_a', 0, 0, 'event')`,
    values: [seq, TAIL, eventSeq],
  });
}

async function insertRequest(seq: number, outcome: string, eventSeq: number): Promise<void> {
  await database.query({
    text: `INSERT INTO requests (seq, tail, source_id, outcome, event_seq, event_tail, received_at, body_bytes, envelope, body)
      VALUES ($1, $2, 'src_1', $3, $4, $2, $5, 2, '["POST","","","192.0.2.1",[]]', '\\x7b7d')`,
    values: [seq, TAIL, outcome, eventSeq, timeOfSeq(seq)],
  });
}

const seqsIn = async (table: string) =>
  (await database.query({ text: `SELECT seq FROM ${table} ORDER BY seq` })).map(([seq]) => seq as number);
const homeOf = async (table: string, seq: number) =>
  (await database.query({ text: `SELECT tableoid::regclass::text FROM ${table} WHERE seq = $1`, values: [seq] }))[0]?.[0];
const daysOf = async (table: (typeof PARTITIONED)[number]) => (await partitions.days()).get(table);

describe("ensure", () => {
  test("three at once make each day once, on an empty schema and on a later day", async () => {
    const nodes = [partitions, createPartitions(database), createPartitions(database)];
    await Promise.all(nodes.map((node) => node.ensure(START_MS)));
    for (const table of PARTITIONED) expect(await daysOf(table)).toEqual([-1, 0, 1, 2, 3].map(low));
    await Promise.all(nodes.map((node) => node.ensure(START_MS + 2 * DAY_MS)));
    for (const table of PARTITIONED) expect(await daysOf(table)).toEqual([-1, 0, 1, 2, 3, 4, 5].map(low));
    const before = database.log.length;
    await partitions.ensure(START_MS + 2 * DAY_MS);
    expect(database.log.slice(before).filter(({ text }) => /CREATE|LOCK|ALTER/.test(text))).toEqual([]);
  });

  test.each([
    ["a day of 23 hours in Europe", Date.UTC(2026, 2, 29)],
    ["a day of 25 hours in Europe", Date.UTC(2026, 9, 25)],
    ["a new year", Date.UTC(2027, 0, 1)],
    ["a leap day", Date.UTC(2028, 1, 29)],
    ["a century that is no leap year", Date.UTC(2100, 2, 1)],
    ["the first day of all numbers", Date.UTC(2020, 0, 1)],
  ])("an event exactly at a border has one home, at %s", async (_, midnight) => {
    await partitions.ensure(midnight + 12 * 3_600_000);
    const border = seqAtTime(midnight);
    const name = (time: number) => `events_${new Date(time).toISOString().slice(0, 10).replaceAll("-", "")}`;
    await insertEvent(border);
    await insertEvent(border + DAY_SEQS - 1);
    await insertEvent(border + DAY_SEQS);
    expect(await homeOf("events", border)).toBe(name(midnight));
    expect(await homeOf("events", border + DAY_SEQS - 1)).toBe(name(midnight));
    expect(await homeOf("events", border + DAY_SEQS)).toBe(name(midnight + DAY_MS));
    if (border === 0) return;
    await insertEvent(border - 1);
    expect(await homeOf("events", border - 1)).toBe(name(midnight - DAY_MS));
    const page = await lists.events({ limit: 10, cursor: null, since: midnight, until: midnight + DAY_MS });
    expect(page.data.map(({ seq }) => seq)).toEqual([border + DAY_SEQS - 1, border]);
  });

  test("a write a year ahead or behind is kept, listed in its place, and moves to a day of its own", async () => {
    await partitions.ensure(START_MS);
    const seqs = [low(-365) + 5, low(0), low(365), low(365) + 1];
    const ids = await Promise.all(seqs.map((seq) => insertEvent(seq)));
    expect(await homeOf("events", seqs[0]!)).toBe("events_default");
    expect(await homeOf("events", seqs[2]!)).toBe("events_default");
    const listed = async (query: object) => (await allPages(lists.events, query, 1)).map(({ id }) => id);
    for (const when of ["before", "after"] as const) {
      expect(await listed({}), when).toEqual(ids.toReversed());
      expect(await listed({ ascending: true }), when).toEqual(ids);
      expect(await listed({ sourceId: "src_1" }), when).toEqual(ids.toReversed());
      await partitions.ensure(START_MS);
    }
    expect(await homeOf("events", seqs[0]!)).toBe("events_20250106");
    expect(await homeOf("events", seqs[3]!)).toBe("events_20270106");
    expect(await seqsIn("events_default")).toEqual([]);
  });

  test("what somebody holds locked is left for later, and rows come in meanwhile", async () => {
    await partitions.ensure(START_MS);
    const reader = await connect();
    await reader.query("BEGIN");
    await reader.query("SELECT count(*) FROM events");
    await partitions.ensure(START_MS + 30 * DAY_MS);
    expect(await daysOf("events")).toEqual([-1, 0, 1, 2, 3].map(low));
    await insertEvent(low(30));
    await reader.query("COMMIT");
    await partitions.ensure(START_MS + 30 * DAY_MS);
    expect(await daysOf("events")).toEqual([-1, 0, 1, 2, 3, 29, 30, 31, 32, 33].map(low));
    expect(await homeOf("events", low(30))).toBe("events_20260205");
  });
});

describe("dropping whole days", () => {
  /** Days 0 to 3 with three events each, delivered at once. */
  async function fill(): Promise<void> {
    for (let day = 0; day < 4; day += 1) {
      await partitions.ensure(START_MS + day * DAY_MS);
      await seedDay(database, { low: low(day), events: 3 });
    }
  }
  const upTo = (day: number): RetentionSlice => ({ ...ALL_DAYS, before: START_MS + day * DAY_MS });

  test("takes each day that is past as a whole, and no part of one that is not", async () => {
    await fill();
    expect(await retention.deleteExpired({ ...upTo(2), before: START_MS + 2 * DAY_MS + DAY_MS - 1 })).toBe(6);
    expect((await seqsIn("events")).map(dayOf)).toEqual([2, 2, 2, 3, 3, 3].map(low));
    for (const table of PARTITIONED) expect((await daysOf(table))![0]).toBe(low(2));
    expect([(await seqsIn("deliveries_done")).length, (await seqsIn("attempts")).length]).toEqual([6, 6]);
    expect(await retention.deleteExpired(upTo(2))).toBe(0);
  });

  test("without leave for whole days it goes row by row, up to the limit and to the moment", async () => {
    await fill();
    const before = timeOfSeq(low(1)) + DAY_MS / 2;
    expect(await retention.deleteExpired({ ...ALL_DAYS, before, wholeDays: false, limit: 4 })).toBe(4);
    expect(await retention.deleteExpired({ ...ALL_DAYS, before, wholeDays: false, limit: 4 })).toBe(1);
    expect((await daysOf("events"))![0]).toBe(low(-1));
    expect((await seqsIn("events")).map(dayOf)).toEqual([1, 2, 2, 2, 3, 3, 3].map(low));
    expect((await seqsIn("attempts")).length).toBe(7);
  });

  test("attempts, ended deliveries, repeats and dedupe keys that stand in later days go too", async () => {
    await fill();
    const event = low(0) + 1_000;
    await insertEvent(event);
    await insertEnded(event, low(3) + 5_000);
    await insertRequest(low(3) + 6_000, "duplicate", event);
    await insertRequest(low(3) + 7_000, "duplicate", low(3));
    await database.query({
      text: "INSERT INTO dedupe (key, event_seq, event_tail, at) VALUES ('gone', $1, 't', 0), ('passed on', $2, 't', 0)",
      values: [event, low(3)],
    });
    expect(await retention.deleteExpired(upTo(1))).toBe(4);
    expect(await seqsIn("requests")).toEqual([low(3) + 7_000]);
    for (const table of ["deliveries_done", "attempts"])
      expect(await database.query({ text: `SELECT seq FROM ${table} WHERE event_seq < $1`, values: [low(1)] })).toEqual([]);
    expect(await database.query({ text: "SELECT key FROM dedupe" })).toEqual([["passed on"]]);
    expect((await seqsIn("attempts")).length).toBe(9);
  });

  test("a day in which something waits stays, with that event alone; it goes when that has ended", async () => {
    await fill();
    const [event] = (await seqsIn("events")) as [number];
    await insertWaiting(event, low(3) + 99);
    expect(await retention.deleteExpired(upTo(2))).toBe(5);
    expect((await seqsIn("events")).filter((seq) => seq < low(2))).toEqual([event]);
    expect(await database.query({ text: "SELECT 1 FROM attempts WHERE event_seq = $1", values: [event] })).toHaveLength(1);
    await database.query({ text: "DELETE FROM deliveries" });
    expect(await retention.deleteExpired(upTo(2))).toBe(1);
    expect((await daysOf("events"))![0]).toBe(low(2));
    expect(await database.query({ text: "SELECT 1 FROM attempts WHERE event_seq = $1", values: [event] })).toEqual([]);
  });

  test("a later day keeps what belongs to an event that outlives its own", async () => {
    await fill();
    const [event] = (await seqsIn("events")) as [number];
    await insertWaiting(event, low(3) + 99);
    await insertEnded(event, low(1) + 5_000);
    await retention.deleteExpired(upTo(2));
    const kept = async (table: string) =>
      (await database.query({ text: `SELECT event_seq FROM ${table} WHERE event_seq < $1`, values: [low(2)] })).flat();
    expect(await kept("attempts")).toEqual([event, event]);
    expect(await kept("deliveries_done")).toEqual([event, event]);
    expect(await daysOf("attempts")).toContain(low(1));
    expect(await daysOf("events")).not.toContain(low(1));
  });

  test("undispatched events stay", async () => {
    await fill();
    const [event] = (await seqsIn("events")) as [number];
    await database.query({ text: "INSERT INTO undispatched (seq, shard, position, received_at) VALUES ($1, 0, 1, 0)", values: [event] });
    expect(await retention.deleteExpired(upTo(1))).toBe(2);
    expect((await seqsIn("events"))[0]).toBe(event);
  });

  test("a source with a longer rule keeps its events and its days; one with a rule that nobody named keeps every day", async () => {
    await fill();
    const own = low(0) + 4_444;
    await insertEvent(own, { sourceId: "src_long" });
    const others = { ...upTo(2), exceptSourceIds: ["src_long"] };
    expect(await retention.deleteExpired(others)).toBe(6);
    expect(await daysOf("events")).toContain(low(0));
    await retention.deleteExpired({ before: START_MS - 90 * DAY_MS, sourceId: "src_long", exceptSourceIds: [], limit: 500 });
    expect(await retention.deleteExpired(others)).toBe(0);
    expect((await seqsIn("events"))[0]).toBe(own);
    expect(await retention.deleteExpired({ before: START_MS + DAY_MS, sourceId: "src_long", exceptSourceIds: [], limit: 500 })).toBe(1);
    await retention.deleteExpired(others);
    expect(await daysOf("events")).not.toContain(low(0));
  });

  test("a split request whose items came after midnight goes with the last of them", async () => {
    await fill();
    const request = low(1) - 1;
    await insertEvent(low(0) + 7, { requestSeq: request });
    await insertEvent(low(1) + 7, { requestSeq: request });
    await insertRequest(request, "accepted", low(0) + 7);
    expect(await retention.deleteExpired(upTo(1))).toBe(4);
    expect(await seqsIn("requests")).toEqual([request]);
    expect(await retention.deleteExpired(upTo(2))).toBe(4);
    expect(await seqsIn("requests")).toEqual([]);
    await retention.deleteExpired(upTo(2));
    expect(await daysOf("requests")).not.toContain(low(0));
  });

  test("readers that read meanwhile see whole pages and no error", async () => {
    await fill();
    const counts = new Set<number>();
    const reading = Promise.all(
      Array.from({ length: 5 }, async () => {
        for (let reads = 0; reads < 40; reads += 1)
          counts.add((await lists.events({ limit: 50, cursor: null, since: null, until: null })).data.length);
      }),
    );
    const dropped = await retention.deleteExpired(upTo(3));
    await reading;
    expect(dropped).toBe(9);
    for (const count of counts) expect([12, 9, 6, 3]).toContain(count);
    expect((await allPages(lists.deliveries, {})).length).toBe(3);
  });

  test("a reader that holds on for long is not waited for; the day goes when it has gone", async () => {
    await fill();
    const reader = await connect();
    await reader.query("BEGIN");
    await reader.query("SELECT 1 FROM events LIMIT 1");
    expect(await retention.deleteExpired(upTo(1))).toBe(0);
    expect(await daysOf("events")).toContain(low(0));
    // Nobody stands behind us: others read and write.
    await insertEvent(low(0) + 3);
    await reader.query("COMMIT");
    expect(await retention.deleteExpired(upTo(1))).toBe(4);
    expect(await daysOf("events")).not.toContain(low(0));
  });
});

describe("erasing row by row", () => {
  const now: RetentionSlice = { before: START_MS + DAY_MS, sourceId: null, exceptSourceIds: [], limit: 100 };

  test("leaves an event whose ended delivery is brought back to life at that moment", async () => {
    await partitions.ensure(START_MS);
    await seedDay(database, { low: low(0), events: 3 });
    const [event] = (await seqsIn("events")) as [number];
    const person = await connect();
    await person.query("BEGIN");
    await person.query("DELETE FROM deliveries_done WHERE event_seq = $1", [event]);
    await person.query(
      "INSERT INTO deliveries (seq, tail, shard, event_seq, event_tail, destination_id, lane, next_at, trigger) VALUES ($1::bigint + 1, $2, 0, $1, $2, 'dst_a', 0, 0, 'manual')",
      [event, TAIL],
    );
    const erasing = retention.deleteExpired(now);
    const watcher = await connect();
    // Commits when the erasure has come to wait for it.
    for (let waits = 0; waits === 0;) waits = (await watcher.query("SELECT 1 FROM pg_locks WHERE NOT granted")).rows.length;
    await person.query("COMMIT");
    expect(await erasing).toBe(2);
    expect(await seqsIn("events")).toEqual([event]);
    expect((await lists.attempts({ limit: 10, cursor: null, since: null, until: null })).data).toHaveLength(1);
  });

  test("two nodes at once erase each event once", async () => {
    await partitions.ensure(START_MS);
    await seedDay(database, { low: low(0), events: 200 });
    const counts = await Promise.all(
      [retention, createRetention(database, partitions)].map((node) => node.deleteExpired({ ...now, limit: 150 })),
    );
    const rest = await Promise.all([retention, createRetention(database, partitions)].map((node) => node.deleteExpired(now)));
    expect([...counts, ...rest].reduce((a, b) => a + b)).toBe(200);
    for (const table of ["events", "deliveries_done", "attempts"]) expect(await seqsIn(table)).toEqual([]);
  });

  test("comes back to an event that waited, far behind where it has walked on to", async () => {
    await partitions.ensure(START_MS);
    await seedDay(database, { low: low(0), events: 300 });
    const [event] = (await seqsIn("events")) as [number];
    await insertWaiting(event, low(0) + 3);
    expect(await retention.deleteExpired({ ...now, limit: 500 })).toBe(299);
    expect(await retention.deleteExpired(now)).toBe(0);
    await database.query({ text: "DELETE FROM deliveries" });
    expect(await retention.deleteExpired(now)).toBe(1);
  });
});

describe("size", () => {
  test("is of what lives, over more pages than are looked at, and falls with what goes", async () => {
    await partitions.ensure(START_MS);
    expect(await retention.size()).toEqual({ usedBytes: 0, oldestEventAt: null });
    await seedDay(database, { low: low(0), events: 60_000, bodyBytes: 1_000 });
    const whole = await retention.size();
    // 1,000 of body, 57 of envelope, 400 of row; a delivery of 350; an attempt of about 390.
    expect(whole.usedBytes / 60_000).toBeGreaterThan(2_100);
    expect(whole.usedBytes / 60_000).toBeLessThan(2_300);
    expect(whole.oldestEventAt).toBe(START_MS);
    await database.query({ text: "DELETE FROM events WHERE seq < $1", values: [low(0) + DAY_SEQS / 2] });
    const half = await retention.size();
    const fallen = (whole.usedBytes - half.usedBytes) / 30_000;
    expect(fallen).toBeGreaterThan(1_300);
    expect(fallen).toBeLessThan(1_600);
    expect(half.oldestEventAt).toBe(START_MS + DAY_MS / 2);
  });
});
