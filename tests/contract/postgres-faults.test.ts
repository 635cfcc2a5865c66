// PostgreSQL that fails: answers that get lost, sessions that end, silence, a pooler, and schemas of other versions.
import { describe, expect, it } from "vitest";
import { openDatabase } from "../../src/store/postgres/pool.ts";
import { type Settlement, StoreUnavailableError } from "../../src/store/store.ts";
import { systemClock } from "../../src/system/clock.ts";
import { systemRandom } from "../../src/system/random.ts";
import { awaitState } from "../kit/clock.ts";
import { allPages, draft } from "../kit/store.ts";
import { COMMIT_ANSWER_LOST, type Cut, POSTGRES_IDLE } from "../kit/toxic-proxy.ts";
import { acceptOne, postgresRig } from "./postgres-rig.ts";
import { dispatch, newDelivery, settlement } from "./store-bench.ts";

const DAY_MS = 86_400_000;
const { place, open, proxied, proxy: startProxy, look, url } = postgresRig();

/** The answer to a statement that was committed by itself: it is done, and the server is in no transaction. */
const answerTo = (sent: string): Cut => ({ sent, answered: POSTGRES_IDLE });

describe("an answer that is lost after the commit", () => {
  it("leaves a settlement that its repeat finds done: one attempt, one step", async () => {
    const { proxy, store } = await proxied(place());
    const event = await acceptOne(store);
    const made = await dispatch(store, [event], [newDelivery(event), newDelivery(event, { destinationId: "dst_b" })]);
    const batch: Settlement[] = [
      settlement(made[0]!, systemClock.now(), { state: "delivered" }),
      settlement(made[1]!, systemClock.now(), { state: "waiting", nextAttemptAt: systemClock.now() + 60_000 }),
    ];
    void proxy.cutAfter(answerTo("INSERT INTO"));
    await expect(store.settle(batch)).rejects.toThrow(StoreUnavailableError);
    expect(await store.settle(batch)).toEqual([]);
    expect(await store.delivery(made[0]!.id)).toMatchObject({ state: "delivered", attempts: 1 });
    expect(await store.delivery(made[1]!.id)).toMatchObject({ state: "waiting", attempts: 1 });
    expect(await allPages(store.attempts, {})).toHaveLength(2);
  });

  it("leaves an event that the provider's repeat is a duplicate of", async () => {
    const { proxy, store } = await proxied(place());
    const dedupe = { key: "k", windowMs: DAY_MS };
    void proxy.cutAfter(answerTo("INSERT INTO"));
    await expect(acceptOne(store, { sourceId: "src_1", dedupe })).rejects.toThrow(StoreUnavailableError);
    expect((await store.accept(draft(systemClock.now(), { sourceId: "src_1", dedupe }))).kind).toBe("duplicate");
    expect(await store.undispatched(10)).toHaveLength(1);
  });

  it("leaves a change that its idempotency key answers", async () => {
    const { proxy, store } = await proxied(place());
    const record = { key: "k", fingerprint: "f", response: Uint8Array.of(1), createdAt: systemClock.now() };
    const change = () =>
      store.applyConfig([{ op: "put", row: { kind: "source", id: "src_1", doc: "{}", sealed: null } }], record.createdAt, record);
    void proxy.cutAfter(COMMIT_ANSWER_LOST);
    await expect(change()).rejects.toThrow(StoreUnavailableError);
    expect(await change()).toEqual({ kind: "repeated", record });
    expect(await store.configVersion()).toBe(1);
  });
});

describe("a database that goes away", () => {
  it("sessions ended by an administrator fail at most the calls they carry, and the next ones go through", async () => {
    const schema = place();
    const { store } = await open(schema);
    await acceptOne(store);
    // Every statement names its schema: these are the sessions of this store and of no other test.
    const { rowCount } = await look((client) =>
      client.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND strpos(query, $1) > 0", [
        schema,
      ]),
    );
    expect(rowCount).toBeGreaterThan(0);
    const event = await awaitState("an acknowledged event", () => acceptOne(store).catch(() => null));
    expect((await store.event(event.id))!.id).toBe(event.id);
  });

  it("refuses with StoreUnavailableError while nobody answers, and goes on by itself", async () => {
    const { proxy, store } = await proxied(place());
    await proxy.down();
    for (const call of [acceptOne(store), store.ping(), store.configVersion(), store.undispatched(1)]) {
      await expect(call).rejects.toThrow(StoreUnavailableError);
    }
    await proxy.up();
    await expect(store.ping()).resolves.toBeUndefined();
    await expect(acceptOne(store)).resolves.toMatchObject({ type: "test.event" });
  });

  it("a silent partition fails within 10 s", { timeout: 40_000 }, async () => {
    const { proxy, store } = await proxied(place());
    await acceptOne(store);
    proxy.set({ silent: true });
    const began = systemClock.now();
    await expect(acceptOne(store)).rejects.toThrow(StoreUnavailableError);
    expect(systemClock.now() - began).toBeLessThan(11_000);
    proxy.heal();
    await expect(store.ping()).resolves.toBeUndefined();
  });

  it("a server that does not answer at the start fails the start", async () => {
    const { proxy, url: through } = await startProxy();
    await proxy.down();
    await expect(open(place(), { url: through })).rejects.toThrow(StoreUnavailableError);
  });

  it("a pooler that forgets prepared statements is noticed once, and none are used from then on", async () => {
    const warnings: string[] = [];
    const log = { warn: (_facts: object, message: string) => void warnings.push(message) };
    const database = openDatabase({ url: url(), schema: "public", poolMax: 1, clock: systemClock, random: systemRandom, log });
    const ask = (name: string) => database.query({ name, text: "SELECT $1::text", values: ["x"] });
    expect(await ask("one")).toEqual([["x"]]);
    await database.query({ text: "DEALLOCATE ALL" });
    expect([await ask("one"), await ask("two")]).toEqual([[["x"]], [["x"]]]);
    const named = await database.query({ text: "SELECT name FROM pg_prepared_statements" });
    await database.close();
    expect([warnings.length, named]).toEqual([1, []]);
  });
});

describe("migrations", () => {
  it("of three nodes that start together run once", async () => {
    const schema = place();
    await Promise.all([open(schema), open(schema), open(schema)]);
    const { rows } = await look((client) => client.query("SELECT version FROM migrations"), schema);
    expect(rows).toEqual([{ version: 1 }]);
  });

  it("that were changed since are refused", async () => {
    const schema = place();
    await (await open(schema)).store.close();
    await look((client) => client.query("UPDATE migrations SET checksum = 'another'"), schema);
    await expect(open(schema)).rejects.toThrow(/Migration 1 \(tables\) of the schema .* made by another build/);
  });

  it("of a newer version are taken when they only add, and refused when they take away", async () => {
    const schema = place();
    const fatal: Error[] = [];
    const { cluster } = await open(schema, { onFatal: (error) => fatal.push(error) });
    const apply = (version: number, kind: string) =>
      look(
        (client) => client.query("INSERT INTO migrations (version, name, kind, checksum) VALUES ($1, 'later', $2, 'c')", [version, kind]),
        schema,
      );
    const beat = () =>
      cluster.beat({
        report: { name: "n", version: "1", roles: ["worker"], startedAt: 0, inFlight: 0, queued: 0, accepted: 0, attempts: 0 },
        give: [],
        takes: true,
      });
    await apply(2, "expand");
    await expect(open(schema)).resolves.toBeDefined();
    await beat();
    expect(fatal).toEqual([]);
    await apply(3, "contract");
    await expect(open(schema)).rejects.toThrow(/written by a newer Posthorn \(migration 3, later\)/);
    await beat();
    expect(fatal.map((error) => error.message)).toEqual([expect.stringContaining("A newer Posthorn has changed the tables")]);
  });

  it("need no superuser", async () => {
    const { rows } = await look((client) => client.query("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"));
    expect(rows).toEqual([{ rolsuper: false }]);
  });
});
