// Claiming and completing work on PostgreSQL: through the store, against a bare `pg` loop over one plain table; interleaved in one run.
import { randomBytes } from "node:crypto";
import pg from "pg";
import type { Event } from "../src/core/event.ts";
import { openPostgresStore } from "../src/store/postgres/index.ts";
import type { NewDelivery, Settlement, Store } from "../src/store/store.ts";
import { systemClock as clock } from "../src/system/clock.ts";
import { systemRandom as random } from "../src/system/random.ts";
import { startPostgres } from "../tests/kit/postgres-server.ts";
import { median, ratioRow } from "./report.ts";
import { benchEvent } from "./fixtures.ts";

const CLAIM_ROWS = 200;
const DISPATCH_ROWS = 500;
const DESTINATION_ID = "dst_00000000000000000000000000";
const BODY_BYTES = 1024;

export interface StorePostgresReport {
  rounds: { floorPerSecond: number; posthornPerSecond: number; ratio: number }[];
  ratio: number;
}

/** On the server of POSTHORN_TEST_DATABASE_URL where that is set, in a schema of its own that goes afterwards; else on one of its own. */
export async function benchStorePostgres(options: { rounds: number; rows: number }): Promise<StorePostgresReport> {
  const given = process.env["POSTHORN_TEST_DATABASE_URL"] ?? "";
  const server = given === "" ? await startPostgres() : null;
  const url = server?.url ?? given;
  const schema = `posthorn_bench_${randomBytes(4).toString("hex")}`;
  const fail = (error: Error) => {
    throw error;
  };
  const log = { warn: (facts: object, message: string) => console.warn(message, facts) };
  const { store } = await openPostgresStore({
    url,
    schema,
    clock,
    random,
    requestsKeptMax: 1_000,
    poolMax: 4,
    dispatches: true,
    log,
    onFatal: fail,
  });
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const rounds: StorePostgresReport["rounds"] = [];
  try {
    await client.query(`SET search_path = ${schema}`);
    await client.query(
      "CREATE TABLE floor (id bigint PRIMARY KEY, state smallint NOT NULL DEFAULT 0, body bytea NOT NULL); CREATE INDEX ON floor (id) WHERE state = 0",
    );
    for (let round = 0; round <= options.rounds; round += 1) {
      await fillFloor(client, options.rows);
      await fillStore(store, options.rows);
      await client.query("VACUUM ANALYZE");
      const floorPerSecond = await perSecond(options.rows, () => emptyFloor(client, options.rows));
      const posthornPerSecond = await perSecond(options.rows, () => emptyStore(store, options.rows));
      // The first round warms both up.
      if (round === 0) continue;
      rounds.push({ floorPerSecond, posthornPerSecond, ratio: posthornPerSecond / floorPerSecond });
      console.log(ratioRow("store-pg", round - 1, floorPerSecond, posthornPerSecond));
    }
  } finally {
    await store.close();
    await client.query(`DROP SCHEMA ${schema} CASCADE`);
    await client.end();
    await server?.stop();
  }
  return { rounds, ratio: median(rounds.map(({ ratio }) => ratio)) };
}

async function perSecond(rows: number, run: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await run();
  return rows / ((performance.now() - began) / 1000);
}

async function fillFloor(client: pg.Client, rows: number): Promise<void> {
  await client.query("TRUNCATE floor");
  await client.query(
    `INSERT INTO floor (id, body) SELECT g, decode(repeat('78', ${BODY_BYTES}), 'hex') FROM generate_series(1, $1::integer) g`,
    [rows],
  );
}

const CLAIM = `UPDATE floor SET state = 1 WHERE id IN (SELECT id FROM floor WHERE state = 0 ORDER BY id LIMIT ${CLAIM_ROWS} FOR UPDATE SKIP LOCKED) RETURNING id`;
const COMPLETE = "UPDATE floor SET state = 2 WHERE id = ANY($1::bigint[])";

async function emptyFloor(client: pg.Client, rows: number): Promise<void> {
  for (let done = 0; done < rows;) {
    const { rows: claimed } = await client.query<[string]>({ name: "claim", text: CLAIM, rowMode: "array" });
    if (claimed.length === 0) throw new Error(`the floor ended after ${done} of ${rows} rows`);
    await client.query({ name: "complete", text: COMPLETE, values: [claimed.map(([id]) => id)] });
    done += claimed.length;
  }
}

async function fillStore(store: Store, rows: number): Promise<void> {
  const body = Buffer.alloc(BODY_BYTES, "x");
  for (let made = 0; made < rows; made += DISPATCH_ROWS) {
    const count = Math.min(DISPATCH_ROWS, rows - made);
    const outcomes = await Promise.all(
      Array.from({ length: count }, () => store.accept(benchEvent(clock.now(), body, { sourceId: "src_bench" }))),
    );
    const events = outcomes.flatMap((outcome) => (outcome.kind === "accepted" ? [outcome.event] : []));
    await store.commitDispatch(events, events.map(deliveryOf));
  }
}

function deliveryOf(event: Event): NewDelivery {
  return {
    eventId: event.id,
    eventSeq: event.seq,
    destinationId: DESTINATION_ID,
    subscriptionId: "sub_00000000000000000000000000",
    nextAttemptAt: event.receivedAt,
    expiresAt: null,
    trigger: "event",
    jobId: null,
    bodyBytes: event.bodyBytes,
  };
}

/** A look at what is due and a settlement of all of it, one after the other as on the floor. */
async function emptyStore(store: Store, rows: number): Promise<void> {
  let done = 0;
  while (done < rows) {
    const now = clock.now();
    const { deliveries } = await store.dueDeliveries({
      destinationId: DESTINATION_ID,
      class: "fresh",
      now,
      limit: CLAIM_ROWS,
      skipSeqs: [],
    });
    if (deliveries.length === 0) throw new Error(`the store ended after ${done} of ${rows} deliveries`);
    const settlements = deliveries.map((delivery): Settlement => ({
      deliverySeq: delivery.seq,
      fence: null,
      attempt: {
        deliveryId: delivery.id,
        eventId: delivery.eventId,
        destinationId: delivery.destinationId,
        number: 1,
        startedAt: now,
        durationMs: 5,
        request: { method: "POST", url: "http://127.0.0.1/hook", headers: ["webhook-id", delivery.eventId] },
        result: { kind: "response", status: 200, headers: ["content-length", "2"], body: Buffer.from("ok"), truncated: false },
      },
      step: { state: "delivered", attempts: 1, nextAttemptAt: null, reason: null, finishedAt: now },
    }));
    await store.settle(settlements);
    done += deliveries.length;
  }
}
