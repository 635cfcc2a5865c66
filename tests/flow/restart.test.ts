// Crashes between any two steps: the flow resumes by itself, with the same event id, and loses nothing.
import { afterEach, describe, expect, it } from "vitest";
import { createTestFlow, type TestFlow, type TestFlowOptions } from "../kit/flow.ts";
import type { CrashPoint } from "../kit/store.ts";

let t: TestFlow;
const setup = async (options: TestFlowOptions = {}) => (t = await createTestFlow(options));
afterEach(() => t.dispose());

const died = () => t.clock.advanceUntil(() => t.watched.isDead, { limitMs: 5000, what: "the crash" });

describe("a crash", () => {
  const points: [string, Omit<CrashPoint, "nth">, number][] = [
    ["between accept and dispatch", { method: "commitDispatch", when: "before" }, 1],
    ["between the commit of dispatch and its news", { method: "commitDispatch", when: "after" }, 1],
    ["between send and settle", { method: "settle", when: "before" }, 2],
    ["between the commit of settle and its news", { method: "settle", when: "after" }, 1],
  ];
  it.each(points)("%s delivers after the restart, with the same id and the same bytes", async (_, point, arrivals) => {
    await setup();
    await t.addReceiver();
    t.watched.crashAt({ ...point, nth: 1 });
    const event = await t.publish({ body: "the very bytes" });
    await died();
    await t.restart("crash");
    await t.rest();
    expect(t.transport.sent.map((sent) => [sent.eventId, sent.body.toString()])).toEqual(
      Array.from({ length: arrivals }, () => [event.id, "the very bytes"]),
    );
    expect(await t.deliveryOf(event)).toMatchObject({ state: "delivered", attempts: 1 });
  });

  it("while the attempt is under way sends it again", async () => {
    await setup({ respond: (_, n) => (n === 1 ? "hang" : { status: 200 }) });
    await t.addReceiver();
    const event = await t.publish();
    await t.clock.advance(100);
    expect(t.transport.sent).toHaveLength(1);
    await t.restart("crash");
    await t.rest();
    expect(t.transport.sent.map((sent) => sent.eventId)).toEqual([event.id, event.id]);
    expect(await t.deliveryOf(event)).toMatchObject({ state: "delivered" });
  });

  it("after the commit of an accept that was never answered still delivers the event", async () => {
    await setup();
    await t.addReceiver();
    t.watched.crashAt({ method: "accept", when: "after", nth: 1 });
    void t.publish({ body: "unanswered" });
    await died();
    await t.restart("crash");
    await t.rest();
    expect(t.transport.sent.map((sent) => sent.body.toString())).toEqual(["unanswered"]);
  });

  it("before the commit of an accept leaves nothing, as nothing was promised", async () => {
    await setup();
    await t.addReceiver();
    t.watched.crashAt({ method: "accept", when: "before", nth: 1 });
    void t.publish();
    await died();
    await t.restart("crash");
    await t.clock.advance(1000);
    expect(t.transport.sent).toEqual([]);
  });

  it("keeps the time of a waiting retry", async () => {
    await setup({ respond: (_, n) => ({ status: n === 1 ? 500 : 200 }) });
    await t.addReceiver({ retry: { scheduleMs: [0, 60_000], jitter: 0 } });
    const event = await t.publish();
    await t.rest();
    const { nextAttemptAt } = await t.deliveryOf(event);
    await t.restart("crash");
    await t.clock.advance(nextAttemptAt! - t.clock.now() - 100);
    expect(t.transport.sent).toHaveLength(1);
    await t.clock.advance(200);
    expect(t.transport.sent).toHaveLength(2);
    expect(t.transport.sent[1]!.at).toBeGreaterThanOrEqual(nextAttemptAt!);
  });

  it("with a backlog of thousands undispatched is worked off in order, each event once", async () => {
    await setup({ start: false });
    await t.addReceiver({ concurrencyMax: 1 });
    const ids: string[] = [];
    for (let i = 0; i < 3; i += 1)
      ids.push(...(await Promise.all(Array.from({ length: 700 }, () => t.publish()))).map((event) => event.id));
    await t.running.start();
    await t.rest(600_000);
    expect(t.transport.sent.map((sent) => sent.eventId)).toEqual(ids);
    expect(await t.deliveries({ state: "delivered" })).toHaveLength(2100);
  });

  it("after the clock was set back an hour delays nothing new and sends nothing twice", async () => {
    await setup();
    await t.addReceiver();
    const before = await t.publish();
    await t.rest();
    t.clock.setWall(t.clock.now() - 3_600_000);
    await t.restart("crash");
    const after = await t.publish();
    await t.rest();
    expect(t.transport.sent.map((sent) => sent.eventId)).toEqual([before.id, after.id]);
    expect(after.id > before.id).toBe(true);
  });
});

describe("a stop", () => {
  it("waits for attempts under way and commits their outcomes", async () => {
    await setup({ respond: () => ({ status: 200, afterMs: 300 }) });
    await t.addReceiver({ concurrencyMax: 5 });
    for (let i = 0; i < 12; i += 1) await t.publish();
    await t.clock.advance(100);
    expect(t.transport.inFlight).toBe(5);
    await t.restart("stop");
    expect(await t.deliveries({ state: "delivered" })).toHaveLength(5);
    await t.rest();
    expect(t.transport.sent).toHaveLength(12);
    expect(await t.deliveries({ state: "delivered" })).toHaveLength(12);
  });

  it("gives up after its grace, records nothing of what did not end, and sends it again at the next start", async () => {
    await setup({ respond: (_, n) => (n === 1 ? "hang" : { status: 200 }) });
    await t.addReceiver();
    const event = await t.publish();
    await t.clock.advance(100);
    const stoppedAt = t.clock.now();
    await t.restart("stop");
    expect(t.clock.now() - stoppedAt).toBeLessThan(1500);
    expect(await t.deliveryOf(event)).toMatchObject({ state: "waiting", attempts: 0 });
    await t.rest();
    expect(t.transport.sent.map((sent) => sent.eventId)).toEqual([event.id, event.id]);
  });

  it("records refused requests that had only been gathered", async () => {
    await setup();
    const source = await t.addSource({ enabled: false });
    await t.post(source);
    await t.restart("stop");
    expect((await t.store.requests({ limit: 10, cursor: null, since: null, until: null })).data).toMatchObject([
      { cause: "source_disabled" },
    ]);
  });
});

describe("the live tail", () => {
  it("tells of every step in its order, and of nothing once nobody listens", async () => {
    await setup({ respond: (_, n) => (n === 1 ? { status: 503 } : { status: 200 }) });
    await t.addReceiver();
    const source = await t.addSource({ dedupe: { by: "body", windowMs: 1000 } });
    const seen: string[] = [];
    const leave = t.running.flow.tail.listen((entry) => seen.push(entry.kind));
    await t.post(source);
    await t.rest();
    await t.post(source);
    await t.post({ ...source, token: "no" });
    expect(seen).toEqual(["event.accepted", "event.dispatched", "delivery.attempted", "request.duplicate", "request.rejected"]);
    leave();
    await t.publish();
    await t.rest();
    expect(seen).toHaveLength(5);
  });
});
