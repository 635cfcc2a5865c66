// The circuit breaker through the real flow: what it parks costs no attempts, and everything it parked goes out again.
import { afterEach, describe, expect, it } from "vitest";
import { deliveryView } from "../../src/http/views/records.ts";
import { createTestFlow, type TestFlow, type TestFlowOptions } from "../kit/flow.ts";
import type { Respond } from "../kit/scripted-transport.ts";

const DAY = 86_400_000;

let t: TestFlow;
const setup = async (options: TestFlowOptions = {}) => (t = await createTestFlow(options));
afterEach(() => t.dispose());

/** Answers 500 until `healed` is set. */
function failing(): { healed: boolean; respond: Respond } {
  const receiver = { healed: false, respond: (): { status: number } => ({ status: receiver.healed ? 200 : 500 }) };
  return receiver;
}

const health = (id: string) => t.running.flow.destinationHealth(id)!;
const publishMany = (count: number) => Promise.all(Array.from({ length: count }, () => t.publish()));
const view = async (id: string) => deliveryView((await t.store.delivery(id))!, { catalog: t.catalog, flow: t.running.flow });

describe("an open breaker", () => {
  it("parks what waits without burning an attempt, keeps its schedule, and says until when and why", async () => {
    const receiver = failing();
    await setup({ respond: receiver.respond });
    const { id } = await t.addReceiver({ retry: { scheduleMs: [0, 600_000], jitter: 0 } });
    await publishMany(10);
    await t.rest();
    expect(health(id)).toMatchObject({ phase: "open", concurrency: 0, reason: "10 of 10 attempts within 60 seconds failed." });
    const parked = await t.publish();
    await t.clock.advance(20_000);
    expect(t.transport.sent).toHaveLength(10);
    expect(t.running.worker.stats()).toEqual({ inFlight: 0, queued: 0, unsettled: 0 });
    const delivery = await t.deliveryOf(parked);
    expect(delivery).toMatchObject({ state: "waiting", attempts: 0, reason: null });
    const until = new Date(health(id).probeAt!).toISOString();
    expect(await view(delivery.id)).toMatchObject({
      status: "waiting",
      reason: `Parked: the circuit breaker is open until ${until}: 10 of 10 attempts within 60 seconds failed.`,
    });
    const waiting = (await t.deliveries()).find(({ attempts }) => attempts === 1)!;
    expect(await view(waiting.id)).toMatchObject({ reason: "The receiver answered 500. Attempt 2 of 2 is next." });
    expect(waiting.nextAttemptAt! - t.transport.sent[0]!.at).toBeGreaterThanOrEqual(600_000);
  });

  it("lets one probe through, then twice as many after each round, and everything goes out", async () => {
    const receiver = failing();
    await setup({ respond: (sent, n) => ({ ...(receiver.respond(sent, n) as { status: number }), afterMs: 1000 }) });
    const { id } = await t.addReceiver({ concurrencyMax: 10, adaptiveConcurrency: false });
    await publishMany(10);
    await t.clock.advance(2000);
    expect(health(id).phase).toBe("open");
    await publishMany(40);
    receiver.healed = true;
    const probeAt = health(id).probeAt!;
    const most: number[] = [];
    await t.clock.advance(probeAt - t.clock.now());
    for (let second = 0; second < 6; second += 1) {
      await t.clock.advance(500);
      most.push(t.transport.inFlight);
      await t.clock.advance(500);
    }
    expect(most).toEqual([1, 2, 4, 8, 10, 10]);
    await t.clock.advance(600_000);
    expect(await t.deliveries({ state: "delivered" })).toHaveLength(50);
    expect(health(id)).toMatchObject({ phase: "closed", concurrency: 10, failingSince: null, reason: null });
  });

  it("opens again for twice as long when the probe fails, with one attempt each time", async () => {
    const receiver = failing();
    await setup({ respond: receiver.respond });
    const { id } = await t.addReceiver({ retry: { scheduleMs: [0], jitter: 0 } });
    await publishMany(10);
    await t.rest();
    await publishMany(30);
    const lasted: number[] = [];
    for (let probes = 1; probes <= 4; probes += 1) {
      const { probeAt, since } = health(id);
      lasted.push((probeAt! - since!) / 1000);
      await t.clock.advance(probeAt! - t.clock.now() + 100);
      expect(t.transport.sent).toHaveLength(10 + probes);
    }
    expect(lasted).toEqual([30, 60, 120, 240]);
  });

  it("survives a crash: still open, the same probe time, the same reason, and nothing is sent before", async () => {
    const receiver = failing();
    await setup({ respond: receiver.respond });
    const { id } = await t.addReceiver();
    await publishMany(10);
    await t.rest();
    await t.publish();
    const before = health(id);
    await t.restart("crash");
    expect(health(id)).toEqual(before);
    receiver.healed = true;
    await t.clock.advance(before.probeAt! - t.clock.now() - 1);
    expect(t.transport.sent).toHaveLength(10);
    await t.clock.advance(1000);
    expect(health(id).phase).toBe("closed");
    await t.rest();
    expect((await t.deliveries({ state: "delivered" })).length).toBeGreaterThan(0);
  });

  it("does not open for what is not the receiver's fault", async () => {
    for (const failure of ["blocked_address", "invalid_request", "invalid_url", "cancelled"] as const) {
      await setup({ respond: () => ({ failure }) });
      const { id } = await t.addReceiver({ retry: { scheduleMs: [0], jitter: 0 } });
      await publishMany(30);
      await t.clock.advance(1000);
      expect([failure, health(id).phase, health(id).failingSince]).toEqual([failure, "closed", null]);
      if (failure !== "cancelled") await t.dispose();
    }
  });

  it("of one destination holds back no other", async () => {
    await setup({ respond: (sent) => ({ status: sent.url.includes("bad") ? 500 : 200 }) });
    await t.addReceiver({ url: "https://bad.example/" });
    const good = await t.addReceiver({ url: "https://good.example/" });
    await publishMany(20);
    await t.rest();
    expect(await t.deliveries({ state: "delivered", destinationId: good.id })).toHaveLength(20);
  });

  it("writes at its transitions and never per attempt", async () => {
    const receiver = failing();
    await setup({ respond: receiver.respond });
    const { id } = await t.addReceiver();
    const writes = t.watched.count("putDestinationHealth");
    receiver.healed = true;
    await publishMany(300);
    await t.rest();
    expect(writes.calls).toBe(0);
    receiver.healed = false;
    await publishMany(400);
    await t.rest();
    expect(health(id).phase).toBe("open");
    // Since when it fails, and that it opened.
    expect(writes.calls).toBeLessThanOrEqual(2);
    receiver.healed = true;
    await t.clock.advance(60_000);
    const flapping = t.watched.count("putDestinationHealth");
    for (let n = 0; n < 40; n += 1) {
      receiver.healed = n % 4 !== 0;
      await t.publish();
      await t.rest();
    }
    expect(health(id).phase).toBe("closed");
    expect(flapping.calls).toBeLessThanOrEqual(2);
  });
});

describe("a retry by hand while the breaker is open", () => {
  it("tests the destination at once, ahead of what is parked, and opens the way when it succeeds", async () => {
    const receiver = failing();
    await setup({ respond: receiver.respond });
    const { id } = await t.addReceiver();
    await publishMany(10);
    await t.rest();
    await publishMany(20);
    const event = await t.publish();
    await t.rest();
    receiver.healed = true;
    await t.retry((await t.deliveryOf(event)).id);
    await t.rest();
    expect(t.transport.sent[10]!.eventId).toBe(event.id);
    expect(health(id).phase).toBe("closed");
    expect((await t.deliveries({ state: "delivered" })).length).toBeGreaterThanOrEqual(21);
  });

  it("that fails leaves the destination as long in the open as it was before, however often it is tried", async () => {
    const receiver = failing();
    await setup({ respond: receiver.respond });
    const { id } = await t.addReceiver();
    const [first] = await publishMany(10);
    await t.rest();
    for (let tries = 1; tries <= 5; tries += 1) {
      await t.retry((await t.deliveryOf(first!)).id);
      await t.rest();
      expect(t.transport.sent).toHaveLength(10 + tries);
      expect(health(id)).toMatchObject({ phase: "open", reason: "The probe failed." });
      expect(health(id).probeAt! - health(id).since!).toBe(30_000);
    }
    expect((await t.deliveryOf(first!)).attempts).toBe(6);
  });

  it("of many deliveries sends one; the others follow when it has succeeded", async () => {
    const receiver = failing();
    await setup({ respond: (sent, n) => ({ ...(receiver.respond(sent, n) as { status: number }), afterMs: 500 }) });
    await t.addReceiver();
    await publishMany(10);
    await t.clock.advance(1000);
    receiver.healed = true;
    await t.retry(...(await t.deliveries()).map((delivery) => delivery.id));
    await t.clock.advance(400);
    expect(t.transport.inFlight).toBe(1);
    await t.clock.advance(10_000);
    expect(await t.deliveries({ state: "delivered" })).toHaveLength(10);
  });

  it("that is cancelled before it was read is not sent", async () => {
    const receiver = failing();
    await setup({ respond: receiver.respond });
    const { id } = await t.addReceiver();
    const [first] = await publishMany(10);
    await t.rest();
    const delivery = await t.deliveryOf(first!);
    const held = t.watched.hold("eventsBySeq");
    await t.retry(delivery.id);
    await t.clock.advanceUntil(() => held.held === 1);
    await t.cancel(delivery.id);
    held.release();
    await t.clock.advance(100);
    expect(t.transport.sent).toHaveLength(10);
    expect(health(id).phase).toBe("open");
  });

  it("of a paused destination waits until it is resumed", async () => {
    const receiver = failing();
    await setup({ respond: receiver.respond });
    const { id } = await t.addReceiver();
    const [first] = await publishMany(10);
    await t.rest();
    await t.pause(id);
    await t.retry((await t.deliveryOf(first!)).id);
    await t.clock.advance(60_000);
    expect(t.transport.sent).toHaveLength(10);
    receiver.healed = true;
    await t.resume(id);
    await t.rest();
    expect(health(id).phase).toBe("closed");
  });
});

describe("a destination that its owner changes while the breaker is open", () => {
  it("is tested at once", async () => {
    await setup({ respond: (sent) => ({ status: sent.url.includes("new") ? 200 : 500 }) });
    const { id } = await t.addReceiver({ url: "https://old.example/" });
    await publishMany(10);
    await t.rest();
    await publishMany(5);
    await t.changeDestination(id, (current) => ({ ...current, url: "https://new.example/" }));
    await t.rest();
    expect(health(id).phase).toBe("closed");
    expect(await t.deliveries({ state: "delivered" })).toHaveLength(5);
  });

  it("is forgotten with its breaker when it is deleted", async () => {
    await setup({ respond: () => ({ status: 500 }) });
    const { id } = await t.addReceiver();
    await publishMany(10);
    await t.rest();
    await t.removeDestination(id);
    await t.clock.advance(100);
    expect(await t.store.destinationHealth()).toEqual([]);
    expect(t.running.flow.destinationHealth(id)).toBeNull();
    expect(t.running.unwellDestinations()).toBe(0);
    await t.clock.advance(60_000);
    expect(t.transport.sent).toHaveLength(10);
  });
});

describe("five days of nothing but failures", () => {
  it("switch the destination off; it parks what comes, over restarts, and delivers it all when it is enabled", async () => {
    const receiver = failing();
    await setup({ respond: receiver.respond });
    const { id } = await t.addReceiver({ retry: { scheduleMs: [0, ...Array<number>(49).fill(4 * 3_600_000)], jitter: 0 } });
    await publishMany(10);
    await t.rest();
    await t.restart("crash");
    for (let hours = 0; hours < 130 && t.catalog.destination(id)!.state.kind === "active"; hours += 4) await t.clock.jump(4 * 3_600_000);
    const { state } = t.catalog.destination(id)!;
    expect(state).toMatchObject({ kind: "disabled", reason: "Every attempt has failed for 5 days." });
    expect(t.clock.now() - t.transport.sent[0]!.at).toBeGreaterThanOrEqual(5 * DAY);
    const attempts = t.transport.sent.length;
    const parked = await t.publish();
    await t.restart("stop");
    await t.clock.jump(DAY);
    expect(t.transport.sent).toHaveLength(attempts);
    const delivery = await t.deliveryOf(parked);
    expect(await view(delivery.id)).toMatchObject({
      status: "paused",
      reason: "The destination is disabled: Every attempt has failed for 5 days.",
    });
    receiver.healed = true;
    await t.resume(id);
    await t.rest();
    await t.clock.jump(6 * 3_600_000);
    await t.rest();
    expect(await t.deliveries({ state: "delivered" })).toHaveLength(11);
    expect(health(id)).toMatchObject({ phase: "closed", failingSince: null });
  });

  it("are counted over restarts also for one that is sent too little to open its breaker", async () => {
    await setup({ respond: () => ({ status: 500 }) });
    const { id } = await t.addReceiver({ retry: { scheduleMs: [0], jitter: 0 } });
    for (let days = 0; days < 5; days += 1) {
      await t.publish();
      await t.rest();
      await t.clock.jump(DAY);
      await t.restart("crash");
    }
    await t.publish();
    await t.rest();
    expect(t.catalog.destination(id)!.state).toMatchObject({ kind: "disabled", reason: "Every attempt has failed for 5 days." });
  });
});
