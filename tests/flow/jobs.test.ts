// Jobs on deliveries: what the dry run says is what happens; at the rate asked for, once, across cancels and crashes.
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import type { Delivery } from "../../src/core/delivery.ts";
import type { JobTask } from "../../src/core/job.ts";
import type { Script } from "../kit/scripted-transport.ts";
import { createTestFlow, type TestFlow, type TestFlowOptions } from "../kit/flow.ts";

let t: TestFlow;
const setup = async (options: TestFlowOptions = {}) => (t = await createTestFlow(options));
afterEach(() => t.dispose());

// A failure that is no fault of the receiver, so that no breaker parks what these tests wait for.
const FAILS: Script = { failure: "blocked_address" };
const ONCE = { retry: { scheduleMs: [0], jitter: 0 } };
const ended = (id: string) => async () => (await t.store.job(id))!.status !== "running";
const idsOf = (deliveries: Delivery[]) => deliveries.map(({ id }) => id).toSorted();
const inState = async (state: Delivery["state"], query: object = {}) => t.deliveries({ state, ...query });

/** A receiver that fails until it is mended, and what failed there. */
async function brokenReceiver(events: number, changes: object = ONCE) {
  const world = { answer: FAILS };
  await setup({ respond: () => world.answer });
  const receiver = await t.addReceiver({ adaptiveConcurrency: false, ...changes });
  // A subscription without a tenant takes no tenant's events.
  await t.addSubscription(receiver, { tenantId: "acme" });
  for (let i = 0; i < events; i += 1)
    await t.publish({ type: i % 2 === 0 ? "even.made" : "odd.made", tenantId: i % 3 === 0 ? "acme" : null });
  await t.clock.advanceUntil(async () => (await t.deliveries()).every(({ attempts, state }) => attempts > 0 || state === "dead"), {
    limitMs: 3_600_000,
  });
  await t.rest();
  t.transport.sent.length = 0;
  return { receiver, mend: () => (world.answer = { status: 200 }) };
}

async function run(task: JobTask, ratePerSecond: number | null = null) {
  const job = await t.job(task, ratePerSecond);
  await t.clock.advanceUntil(ended(job.id), { limitMs: 600_000 });
  return (await t.store.job(job.id))!;
}

describe("a recovery", () => {
  it("gives dead deliveries a fresh schedule, keeps their attempts, and stands among the replays", async () => {
    const { receiver, mend } = await brokenReceiver(6, { retry: { scheduleMs: [0, 1_000], jitter: 0 } });
    await t.clock.advanceUntil(async () => (await inState("dead")).length === 6, { limitMs: 3_600_000 });
    const dead = await inState("dead");
    mend();
    const job = await run({ kind: "recover", filter: { destinationId: receiver.id } });
    expect(job).toMatchObject({ status: "finished", deliveriesDone: 6, deliveriesTotal: 6 });
    await t.clock.advanceUntil(async () => (await inState("delivered")).length === 6, { limitMs: 3_600_000 });
    const after = await t.deliveries();
    expect(idsOf(after)).toEqual(idsOf(dead));
    for (const delivery of after) {
      expect(delivery).toMatchObject({ state: "delivered", trigger: "recover", jobId: null, attempts: 3, attemptsBefore: 2 });
      expect((await t.attempts(delivery.id)).map(({ number }) => number)).toEqual([1, 2, 3]);
    }
  });

  it("that meets a receiver which still fails makes the whole schedule again, once", async () => {
    const { receiver } = await brokenReceiver(1, { retry: { scheduleMs: [0, 1_000, 1_000], jitter: 0 } });
    await t.clock.advanceUntil(async () => (await inState("dead")).length === 1, { limitMs: 60_000 });
    const job = await run({ kind: "recover", filter: { destinationId: receiver.id } });
    await t.clock.advanceUntil(async () => (await inState("dead")).length === 1, { limitMs: 60_000 });
    expect(await inState("dead")).toMatchObject([
      { attempts: 6, attemptsBefore: 3, reason: "The attempt failed: blocked_address. That was attempt 3 of 3." },
    ]);
    expect(job).toMatchObject({ deliveriesDone: 1 });
  });

  it("takes up what failed in its time, by its tenant, type and source only", async () => {
    const { receiver } = await brokenReceiver(12);
    const dead = (await inState("dead")).toSorted((a, b) => a.seq - b.seq);
    await t.clock.advance(10_000);
    const since = t.clock.now();
    const late = await t.publish({ type: "late.made" });
    await t.clock.advanceUntil(async () => (await inState("dead")).length === 13, { limitMs: 3_600_000 });
    const plan = async (filter: object) => (await t.running.flow.planJob({ kind: "recover", filter }, t.clock.now())).deliveries;
    expect(await plan({ since })).toBe(1);
    expect(await plan({ until: since })).toBe(12);
    expect(await plan({ tenantId: "acme" })).toBe(4);
    expect(await plan({ type: "even.*" })).toBe(6);
    expect(await plan({ sourceId: "src_none" })).toBe(0);
    expect(await plan({ destinationId: receiver.id })).toBe(13);
    await t.pause(receiver.id);
    expect(await run({ kind: "recover", filter: { since } })).toMatchObject({ deliveriesDone: 1 });
    expect(await t.deliveryOf(late)).toMatchObject({ state: "waiting", trigger: "recover" });
    expect(idsOf(await inState("dead"))).toEqual(idsOf(dead));
  });

  it("takes up what still waits for another attempt only when asked to", async () => {
    const { receiver, mend } = await brokenReceiver(4, { retry: { scheduleMs: [0, 3_600_000], jitter: 0 } });
    expect(await t.running.flow.planJob({ kind: "recover", filter: { destinationId: receiver.id } }, t.clock.now())).toMatchObject({
      deliveries: 0,
    });
    mend();
    const job = await run({ kind: "recover", filter: { destinationId: receiver.id, includeWaiting: true } });
    expect(job).toMatchObject({ deliveriesDone: 4, deliveriesTotal: 4 });
    await t.clock.advanceUntil(async () => (await inState("delivered")).length === 4, { limitMs: 900_000 });
    expect(t.transport.sent).toHaveLength(4);
  });

  it("of one whose attempt is under way counts that attempt as the first of the fresh schedule", async () => {
    await setup({ respond: (_, n) => ({ status: n < 3 ? 500 : 200, afterMs: 5_000 }) });
    const { id } = await t.addReceiver({ retry: { scheduleMs: [0, 1_000], jitter: 0 } });
    const event = await t.publish();
    await t.clock.advanceUntil(() => t.transport.sent.length === 2, { limitMs: 30_000 });
    const job = await run({ kind: "recover", filter: { destinationId: id, includeWaiting: true } });
    expect(job).toMatchObject({ deliveriesDone: 1 });
    await t.clock.advanceUntil(async () => (await t.deliveryOf(event)).state !== "waiting", { limitMs: 60_000 });
    expect(await t.deliveryOf(event)).toMatchObject({ state: "delivered", attempts: 3, attemptsBefore: 1 });
    expect(t.transport.sent.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
  });

  it("leaves out what has expired and what has no destination any more", async () => {
    const { receiver } = await brokenReceiver(3);
    const other = await t.addReceiver({ ...ONCE });
    await t.pause(other.id);
    const bounded = await t.publish({ deliverBefore: t.clock.now() + 1_000 });
    await t.clock.advance(5_000);
    await t.rest();
    expect((await t.deliveries({ eventId: bounded.id })).map(({ state }) => state)).toEqual(["dead", "dead"]);
    const plan = () => t.running.flow.planJob({ kind: "recover", filter: { since: 0 } }, t.clock.now());
    expect(await plan()).toEqual({ events: null, deliveries: 3 });
    await t.removeDestination(receiver.id);
    expect(await plan()).toEqual({ events: null, deliveries: 0 });
  });

  it("keeps its rate over every second", async () => {
    const { receiver, mend } = await brokenReceiver(60);
    mend();
    const started = t.clock.now();
    await t.pause(receiver.id);
    const job = await t.job({ kind: "recover", filter: { destinationId: receiver.id } }, 20);
    for (let second = 1; second <= 2; second += 1) {
      await t.clock.advance(1_000);
      const recovered = (await inState("waiting")).length;
      expect(recovered, `after ${t.clock.now() - started} ms`).toBeGreaterThanOrEqual(second * 20 - 3);
      expect(recovered, `after ${t.clock.now() - started} ms`).toBeLessThanOrEqual(second * 20 + 3);
    }
    await t.clock.advanceUntil(ended(job.id), { limitMs: 5_000 });
    expect(await t.store.job(job.id)).toMatchObject({ status: "finished", deliveriesDone: 60 });
  });

  it.each(["before", "after"] as const)(
    "killed %s a step's commit goes on at the next start, and takes each delivery once",
    async (when) => {
      const { receiver } = await brokenReceiver(40);
      await t.pause(receiver.id);
      const dead = await inState("dead");
      const job = await t.job({ kind: "recover", filter: { destinationId: receiver.id } }, 50);
      t.watched.crashAt({ method: "stepJob", when, nth: 4 });
      await t.clock.advanceUntil(() => t.watched.isDead, { limitMs: 5_000 });
      expect(await t.store.job(job.id)).toMatchObject({ status: "running" });
      await t.restart("crash");
      await t.clock.advanceUntil(ended(job.id), { limitMs: 60_000 });
      expect(await t.store.job(job.id)).toMatchObject({ status: "finished", deliveriesDone: 40, deliveriesTotal: 40 });
      expect(idsOf(await inState("waiting"))).toEqual(idsOf(dead));
      expect((await inState("waiting")).every(({ attempts, attemptsBefore }) => attempts === 1 && attemptsBefore === 1)).toBe(true);
    },
  );

  it("that is cancelled recovers nothing more", async () => {
    const { receiver } = await brokenReceiver(30);
    await t.pause(receiver.id);
    const job = await t.job({ kind: "recover", filter: { destinationId: receiver.id } }, 10);
    await t.clock.advance(1_000);
    await t.watched.store.cancelJob(job.id, t.clock.now());
    const { deliveriesDone } = (await t.store.job(job.id))!;
    await t.clock.advance(10_000);
    expect(await t.store.job(job.id)).toMatchObject({ status: "cancelled", deliveriesDone });
    expect(await inState("waiting")).toHaveLength(deliveriesDone);
    expect(deliveriesDone).toBeGreaterThan(3);
    expect(deliveriesDone).toBeLessThan(20);
  });
});

describe("a cancel of deliveries", () => {
  async function waitingOnes(count: number) {
    await setup();
    const receiver = await t.addReceiver();
    await t.pause(receiver.id);
    for (let i = 0; i < count; i += 1) await t.publish({ type: i % 2 === 0 ? "even.made" : "odd.made" });
    await t.rest();
    return receiver;
  }

  it("ends what waits and matches, and nothing of it is sent", async () => {
    const { id } = await waitingOnes(10);
    const job = await run({ kind: "cancel", filter: { destinationId: id, type: "even.*" } });
    expect(job).toMatchObject({ status: "finished", deliveriesDone: 5, deliveriesTotal: 5 });
    expect(await inState("cancelled")).toMatchObject(
      Array.from({ length: 5 }, () => ({ reason: `Cancelled by ${job.id}.`, nextAttemptAt: null })),
    );
    await t.resume(id);
    await t.rest();
    expect(t.transport.sent).toHaveLength(5);
    expect(await inState("delivered")).toHaveLength(5);
  });

  it("takes a replay back, also what of it is queued in memory, and only that", async () => {
    await setup({ respond: () => ({ status: 200, afterMs: 1_000 }) });
    const receiver = await t.addReceiver({ concurrencyMax: 1 });
    for (let i = 0; i < 8; i += 1) await t.publish();
    await t.rest();
    t.transport.sent.length = 0;
    const replay = await run({ kind: "replay", filter: {} });
    const live = await t.publish();
    const job = await run({ kind: "cancel", filter: { jobId: replay.id } });
    await t.rest();
    const made = await t.deliveries({ jobId: replay.id });
    const cancelled = made.filter(({ state }) => state === "cancelled").length;
    expect(job.deliveriesDone).toBe(cancelled);
    expect(cancelled).toBeGreaterThanOrEqual(6);
    expect(t.transport.sent.filter(({ eventId }) => eventId === live.id)).toHaveLength(1);
    expect(t.transport.sent.length).toBeLessThanOrEqual(1 + (8 - cancelled) + 1);
    expect(await t.deliveries({ destinationId: receiver.id, state: "waiting" })).toEqual([]);
  });

  it.each(["before", "after"] as const)("killed %s its commit goes on at the next start", async (when) => {
    const { id } = await waitingOnes(450);
    const job = await t.job({ kind: "cancel", filter: { destinationId: id } });
    t.watched.crashAt({ method: "stepJob", when, nth: 2 });
    await t.clock.advanceUntil(() => t.watched.isDead, { limitMs: 5_000 });
    await t.restart("crash");
    await t.clock.advanceUntil(ended(job.id), { limitMs: 5_000 });
    expect(await t.store.job(job.id)).toMatchObject({ status: "finished", deliveriesDone: 450, deliveriesTotal: 450 });
    expect(await inState("cancelled")).toHaveLength(450);
  });
});

describe("a replay of what is missing", () => {
  it("brings an event only where no delivery of it has succeeded, waits or was cancelled, and once to each destination", async () => {
    const world: Record<string, Script> = {};
    await setup({ respond: (sent) => world[sent.eventId] ?? { status: 200 } });
    const receiver = await t.addReceiver(ONCE);
    const publish = async (answer?: Script) => {
      const held = t.clock.now();
      const event = await t.publish({ deliverAt: held + 1_000 });
      if (answer !== undefined) world[event.id] = answer;
      return event;
    };
    const [dead, delivered] = [await publish(FAILS), await publish()];
    await t.clock.advance(2_000);
    await t.rest();
    const cancelled = await publish();
    await t.rest();
    await t.cancel((await t.deliveryOf(cancelled)).id);
    const waiting = await t.publish({ deliverAt: t.clock.now() + 3_600_000 });
    await t.rest();
    // Two ways to a destination that was not there then.
    const late = await t.addReceiver(ONCE);
    await t.addSubscription(late);
    delete world[dead.id];
    t.transport.sent.length = 0;

    const first = await run({ kind: "replay", filter: { missing: true, destinationId: receiver.id } });
    expect(first).toMatchObject({ eventsSeen: 4, eventsTotal: 4, deliveriesDone: 1, deliveriesTotal: 1 });
    const second = await run({ kind: "replay", filter: { missing: true } });
    expect(second).toMatchObject({ deliveriesDone: 4, deliveriesTotal: 4 });
    await t.rest();
    const to = (url: string) => t.transport.sent.filter((sent) => sent.url === url).map((sent) => sent.eventId);
    expect(to(receiver.url)).toEqual([dead.id]);
    expect(to(late.url).toSorted()).toEqual([dead.id, delivered.id, cancelled.id, waiting.id].toSorted());
    expect(await run({ kind: "replay", filter: { missing: true } })).toMatchObject({ deliveriesDone: 0, deliveriesTotal: 0 });
  });

  it.each(["before", "after"] as const)("killed %s a step's commit doubles and skips nothing", async (when) => {
    await setup();
    const events: string[] = [];
    for (let i = 0; i < 30; i += 1) events.push((await t.publish()).id);
    await t.rest();
    const late = await t.addReceiver();
    const job = await t.replay({ missing: true }, 50);
    t.watched.crashAt({ method: "stepJob", when, nth: 3 });
    await t.clock.advanceUntil(() => t.watched.isDead, { limitMs: 5_000 });
    await t.restart("crash");
    await t.clock.advanceUntil(ended(job.id), { limitMs: 60_000 });
    await t.rest();
    expect(t.transport.sent.map(({ eventId }) => eventId).toSorted()).toEqual(events.toSorted());
    expect(await t.deliveries({ destinationId: late.id })).toHaveLength(30);
  });
});

const answerOf = (status: number): Script => (status === 0 ? FAILS : { status });

describe("for any mix of deliveries and any filter", () => {
  const statuses = fc.array(fc.constantFrom(200, 404, 0, 0), { minLength: 1, maxLength: 25 });
  const bounds = fc.record({ since: fc.option(fc.nat(20), { nil: undefined }), until: fc.option(fc.nat(20), { nil: undefined }) });
  const narrow = fc.record(
    { type: fc.constantFrom("even.*", "odd.made"), tenantId: fc.constant("acme"), destination: fc.nat(1) },
    { requiredKeys: [] },
  );
  const kind = fc.constantFrom("recover", "recover waiting", "cancel", "replay", "replay missing");

  it("the dry run's counts are what then happens", async () => {
    await fc.assert(
      fc
        .asyncProperty(statuses, bounds, narrow, kind, async (answers, { since, until }, { destination, ...plain }, of) => {
          await setup({ respond: (sent) => answerOf(answers[Number(sent.body.toString()) % answers.length]!) });
          const retry = [
            { scheduleMs: [0], jitter: 0 },
            { scheduleMs: [0, 86_400_000], jitter: 0, statuses: ["!404"] },
          ];
          const receivers = [
            await t.addReceiver({ retry: retry[0]! }),
            await t.addReceiver({ retry: retry[1]! }, { eventTypes: ["even.*"] }),
          ];
          await t.addSubscription(receivers[0]!, { tenantId: "acme" });
          const began = t.clock.now();
          for (let i = 0; i < answers.length; i += 1) {
            await t.publish({ type: i % 2 === 0 ? "even.made" : "odd.made", tenantId: i % 3 === 0 ? "acme" : null, body: String(i) });
            await t.clock.advance(100);
          }
          await t.rest();
          for (const { id } of receivers) await t.pause(id);
          // A pause is an event too, which comes in behind it: what is counted must not grow between the plan and the job.
          await t.clock.settle();
          const time = (at: number | undefined) => (at === undefined ? {} : at * 100 + began);
          const filter = {
            ...plain,
            ...(since === undefined ? {} : { since: time(since) as number }),
            ...(until === undefined ? {} : { until: time(until) as number }),
            ...(destination === undefined ? {} : { destinationId: receivers[destination]!.id }),
            ...(of === "recover waiting" ? { includeWaiting: true } : {}),
            ...(of === "replay missing" ? { missing: true } : {}),
          };
          const task = { kind: of.split(" ")[0], filter } as JobTask;
          const before = await t.deliveries();
          const plan = await t.running.flow.planJob(task, t.clock.now());
          expect(await t.deliveries()).toEqual(before);
          const job = await run(task);
          expect(job).toMatchObject({ status: "finished", deliveriesDone: plan.deliveries, deliveriesTotal: plan.deliveries });
          if (job.kind === "replay") expect([job.eventsSeen, job.eventsTotal]).toEqual([plan.events, plan.events]);
          // The ledger is the store's own: what is different now.
          const old = new Map(before.map((delivery) => [delivery.id, JSON.stringify(delivery)]));
          const changed = (await t.deliveries()).filter((delivery) => old.get(delivery.id) !== JSON.stringify(delivery));
          expect(changed).toHaveLength(plan.deliveries);
        })
        .afterEach(() => t.dispose()),
      { numRuns: 12 },
    );
    await setup();
  }, 120_000);
});
