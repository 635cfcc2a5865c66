// Rates and concurrency of a destination through the real flow: what the receiver sees of them.
import { afterEach, describe, expect, it } from "vitest";
import type { DestinationRate } from "../../src/core/destination.ts";
import { createTestFlow, type TestFlow, type TestFlowOptions } from "../kit/flow.ts";

let t: TestFlow;
const setup = async (options: TestFlowOptions = {}) => (t = await createTestFlow(options));
afterEach(() => t.dispose());

const publishMany = (count: number) => Promise.all(Array.from({ length: count }, () => t.publish()));

/** The most arrivals in any window of this length. */
function most(windowMs: number): number {
  const times = t.transport.sent.map((sent) => sent.at);
  return Math.max(...times.map((from, index) => times.slice(index).filter((at) => at < from + windowMs).length));
}

describe("a rate limit", () => {
  it.each([
    [{ count: 40, per: "second" }, 200, 1000],
    [{ count: 60, per: "minute" }, 130, 60_000],
    [{ count: 3600, per: "hour" }, 60, 60_000],
  ] as const)("of %o is kept to within 5 %% in any window, and used", async (rateLimit, events, windowMs) => {
    await setup();
    await t.addReceiver({ rateLimit });
    await publishMany(events);
    const perWindow = rateLimit.per === "hour" ? rateLimit.count / 60 : rateLimit.count;
    await t.clock.advance((events / perWindow) * windowMs * 1.05 + 100);
    expect(t.transport.sent).toHaveLength(events);
    expect(most(windowMs)).toBeLessThanOrEqual(Math.floor(perWindow * 1.05));
  });

  it("changed, switched off and on, and paused over is never a fresh burst", async () => {
    await setup();
    const { id } = await t.addReceiver({ rateLimit: { count: 20, per: "second" } });
    await publishMany(200);
    const set = (rateLimit: DestinationRate | null) => t.changeDestination(id, (current) => ({ ...current, rateLimit }));
    for (let round = 0; round < 12; round += 1) {
      await t.clock.advance(300);
      await set({ count: round % 2 === 0 ? 10 : 20, per: "second" });
      if (round % 3 === 0) {
        await t.pause(id);
        await set(null);
        await set({ count: 20, per: "second" });
        await t.resume(id);
      }
    }
    expect(most(1000)).toBeLessThanOrEqual(21);
    expect(t.transport.sent.length).toBeGreaterThan(30);
  });

  it("put on a destination with a backlog begins slowly", async () => {
    await setup({ respond: () => ({ status: 200, afterMs: 50 }) });
    const { id } = await t.addReceiver({ concurrencyMax: 1 });
    await publishMany(100);
    await t.clock.advance(500);
    await t.changeDestination(id, (current) => ({ ...current, concurrencyMax: 50, rateLimit: { count: 2, per: "second" } }));
    const before = t.transport.sent.length;
    await t.clock.advance(3000);
    expect(t.transport.sent.length - before).toBeLessThanOrEqual(6);
    expect(t.transport.sent.length - before).toBeGreaterThanOrEqual(4);
  });

  it("holds back no other destination", async () => {
    await setup({ inFlightMax: 4 });
    await t.addReceiver({ url: "https://limited.example/", rateLimit: { count: 1, per: "hour" } });
    await t.addReceiver({ url: "https://quick.example/" });
    await publishMany(50);
    await t.clock.advance(2000);
    expect(t.transport.sent.filter((sent) => sent.url.includes("quick"))).toHaveLength(50);
    expect(t.transport.sent.filter((sent) => sent.url.includes("limited"))).toHaveLength(1);
  });
});

describe("adaptive concurrency", () => {
  const CAPACITY = 6;

  async function busy(adaptiveConcurrency: boolean): Promise<{ refused: number; most: number }> {
    let [now, refused, highest] = [0, 0, 0];
    await setup({
      respond: () => {
        now += 1;
        highest = Math.max(highest, now);
        t.clock.after(99, () => (now -= 1));
        if (now <= CAPACITY) return { status: 200, afterMs: 100 };
        refused += 1;
        return { status: 429, afterMs: 100 };
      },
    });
    const { id } = await t.addReceiver({ concurrencyMax: 10, adaptiveConcurrency });
    await publishMany(600);
    await t.clock.advance(10_000);
    expect(t.running.flow.destinationHealth(id)?.phase).toBe("closed");
    return { refused, most: highest };
  }

  it("finds what a receiver bears and refuses little, where a fixed one is refused all the time", async () => {
    const fixed = await busy(false);
    await t.dispose();
    const adaptive = await busy(true);
    expect(fixed.most).toBe(10);
    expect(adaptive.refused).toBeLessThan(fixed.refused / 3);
  });

  it("is shown, and comes back when the receiver does", async () => {
    let status = 503;
    await setup({ respond: () => ({ status, afterMs: 10 }) });
    const { id } = await t.addReceiver({ concurrencyMax: 8 });
    const concurrency = () => t.running.flow.destinationHealth(id)!.concurrency;
    expect(concurrency()).toBe(8);
    await publishMany(8);
    await t.clock.advance(20);
    expect(concurrency()).toBe(4);
    status = 200;
    await publishMany(200);
    await t.clock.advance(5000);
    expect(concurrency()).toBe(8);
  });
});

describe("caps", () => {
  it("of a host hold for all destinations on it, and for no other", async () => {
    await setup({ inFlightMax: 40, perHostMax: 5, respond: () => ({ status: 200, afterMs: 1000 }) });
    for (const path of ["a", "b", "c"]) await t.addReceiver({ url: `https://shared.example/${path}` });
    await t.addReceiver({ url: "https://other.example/" });
    await publishMany(20);
    await t.clock.advance(500);
    const to = (host: string) => t.transport.sent.filter((sent) => new URL(sent.url).host.startsWith(host)).length;
    expect([to("shared"), to("other")]).toEqual([5, 5]);
  });

  it("of a tenant hold while others wait, and not when nobody does", async () => {
    await setup({ inFlightMax: 40, perHostMax: 40, respond: () => ({ status: 200, afterMs: 1000 }) });
    const send = (tenantId: string, count: number) => Promise.all(Array.from({ length: count }, () => t.publish({ tenantId })));
    const one = { concurrencyMax: 40 };
    for (const tenantId of ["one", "two"]) await t.addReceiver({ ...one, tenantId, url: `https://${tenantId}.example/` }, { tenantId });
    await send("one", 200);
    await t.clock.advance(1500);
    expect(t.transport.inFlight).toBe(40);
    await send("two", 100);
    await t.clock.advance(3000);
    const lastSecond = t.transport.sent.filter((sent) => sent.at > t.clock.now() - 1000);
    expect(lastSecond.filter((sent) => sent.url.includes("one")).length).toBeLessThanOrEqual(20);
  });
});
