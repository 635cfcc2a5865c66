// Retention: by age, by a source's own age, by size; never what is still to be delivered.
import { afterEach, describe, expect, it } from "vitest";
import { createTestFlow, type TestFlow, type TestFlowOptions } from "../kit/flow.ts";
import { allPages } from "../kit/store.ts";

let t: TestFlow;
const setup = async (options: TestFlowOptions = {}) => (t = await createTestFlow(options));
afterEach(() => t.dispose());

const DAY_MS = 86_400_000;
const left = async () => (await allPages(t.store.events, { ascending: true })).map((event) => event.id);

/** One pass, on the clock that its pauses need. */
async function run(): Promise<number> {
  let deleted: number | null = null;
  void t.running.retention.run().then((count) => (deleted = count));
  await t.clock.advanceUntil(() => deleted !== null);
  return deleted!;
}

describe("retention", () => {
  it("by age deletes an event with all of its traces, a minute after it is due at the latest", async () => {
    await setup({ retentionDays: 7 });
    await t.addReceiver();
    const old = await t.publish();
    await t.rest();
    await t.clock.jump(6 * DAY_MS);
    const young = await t.publish();
    await t.rest();
    await t.clock.jump(DAY_MS - 120_000);
    expect(await left()).toEqual([old.id, young.id]);
    await t.clock.advance(240_000);
    expect(await left()).toEqual([young.id]);
    expect((await t.deliveries()).map((delivery) => delivery.eventId)).toEqual([young.id]);
    expect((await allPages(t.store.attempts, {})).map((attempt) => attempt.eventId)).toEqual([young.id]);
  });

  it("keeps what is waiting, parked or not, until it has ended", async () => {
    await setup({ retentionDays: 1 });
    const receiver = await t.addReceiver();
    await t.pause(receiver.id);
    const event = await t.publish();
    await t.rest();
    await t.clock.jump(10 * DAY_MS);
    expect(await run()).toBe(0);
    expect(await left()).toEqual([event.id]);
    await t.resume(receiver.id);
    await t.rest();
    expect(t.transport.sent.map((sent) => sent.eventId)).toEqual([event.id]);
    expect(await run()).toBe(1);
  });

  it("of a source with days of its own follows those, longer or shorter", async () => {
    await setup({ retentionDays: 7 });
    const sources = [await t.addSource({ retentionDays: 1 }), await t.addSource({ retentionDays: 30 }), await t.addSource()];
    for (const source of sources) await t.post(source);
    await t.publish();
    await t.rest();
    const kept = async () =>
      (await allPages(t.store.events, { ascending: true })).map((event) => sources.findIndex((source) => source.id === event.sourceId));
    await t.clock.jump(2 * DAY_MS);
    await run();
    expect(await kept()).toEqual([1, 2, -1]);
    await t.clock.jump(6 * DAY_MS);
    await run();
    expect(await kept()).toEqual([1]);
    await t.clock.jump(30 * DAY_MS);
    await run();
    expect(await kept()).toEqual([]);
  });

  it("by size deletes the oldest until it fits, and no more than a slice beyond", async () => {
    await setup({ retentionBytesMax: 20 * 1024 ** 2 });
    const body = new Uint8Array(20_000);
    const ids: string[] = [];
    for (let i = 0; i < 20; i += 1) {
      ids.push(...(await Promise.all(Array.from({ length: 100 }, () => t.publish({ body })))).map((event) => event.id));
      await t.clock.advance(10);
    }
    await t.rest();
    expect((await t.store.size()).usedBytes).toBeGreaterThan(40_000_000);
    expect(await run()).toBe(1000);
    expect((await t.store.size()).usedBytes).toBeLessThan(20 * 1024 ** 2 + 5_000_000);
    expect(await left()).toEqual(ids.slice(1000));
  });

  it("by size deletes nothing that waits, and says that it could not", async () => {
    await setup({ retentionBytesMax: 100_000 });
    const receiver = await t.addReceiver();
    await t.pause(receiver.id);
    await t.publish({ body: new Uint8Array(1_000_000) });
    await t.rest();
    expect(await run()).toBe(0);
    expect(t.logged.join("")).toContain("everything in it still has deliveries to make");
  });

  it("sweeps refused requests of the same age", async () => {
    await setup({ retentionDays: 2 });
    const source = await t.addSource({ enabled: false });
    await t.post(source);
    await t.clock.advance(200);
    await t.clock.jump(DAY_MS);
    await run();
    expect(await allPages(t.store.requests, {})).toHaveLength(1);
    await t.clock.jump(2 * DAY_MS);
    await run();
    expect(await allPages(t.store.requests, {})).toHaveLength(0);
  });

  it("that fails is tried again a minute later", async () => {
    await setup({ retentionDays: 1 });
    await t.publish();
    await t.rest();
    await t.clock.jump(2 * DAY_MS - 61_000);
    t.watched.fail("deleteExpired", new Error("scripted"), 1);
    await t.clock.advance(61_000);
    await t.clock.advance(61_000);
    expect(await left()).toEqual([]);
    expect(t.logged.join("")).toContain("retention failed");
  });

  it("does not bring back a dedupe key: a repeat after it is a new event", async () => {
    await setup({ retentionDays: 1 });
    const idempotency = { key: "k", windowMs: 30 * DAY_MS };
    const first = await t.publish({ idempotency });
    await t.rest();
    await t.clock.jump(2 * DAY_MS);
    await run();
    const second = await t.publish({ idempotency });
    expect(second.id).not.toBe(first.id);
  });
});
