// Expiry: what is of no use any more ends as dead in time, without an attempt, wherever it waits.
import { afterEach, describe, expect, it } from "vitest";
import { createTestFlow, type TestFlow, type TestFlowOptions } from "../kit/flow.ts";

let t: TestFlow;
const setup = async (options: TestFlowOptions = {}) => (t = await createTestFlow(options));
afterEach(() => t.dispose());

const expired = { state: "dead", attempts: 0, nextAttemptAt: null, reason: expect.stringContaining("expired") };
const isDead = (event: { id: string }) => async () => (await t.deliveryOf(event)).state === "dead";

describe("a delivery that is not tried in time", () => {
  it("for a paused destination ends at its time, and is not sent when the destination comes back", async () => {
    await setup();
    const { id } = await t.addReceiver();
    await t.pause(id);
    const [short, long] = [await t.publish({ deliverBefore: t.clock.now() + 60_000 }), await t.publish()];
    await t.rest();
    await t.clock.advance(59_000);
    expect(await t.deliveryOf(short)).toMatchObject({ state: "waiting", expiresAt: short.deliverBefore });
    await t.clock.advance(2_000);
    expect(await t.deliveryOf(short)).toMatchObject({ ...expired, finishedAt: short.deliverBefore });
    await t.resume(id);
    await t.rest();
    expect(t.transport.sent.map((sent) => sent.eventId)).toEqual([long.id]);
  });

  it("behind a slow one in the line ends although a slot comes free later", async () => {
    await setup({ respond: () => ({ status: 200, afterMs: 10_000 }) });
    await t.addReceiver({ concurrencyMax: 1 });
    const first = await t.publish();
    const second = await t.publish({ deliverBefore: t.clock.now() + 5_000 });
    const third = await t.publish({ deliverBefore: t.clock.now() + 15_000 });
    await t.clock.advance(6_000);
    expect(await t.deliveryOf(second)).toMatchObject(expired);
    await t.clock.advance(20_000);
    expect(t.transport.sent.map((sent) => sent.eventId)).toEqual([first.id, third.id]);
    expect(await t.deliveryOf(third)).toMatchObject({ state: "delivered" });
  });

  it("because nothing ran meanwhile ends at the next start, counted from when its event came", async () => {
    await setup({ start: false });
    await t.addReceiver({}, { expireAfterMs: 60_000 });
    const [old, bounded] = [await t.publish(), await t.publish({ deliverBefore: t.clock.now() + 30_000 })];
    await t.clock.advance(61_000);
    const fresh = await t.publish();
    await t.running.start();
    await t.rest();
    expect(await t.deliveryOf(old)).toMatchObject(expired);
    expect(await t.deliveryOf(bounded)).toMatchObject(expired);
    expect(t.transport.sent.map((sent) => sent.eventId)).toEqual([fresh.id]);
  });

  it("ends after a crash as well, also when its time passes while nothing runs", async () => {
    await setup();
    const { id } = await t.addReceiver({}, { expireAfterMs: 60_000 });
    await t.pause(id);
    const event = await t.publish();
    await t.rest();
    t.watched.crashAt({ method: "expireDeliveries", when: "before", nth: 1 });
    await t.clock.advanceUntil(() => t.watched.isDead, { limitMs: 120_000 });
    expect(await t.deliveryOf(event)).toMatchObject({ state: "waiting" });
    await t.restart("crash");
    await t.clock.advanceUntil(isDead(event), { limitMs: 5_000 });
    expect(await t.deliveryOf(event)).toMatchObject(expired);
    expect(t.transport.sent).toEqual([]);
  });

  it("ends when a store that failed for a while is back", async () => {
    await setup();
    const { id } = await t.addReceiver({}, { expireAfterMs: 1_000 });
    await t.pause(id);
    const event = await t.publish();
    await t.rest();
    t.watched.fail("expireDeliveries", new Error("scripted"), 3);
    await t.clock.advanceUntil(isDead(event), { limitMs: 20_000 });
    expect(t.logged.join("")).toContain("scripted");
  });
});

describe("an attempt that began in time", () => {
  it("may end after it, and counts", async () => {
    await setup({ respond: () => ({ status: 200, afterMs: 5_000 }) });
    await t.addReceiver({}, { expireAfterMs: 1_000 });
    const event = await t.publish();
    await t.clock.advance(3_000);
    expect(await t.deliveryOf(event)).toMatchObject({ state: "waiting" });
    await t.clock.advance(3_000);
    await t.rest();
    expect(await t.deliveryOf(event)).toMatchObject({ state: "delivered", attempts: 1 });
  });

  it("and fails is the last when the next would come too late", async () => {
    await setup({ respond: () => ({ status: 500 }) });
    await t.addReceiver({ retry: { scheduleMs: [0, 1_000, 10_000], jitter: 0 } }, { expireAfterMs: 5_000 });
    const event = await t.publish();
    await t.clock.advanceUntil(isDead(event), { limitMs: 10_000 });
    const delivery = await t.deliveryOf(event);
    expect(delivery).toMatchObject({ state: "dead", attempts: 2, reason: expect.stringMatching(/^The receiver answered 500\..* expired/) });
    expect(delivery.finishedAt).toBeLessThan(delivery.expiresAt!);
  });
});

describe("the bound", () => {
  it("of a subscription counts from when the first attempt was due, and the event's own is never passed", async () => {
    await setup();
    const receiver = await t.addReceiver({}, { delayMs: 10_000, expireAfterMs: 5_000 });
    await t.pause(receiver.id);
    const now = t.clock.now();
    const later = now + 100_000;
    const events = [await t.publish(), await t.publish({ deliverAt: later }), await t.publish({ deliverBefore: now + 12_000 })];
    await t.rest();
    const bounds = await Promise.all(events.map(async (event) => (await t.deliveryOf(event)).expiresAt! - event.receivedAt));
    expect(bounds).toEqual([15_000, later + 15_000 - events[1]!.receivedAt, now + 12_000 - events[2]!.receivedAt]);
  });

  it("is lifted by a retry by hand, and counts anew for a replay", async () => {
    await setup();
    const { id } = await t.addReceiver({}, { expireAfterMs: 1_000 });
    await t.pause(id);
    const event = await t.publish();
    await t.rest();
    await t.clock.advanceUntil(isDead(event), { limitMs: 5_000 });
    await t.resume(id);
    await t.retry((await t.deliveryOf(event)).id);
    await t.rest();
    expect(await t.deliveryOf(event)).toMatchObject({ state: "delivered", expiresAt: null });
    const job = await t.replay({});
    await t.clock.advance(500);
    expect(await t.deliveries({ jobId: job.id })).toMatchObject([{ state: "delivered", expiresAt: expect.any(Number) }]);
  });

  it("of an event holds for its replays too: they end as expired", async () => {
    await setup();
    await t.addReceiver();
    await t.publish({ deliverBefore: t.clock.now() + 1_000 });
    await t.rest();
    await t.clock.advance(2_000);
    const job = await t.replay({});
    await t.clock.advance(500);
    expect(await t.deliveries({ jobId: job.id })).toMatchObject([expired]);
    expect(t.transport.sent).toHaveLength(1);
  });
});
