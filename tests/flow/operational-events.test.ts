// Operational events: every transition of a destination is an event of its own, and none of them feeds on itself.
import { afterEach, describe, expect, it } from "vitest";
import type { Event } from "../../src/core/event.ts";
import { createTestFlow, type TestFlow, type TestFlowOptions } from "../kit/flow.ts";
import { allPages } from "../kit/store.ts";

let t: TestFlow;
const setup = async (options: TestFlowOptions = {}) => (t = await createTestFlow(options));
afterEach(() => t.dispose());

const publishMany = (count: number) => Promise.all(Array.from({ length: count }, () => t.publish()));

/** Operational events in the order in which they were committed. */
async function told(): Promise<{ type: string; event: Event; data: Record<string, unknown> }[]> {
  const heads = (await allPages(t.store.events, { type: "posthorn.**" })).toReversed();
  const events = await Promise.all(heads.map(async ({ id }) => (await t.store.event(id))!));
  return events.map((event) => ({
    type: event.type.replace("posthorn.destination.", ""),
    event,
    data: JSON.parse(Buffer.from(event.request.body).toString()) as Record<string, unknown>,
  }));
}

const types = async () => (await told()).map(({ type }) => type);

describe("transitions", () => {
  it("of a breaker are told with the destination, the reason and the times, in its tenant and under its id", async () => {
    let healed = false;
    await setup({ respond: () => ({ status: healed ? 200 : 500 }) });
    const receiver = await t.addReceiver({ name: "the shop", tenantId: "acme" }, { tenantId: "acme" });
    await Promise.all(Array.from({ length: 10 }, () => t.publish({ tenantId: "acme" })));
    await t.rest();
    await t.publish({ tenantId: "acme" });
    const { probeAt, since } = t.running.flow.destinationHealth(receiver.id)!;
    healed = true;
    await t.clock.advance(40_000);
    const [opened, halfOpened, closed] = await told();
    expect([opened!.type, halfOpened!.type, closed!.type]).toEqual(["opened", "half_opened", "closed"]);
    expect(opened!.data).toEqual({
      destinationId: receiver.id,
      name: "the shop",
      reason: "10 of 10 attempts within 60 seconds failed.",
      at: new Date(since!).toISOString(),
      probeAt: new Date(probeAt!).toISOString(),
    });
    expect(halfOpened!.data).toMatchObject({ at: new Date(probeAt!).toISOString(), probeAt: null });
    expect(closed!.data).toMatchObject({ reason: null, probeAt: null });
    for (const { event } of await told())
      expect(event).toMatchObject({ sourceId: null, tenantId: "acme", key: receiver.id, requestId: null });
  });

  it("by a person are told too, each once", async () => {
    await setup();
    const { id } = await t.addReceiver();
    await t.pause(id);
    await t.changeDestination(id, (current) => ({ ...current, name: "renamed while paused" }));
    await t.resume(id);
    const disabled = { kind: "disabled" as const, since: t.clock.now(), reason: "Too expensive." };
    await t.changeDestination(id, (current) => ({ ...current, state: disabled }));
    await t.resume(id);
    await t.clock.advance(100);
    expect((await told()).map(({ type, data }) => [type, data["reason"]])).toEqual([
      ["paused", null],
      ["resumed", null],
      ["disabled", "Too expensive."],
      ["enabled", null],
    ]);
  });

  it("that a receiver asked for are told with its words, and a restart tells nothing", async () => {
    await setup({ respond: () => ({ status: 410 }) });
    await t.addReceiver();
    await t.publish();
    await t.rest();
    await t.restart("crash");
    await t.clock.advance(1000);
    expect((await told()).map(({ type, data }) => [type, data["reason"]])).toEqual([["disabled", "The receiver answered 410 Gone."]]);
  });

  it("are told once although the store fails, and although only its answer was lost", async () => {
    await setup();
    const { id } = await t.addReceiver();
    t.watched.fail("accept", new Error("scripted"), 2);
    await t.pause(id);
    await t.clock.advance(5000);
    expect(await types()).toEqual(["paused"]);
  });
});

describe("who gets them", () => {
  it("is a subscription that names them, and not one to everything", async () => {
    await setup({ respond: (sent) => ({ status: sent.url.includes("bad") ? 500 : 200 }) });
    const bad = await t.addReceiver({ url: "https://bad.example/" });
    await t.addReceiver({ url: "https://all.example/" }, { eventTypes: ["**"] });
    await t.addReceiver({ url: "https://star.example/" }, { eventTypes: ["*.destination.**"] });
    await t.addReceiver({ url: "https://opened.example/" }, { eventTypes: ["posthorn.destination.opened"] });
    await t.addReceiver({ url: "https://pager.example/" }, { eventTypes: ["posthorn.**", "test.other"] });
    await publishMany(10);
    await t.rest();
    const got = (host: string) =>
      t.transport.sent.filter((sent) => sent.url.includes(host)).map((sent) => sent.header("posthorn-event-type"));
    expect(got("pager")).toEqual(["posthorn.destination.opened"]);
    expect(got("opened")).toEqual(["posthorn.destination.opened"]);
    expect(new Set([...got("bad"), ...got("all"), ...got("star")])).toEqual(new Set(["test.event"]));
    const [event] = await told();
    const explained = await t.running.flow.explain(event!.event);
    expect(explained.find(({ destinationId }) => destinationId === bad.id)?.verdict).toMatchObject({
      matched: false,
      cause: "type_not_subscribed",
      message: "Operational events go only to subscriptions that name them, as in posthorn.destination.*; a catch-all does not.",
    });
  });

  it("a received event whose provider happens to name its types so is an event like any other", async () => {
    await setup();
    const source = await t.addSource();
    await t.addReceiver();
    await t.post(source, { body: '{"type":"posthorn.destination.opened"}' });
    await t.rest();
    expect(t.transport.sent.map((sent) => sent.header("posthorn-event-type"))).toEqual(["posthorn.destination.opened"]);
  });
});

describe("no loop", () => {
  it("a destination that receives them tells nothing of itself, whatever happens to it", async () => {
    await setup({ respond: (sent) => ({ status: sent.url.includes("pager") ? 500 : 200 }) });
    const pager = await t.addReceiver(
      { url: "https://pager.example/", retry: { scheduleMs: [0], jitter: 0 } },
      { eventTypes: ["posthorn.**", "test.event"] },
    );
    await publishMany(10);
    await t.rest();
    expect(t.running.flow.destinationHealth(pager.id)?.phase).toBe("open");
    await t.pause(pager.id);
    await t.resume(pager.id);
    await t.clock.advance(600_000);
    expect(await types()).toEqual([]);
  });

  it("two that watch everything and fail together end in silence", async () => {
    await setup({ respond: () => ({ status: 500 }) });
    const once = { retry: { scheduleMs: [0], jitter: 0 } };
    await t.addReceiver({ url: "https://one.example/", ...once }, { eventTypes: ["posthorn.**"] });
    await t.addReceiver({ url: "https://two.example/", ...once }, { eventTypes: ["posthorn.**"] });
    await t.addReceiver({ url: "https://bad.example/", ...once });
    await publishMany(10);
    await t.rest();
    expect(await types()).toEqual(["opened"]);
    await t.clock.advance(1_200_000);
    // Of the one that is watched; nothing is due for it, so the probe stays out.
    expect(await types()).toEqual(["opened", "half_opened"]);
  });

  it("begins to be told when its subscription to them goes", async () => {
    await setup();
    const destination = await t.addDestination();
    const subscription = await t.addSubscription(destination, { eventTypes: ["posthorn.destination.paused"] });
    await t.pause(destination.id);
    await t.catalog.remove("subscription", subscription.id);
    await t.resume(destination.id);
    await t.clock.advance(100);
    expect(await types()).toEqual(["resumed"]);
  });
});
