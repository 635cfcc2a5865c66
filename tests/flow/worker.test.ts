// Liveness of the worker: whatever order answers come in, no delivery is forgotten, sent twice or sent after its end.
import { afterEach, describe, expect, it } from "vitest";
import { createTestFlow, type TestFlow, type TestFlowOptions } from "../kit/flow.ts";

let t: TestFlow;
const setup = async (options: TestFlowOptions = {}) => (t = await createTestFlow(options));
afterEach(() => t.dispose());

describe("a backlog larger than the window", () => {
  it("goes on when every attempt of a full window fails before one of them is recorded", async () => {
    await setup({ respond: () => ({ failure: "invalid_request" }), inFlightMax: 3000 });
    const receiver = await t.addReceiver({ concurrencyMax: 3000 });
    await t.pause(receiver.id);
    await Promise.all(Array.from({ length: 3000 }, () => t.publish()));
    await t.rest();
    const held = t.watched.hold("settle");
    await t.resume(receiver.id);
    await t.clock.advanceUntil(() => held.held === 2, { limitMs: 1000, what: "two batches of outcomes under way" });
    await t.clock.advance(100);
    held.release();
    await t.clock.advanceUntil(() => t.transport.sent.length >= 3000, { limitMs: 2000, what: "a first attempt of all 3000" });
    expect(new Set(t.transport.sent.map((sent) => sent.eventId)).size).toBe(3000);
  });

  it("goes on after a person cancelled what was in memory", async () => {
    await setup({ inFlightMax: 1, respond: (_, n) => (n === 1 ? "hang" : { status: 200 }) });
    await t.addReceiver({}, { eventTypes: ["blocker"] });
    const receiver = await t.addReceiver({}, { eventTypes: ["test.event"] });
    await t.publish({ type: "blocker" });
    await t.clock.advance(20);
    const events = await Promise.all(Array.from({ length: 2600 }, () => t.publish()));
    await t.clock.advance(200);
    const waiting = (await t.deliveries({ destinationId: receiver.id })).toReversed();
    const cancelled = waiting.slice(0, 2500).map((delivery) => delivery.id);
    for (let i = 0; i < cancelled.length; i += 250) await t.cancel(...cancelled.slice(i, i + 250));
    await t.clock.advance(21_000);
    await t.clock.advanceUntil(() => t.transport.sent.length >= 101, { limitMs: 2000, what: "the 100 that were not cancelled" });
    expect(new Set(t.transport.sent.slice(1).map((sent) => sent.eventId))).toEqual(new Set(events.slice(2500).map((event) => event.id)));
  });
});

describe("commands that race with what is under way", () => {
  it("a retry that comes between the commit of an attempt and its news is made", async () => {
    await setup({ respond: (_, n) => ({ status: n === 1 ? 500 : 200 }) });
    await t.addReceiver({ retry: { scheduleMs: [0], jitter: 0 } });
    const event = await t.publish();
    const held = t.watched.hold("settle");
    await t.clock.advanceUntil(() => held.held === 1);
    const { id, state } = await t.deliveryOf(event);
    expect(state).toBe("dead");
    await t.retry(id);
    await t.clock.settle();
    held.release();
    await t.clock.advance(100);
    expect(t.transport.sent).toHaveLength(2);
    expect(await t.deliveryOf(event)).toMatchObject({ state: "delivered", attempts: 2 });
  });

  it("a delivery cancelled while it is being fetched is not sent", async () => {
    await setup();
    const receiver = await t.addReceiver();
    await t.pause(receiver.id);
    const event = await t.publish();
    await t.rest();
    const held = t.watched.hold("eventsBySeq");
    await t.resume(receiver.id);
    await t.clock.advanceUntil(() => held.held === 1);
    await t.cancel((await t.deliveryOf(event)).id);
    await t.clock.settle();
    held.release();
    await t.clock.advance(100);
    expect(t.transport.sent).toEqual([]);
    expect(await t.deliveryOf(event)).toMatchObject({ state: "cancelled", attempts: 0 });
  });

  it("a delivery that a fetch and a dispatch both hand over is sent once", async () => {
    await setup();
    const receiver = await t.addReceiver();
    await t.pause(receiver.id);
    await t.publish();
    await t.rest();
    const reads = t.watched.hold("eventsBySeq");
    const dispatches = t.watched.hold("commitDispatch");
    const event = await t.publish();
    await t.clock.advanceUntil(() => dispatches.held === 1);
    // The fetch of the resumed lane sees the new delivery in the store before dispatch hears of its own commit.
    await t.resume(receiver.id);
    await t.clock.advanceUntil(() => reads.held === 1);
    dispatches.release();
    await t.clock.advance(200);
    expect(await t.deliveryOf(event)).toMatchObject({ state: "delivered" });
    reads.release();
    await t.clock.advance(200);
    expect(t.transport.sent.filter((sent) => sent.eventId === event.id)).toHaveLength(1);
    expect(t.transport.sent).toHaveLength(2);
  });

  it("an event that the store shows before its own accept is answered is dispatched once", async () => {
    await setup({ start: false });
    await t.addReceiver();
    const held = t.watched.hold("accept");
    const publishing = t.publish();
    await t.clock.advanceUntil(() => held.held === 1);
    await t.running.start();
    await t.clock.advance(100);
    held.release();
    await publishing;
    await t.clock.advance(100);
    expect(await t.deliveries()).toHaveLength(1);
    expect(t.transport.sent).toHaveLength(1);
  });
});

describe("destinations that go", () => {
  it("deliveries dispatched while their destination is deleted are cancelled with that reason", async () => {
    await setup();
    const receiver = await t.addReceiver();
    const held = t.watched.hold("commitDispatch", "before");
    const event = await t.publish();
    await t.clock.advanceUntil(() => held.held === 1);
    await t.removeDestination(receiver.id);
    await t.clock.settle();
    held.release();
    await t.clock.advance(100);
    expect(await t.deliveryOf(event)).toMatchObject({ state: "cancelled", reason: "The destination was deleted." });
    expect(t.transport.sent).toEqual([]);
  });

  it("a retry of a delivery whose destination is gone ends cancelled with that reason", async () => {
    await setup({ respond: () => ({ status: 500 }) });
    const receiver = await t.addReceiver({ retry: { scheduleMs: [0], jitter: 0 } });
    const event = await t.publish();
    await t.rest();
    await t.removeDestination(receiver.id);
    await t.retry((await t.deliveryOf(event)).id);
    await t.clock.advance(100);
    expect(await t.deliveryOf(event)).toMatchObject({ state: "cancelled", reason: "The destination was deleted." });
  });
});

describe("a store that fails for a while", () => {
  it.each(["dueDeliveries", "eventsBySeq", "settle", "commitDispatch", "undispatched"] as const)(
    "%s: the flow goes on by itself",
    async (method) => {
      await setup();
      const receiver = await t.addReceiver();
      await t.pause(receiver.id);
      await t.publish();
      await t.rest();
      t.watched.fail(method, new Error("scripted"), 2);
      await t.resume(receiver.id);
      await t.publish();
      await t.clock.advanceUntil(async () => (await t.deliveries({ state: "delivered" })).length === 2, { limitMs: 10_000 });
      expect(new Set(t.transport.sent.map((sent) => sent.eventId)).size).toBe(2);
    },
  );

  it("a destination that could not be switched off takes nothing else down with it", async () => {
    await setup({ respond: () => ({ status: 410 }) });
    const receiver = await t.addReceiver();
    t.watched.fail("applyConfig", new Error("scripted"), 1);
    const event = await t.publish();
    await t.rest();
    expect(await t.deliveryOf(event)).toMatchObject({ state: "dead" });
    await t.publish();
    await t.rest();
    expect(t.catalog.destination(receiver.id)?.state.kind).toBe("disabled");
    expect(t.running.worker.stats()).toEqual({ inFlight: 0, queued: 0, unsettled: 0 });
  });
});

describe("memory that large bodies fill", () => {
  it("a destination that hangs on large bodies does not keep small ones from another, and nothing spins", async () => {
    await setup({ respond: (sent) => (sent.url.includes("slow") ? "hang" : { status: 200 }), inFlightMax: 100 });
    const once = { deadlineMs: 1000, connectTimeoutMs: 1000, retry: { scheduleMs: [0], jitter: 0 } };
    await t.addReceiver({ url: "https://slow.example/", concurrencyMax: 20, ...once }, { eventTypes: ["large"] });
    await t.addReceiver({ url: "https://quick.example/" }, { eventTypes: ["small"] });
    const large = new Uint8Array(9 * 1024 ** 2);
    for (let i = 0; i < 7; i += 1) await t.publish({ type: "large", body: large });
    await t.clock.advance(100);
    await t.publish({ type: "small", body: new Uint8Array(4 * 1024 ** 2) });
    await t.publish({ type: "small", body: new Uint8Array(4 * 1024 ** 2) });
    await t.clock.advanceUntil(() => t.transport.sent.filter((sent) => sent.url.includes("quick")).length === 2, { limitMs: 500 });
    await t.clock.advanceUntil(() => t.transport.sent.filter((sent) => sent.url.includes("slow")).length === 7, {
      limitMs: 3000,
      stepMs: 100,
    });
    await t.rest();
    expect((await t.deliveries()).map((delivery) => delivery.state).toSorted()).toEqual([
      ...Array<string>(7).fill("dead"),
      "delivered",
      "delivered",
    ]);
  });

  it("a backlog of large bodies is read a few at a time", async () => {
    await setup({ respond: () => "hang" });
    const receiver = await t.addReceiver({ concurrencyMax: 1 });
    await t.pause(receiver.id);
    for (let i = 0; i < 6; i += 1) await t.publish({ body: new Uint8Array(5 * 1024 ** 2) });
    await t.rest();
    const fresh = { destinationId: receiver.id, class: "fresh" as const, limit: 500, skipSeqs: [] };
    const due = await t.store.dueDeliveries({ ...fresh, now: t.clock.now() });
    expect(due.deliveries).toHaveLength(3);
    expect(due.nextDueAt).toBeLessThanOrEqual(t.clock.now());
    const single = await t.publish({ body: new Uint8Array(20 * 1024 ** 2) });
    await t.rest();
    const skipped = (await t.deliveries()).filter((delivery) => delivery.eventId !== single.id).map((delivery) => delivery.seq);
    expect(
      (await t.store.dueDeliveries({ ...fresh, now: t.clock.now(), skipSeqs: skipped })).deliveries.map((delivery) => delivery.eventId),
    ).toEqual([single.id]);
  });
});
