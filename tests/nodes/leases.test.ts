// Shards move between nodes: shared out, taken over from the dead, kept from the sleeping, handed over by those who leave.
import { afterEach, describe, expect, it } from "vitest";
import { newId } from "../../src/core/id.ts";
import { SHARDS } from "../../src/core/shard.ts";
import type { Destination } from "../../src/core/destination.ts";
import { beginNodes, createTestNodes, type TestNode, type TestNodes } from "../kit/nodes.ts";

let t: TestNodes;
afterEach(() => t.dispose());

/** A receiver of everything whose shard this node holds. */
async function receiverOn(owner: TestNode, made: TestNode = owner, changes: Partial<Destination> = {}): Promise<Destination> {
  let id = newId(t.ids, "dst");
  while (!owner.owns(id)) id = newId(t.ids, "dst");
  const destination = await made.addReceiver({ ...changes, id });
  // Long enough for the news to reach a node that has been idle.
  await t.clock.advance(300);
  return destination;
}

const idsSent = () => t.transport.sent.map(({ eventId }) => eventId);

describe("shards", () => {
  it.each([1, 2, 3])("are shared out evenly among %i nodes", async (count) => {
    t = await createTestNodes();
    const nodes = await beginNodes(t, ...["a", "b", "c"].slice(0, count));
    const held = nodes.map((node) => node.shards().length);
    expect(held.reduce((sum, one) => sum + one, 0)).toBe(SHARDS);
    expect(Math.max(...held)).toBeLessThanOrEqual(Math.ceil(SHARDS / count));
    expect(nodes.map(({ running }) => running.shardsHeld())).toEqual(held);
  });

  it("are taken by nobody without the role worker, whose events others dispatch at once", async () => {
    t = await createTestNodes();
    const door = await t.begin("door", { roles: ["ingest", "api"] });
    const [worker] = await beginNodes(t, "worker");
    expect(door.shards()).toEqual([]);
    await door.addReceiver();
    await t.clock.advance(300);
    const event = await door.publish();
    await t.clock.advance(100);
    expect(idsSent()).toEqual([event.id]);
    expect(t.senders).toEqual(["worker"]);
    expect(worker!.running.counters.attempts.get("2xx")).toBe(1);
  });

  it("of a node that died are delivered by the others within 10 s, what it had accepted and queued included", async () => {
    t = await createTestNodes({ inFlightMax: 4 });
    const [a, b] = await beginNodes(t, "a", "b");
    const destination = await receiverOn(a!, b);
    t.transport.respond = () => "hang";
    const queued = await Promise.all(Array.from({ length: 10 }, () => b!.publish()));
    await t.clock.advance(100);
    expect(new Set(t.senders)).toEqual(new Set(["a"]));
    // Accepted, and dead before dispatch.
    a!.watched.hold("commitDispatch", "before");
    const accepted = await a!.publish();
    t.transport.respond = () => ({ status: 200 });
    a!.kill();
    const diedAt = t.clock.now();
    await t.delivered(10_000);
    expect(t.clock.now() - diedAt).toBeLessThanOrEqual(10_000);
    expect(b!.owns(destination.id)).toBe(true);
    const ended = await t.deliveries({ destinationId: destination.id, state: "delivered" });
    expect(ended.map(({ eventId }) => eventId).toSorted()).toEqual([...queued, accepted].map(({ id }) => id).toSorted());
  });

  it.each(["timers", "answers"] as const)(
    "of a node that slept past its lease are not worked on when it wakes (%s first)",
    async (first) => {
      t = await createTestNodes({ respond: () => ({ status: 200, afterMs: 50 }) });
      const [a, b] = await beginNodes(t, "a", "b");
      const destination = await receiverOn(a!, b, { concurrencyMax: 1 });
      const events = await Promise.all(Array.from({ length: 5 }, () => b!.publish()));
      await t.clock.advance(40);
      const under = t.transport.sent.length;
      expect(t.senders).toEqual(["a"]);
      a!.sleep();
      await t.clock.advance(60_000);
      // The others have done its work, the attempt that was under way included.
      expect((await t.deliveries({ state: "delivered" })).length).toBe(5);
      const more = await b!.publish();
      t.transport.respond = () => ({ status: 200, afterMs: 500 });
      const before = t.transport.sent.length;
      await a!.wake(first);
      await t.clock.advance(400);
      expect(t.senders.slice(before).filter((sender) => sender === "a" && destination.id !== "")).toEqual([]);
      expect(t.shared.fenced).toBe(under);
      expect(a!.running.counters.fenced).toBe(under);
      expect(t.logged.filter((line) => line.includes("had lost their shards"))).toHaveLength(1);
      await t.delivered();
      const attempts = await Promise.all([...events, more].map((event) => t.deliveries({ eventId: event.id })));
      expect(attempts.flat().map((delivery) => delivery.attempts)).toEqual([1, 1, 1, 1, 1, 1]);
      // And it takes part again.
      await t.clock.advanceUntil(() => a!.shards().length >= 30, { limitMs: 30_000, stepMs: 100 });
    },
  );

  it("of a node that leaves go on with the others, and nothing is sent twice", async () => {
    t = await createTestNodes({ respond: () => ({ status: 200, afterMs: 30 }) });
    const [a, b] = await beginNodes(t, "a", "b");
    await receiverOn(a!, b, { concurrencyMax: 2 });
    await receiverOn(b!, b, { concurrencyMax: 2 });
    const events = await Promise.all(Array.from({ length: 40 }, () => a!.publish()));
    await t.clock.advance(100);
    await a!.stop();
    const leftAt = t.clock.now();
    expect(a!.shards()).toEqual([]);
    await t.delivered();
    expect(t.clock.now() - leftAt).toBeLessThan(4_000);
    expect(idsSent().toSorted()).toEqual(events.flatMap(({ id }) => [id, id]).toSorted());
    expect(t.shared.fenced).toBe(0);
    expect(new Set(t.senders)).toEqual(new Set(["a", "b"]));
  });

  it("above the share are handed to a node that joins, and nothing is sent twice or waits for long", async () => {
    t = await createTestNodes({ respond: () => ({ status: 200, afterMs: 200 }) });
    const [a] = await beginNodes(t, "a");
    for (let i = 0; i < 20; i += 1) await a!.addReceiver({ concurrencyMax: 1 });
    for (let i = 0; i < 60; i += 1) await a!.publish();
    await t.clock.advance(300);
    const b = await t.begin("b");
    await t.delivered(30_000);
    expect(b.shards().length).toBe(32);
    expect(new Set(t.senders)).toEqual(new Set(["a", "b"]));
    expect(t.transport.sent).toHaveLength(1_200);
    expect(t.shared.fenced).toBe(0);
  });

  it("are given up by a node that cannot beat, and go on with it when nobody else took them", async () => {
    t = await createTestNodes();
    const [a] = await beginNodes(t, "a");
    await a!.addReceiver();
    t.clusters.cutOff.add("a");
    await t.clock.advance(8_000);
    expect(a!.running.flow.isJoined()).toBe(false);
    const event = await a!.publish();
    await t.clock.advance(5_000);
    expect(idsSent()).toEqual([]);
    t.clusters.cutOff.delete("a");
    await t.delivered(5_000);
    expect(idsSent()).toEqual([event.id]);
    expect(a!.running.flow.isJoined()).toBe(true);
  });

  it("are not worked on longer after the clock was set back", async () => {
    t = await createTestNodes();
    const [a, b] = await beginNodes(t, "a", "b");
    await receiverOn(a!, b);
    t.clusters.cutOff.add("a");
    t.clock.setWall(t.clock.now() - 3_600_000);
    await b!.publish();
    await t.clock.advance(1_000);
    expect(t.senders.filter((sender) => sender === "a")).toEqual([]);
  });
});
