// Order on the whole flow: what waits for what, what lets it go, and what it looks like from outside.
import { createHmac } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import type { Destination, DestinationOrdering } from "../../src/core/destination.ts";
import { createTestFlow, type TestFlow } from "../kit/flow.ts";

type Ordered = Exclude<DestinationOrdering, { kind: "unordered" }>;

const fifo: Ordered = { kind: "fifo", onFailure: "block", holdBack: null };
const byKey: Ordered = { kind: "fifoByKey", key: "event", onFailure: "block", holdBack: null };
const retry = { scheduleMs: [0, 5_000, 5_000], jitter: 0 };

const flows: TestFlow[] = [];
afterEach(async () => {
  for (const t of flows.splice(0)) await t.dispose();
});

async function flowWith(ordering: DestinationOrdering, changes: Partial<Destination> = {}) {
  const t = await createTestFlow();
  flows.push(t);
  const destination = await t.addReceiver({ ordering, retry, ...changes });
  return { t, destination };
}

const bodies = (t: TestFlow) => t.transport.sent.map((sent) => sent.body.toString());

/** One after another, as a sender that waits for each answer. */
async function publishAll(t: TestFlow, ...texts: string[]) {
  const events = [];
  for (const body of texts) events.push(await t.publish({ body, key: body[0]! }));
  return events;
}

describe("an ordered destination", () => {
  it("fifo makes one attempt at a time, in the order of acceptance", async () => {
    const { t } = await flowWith(fifo);
    let underWay = 0;
    t.transport.respond = () => {
      expect(t.transport.inFlight, `attempt ${(underWay += 1)}`).toBe(0);
      return { status: 200, afterMs: 40 };
    };
    await publishAll(t, "a1", "b1", "a2", "c1", "b2");
    await t.rest();
    expect(bodies(t)).toEqual(["a1", "b1", "a2", "c1", "b2"]);
    expect(underWay).toBe(5);
  });

  it("fifo by key keeps as many keys under way as it may", async () => {
    const { t } = await flowWith(byKey, { concurrencyMax: 3 });
    let most = 0;
    t.transport.respond = () => {
      most = Math.max(most, t.transport.inFlight + 1);
      return { status: 200, afterMs: 100 };
    };
    await publishAll(t, "a1", "a2", "b1", "b2", "c1", "d1", "c2", "d2");
    await t.rest();
    expect(most).toBe(3);
    for (const key of ["a", "b", "c", "d"]) expect(bodies(t).filter((body) => body.startsWith(key))).toEqual([`${key}1`, `${key}2`]);
  });

  it("a delivery that settles lets the next one go at once", async () => {
    const { t } = await flowWith(fifo);
    t.transport.respond = () => ({ status: 200, afterMs: 10 });
    await publishAll(t, ..."abcdefghij".split(""));
    const start = t.clock.now();
    await t.rest();
    const times = t.transport.sent.map((sent) => sent.at - start);
    expect(times).toHaveLength(10);
    for (const [index, at] of times.entries()) if (index > 0) expect(at - times[index - 1]!, `gap ${index}`).toBeLessThanOrEqual(12);
  });

  it("with block, a failed one keeps its key back until it is delivered, and no other key", async () => {
    const { t } = await flowWith(byKey);
    t.transport.respond = ({ body, attempt }) => ({ status: body.toString() === "a1" && attempt < 3 ? 500 : 200 });
    const [a1, a2] = await publishAll(t, "a1", "a2", "b1");
    await t.clock.advance(100);
    expect(bodies(t)).toEqual(["a1", "b1"]);
    const blocked = await t.deliveryOf(a2!);
    expect(blocked.order).toEqual({ key: "a", late: false, blocked: true });
    expect(await t.store.blockerOf(blocked.id)).toBe((await t.deliveryOf(a1!)).id);
    await t.clock.advance(10_100);
    expect(bodies(t)).toEqual(["a1", "b1", "a1", "a1", "a2"]);
  });

  it("with block, one that gives up lets its key go on", async () => {
    const { t } = await flowWith(fifo);
    t.transport.respond = ({ body }) => ({ status: body.toString() === "a1" ? 500 : 200 });
    const [a1] = await publishAll(t, "a1", "a2");
    await t.clock.advance(11_000);
    expect(bodies(t)).toEqual(["a1", "a1", "a1", "a2"]);
    expect((await t.deliveryOf(a1!)).state).toBe("dead");
  });

  it("with skip, one that failed is tried again beside those behind it", async () => {
    const { t } = await flowWith({ ...fifo, onFailure: "skip" });
    t.transport.respond = ({ body, attempt }) => ({ status: body.toString() === "a1" && attempt === 1 ? 500 : 200 });
    await publishAll(t, "a1", "a2", "a3");
    await t.clock.advance(100);
    expect(bodies(t)).toEqual(["a1", "a2", "a3"]);
    await t.clock.advance(5_000);
    expect(bodies(t)).toEqual(["a1", "a2", "a3", "a1"]);
  });

  it("keeps the order over a crash that loses the outcome, and over a stop", async () => {
    const { t } = await flowWith(fifo);
    t.transport.respond = () => ({ status: 200, afterMs: 50 });
    await publishAll(t, "a1", "a2", "a3");
    await t.clock.advance(20);
    await t.restart("crash");
    await t.clock.advance(70);
    await t.restart("stop");
    await t.rest();
    expect(bodies(t)).toEqual(["a1", "a1", "a2", "a3"]);
  });
});

describe("commands on an ordered destination", () => {
  it("cancelling the first one lets the next go", async () => {
    const { t, destination } = await flowWith(fifo);
    t.transport.respond = ({ body }) => ({ status: body.toString() === "a1" ? 500 : 200 });
    const [a1] = await publishAll(t, "a1", "a2");
    await t.clock.advance(100);
    await t.cancel((await t.deliveryOf(a1!)).id);
    await t.rest();
    expect(bodies(t)).toEqual(["a1", "a2"]);
    expect(await t.deliveries({ destinationId: destination.id, state: "waiting" })).toEqual([]);
  });

  it("a retry by hand hurries the first one, and does not let a blocked one pass it", async () => {
    const { t } = await flowWith(fifo);
    let ok = false;
    t.transport.respond = () => ({ status: ok ? 200 : 500 });
    const [a1, a2] = await publishAll(t, "a1", "a2");
    await t.clock.advance(100);
    await t.retry((await t.deliveryOf(a2!)).id);
    await t.clock.advance(100);
    expect(bodies(t)).toEqual(["a1"]);
    ok = true;
    await t.retry((await t.deliveryOf(a1!)).id);
    await t.clock.advance(100);
    expect(bodies(t)).toEqual(["a1", "a1", "a2"]);
  });

  it("a retry by hand of one that had its turn goes out of line, and says so", async () => {
    const { t } = await flowWith(fifo, { retry: { scheduleMs: [0], jitter: 0 } });
    t.transport.respond = ({ body, attempt }) => ({ status: body.toString() === "a1" && attempt === 1 ? 400 : 200, afterMs: 30 });
    const [a1] = await publishAll(t, "a1", "a2", "a3");
    await t.clock.advance(60);
    const [again] = await t.retry((await t.deliveryOf(a1!)).id);
    expect(again).toMatchObject({ state: "waiting", order: { key: "", late: true, blocked: false } });
    await t.rest();
    expect(bodies(t).filter((body) => body !== "a1")).toEqual(["a2", "a3"]);
    expect(bodies(t)).toHaveLength(4);
  });

  it("a retry by hand of a blocked one does not test an open breaker in place of the first one", async () => {
    const { t, destination } = await flowWith(byKey, { retry: { scheduleMs: [0, ...Array.from({ length: 40 }, () => 1)], jitter: 0 } });
    t.transport.respond = () => ({ status: 500 });
    const [, a2] = await publishAll(t, "a1", "a2");
    await t.clock.advanceUntil(() => t.running.flow.destinationHealth(destination.id)?.phase === "open");
    const before = t.transport.sent.length;
    await t.retry((await t.deliveryOf(a2!)).id);
    await t.clock.advance(50);
    expect(t.transport.sent).toHaveLength(before);
    t.transport.respond = () => ({ status: 200 });
    await t.clock.advance(600_000);
    await t.rest();
    expect(bodies(t).slice(before)).toEqual(["a1", "a2"]);
  });

  it("pausing and resuming keeps the order", async () => {
    const { t, destination } = await flowWith(fifo);
    t.transport.respond = () => ({ status: 200, afterMs: 20 });
    await publishAll(t, "a1", "a2", "a3");
    await t.clock.advance(25);
    await t.pause(destination.id);
    await publishAll(t, "a4");
    await t.clock.advance(1_000);
    const paused = bodies(t).length;
    expect(paused).toBeLessThan(4);
    await t.resume(destination.id);
    await t.rest();
    expect(bodies(t)).toEqual(["a1", "a2", "a3", "a4"]);
  });

  it("deleting the destination cancels the whole line", async () => {
    const { t, destination } = await flowWith(fifo);
    t.transport.respond = () => ({ status: 500 });
    await publishAll(t, "a1", "a2", "a3", "a4");
    await t.clock.advance(100);
    await t.removeDestination(destination.id);
    await t.rest();
    expect((await t.deliveries()).map(({ state }) => state)).toEqual(["cancelled", "cancelled", "cancelled", "cancelled"]);
    expect(bodies(t)).toEqual(["a1"]);
  });

  it("a change to unordered and back leaves what waits in the order it was dispatched with", async () => {
    const { t, destination } = await flowWith(fifo);
    t.transport.respond = ({ body, attempt }) => ({ status: body.toString() === "a1" && attempt < 3 ? 500 : 200 });
    await publishAll(t, "a1", "a2");
    await t.clock.advance(100);
    await t.changeDestination(destination.id, (current) => ({ ...current, ordering: { kind: "unordered" } }));
    await publishAll(t, "b1");
    await t.clock.advance(100);
    expect(bodies(t)).toEqual(["a1", "b1"]);
    await t.changeDestination(destination.id, (current) => ({ ...current, ordering: fifo }));
    await publishAll(t, "a3");
    await t.clock.advance(11_000);
    expect(bodies(t)).toEqual(["a1", "b1", "a1", "a1", "a2", "a3"]);
  });

  it("a replay is a line of its own, in the order of its events", async () => {
    const { t } = await flowWith(byKey);
    await publishAll(t, "a1", "a2", "a3");
    await t.rest();
    t.transport.respond = ({ body }) => ({ status: 200, afterMs: body.toString() === "a9" ? 10 : 500 });
    await t.replay({});
    await t.clock.advance(100);
    await publishAll(t, "a9");
    await t.rest();
    expect(bodies(t)).toEqual(["a1", "a2", "a3", "a1", "a9", "a2", "a3"]);
    const replays = (await t.deliveries()).filter(({ trigger }) => trigger === "replay");
    expect(replays.map(({ order }) => order?.key)).toEqual(["a", "a", "a"]);
  });
});

describe("the key of an order", () => {
  it("stands in a header or in the body; an event without it goes in no order", async () => {
    for (const key of ["header:x-key", "json:data.id"]) {
      const { t } = await flowWith({ ...byKey, key });
      const source = await t.addSource();
      t.transport.respond = () => ({ status: 500 });
      const post = (id: string | number | null) => {
        const headers = ["Content-Type", "application/json", ...(id === null ? [] : ["X-Key", String(id)])];
        return t.post(source, { headers, body: JSON.stringify({ data: id === null ? {} : { id } }) });
      };
      for (const id of [7, 7, null, null, "x".repeat(200)]) await post(id);
      await t.clock.advance(100);
      const orders = (await t.deliveries()).toReversed().map(({ order }) => order);
      expect(orders.map((order) => order?.blocked)).toEqual([false, true, undefined, undefined, false]);
      expect(orders[0]!.key).toBe("7");
      expect(orders[4]!.key).toMatch(/^sha256:.{43}$/);
    }
  });

  it("is read by a thread from a large body", async () => {
    const { t } = await flowWith({ ...byKey, key: "json:id" });
    const source = await t.addSource();
    const body = JSON.stringify({ id: "big", pad: "x".repeat(1_100_000) });
    await t.post(source, { body });
    await t.clock.advanceUntil(() => t.transport.sent.length === 1);
    expect((await t.deliveries())[0]!.order).toEqual({ key: "big", late: false, blocked: false });
  });
});

describe("hold-back", () => {
  const holdBack = { by: "sequence", from: "json:n", waitMs: 1_000 } as const;
  const post = (t: TestFlow, n: number) => t.publish({ body: JSON.stringify({ n }), key: "k" });
  const places = (t: TestFlow) => bodies(t).map((body) => (JSON.parse(body) as { n: number }).n);

  it("lets those go in the provider's order that came within the wait, and not before it is over", async () => {
    const { t } = await flowWith({ ...byKey, holdBack });
    const start = t.clock.now();
    for (const n of [3, 1, 2]) {
      await post(t, n);
      await t.clock.advance(100);
    }
    await t.clock.advance(5_000);
    expect(places(t)).toEqual([1, 2, 3]);
    // The one with place 1 came at 100 ms; 3 has waited long enough when its turn comes.
    expect(t.transport.sent.map(({ at }) => at - start)).toEqual([
      expect.toSatisfy((at) => at >= 1_100 && at < 1_110),
      expect.toSatisfy((at) => at >= 1_200 && at < 1_210),
      expect.toSatisfy((at) => at >= 1_200 && at < 1_220),
    ]);
    expect((await t.deliveries()).some(({ order }) => order!.late)).toBe(false);
  });

  it("delivers one that comes after a later one had gone, and flags it", async () => {
    const { t } = await flowWith({ ...byKey, holdBack });
    await post(t, 5);
    await t.clock.advance(1_500);
    const late = await post(t, 4);
    await t.rest();
    await t.restart("crash");
    await t.clock.advance(5_000);
    expect(places(t)).toEqual([5, 4]);
    expect((await t.deliveryOf(late)).order).toEqual({ key: "k", late: true, blocked: false });
    const other = await post(t, 6);
    await t.clock.advance(2_000);
    expect((await t.deliveryOf(other)).order!.late).toBe(false);
  });

  it("goes by the provider's time of an event, also where accept does not read it", async () => {
    const { t } = await flowWith({ ...fifo, holdBack: { by: "timestamp", waitMs: 1_000 } });
    const secret = "fake-secret-of-a-test";
    const source = await t.addSource({ provider: "github", secrets: [{ value: secret, expiresAt: null }] });
    for (const second of [30, 10, 20]) {
      const body = JSON.stringify({ issue: { updated_at: `2026-01-01T00:00:${second}Z` } });
      const signature = `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
      const headers = [
        "Content-Type",
        "application/json",
        "x-github-event",
        "issues",
        "x-github-delivery",
        `${second}`,
        "x-hub-signature-256",
        signature,
      ];
      expect(await t.post(source, { headers, body })).toMatchObject({ kind: "accepted" });
    }
    expect((await t.store.events({ limit: 9, cursor: null, since: null, until: null })).data.map((event) => event.occurredAt)).toEqual([
      null,
      null,
      null,
    ]);
    await t.clock.advance(3_000);
    expect(bodies(t).map((body) => /:(\d\d)Z/.exec(body)?.[1])).toEqual(["10", "20", "30"]);
  });

  it("an event without a place waits for nothing, and goes in the order of acceptance", async () => {
    const { t } = await flowWith({ ...fifo, holdBack });
    await t.publish({ body: "{}" });
    await t.publish({ body: '{"n":"much"}' });
    await t.clock.advance(100);
    expect(bodies(t)).toEqual(["{}", '{"n":"much"}']);
  });
});
