// What people do to deliveries and destinations: retry, cancel, pause, resume, change, delete.
import { afterEach, describe, expect, it } from "vitest";
import { createTestFlow, type TestFlow, type TestFlowOptions } from "../kit/flow.ts";

let t: TestFlow;
const setup = async (options: TestFlowOptions = {}) => (t = await createTestFlow(options));
afterEach(() => t.dispose());

const ONCE = { retry: { scheduleMs: [0], jitter: 0 } };

describe("retry", () => {
  it("of a dead delivery makes one more attempt, numbered on, and can succeed", async () => {
    await setup({ respond: (_, n) => ({ status: n === 1 ? 500 : 200 }) });
    await t.addReceiver(ONCE);
    const event = await t.publish();
    await t.rest();
    const dead = await t.deliveryOf(event);
    expect(dead.state).toBe("dead");
    await t.retry(dead.id);
    await t.rest();
    expect(await t.deliveryOf(event)).toMatchObject({ state: "delivered", attempts: 2, trigger: "manual" });
    expect((await t.attempts(dead.id)).map((attempt) => attempt.number)).toEqual([1, 2]);
  });

  it("of a dead delivery that fails again ends dead after that one attempt", async () => {
    await setup({ respond: () => ({ status: 500 }) });
    await t.addReceiver(ONCE);
    const event = await t.publish();
    await t.rest();
    await t.retry((await t.deliveryOf(event)).id);
    await t.rest();
    expect(await t.deliveryOf(event)).toMatchObject({ state: "dead", attempts: 2 });
  });

  it("of a delivered one sends it again, with the same id", async () => {
    await setup();
    await t.addReceiver();
    const event = await t.publish();
    await t.rest();
    await t.retry((await t.deliveryOf(event)).id);
    await t.rest();
    expect(t.transport.sent.map((sent) => sent.eventId)).toEqual([event.id, event.id]);
    expect(await t.deliveryOf(event)).toMatchObject({ state: "delivered", attempts: 2 });
  });

  it("of a waiting one does not wait for its time", async () => {
    await setup({ respond: (_, n) => ({ status: n === 1 ? 503 : 200 }) });
    await t.addReceiver();
    const event = await t.publish();
    await t.rest();
    await t.retry((await t.deliveryOf(event)).id);
    await t.clock.advance(100);
    expect(await t.deliveryOf(event)).toMatchObject({ state: "delivered", attempts: 2 });
  });

  it("of one that is in flight neither doubles the attempt nor loses the delivery", async () => {
    await setup({ respond: (_, n) => (n === 1 ? { status: 500, afterMs: 1000 } : { status: 200 }) });
    await t.addReceiver(ONCE);
    const event = await t.publish();
    await t.clock.advance(100);
    await t.retry((await t.deliveryOf(event)).id);
    await t.clock.advance(100);
    expect(t.transport.sent).toHaveLength(1);
    await t.clock.advance(2000);
    const { state, attempts } = await t.deliveryOf(event);
    expect(attempts).toBe(t.transport.sent.length);
    expect(["dead", "delivered"]).toContain(state);
  });

  it("of a cancelled one does nothing", async () => {
    await setup({ respond: () => ({ status: 500 }) });
    await t.addReceiver();
    const event = await t.publish();
    await t.rest();
    const { id } = await t.deliveryOf(event);
    await t.cancel(id);
    expect(await t.retry(id)).toEqual([]);
    await t.clock.advance(10_000);
    expect(t.transport.sent).toHaveLength(1);
  });
});

describe("cancel", () => {
  it("of a waiting delivery means no attempt any more, also after a restart", async () => {
    await setup({ respond: () => ({ status: 500 }) });
    await t.addReceiver();
    const event = await t.publish();
    await t.rest();
    await t.cancel((await t.deliveryOf(event)).id);
    await t.restart("crash");
    await t.clock.jump(86_400_000);
    await t.rest();
    expect(t.transport.sent).toHaveLength(1);
    expect(await t.deliveryOf(event)).toMatchObject({ state: "cancelled", reason: "Cancelled by hand." });
  });

  it("of a queued delivery takes it out of the queue", async () => {
    await setup({ respond: () => ({ status: 200, afterMs: 100 }) });
    await t.addReceiver({ concurrencyMax: 1 });
    const [first, second, third] = [await t.publish(), await t.publish(), await t.publish()];
    await t.clock.advance(20);
    await t.cancel((await t.deliveryOf(second)).id);
    await t.rest();
    expect(t.transport.sent.map((sent) => sent.eventId)).toEqual([first.id, third.id]);
  });

  it("of one in flight lets the attempt end and counts it, and it stays cancelled even when the receiver took it", async () => {
    await setup({ respond: () => ({ status: 200, afterMs: 1000 }) });
    await t.addReceiver();
    const event = await t.publish();
    await t.clock.advance(100);
    const { id } = await t.deliveryOf(event);
    await t.cancel(id);
    await t.clock.advance(2000);
    expect(await t.deliveryOf(event)).toMatchObject({ state: "cancelled", attempts: 1 });
    expect((await t.attempts(id)).map((attempt) => attempt.result)).toMatchObject([{ kind: "response", status: 200 }]);
  });

  it("of a delivered or dead one changes nothing", async () => {
    await setup({ respond: (_, n) => ({ status: n === 1 ? 200 : 500 }) });
    await t.addReceiver(ONCE);
    const [delivered, dead] = [await t.publish(), await t.publish()];
    await t.rest();
    expect(await t.cancel((await t.deliveryOf(delivered)).id, (await t.deliveryOf(dead)).id)).toEqual([]);
    expect([(await t.deliveryOf(delivered)).state, (await t.deliveryOf(dead)).state]).toEqual(["delivered", "dead"]);
  });
});

describe("pause", () => {
  it("parks new and waiting deliveries, and resume sends all of them once, oldest first", async () => {
    await setup();
    const receiver = await t.addReceiver({ concurrencyMax: 1 });
    await t.pause(receiver.id);
    const events = [];
    for (let i = 0; i < 30; i += 1) events.push(await t.publish());
    await t.clock.advance(3_600_000 / 60);
    expect(t.transport.sent).toEqual([]);
    expect((await t.deliveries()).every((delivery) => delivery.state === "waiting" && delivery.attempts === 0)).toBe(true);
    await t.resume(receiver.id);
    await t.rest();
    expect(t.transport.sent.map((sent) => sent.eventId)).toEqual(events.map((event) => event.id));
  });

  it("lets what is in flight end, and starts nothing of the queue", async () => {
    await setup({ respond: () => ({ status: 200, afterMs: 500 }) });
    const receiver = await t.addReceiver({ concurrencyMax: 3 });
    for (let i = 0; i < 10; i += 1) await t.publish();
    await t.clock.advance(100);
    await t.pause(receiver.id);
    await t.clock.advance(5_000);
    expect(t.transport.sent).toHaveLength(3);
    expect(await t.deliveries({ state: "delivered" })).toHaveLength(3);
    await t.restart("crash");
    await t.clock.advance(5_000);
    expect(t.transport.sent).toHaveLength(3);
    await t.resume(receiver.id);
    await t.rest();
    expect(await t.deliveries({ state: "delivered" })).toHaveLength(10);
    expect(t.transport.sent).toHaveLength(10);
  });

  it("in quick turns with resume sends everything exactly once", async () => {
    await setup({ respond: () => ({ status: 200, afterMs: 7 }) });
    const receiver = await t.addReceiver({ concurrencyMax: 2 });
    for (let i = 0; i < 60; i += 1) {
      await t.publish();
      await (i % 2 === 0 ? t.pause(receiver.id) : t.resume(receiver.id));
    }
    await t.resume(receiver.id);
    await t.rest();
    expect(t.transport.sent).toHaveLength(60);
    expect(new Set(t.transport.sent.map((sent) => sent.eventId)).size).toBe(60);
  });

  it("of one destination leaves the others alone", async () => {
    await setup();
    const [parked, other] = [await t.addReceiver(), await t.addReceiver()];
    await t.pause(parked.id);
    await t.publish();
    await t.rest();
    expect(t.transport.sent.map((sent) => sent.url)).toEqual([other.url]);
  });
});

describe("a changed destination", () => {
  it("is used by deliveries that were already waiting", async () => {
    await setup({ respond: (_, n) => ({ status: n === 1 ? 500 : 200 }) });
    const receiver = await t.addReceiver();
    await t.publish();
    await t.rest();
    await t.changeDestination(receiver.id, (current) => ({ ...current, url: "https://moved.example/", method: "PUT" }));
    await t.clock.advance(10_000);
    expect(t.transport.sent[1]).toMatchObject({ url: "https://moved.example/", method: "PUT" });
  });

  it("with a larger cap sends more at a time at once", async () => {
    await setup({ respond: () => ({ status: 200, afterMs: 1000 }) });
    const receiver = await t.addReceiver({ concurrencyMax: 1 });
    for (let i = 0; i < 10; i += 1) await t.publish();
    await t.clock.advance(50);
    expect(t.transport.inFlight).toBe(1);
    await t.changeDestination(receiver.id, (current) => ({ ...current, concurrencyMax: 5 }));
    await t.clock.advance(1100);
    expect(t.transport.inFlight).toBe(5);
  });

  it("that is deleted ends what waits for it with that reason, and what is in flight is still recorded", async () => {
    await setup({ respond: () => ({ status: 200, afterMs: 500 }) });
    const receiver = await t.addReceiver({ concurrencyMax: 1 });
    const events = [await t.publish(), await t.publish(), await t.publish()];
    await t.clock.advance(50);
    await t.removeDestination(receiver.id);
    await t.clock.advance(5_000);
    const deliveries = await Promise.all(events.map((event) => t.deliveryOf(event)));
    expect(deliveries.map((delivery) => delivery.reason)).toEqual(events.map(() => "The destination was deleted."));
    expect(deliveries.map((delivery) => [delivery.state, delivery.attempts])).toEqual([
      ["cancelled", 1],
      ["cancelled", 0],
      ["cancelled", 0],
    ]);
    expect(t.transport.sent).toHaveLength(1);
    expect(await t.attempts(deliveries[0]!.id)).toHaveLength(1);
  });

  it("that was deleted while the program was down is cleaned up after at the start", async () => {
    await setup();
    const receiver = await t.addReceiver();
    await t.pause(receiver.id);
    const event = await t.publish();
    await t.rest();
    for (const { id } of t.catalog.subscriptions()) await t.catalog.remove("subscription", id);
    await t.catalog.remove("destination", receiver.id);
    await t.restart("crash");
    await t.clock.advance(100);
    expect(await t.deliveryOf(event)).toMatchObject({ state: "cancelled", reason: "The destination was deleted." });
  });
});
