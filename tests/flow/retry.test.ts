// What follows an attempt: the schedule, what receivers may ask for, and the end.
import { afterEach, describe, expect, it } from "vitest";
import { DEFAULT_SCHEDULE_MS } from "../../src/core/retry-schedule.ts";
import type { Script } from "../kit/scripted-transport.ts";
import { createTestFlow, type TestFlow, type TestFlowOptions } from "../kit/flow.ts";

let t: TestFlow;
const setup = async (options: TestFlowOptions = {}) => (t = await createTestFlow(options));
afterEach(() => t.dispose());

/** Goes to each next attempt in one jump, until there is none. */
async function runOut(event: { id: string }): Promise<void> {
  for (;;) {
    await t.rest();
    const { nextAttemptAt } = await t.deliveryOf(event);
    if (nextAttemptAt === null) return;
    await t.clock.jump(nextAttemptAt - t.clock.now());
  }
}

describe("the schedule", () => {
  it("makes ten attempts at the default times within ±20 %, with one id, and then gives up saying so", async () => {
    await setup({ respond: () => ({ status: 500, body: "broken" }) });
    await t.addReceiver();
    const event = await t.publish();
    await runOut(event);
    const { sent } = t.transport;
    expect(sent.map((one) => one.attempt)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(new Set(sent.map((one) => one.eventId))).toEqual(new Set([event.id]));
    for (let i = 1; i < sent.length; i += 1) {
      const waited = sent[i]!.at - sent[i - 1]!.at;
      // Outcomes gather for up to 10 ms before the next time is known.
      expect(waited, `before attempt ${i + 1}`).toBeGreaterThanOrEqual(DEFAULT_SCHEDULE_MS[i]! * 0.8 - 1);
      expect(waited, `before attempt ${i + 1}`).toBeLessThanOrEqual(DEFAULT_SCHEDULE_MS[i]! * 1.2 + 50);
    }
    const delivery = await t.deliveryOf(event);
    expect(delivery).toMatchObject({ state: "dead", attempts: 10, nextAttemptAt: null });
    expect(delivery.reason).toBe("The receiver answered 500. That was attempt 10 of 10.");
    const attempts = await t.attempts(delivery.id);
    expect(attempts.map((attempt) => attempt.number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(attempts.map((attempt) => attempt.startedAt)).toEqual(sent.map((one) => one.at));
    const [first] = attempts;
    if (first?.result.kind !== "response") throw new Error("no response was kept");
    expect([first.result.status, Buffer.from(first.result.body).toString()]).toEqual([500, "broken"]);
  });

  it("says between attempts when the next one is and which it will be", async () => {
    await setup({ respond: () => ({ status: 503 }) });
    await t.addReceiver();
    const event = await t.publish();
    await t.rest();
    const delivery = await t.deliveryOf(event);
    expect(delivery).toMatchObject({ state: "waiting", attempts: 1, reason: "The receiver answered 503. Attempt 2 of 10 is next." });
    expect(delivery.nextAttemptAt).toBeGreaterThan(t.clock.now());
  });

  it("of the destination is used where it has its own, exactly without jitter", async () => {
    await setup({ respond: (_, n) => ({ status: n < 3 ? 500 : 204 }) });
    await t.addReceiver({ retry: { scheduleMs: [0, 1000, 2000], jitter: 0 } });
    const event = await t.publish();
    await runOut(event);
    const [first, second, third] = t.transport.sent.map((one) => one.at);
    expect(second! - first!).toBeGreaterThanOrEqual(1000);
    expect(second! - first!).toBeLessThan(1050);
    expect(third! - second!).toBeGreaterThanOrEqual(2000);
    expect(await t.deliveryOf(event)).toMatchObject({ state: "delivered", attempts: 3, reason: null });
  });

  it("a delay of the subscription comes before the first attempt, and deliverAt of the event too", async () => {
    await setup();
    await t.addReceiver({}, { delayMs: 5000 });
    const now = t.clock.now();
    await t.publish();
    await t.publish({ deliverAt: now + 60_000 });
    await t.clock.advance(4_900);
    expect(t.transport.sent).toHaveLength(0);
    await t.clock.advance(70_000);
    expect(t.transport.sent.map((one) => Math.round((one.at - now) / 1000))).toEqual([5, 65]);
  });
});

describe("what a receiver asks for", () => {
  const waits: [string, Script, number, number][] = [
    ["500 follows the schedule", { status: 500 }, 4_000, 6_100],
    ["429 waits at least a minute", { status: 429 }, 60_000, 60_100],
    ["502 waits at least a minute", { status: 502 }, 60_000, 60_100],
    ["503 waits at least a minute", { status: 503 }, 60_000, 60_100],
    ["504 waits at least a minute", { status: 504 }, 60_000, 60_100],
    ["a timeout waits at least a minute from its end", "hang", 80_000, 80_100],
    ["a connect timeout waits at least a minute", { failure: "connect_timeout" }, 60_000, 60_100],
    ["a refused connection follows the schedule", { failure: "connect_refused" }, 4_000, 6_100],
    ["Retry-After in seconds is honoured", { status: 503, headers: ["Retry-After", "90"] }, 90_000, 90_100],
    ["Retry-After on a 500 is honoured", { status: 500, headers: ["retry-after", "90"] }, 90_000, 90_100],
    ["Retry-After as a date is honoured", { status: 429, headers: ["retry-after", "Thu, 01 Jan 2026 00:10:00 GMT"] }, 599_000, 600_100],
    ["Retry-After below a minute does not shorten the minute", { status: 429, headers: ["retry-after", "1"] }, 60_000, 60_100],
    ["Retry-After of ten years is a day", { status: 503, headers: ["retry-after", "315360000"] }, 86_400_000, 86_400_100],
    ["Retry-After that is garbage is nothing", { status: 500, headers: ["retry-after", "soon"] }, 4_000, 6_100],
    ["a redirect is a failure and is not followed", { status: 302, headers: ["location", "https://elsewhere.example/"] }, 4_000, 6_100],
  ];
  it.each(waits)("%s", async (_, script, atLeastMs, atMostMs) => {
    await setup({ respond: (_sent, n) => (n === 1 ? script : { status: 200 }) });
    await t.addReceiver();
    const event = await t.publish();
    await runOut(event);
    expect(t.transport.sent).toHaveLength(2);
    const waited = t.transport.sent[1]!.at - t.transport.sent[0]!.at;
    expect(waited).toBeGreaterThanOrEqual(atLeastMs);
    expect(waited).toBeLessThanOrEqual(atMostMs);
    expect(t.transport.sent[1]!.url).toBe(t.transport.sent[0]!.url);
    expect(await t.deliveryOf(event)).toMatchObject({ state: "delivered", attempts: 2 });
  });

  it("only 200 to 299 is a success", async () => {
    await setup({ respond: (sent) => ({ status: Number(sent.url.slice(-3)) }) });
    const statuses = [199, 200, 201, 202, 204, 299, 300, 304, 400, 401, 404, 422, 500, 599];
    const receivers: { id: string }[] = [];
    for (const status of statuses) receivers.push(await t.addReceiver({ url: `https://receiver.example/${status}` }));
    await t.publish();
    await t.rest();
    const stateOf = new Map((await t.deliveries()).map((delivery) => [delivery.destinationId, delivery.state]));
    const successes = statuses.filter((_, i) => stateOf.get(receivers[i]!.id) === "delivered");
    expect(successes).toEqual([200, 201, 202, 204, 299]);
    expect(stateOf.size).toBe(statuses.length);
  });

  it.each<[string, Script, string, "dead" | "delivered"]>([
    ["410", { status: 410 }, "The receiver answered 410 Gone.", "dead"],
    [
      "webhook-delivery: disable on a failure",
      { status: 500, headers: ["Webhook-Delivery", "disable"] },
      "The receiver answered 500 with webhook-delivery: disable.",
      "dead",
    ],
    [
      "webhook-delivery: disable on a success",
      { status: 200, headers: ["webhook-delivery", "disable"] },
      "The receiver answered 200 with webhook-delivery: disable.",
      "delivered",
    ],
  ])("%s switches the destination off with the reason; what comes later is parked and lost by nobody", async (_, script, reason, state) => {
    await setup({ respond: (_sent, n) => (n === 1 ? script : { status: 200 }) });
    const receiver = await t.addReceiver();
    const first = await t.publish();
    await t.rest();
    expect(await t.deliveryOf(first)).toMatchObject({ state, attempts: 1 });
    expect(t.catalog.destination(receiver.id)?.state).toMatchObject({ kind: "disabled", reason });
    const parked = await t.publish();
    await t.clock.advance(10_000);
    expect(await t.deliveryOf(parked)).toMatchObject({ state: "waiting", attempts: 0 });
    expect(t.transport.sent).toHaveLength(1);
    await t.restart("crash");
    expect(t.catalog.destination(receiver.id)?.state).toMatchObject({ kind: "disabled", reason });
    await t.resume(receiver.id);
    await t.rest();
    expect(await t.deliveryOf(parked)).toMatchObject({ state: "delivered", attempts: 1 });
  });

  it("410 stops what is queued behind it, beyond what is in flight", async () => {
    await setup({ respond: () => ({ status: 410, afterMs: 50 }) });
    await t.addReceiver({ concurrencyMax: 2 });
    const events = await Promise.all(Array.from({ length: 20 }, () => t.publish()));
    await t.clock.advance(5_000);
    const states = await Promise.all(events.map(async (event) => (await t.deliveryOf(event)).state));
    // Two in flight, and two that went out while the first outcomes were being committed.
    expect(states.filter((state) => state === "dead").length).toBeLessThanOrEqual(4);
    expect(states.filter((state) => state === "waiting").length).toBeGreaterThanOrEqual(16);
  });

  it("webhook-delivery: abort-message ends that delivery alone", async () => {
    await setup({ respond: (_, n) => (n === 1 ? { status: 400, headers: ["webhook-delivery", "abort-message"] } : { status: 200 }) });
    const receiver = await t.addReceiver();
    const [first, second] = [await t.publish(), await t.publish()];
    await t.rest();
    expect(await t.deliveryOf(first)).toMatchObject({
      state: "dead",
      attempts: 1,
      reason: "The receiver answered 400 with webhook-delivery: abort-message.",
    });
    expect(await t.deliveryOf(second)).toMatchObject({ state: "delivered" });
    expect(t.catalog.destination(receiver.id)?.state.kind).toBe("active");
  });
});

describe("one bad receiver", () => {
  it("that hangs does not slow another, and holds no more than its own cap", async () => {
    await setup({ inFlightMax: 30, respond: (sent) => (sent.url.includes("hole") ? "hang" : { status: 200, afterMs: 5 }) });
    await t.addReceiver({ url: "https://hole.example/", concurrencyMax: 10 });
    await t.addReceiver({ url: "https://quick.example/", concurrencyMax: 10 });
    for (let i = 0; i < 60; i += 1) await t.publish();
    await t.clock.advance(400);
    expect(t.transport.sent.filter((sent) => sent.url.includes("quick"))).toHaveLength(60);
    expect(t.transport.sent.filter((sent) => sent.url.includes("hole"))).toHaveLength(10);
    expect(t.running.worker.stats().inFlight).toBe(10);
  });

  it("that answers slowly gets its deliveries in the order they were made", async () => {
    await setup({ respond: () => ({ status: 200, afterMs: 30 }) });
    await t.addReceiver({ concurrencyMax: 1 });
    const events = [];
    for (let i = 0; i < 20; i += 1) events.push(await t.publish());
    await t.rest();
    expect(t.transport.sent.map((sent) => sent.eventId)).toEqual(events.map((event) => event.id));
  });
});
