// Plans of the lists on PostgreSQL: partitions outside the range are not touched, none is read from end to end, nothing long is sorted.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { formatId, seqAtTime, timeOfSeq } from "../../src/core/id.ts";
import type { Queries, Statement } from "../../src/store/postgres/connection.ts";
import { DAY_SEQS, dayOf, dayOfName } from "../../src/store/postgres/days.ts";
import { createListReads } from "../../src/store/postgres/lists.ts";
import { createPartitions } from "../../src/store/postgres/partitions.ts";
import { createRecordReads } from "../../src/store/postgres/records.ts";
import type { ListQuery, Store } from "../../src/store/store.ts";
import { type BareDatabase, openBareDatabase } from "../kit/bare-database.ts";
import { openTestDatabase, type TestDatabase } from "../kit/postgres.ts";
import { seedDay } from "../kit/postgres-seed.ts";

const DAYS = 16;
const PER_DAY = 6_000;
const FIRST = dayOf(seqAtTime(Date.UTC(2026, 1, 20)));
const dayLow = (day: number) => FIRST + day * DAY_SEQS;
const TAIL = "0000000000000";

interface Plan {
  "Node Type": string;
  "Relation Name"?: string;
  "Plan Rows": number;
  Plans?: Plan[];
}

let server: TestDatabase;
let database: BareDatabase;

/** Runs statements and keeps their plans. */
function explaining(): { queries: Queries; plans: Plan[]; statements: Statement[] } {
  const plans: Plan[] = [];
  const statements: Statement[] = [];
  const query = async (statement: Statement) => {
    if (!statement.text.includes("pg_catalog")) {
      const [row] = await database.query({ ...statement, text: `EXPLAIN (FORMAT JSON) ${statement.text}` });
      plans.push((JSON.parse(row![0] as string) as { Plan: Plan }[])[0]!.Plan);
      statements.push(statement);
    }
    return database.query(statement);
  };
  return { queries: { query }, plans, statements };
}

/** With everything in it: what a CTE or a subselect reads too. */
const nodesOf = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];
const isHash = (node: Plan) => /Hash|Merge Join/.test(node["Node Type"]);

/** Days whose partitions the plans touch, but for those with rows looked up by their number. */
function daysIn(plans: Plan[], except?: RegExp): number[] {
  const names = plans.flatMap(nodesOf).flatMap((node) => node["Relation Name"] ?? []);
  const days = names.filter((name) => except?.test(name) !== true).flatMap((name) => dayOfName(name) ?? []);
  return [...new Set(days)].map((low) => (low - FIRST) / DAY_SEQS).toSorted((a, b) => a - b);
}

function expectCheap(plans: Plan[], limit: number): void {
  for (const node of plans.flatMap(nodesOf)) {
    const name = node["Relation Name"];
    // An empty table is read from end to end in no time; nothing else is.
    if (node["Node Type"] === "Seq Scan") expect(name === undefined || isEmpty(name), `seq scan of ${name}`).toBe(true);
    if (node["Node Type"].endsWith("Sort")) expect(node["Plan Rows"], "rows sorted").toBeLessThanOrEqual(2 * (limit + 1));
    expect(isHash(node), node["Node Type"]).toBe(false);
  }
}

function isEmpty(name: string): boolean {
  if (name.endsWith("_default")) return true;
  const day = dayOfName(name);
  return day !== null && (day < dayLow(0) || day >= dayLow(DAYS));
}

beforeAll(async () => {
  server = await openTestDatabase({ schema: null });
  database = await openBareDatabase(server.url);
  const partitions = createPartitions(database);
  for (let day = 0; day < DAYS; day += 1) {
    await partitions.ensure(timeOfSeq(dayLow(day)));
    await seedDay(database, { low: dayLow(day), events: PER_DAY, waiting: 50, rejected: 1_000 });
  }
  await database.query({ text: "VACUUM ANALYZE events, requests, deliveries, deliveries_done, attempts" });
});

afterAll(async () => {
  await database.dispose();
  await server.drop();
});

const PLAIN: ListQuery = { limit: 50, cursor: null, since: null, until: null };
const eventSeq = dayLow(5) + Math.floor(DAY_SEQS / PER_DAY) * 1_234;
const eventId = formatId("evt", { seq: eventSeq, tail: TAIL });
const deliveryId = formatId("dlv", { seq: eventSeq + 1, tail: TAIL });

const CASES: { [Name in "events" | "deliveries" | "attempts" | "requests"]: Partial<Parameters<Store[Name]>[0]>[] } = {
  events: [
    {},
    { ascending: true },
    { sourceId: "src_3" },
    { sourceId: "src_rare" },
    { tenantId: "tnt_3" },
    { key: "key77" },
    { providerEventId: "p99" },
    { type: "type.7" },
    { type: "type.*" },
    { type: "nothing.*", ascending: true },
  ],
  deliveries: [
    {},
    { state: "waiting" },
    { state: "delivered" },
    { state: "dead" },
    { state: "cancelled" },
    { destinationId: "dst_7" },
    { destinationIds: ["dst_7", "dst_8"] },
    { destinationIds: ["dst_7", "dst_8"], state: "waiting" },
    { subscriptionId: "sub_7" },
    { jobId: "job_none" },
    { type: "type.7" },
    { sourceId: "src_rare" },
    { sourceId: "src_rare", state: "dead" },
    { type: "nothing.*", state: "waiting" },
    { tenantId: "tnt_3" },
    { state: "dead", ascending: true },
    { failed: { includeWaiting: false, since: null, until: timeOfSeq(dayLow(DAYS)) }, ascending: true },
  ],
  attempts: [{}, { destinationId: "dst_7" }, { destinationId: "dst_none" }],
  requests: [
    {},
    { sourceId: "src_3" },
    { outcome: "accepted" },
    { outcome: "rejected" },
    { outcome: "duplicate" },
    { cause: "too_large" },
    { cause: "too_large", sourceId: "src_0" },
  ],
};

// What a filter on the event looks up, in the partition of each one's number.
const LOOKED_UP = (query: object) => ("type" in query || "sourceId" in query || "tenantId" in query ? /^events_/ : undefined);

describe.each(Object.entries(CASES) as [keyof typeof CASES, object[]][])("the list of %s", (name, cases) => {
  const read = (queries: Queries, query: object) =>
    (createListReads(queries)[name] as (query: object) => Promise<{ data: { id: string }[]; nextCursor: string | null }>)(query);
  const lookedUp = name === "deliveries" ? LOOKED_UP : () => undefined;

  test.each(cases.map((query) => [JSON.stringify(query), query] as const))("within three days, with %s", async (_, query) => {
    const { queries, plans } = explaining();
    const bounds = { since: timeOfSeq(dayLow(6)), until: timeOfSeq(dayLow(9)) };
    await read(queries, { ...PLAIN, ...bounds, ...query });
    expectCheap(plans, PLAIN.limit);
    // What waits stands in a table without days.
    expect(daysIn(plans, lookedUp(query))).toEqual("state" in query && query.state === "waiting" ? [] : [6, 7, 8]);
  });

  test.each(cases.map((query) => [JSON.stringify(query), query] as const))("of everything, with %s", async (_, query) => {
    const { queries, plans } = explaining();
    const page = await read(queries, { ...PLAIN, ...query });
    expectCheap(plans, PLAIN.limit);
    // The first window is six days wide, and enough where the page gets full in it.
    if (page.data.length === PLAIN.limit && !("ascending" in query))
      expect(daysIn(plans.slice(0, 1), lookedUp(query)).every((day) => day >= 10)).toBe(true);
  });

  test("goes on from a cursor without the days above it", async () => {
    const { queries, plans } = explaining();
    const cursor = String(dayLow(4) + 7_777);
    const page = await read(queries, { ...PLAIN, cursor });
    expectCheap(plans, PLAIN.limit);
    expect(page.data).toHaveLength(PLAIN.limit);
    expect(daysIn(plans).every((day) => day <= 4)).toBe(true);
  });
});

describe("what hangs on one record", () => {
  test.each([
    ["deliveries", { eventId }],
    ["attempts", { eventId }],
    ["attempts", { deliveryId }],
  ] as const)("the list of %s by %s goes by an index, and not before the record's time", async (name, query) => {
    const { queries, plans } = explaining();
    const page = await createListReads(queries)[name]({ ...PLAIN, ...query });
    expect(page.data).toHaveLength(1);
    expect(page.nextCursor).toBeNull();
    expectCheap(plans, PLAIN.limit);
    expect(Math.min(...daysIn(plans))).toBe(4);
  });

  test("a record by its id touches one partition of each table", async () => {
    const { queries, plans } = explaining();
    const records = createRecordReads(queries);
    expect(await records.event(eventId)).toMatchObject({ id: eventId, key: "key1234" });
    expect(await records.request(eventId.replace("evt", "req"))).toMatchObject({ eventId });
    expect(await records.delivery(deliveryId)).toMatchObject({ eventId, state: "delivered" });
    expect(await records.attempt(formatId("att", { seq: eventSeq + 2, tail: TAIL }))).toMatchObject({ eventId, deliveryId });
    expect((await records.eventsBySeq([eventSeq, dayLow(3)])).map(({ seq }) => seq)).toEqual([dayLow(3), eventSeq]);
    for (const plan of plans.slice(0, -1)) expect(daysIn([plan])).toEqual([5]);
    expect(daysIn(plans.slice(-1))).toEqual([3, 5]);
    expectCheap(plans, 0);
  });
});
