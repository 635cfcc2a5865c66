// What one node does reaches the others: by hints at once, without them by looks at the store.
import { afterEach, describe, expect, it } from "vitest";
import { newId } from "../../src/core/id.ts";
import { shardOf } from "../../src/core/shard.ts";
import type { Destination } from "../../src/core/destination.ts";
import { newJob } from "../../src/core/job.ts";
import { beginNodes, createTestNodes, type TestNode, type TestNodes } from "../kit/nodes.ts";

let t: TestNodes;
afterEach(() => t.dispose());

async function idOn(owner: TestNode, prefix: "dst" | "job"): Promise<string> {
  let id = newId(t.ids, prefix);
  while (!owner.owns(id)) id = newId(t.ids, prefix);
  return id;
}

async function receiverOn(owner: TestNode, made: TestNode, changes: Partial<Destination> = {}): Promise<Destination> {
  const destination = await made.addReceiver({ ...changes, id: await idOn(owner, "dst") });
  await t.clock.advance(300);
  return destination;
}

async function pair(options: Parameters<typeof createTestNodes>[0] = {}): Promise<[TestNode, TestNode]> {
  t = await createTestNodes(options);
  const [a, b] = await beginNodes(t, "a", "b");
  return [a!, b!];
}

const isActive = (node: TestNode, id: string) => node.catalog.destination(id)?.state.kind;

describe("a delivery that another node sends", () => {
  it("leaves within 100 ms while there is traffic, and within 300 ms after none", async () => {
    const [a, b] = await pair();
    await receiverOn(b, a);
    await a.publish();
    await t.clock.advance(100);
    const idle = await a.publish();
    await t.clock.advance(100);
    expect(t.transport.sent.at(-1)?.eventId).toBe(idle.id);
    await t.clock.advance(60_000);
    await a.publish();
    await t.clock.advance(300);
    expect(t.senders).toEqual(["b", "b", "b"]);
  });

  it("is told once per destination and class, however many there are", async () => {
    const [a, b] = await pair();
    await receiverOn(b, a);
    const before = t.clusters.sent.length;
    await Promise.all(Array.from({ length: 100 }, () => a.publish()));
    await t.clock.advance(5);
    expect(t.clusters.sent.slice(before).map(({ signal }) => signal.kind)).toEqual(["work"]);
    await t.delivered();
    expect(t.transport.sent).toHaveLength(100);
  });

  it("is not left to a look at the store when more comes in at once than hints are kept of", async () => {
    t = await createTestNodes();
    const [a] = await beginNodes(t, "a");
    await a!.addReceiver();
    const before = t.clock.now();
    await Promise.all(Array.from({ length: 3_000 }, () => a!.publish()));
    await t.clock.advance(1_000 - (t.clock.now() - before));
    expect(t.shared.undispatched).toBe(0);
  });

  it("leaves within some seconds when every hint is lost", async () => {
    const [a, b] = await pair();
    await receiverOn(b, a);
    t.clusters.losesSignals = true;
    const event = await a.publish();
    await t.clock.advance(10_100);
    expect(t.transport.sent.map(({ eventId }) => eventId)).toEqual([event.id]);
  });

  it("to a destination of which the other node has not heard is sent, and not taken for one of a deleted destination", async () => {
    const [a, b] = await pair();
    t.clusters.losesSignals = true;
    await a.addReceiver({ id: await idOn(b, "dst") });
    t.clusters.losesSignals = false;
    const event = await a.publish();
    await t.clock.advance(300);
    expect(t.transport.sent.map(({ eventId }) => eventId)).toEqual([event.id]);
    expect(t.senders).toEqual(["b"]);
  });

  it("that is cancelled here is not sent there, and one that is retried here is", async () => {
    const [a, b] = await pair({ respond: () => ({ status: 200, afterMs: 1_000 }) });
    await receiverOn(b, a, { concurrencyMax: 1 });
    const [first, second] = await Promise.all([a.publish(), a.publish()]);
    await t.clock.advance(300);
    const waiting = (await t.deliveries()).filter(({ eventId }) => eventId !== t.transport.sent[0]!.eventId);
    await a.cancel(...waiting.map(({ id }) => id));
    await t.delivered();
    expect(t.transport.sent).toHaveLength(1);
    await a.retry((await t.deliveries({ state: "delivered" }))[0]!.id);
    await t.clock.advance(300);
    expect(t.transport.sent).toHaveLength(2);
    expect(new Set([first.id, second.id])).toContain(t.transport.sent[1]!.eventId);
  });
});

describe("a change of the configuration", () => {
  it("is in force on the other nodes at once, and within a beat when its hint is lost", async () => {
    const [a, b] = await pair();
    const destination = await receiverOn(b, a);
    await a.pause(destination.id);
    await t.clock.advance(30);
    expect(isActive(b, destination.id)).toBe("paused");
    t.clusters.losesSignals = true;
    await a.resume(destination.id);
    await t.clock.advance(30);
    expect(isActive(b, destination.id)).toBe("paused");
    await t.clock.advance(2_000);
    expect(isActive(b, destination.id)).toBe("active");
  });

  it("that switches a destination off holds everywhere after one lease, also on a node that can read nothing any more", async () => {
    const [a, b] = await pair();
    const destination = await receiverOn(b, a);
    t.clusters.losesSignals = true;
    // Its beats go through, and the configuration does not.
    b.watched.fail("configVersion", new Error("scripted"), 1_000);
    await a.pause(destination.id);
    await t.clock.advance(8_000);
    await a.publish();
    await t.clock.advance(5_000);
    expect(t.senders).toEqual([]);
    expect(b.running.flow.isJoined()).toBe(false);
  });

  it("on two nodes at once keeps both", async () => {
    const [a, b] = await pair();
    const destination = await receiverOn(b, a);
    await Promise.all([
      a.changeDestination(destination.id, (current) => ({ ...current, name: "renamed" })),
      b.changeDestination(destination.id, (current) => ({ ...current, deadlineMs: 7_000 })),
    ]);
    await t.clock.advance(300);
    for (const { catalog } of [a, b]) expect(catalog.destination(destination.id)).toMatchObject({ name: "renamed", deadlineMs: 7_000 });
  });

  it("just before an event on another node counts for the event: a new subscription takes it", async () => {
    const [a, b] = await pair();
    const destination = await a.addDestination();
    await t.clock.advance(300);
    t.clusters.losesSignals = true;
    await a.addSubscription(destination);
    const event = await b.publish();
    await t.delivered();
    expect((await t.deliveries()).map(({ eventId }) => eventId)).toEqual([event.id]);
  });

  it("is announced once, by the node that sends there", async () => {
    const [a, b] = await pair();
    const watcher = await receiverOn(a, a);
    for (const { id } of a.catalog.subscriptions()) await a.catalog.remove("subscription", id);
    await a.addSubscription(watcher, { eventTypes: ["posthorn.**"] });
    const destination = await receiverOn(b, a);
    await a.pause(destination.id);
    await t.clock.advance(500);
    const told = (await t.store.events({ limit: 50, cursor: null, since: null, until: null })).data.map(({ type }) => type);
    expect(told).toEqual(["posthorn.destination.paused"]);
  });

  it("makes an ingest URL known to a node that has not heard of it, and costs a flood of unknown ones five looks a second", async () => {
    const [a, b] = await pair();
    t.clusters.losesSignals = true;
    const source = await a.addSource();
    const learning = b.running.acceptor.learn(source.token);
    await t.clock.settle();
    expect(await learning).toBe(true);
    expect((await b.post(source)).kind).toBe("accepted");
    expect(b.running.acceptor.learn(source.token)).toBeNull();
    const looks = b.watched.count("configVersion");
    const all = Promise.all(Array.from({ length: 5_000 }, async (_, n) => b.running.acceptor.learn(`unknown ${n}`)));
    await t.clock.advance(1_000);
    expect(new Set(await all)).toEqual(new Set([true]));
    expect(looks.calls).toBeLessThanOrEqual(5);
    b.watched.fail("configVersion", new Error("scripted"), 1);
    const failed = b.running.acceptor.learn("unknown");
    await t.clock.advance(200);
    expect(await failed).toBe(false);
  });
});

describe("what one node does for all", () => {
  it("moves with its shard: a job goes on where a dead node left it, and doubles nothing", async () => {
    const [a, b] = await pair();
    const destination = await receiverOn(b, a);
    for (let i = 0; i < 30; i += 1) await a.publish();
    await t.delivered();
    const id = await idOn(a, "job");
    const now = t.clock.now();
    const plan = { events: 30, deliveries: 30 };
    const job = newJob({ kind: "replay", filter: { destinationId: destination.id } }, { id, ratePerSecond: 10, plan, now });
    // Made on the node that does not own it.
    await b.watched.store.putJob(job, null);
    b.running.flow.jobChanged(job);
    await t.clock.advance(1_000);
    const half = (await t.store.job(id))!.deliveriesDone;
    expect(half).toBeGreaterThan(0);
    expect(half).toBeLessThan(30);
    expect(shardOf(id)).toBeOneOf(a.shards());
    a.kill();
    await t.clock.advanceUntil(async () => (await t.store.job(id))!.status === "finished", { stepMs: 100, limitMs: 20_000 });
    await t.delivered();
    const replayed = await t.deliveries({ jobId: id });
    expect(replayed).toHaveLength(30);
    expect(new Set(replayed.map(({ eventId }) => eventId)).size).toBe(30);
  });

  it("is done once: retention runs where the first shard is", async () => {
    t = await createTestNodes();
    const nodes = [await t.begin("a", { retentionDays: 1 }), await t.begin("b", { retentionDays: 1 })];
    await t.clock.advance(10_000);
    const counts = nodes.map(({ watched }) => watched.count("deleteExpired"));
    const first = nodes.findIndex((node) => node.shards().includes(0));
    await t.clock.advance(60_000);
    expect(counts[first]!.calls).toBe(1);
    expect(counts[1 - first]!.calls).toBe(0);
    nodes[first]!.kill();
    await t.clock.advance(75_000);
    expect(counts[1 - first]!.calls).toBeGreaterThan(0);
  });

  it("shows how a destination fares on any node", async () => {
    const [a, b] = await pair({ respond: () => ({ failure: "connect_refused" }) });
    const destination = await receiverOn(b, a, { retry: { scheduleMs: [0], jitter: 0 } });
    for (let i = 0; i < 8; i += 1) await a.publish();
    await t.clock.advance(1_000);
    expect(b.running.flow.destinationHealth(destination.id)?.phase).toBe("open");
    await a.running.flow.freshen({ health: true });
    const { phase, probeAt } = b.running.flow.destinationHealth(destination.id)!;
    expect(a.running.flow.destinationHealth(destination.id)).toMatchObject({ phase, probeAt, concurrency: 0 });
    // The node that takes over goes on with it.
    await b.stop();
    await t.clock.advanceUntil(() => a.owns(destination.id), { limitMs: 10_000 });
    await t.clock.settle();
    expect(a.running.flow.destinationHealth(destination.id)).toMatchObject({ phase, probeAt });
  });

  it("lists every node that lives, and says which one answers", async () => {
    const [a] = await pair();
    await receiverOn(a, a);
    await a.publish();
    await t.delivered();
    await t.clock.advance(2_000);
    const { nodes, here } = await a.running.flow.nodes();
    expect(here).toBe("a");
    expect(nodes.map(({ name, shards, accepted, attempts }) => ({ name, shards: shards.length, accepted, attempts }))).toEqual([
      { name: "a", shards: 32, accepted: 1, attempts: 1 },
      { name: "b", shards: 32, accepted: 0, attempts: 0 },
    ]);
  });
});
