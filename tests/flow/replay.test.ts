// Replay jobs: what the dry run says is what happens, at the rate asked for, once, across cancels and crashes.
import { afterEach, describe, expect, it } from "vitest";
import type { ReplayFilter } from "../../src/core/job.ts";
import { createTestFlow, type TestFlow, type TestFlowOptions } from "../kit/flow.ts";

let t: TestFlow;
const setup = async (options: TestFlowOptions = {}) => (t = await createTestFlow(options));
afterEach(() => t.dispose());

const finished = (id: string) => async () => (await t.store.job(id))!.status !== "running";

/** Mixed events, delivered already, with the trace of that forgotten. */
async function history(count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let i = 0; i < count; i += 1) {
    ids.push((await t.publish({ type: i % 2 === 0 ? "even.made" : "odd.made", key: `k${i % 3}` })).id);
    if (i % 10 === 9) await t.clock.advance(1000);
  }
  await t.rest();
  t.transport.sent.length = 0;
  return ids;
}

describe("a replay", () => {
  const filters: [string, (ids: string[]) => ReplayFilter, (index: number) => boolean][] = [
    ["of everything", () => ({}), () => true],
    ["of a type", () => ({ type: "even.*" }), (i) => i % 2 === 0],
    ["of a key", () => ({ key: "k1" }), (i) => i % 3 === 1],
    ["of a time", () => ({ since: t.clock.now() - 2000, until: t.clock.now() - 1000 }), (i) => i >= 20 && i < 30],
    ["of named events", (ids) => ({ eventIds: [ids[3]!, "evt_nonsense", ids[7]!] }), (i) => i === 3 || i === 7],
  ];
  it.each(filters)("%s delivers what the dry run counted, marked as its own", async (_, filterOf, expected) => {
    await setup();
    await t.addReceiver();
    const ids = await history(37);
    const wanted = ids.filter((_id, i) => expected(i)).toSorted();
    const filter = filterOf(ids);
    expect(await t.running.flow.planJob({ kind: "replay", filter }, t.clock.now())).toEqual({
      events: wanted.length,
      deliveries: wanted.length,
    });
    expect(t.transport.sent).toEqual([]);
    const job = await t.replay(filter);
    await t.clock.advanceUntil(finished(job.id));
    await t.rest();
    expect(t.transport.sent.map((sent) => sent.eventId).toSorted()).toEqual(wanted);
    expect(await t.store.job(job.id)).toMatchObject({
      status: "finished",
      eventsSeen: wanted.length,
      deliveriesDone: wanted.length,
      eventsTotal: wanted.length,
      finishedAt: expect.any(Number),
    });
    const made = await t.deliveries({ jobId: job.id });
    expect(made).toHaveLength(wanted.length);
    expect(made.every((delivery) => delivery.trigger === "replay" && delivery.state === "delivered")).toBe(true);
  });

  it("goes through today's subscriptions: a later one is backfilled, and only it when it is named", async () => {
    await setup();
    await t.addReceiver();
    const ids = await history(5);
    await t.clock.advance(1000);
    const late = await t.addDestination();
    const subscription = await t.addSubscription(late, { eventTypes: ["even.*"] });
    const job = await t.replay({ subscriptionId: subscription.id });
    await t.clock.advanceUntil(finished(job.id));
    await t.rest();
    expect(t.transport.sent.map((sent) => [sent.url, sent.eventId])).toEqual([0, 2, 4].map((i) => [late.url, ids[i]!]));
    expect(await t.store.job(job.id)).toMatchObject({ eventsSeen: 5, deliveriesDone: 3 });
  });

  it("to one destination leaves the others alone", async () => {
    await setup();
    const [first] = [await t.addReceiver(), await t.addReceiver()];
    await history(4);
    await t.replay({ destinationId: first.id });
    await t.clock.advance(1000);
    expect(t.transport.sent.map((sent) => sent.url)).toEqual(Array.from({ length: 4 }, () => first.url));
  });

  it("ends at the time it was made, although traffic goes on", async () => {
    await setup();
    await t.addReceiver();
    await history(10);
    const job = await t.replay({}, 10);
    for (let i = 0; i < 20; i += 1) {
      await t.clock.advance(100);
      await t.publish();
    }
    await t.clock.advanceUntil(finished(job.id));
    expect(await t.store.job(job.id)).toMatchObject({ eventsSeen: 10, eventsTotal: 10 });
  });

  it("keeps its rate over every second, and lets live events pass meanwhile", async () => {
    await setup();
    await t.addReceiver();
    await history(60);
    const started = t.clock.now();
    const job = await t.replay({}, 20);
    await t.clock.advance(1000);
    const live = await t.publish();
    await t.clock.advance(100);
    expect((await t.deliveries({ eventId: live.id }))[0]).toMatchObject({ state: "delivered" });
    await t.clock.advanceUntil(finished(job.id));
    await t.rest();
    const times = t.transport.sent.filter((sent) => sent.eventId !== live.id).map((sent) => sent.at - started);
    expect(times).toHaveLength(60);
    for (let second = 0; second < 3; second += 1) {
      const inSecond = times.filter((at) => at >= second * 1000 && at < (second + 1) * 1000).length;
      expect(inSecond, `second ${second}`).toBeGreaterThanOrEqual(16);
      expect(inSecond, `second ${second}`).toBeLessThanOrEqual(22);
    }
  });

  it("that is cancelled makes nothing more, and what it made is kept", async () => {
    await setup();
    await t.addReceiver();
    await history(50);
    const job = await t.replay({}, 10);
    await t.clock.advance(1000);
    const cancelled = await t.watched.store.cancelJob(job.id, t.clock.now());
    t.running.flow.jobChanged(cancelled!);
    const made = (await t.deliveries({ jobId: job.id })).length;
    expect(made).toBeGreaterThan(5);
    expect(made).toBeLessThan(20);
    await t.clock.advance(10_000);
    expect(await t.deliveries({ jobId: job.id })).toHaveLength(made);
    expect(await t.store.job(job.id)).toMatchObject({ status: "cancelled", deliveriesDone: made });
  });

  it.each(["before", "after"] as const)(
    "killed %s a step's commit goes on at the next start, and doubles and skips nothing",
    async (when) => {
      await setup();
      await t.addReceiver();
      const ids = await history(50);
      const job = await t.replay({}, 50);
      t.watched.crashAt({ method: "stepJob", when, nth: 4 });
      await t.clock.advanceUntil(() => t.watched.isDead, { limitMs: 5000 });
      expect(await t.store.job(job.id)).toMatchObject({ status: "running" });
      await t.restart("crash");
      await t.clock.advanceUntil(finished(job.id));
      await t.rest();
      const made = await t.deliveries({ jobId: job.id });
      expect(made.map((delivery) => delivery.eventId).toSorted()).toEqual(ids.toSorted());
      expect(await t.store.job(job.id)).toMatchObject({ eventsSeen: 50, deliveriesDone: 50 });
    },
  );

  it("goes on after a stop, and after a store that failed for a while", async () => {
    await setup();
    await t.addReceiver();
    await history(30);
    const job = await t.replay({}, 20);
    await t.clock.advance(300);
    await t.restart("stop");
    t.watched.fail("stepJob", new Error("scripted"), 2);
    await t.clock.advanceUntil(finished(job.id));
    expect(await t.store.job(job.id)).toMatchObject({ status: "finished", deliveriesDone: 30 });
    expect(await t.deliveries({ jobId: job.id })).toHaveLength(30);
  });

  it("passes over events that retention has taken", async () => {
    await setup();
    await t.addReceiver();
    const ids = await history(10);
    await t.store.deleteExpired({ before: t.clock.now() + 1, sourceId: null, exceptSourceIds: [], limit: 4 });
    const job = await t.replay({ eventIds: ids });
    await t.clock.advanceUntil(finished(job.id));
    expect(await t.store.job(job.id)).toMatchObject({ status: "finished", deliveriesDone: 6 });
  });
});
