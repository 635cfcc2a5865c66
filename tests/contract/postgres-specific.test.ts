// What only PostgreSQL has: two nodes on one schema, and texts that it refuses.
import { describe, expect, it } from "vitest";
import type { Job } from "../../src/core/job.ts";
import type { Store } from "../../src/store/store.ts";
import { systemClock } from "../../src/system/clock.ts";
import { awaitState } from "../kit/clock.ts";
import { seededRandom } from "../kit/random.ts";
import { allPages, draft } from "../kit/store.ts";
import { acceptOne, postgresRig } from "./postgres-rig.ts";
import { dispatch, due, newDelivery, settlement } from "./store-bench.ts";
import { splitDraft, splitItem } from "./store.split.contract.ts";

const DAY_MS = 86_400_000;
const { place, open, look, proxy } = postgresRig();

describe("two nodes on one schema", () => {
  it("never make one number, and both read what each has written", async () => {
    const schema = place();
    const frozen = { now: () => Date.UTC(2026, 0, 6), after: systemClock.after };
    const [{ store: a }, { store: b }] = [await open(schema, { clock: frozen }), await open(schema, { clock: frozen })];
    const events = await Promise.all(Array.from({ length: 600 }, (_, i) => acceptOne(i % 2 === 0 ? a : b)));
    expect(new Set(events.map((event) => event.seq)).size).toBe(600);
    expect(await allPages(a.events, {})).toHaveLength(600);
    expect((await b.event(events[0]!.id))!.id).toBe(events[0]!.id);
  });

  it("a number that is taken all the same gives way to another", async () => {
    const schema = place();
    const frozen = { now: () => Date.UTC(2026, 0, 6), after: systemClock.after };
    const { store } = await open(schema, { clock: frozen });
    const first = await acceptOne(store);
    await look(async (client) => {
      await client.query("CREATE TEMP TABLE copy AS SELECT * FROM events");
      for (let next = 1; next <= 3; next += 1) await client.query(`UPDATE copy SET seq = seq + 64; INSERT INTO events SELECT * FROM copy`);
    }, schema);
    const seqs = await Promise.all(Array.from({ length: 3 }, async () => (await acceptOne(store)).seq));
    expect(Math.min(...seqs)).toBeGreaterThan(first.seq + 3 * 64);
    expect(new Set(seqs).size).toBe(3);
  });

  it("100 copies of one provider's id at once over both are one event, also after both were opened again", async () => {
    const schema = place();
    const dedupe = { key: "src_1:p1", windowMs: DAY_MS };
    const copies = ([a, b]: Store[]) =>
      Promise.all(
        Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? a! : b!).accept(draft(systemClock.now(), { sourceId: "src_1", dedupe }))),
      );
    const stores = [(await open(schema)).store, (await open(schema)).store];
    const first = await copies(stores);
    for (const store of stores) await store.close();
    const again = await copies([(await open(schema)).store, (await open(schema)).store]);
    const ids = new Set([...first, ...again].map((outcome) => (outcome.kind === "accepted" ? outcome.event.id : outcome.of)));
    expect(ids.size).toBe(1);
    expect([...first, ...again].filter((outcome) => outcome.kind === "accepted")).toHaveLength(1);
  });

  it("copies inside one group that are further apart than the window are events of their own", async () => {
    const { store } = await open(place());
    const at = systemClock.now();
    const times = [at, at + 10, at + 1_000, at + 1_001];
    const outcomes = await Promise.all(times.map((time) => store.accept(draft(time, { dedupe: { key: "k", windowMs: 1_000 } }))));
    expect(outcomes.map((outcome) => outcome.kind)).toEqual(["accepted", "duplicate", "accepted", "duplicate"]);
  });

  it("a draft that can't be kept takes no other of its group with it", async () => {
    const { store } = await open(place());
    const bad = store.accept(draft(systemClock.now(), { type: null as unknown as string }));
    const outcomes = await Promise.allSettled([acceptOne(store), bad, acceptOne(store)]);
    expect(outcomes.map((outcome) => outcome.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(await store.undispatched(10)).toHaveLength(2);
  });

  it("one event that both dispatch gets its deliveries once", async () => {
    const schema = place();
    const [{ store: a }, { store: b }] = [await open(schema), await open(schema)];
    const events = await Promise.all(Array.from({ length: 20 }, () => acceptOne(a)));
    const drafts = events.flatMap((event) => [newDelivery(event), newDelivery(event, { destinationId: "dst_b" })]);
    const outcomes = await Promise.all([a.commitDispatch(events, drafts), b.commitDispatch(events.toReversed(), drafts)]);
    const made = outcomes.flatMap((outcome) => (outcome.kind === "done" ? outcome.deliveries : []));
    expect(made.filter((delivery) => delivery !== null)).toHaveLength(40);
    expect(await allPages(a.deliveries, {})).toHaveLength(40);
  });

  it("events come in the order of their acknowledgements, although one node's clock is an hour behind", async () => {
    const schema = place();
    const late = { now: () => systemClock.now() - 3_600_000, after: systemClock.after };
    const [{ store: a }, { store: b }] = [await open(schema), await open(schema, { clock: late })];
    const ids: string[] = [];
    for (let i = 0; i < 10; i += 1) ids.push((await acceptOne(i % 2 === 0 ? a : b)).id);
    expect((await a.undispatched(100)).map((event) => event.id)).toEqual(ids);
  });

  it("undispatched events of certain shards and of some age are found by whoever looks for them", async () => {
    const { store } = await open(place());
    const old = systemClock.now() - 10_000;
    const outcome = await store.accept(draft(old, { sourceId: "src_1" }));
    await acceptOne(store, { sourceId: "src_1" });
    const everywhere = Array.from({ length: 64 }, (_, shard) => shard);
    const found = await store.undispatched(10, undefined, { shards: everywhere, acceptedBefore: old });
    expect(found.map((event) => event.id)).toEqual(outcome.kind === "accepted" ? [outcome.event.id] : []);
    const perShard = await Promise.all(
      everywhere.map((shard) => store.undispatched(10, undefined, { shards: [shard], acceptedBefore: old })),
    );
    expect(perShard.filter((events) => events.length > 0)).toHaveLength(1);
  });

  it("never wait for each other in a circle, whatever they write", { timeout: 90_000 }, async () => {
    const schema = place();
    const stores = [(await open(schema)).store, (await open(schema)).store];
    const before = await deadlocks();
    const seed = `deadlocks ${systemClock.now()}`;
    const until = systemClock.now() + 6_000;
    const writers = Array.from({ length: 10 }, (_, index) => writeAtRandom(stores[index % 2]!, seededRandom(`${seed} ${index}`), until));
    const rounds = await Promise.all(writers);
    expect(
      rounds.reduce((sum, count) => sum + count, 0),
      seed,
    ).toBeGreaterThan(10);
    for (const store of stores) await store.close();
    expect((await deadlocks()) - before, seed).toBe(0);
  });
});

async function deadlocks(): Promise<number> {
  const { rows } = await look((client) =>
    client.query<{ deadlocks: string }>("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"),
  );
  return Number(rows[0]!.deadlocks);
}

/** Accepts, dispatches, settles, commands and configures over few keys, destinations and deliveries, so that everybody meets. */
async function writeAtRandom(store: Store, random: ReturnType<typeof seededRandom>, until: number): Promise<number> {
  const some = <T>(items: readonly T[], count: number) => Array.from({ length: count }, () => random.pick(items));
  let rounds = 0;
  for (; systemClock.now() < until; rounds += 1) {
    const now = systemClock.now();
    const keys = some(["a", "b", "c", "d", "e", "f"], 6);
    await Promise.all(keys.map((key) => store.accept(draft(now, { sourceId: "src_1", dedupe: { key, windowMs: random.pick([1, 50]) } }))));
    await store.acceptSplit(
      splitDraft(
        now,
        keys.map((key) => splitItem(key)),
      ),
    );
    const events = await store.undispatched(20);
    const shuffled = random.chance(0.5) ? events.toReversed() : events;
    await store.commitDispatch(
      shuffled,
      shuffled.map((event) =>
        newDelivery(event, {
          destinationId: random.pick(["dst_a", "dst_b"]),
          nextAttemptAt: now,
          expiresAt: random.pick([null, now + 20]),
          order: random.pick([
            null,
            { key: random.pick(["x", "y"]), position: random.pick([null, { by: "timestamp", at: random.int(9) }]) },
          ]),
        }),
      ),
      await store.configVersion(),
    );
    const { deliveries } = await store.dueDeliveries(due(now + 1, { limit: 30 }));
    const mixed = random.chance(0.5) ? deliveries.toReversed() : deliveries;
    const settled = mixed.map((delivery) => settlement(delivery, now, { state: random.pick(["waiting", "delivered", "dead"]) }));
    await store.settle(settled.map((one) => ({ ...one, leavesLine: random.chance(0.3) })));
    await store.expireDeliveries({ now, limit: 10, skipSeqs: [] });
    const ids = mixed.slice(0, 10).map((delivery) => delivery.id);
    await store.commandDeliveries(ids, { kind: random.pick(["retry", "cancel"]), at: now }, null);
    if (random.chance(0.2))
      await store.applyConfig([{ op: "put", row: { kind: "source", id: random.pick(["x", "y"]), doc: "{}", sealed: null } }], now, null);
  }
  return rounds;
}

describe("texts that PostgreSQL refuses", () => {
  const ODD = [
    "\u0000",
    "a\u0000b",
    "\ud800",
    "x\udc00y",
    "\udc00\ud800",
    "\u001a",
    "\u001a0000",
    "\u{1f409}\u0000",
    "'\"\\{},NULL",
    "NULL",
  ];

  it("come back as they went in, wherever a stranger's text can stand, and are found by it", async () => {
    const { store } = await open(place());
    for (const odd of ODD) {
      const dedupe = { key: `src_1:${odd}`, windowMs: DAY_MS };
      const request = { ...draft(0).request, pathTail: odd, query: odd, headers: ["x-odd", odd] };
      const event = await acceptOne(store, {
        sourceId: "src_1",
        tenantId: odd,
        type: odd,
        key: odd,
        providerEventId: odd,
        channels: [odd],
        dedupe,
        request,
      });
      expect(await store.event(event.id)).toMatchObject({ tenantId: odd, type: odd, key: odd, providerEventId: odd, channels: [odd] });
      expect((await store.event(event.id))!.request).toMatchObject({ pathTail: odd, query: odd, headers: ["x-odd", odd] });
      expect((await store.accept(draft(systemClock.now(), { sourceId: "src_1", dedupe }))).kind).toBe("duplicate");
      expect((await allPages(store.events, { key: odd, type: odd })).map(({ id }) => id)).toEqual([event.id]);
      const [delivery] = await dispatch(store, [event], [newDelivery(event)]);
      const result = { kind: "failure" as const, failure: odd, message: odd };
      await store.settle([settlement(delivery!, systemClock.now(), { state: "dead", reason: odd }, { result })]);
      expect(await store.delivery(delivery!.id)).toMatchObject({ state: "dead", reason: odd });
      expect((await allPages(store.attempts, { deliveryId: delivery!.id }))[0]!.result).toEqual(result);
    }
  });

  it("in requests, configuration, jobs, breakers and signals too", async () => {
    const schema = place();
    const [{ store, cluster }, other] = [await open(schema), await open(schema)];
    for (const [index, odd] of ODD.entries()) {
      const at = systemClock.now();
      await store.recordRequests([
        {
          outcome: "rejected",
          sourceId: odd,
          cause: "bad_signature",
          message: odd,
          receivedAt: at,
          bodyBytes: 0,
          request: draft(at).request,
        },
      ]);
      const [head] = await allPages(store.requests, { sourceId: odd });
      expect(head).toMatchObject({ sourceId: odd, message: odd });
      const record = { key: odd, fingerprint: odd, response: new Uint8Array(0), createdAt: at };
      await store.applyConfig([{ op: "put", row: { kind: "source", id: odd, doc: odd, sealed: Uint8Array.of(0) } }], at, record);
      expect(await store.idempotencyRecord(odd)).toEqual(record);
      expect((await store.config()).rows.find((row) => row.id === odd)).toEqual({
        kind: "source",
        id: odd,
        doc: odd,
        sealed: Uint8Array.of(0),
      });
      const job = { id: `job_${index}`, kind: "replay", status: "running", filter: { key: odd }, message: odd } as Job;
      await store.putJob(job, null);
      expect(await store.job(job.id)).toEqual(job);
      await cluster.send([{ kind: "job", id: odd }]);
      expect(await other.cluster.receive()).toEqual([{ kind: "job", id: odd }]);
    }
  });
});

describe("a second address for lists", () => {
  it("answers them while it is there, and the first one does when it is not", async () => {
    const schema = place();
    const { proxy: between, url } = await proxy();
    const { store, listsLagMs } = await open(schema, { readUrl: url });
    const { id } = await acceptOne(store);
    expect(between.connections).toBe(0);
    expect((await allPages(store.events, {})).map((event) => event.id)).toEqual([id]);
    expect([between.connections > 0, listsLagMs()]).toEqual([true, 0]);
    await between.down();
    expect((await allPages(store.events, {})).map((event) => event.id)).toEqual([id]);
    expect(listsLagMs()).toBe(0);
  });
});

describe("signals", () => {
  it("that become visible out of order are heard once each", async () => {
    const schema = place();
    const { cluster } = await open(schema);
    const insert = "INSERT INTO signals (node, body) VALUES ('other', $1)";
    const job = (id: string) => ({ kind: "job" as const, id });
    await look(async (slow) => {
      await slow.query("BEGIN");
      await slow.query(insert, [JSON.stringify([job("first")])]);
      await look((fast) => fast.query(insert, [JSON.stringify([job("second")])]), schema);
      expect(await cluster.receive()).toEqual([job("second")]);
      await slow.query("COMMIT");
    }, schema);
    expect([await cluster.receive(), await cluster.receive()]).toEqual([[job("first")], []]);
  });

  it("tell the others of events on a node that does not dispatch", async () => {
    const schema = place();
    const [{ store }, { cluster }] = [await open(schema, { dispatches: false }), await open(schema)];
    await acceptOne(store, { sourceId: "src_1" });
    const signals = await awaitState("the signal", async () => {
      const received = await cluster.receive();
      return received.length > 0 && received;
    });
    expect(signals).toEqual([{ kind: "accepted", shards: [expect.any(Number)] }]);
  });
});

describe("a node whose place was given to another", () => {
  it("enters again with its next beat, and makes other numbers from then on", async () => {
    const schema = place();
    const { store, cluster } = await open(schema);
    const slotOf = (event: { seq: number }) => event.seq % 64;
    const before = slotOf(await acceptOne(store));
    await look((client) => client.query("UPDATE nodes SET id = 'node_other'"), schema);
    const report = { name: "n", version: "1", roles: ["worker" as const], startedAt: 0, inFlight: 0, queued: 0, accepted: 0, attempts: 0 };
    const { leases } = await cluster.beat({ report, give: [], takes: true });
    expect(leases).toHaveLength(64);
    expect(slotOf(await acceptOne(store))).not.toBe(before);
  });
});
