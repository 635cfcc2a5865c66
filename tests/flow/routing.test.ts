// Which events go where, and what a person is told afterwards about those that did not.
import { afterAll, afterEach, describe, expect, it } from "vitest";
import type { Subscription } from "../../src/core/subscription.ts";
import { createTestFlow, type TestFlow, type TestFlowOptions } from "../kit/flow.ts";

let t: TestFlow;
const setup = async (options: TestFlowOptions = {}) => (t = await createTestFlow(options));
// Opening a store costs a tenth of a second: rows of a table whose tests do not disturb each other share one.
let kept: TestFlow | null = null;
const share = async () => (t = kept ??= await createTestFlow());
afterEach(() => (t === kept ? undefined : t.dispose()));
afterAll(() => kept?.dispose());

const OPENED = "posthorn.destination.opened";

type Publish = NonNullable<Parameters<TestFlow["publish"]>[0]>;

/** How the only subscription explains an event. */
async function verdictOf(event: { id: string }) {
  const full = await t.store.event(event.id);
  const [explanation] = await t.running.flow.explain(full!);
  return explanation!.verdict;
}

describe("a subscription", () => {
  const cases: [string, Partial<Subscription>, Publish, string | null][] = [
    ["to everything takes everything", {}, {}, null],
    ["to a type takes it", { eventTypes: ["invoice.paid"] }, { type: "invoice.paid" }, null],
    ["to a type leaves others", { eventTypes: ["invoice.paid"] }, { type: "invoice.paidx" }, "type_not_subscribed"],
    ["to invoice.* takes one segment", { eventTypes: ["invoice.*"] }, { type: "invoice.paid" }, null],
    ["to invoice.* leaves two segments", { eventTypes: ["invoice.*"] }, { type: "invoice.line.added" }, "type_not_subscribed"],
    ["to ** takes every type", { eventTypes: ["**"] }, { type: "any.thing at all" }, null],
    ["to a channel takes events on it", { channels: ["a", "b"] }, { channels: ["b"] }, null],
    ["to a channel leaves events on none", { channels: ["a"] }, {}, "channel_not_subscribed"],
    ["of a tenant takes its events", { tenantId: "tnt_1" }, { tenantId: "tnt_1" }, null],
    ["of a tenant leaves events of others", { tenantId: "tnt_1" }, { tenantId: "tnt_2" }, "other_tenant"],
    ["of a tenant leaves events of none", { tenantId: "tnt_1" }, {}, "other_tenant"],
    ["of no tenant leaves events of one", {}, { tenantId: "tnt_1" }, "other_tenant"],
    [
      "of a tenant leaves others' operational events",
      { tenantId: "t1", eventTypes: [OPENED] },
      { type: OPENED, tenantId: "t2" },
      "other_tenant",
    ],
    ["of a tenant leaves operational events of none", { tenantId: "t1", eventTypes: [OPENED] }, { type: OPENED }, "other_tenant"],
    ["of a tenant takes its operational events", { tenantId: "t1", eventTypes: [OPENED] }, { type: OPENED, tenantId: "t1" }, null],
    ["of no tenant takes every tenant's operational events", { eventTypes: ["posthorn.**"] }, { type: OPENED, tenantId: "t1" }, null],
    ["of no tenant has to name operational events of tenants too", {}, { type: OPENED, tenantId: "t1" }, "type_not_subscribed"],
    ["that is disabled takes nothing", { enabled: false }, {}, "disabled"],
    ["with a filter takes what matches", { filter: { body: { amount: { $gte: 10 } } } }, { body: '{"amount":10}' }, null],
    ["with a filter leaves the rest", { filter: { body: { amount: { $gte: 10 } } } }, { body: '{"amount":9}' }, "filtered"],
    ["with a filter on headers reads them", { filter: { headers: { "content-type": "application/json" } } }, {}, null],
    ["with a filter on the event reads its facts", { filter: { event: { key: "k", type: "test.event" } } }, { key: "k" }, null],
    [
      "whose filter compares a text with a number says so",
      { filter: { body: { amount: { $gte: 10 } } } },
      { body: '{"amount":"many"}' },
      "filter_error",
    ],
  ];
  it.each(cases)("%s", async (_, subscription, publish, cause) => {
    await share();
    const receiver = await t.addReceiver({}, subscription);
    const event = await t.publish(publish);
    await t.rest();
    expect(t.transport.sent.filter((sent) => sent.url === receiver.url)).toHaveLength(cause === null ? 1 : 0);
    const explanation = (await t.running.flow.explain(event)).find(({ destinationId }) => destinationId === receiver.id);
    await t.removeDestination(receiver.id);
    expect(explanation!.verdict).toMatchObject(
      cause === null ? { matched: true } : { matched: false, cause, message: expect.stringMatching(/\w+ .*\.$/) },
    );
  });

  it("of a source takes its requests, and its filters see query, path and body", async () => {
    await setup();
    const [one, other] = [await t.addSource(), await t.addSource()];
    const receiver = await t.addDestination();
    await t.addSubscription(receiver, { sourceId: one.id, filter: { query: { shop: "7" }, path: "/eu", body: { a: 1 } } });
    await t.post(one, { query: "shop=7", pathTail: "/eu", body: '{"a":1}' });
    await t.post(one, { query: "shop=8", pathTail: "/eu", body: '{"a":1}' });
    await t.post(other, { query: "shop=7", pathTail: "/eu", body: '{"a":1}' });
    await t.rest();
    expect(t.transport.sent).toHaveLength(1);
    const events = (await t.store.events({ limit: 10, cursor: null, since: null, until: null })).data.toReversed();
    const verdicts = await Promise.all(events.map(verdictOf));
    expect(verdicts.map((verdict) => (verdict.matched ? null : [verdict.cause, verdict.path]))).toEqual([
      null,
      ["filtered", "query.shop"],
      ["other_source", null],
    ]);
  });

  it("beside others makes a delivery each, also to one destination", async () => {
    await setup();
    const [first, second] = [await t.addReceiver(), await t.addReceiver()];
    const twice = await t.addSubscription(first);
    const event = await t.publish();
    await t.rest();
    const deliveries = await t.deliveries({ eventId: event.id });
    expect(deliveries.map((delivery) => delivery.destinationId).toSorted()).toEqual([first.id, first.id, second.id].toSorted());
    expect(deliveries.filter((delivery) => delivery.subscriptionId === twice.id)).toHaveLength(1);
    expect(t.transport.sent).toHaveLength(3);
  });
});

describe("an explanation", () => {
  it("names every subscription of today with its destination", async () => {
    await setup();
    const [first, second] = [await t.addReceiver(), await t.addReceiver({}, { eventTypes: ["other"] })];
    const event = await t.publish();
    await t.rest();
    const explanations = await t.running.flow.explain(event);
    expect(explanations.map(({ destinationId, verdict }) => [destinationId, verdict.matched])).toEqual([
      [first.id, true],
      [second.id, false],
    ]);
  });

  it("is of the version that was in force when the event came, through several changes", async () => {
    await setup();
    const receiver = await t.addDestination();
    const { id } = await t.addSubscription(receiver, { eventTypes: ["first"] });
    const change = async (changes: Partial<Subscription>) => {
      await t.clock.advance(1000);
      await t.catalog.updateSubscription(id, (current) => ({ ...current, ...changes, updatedAt: t.clock.now() }));
      await t.clock.advance(1000);
    };
    const early = await t.publish({ type: "second" });
    await t.rest();
    await change({ eventTypes: ["second"], enabled: false });
    const middle = await t.publish({ type: "second" });
    await t.rest();
    await change({ enabled: true });
    const late = await t.publish({ type: "second" });
    await t.rest();
    expect(await verdictOf(early)).toMatchObject({ matched: false, cause: "type_not_subscribed" });
    expect(await verdictOf(middle)).toMatchObject({ matched: false, cause: "disabled" });
    expect(await verdictOf(late)).toEqual({ matched: true });
    await t.restart("crash");
    expect(await verdictOf(middle)).toMatchObject({ cause: "disabled" });
  });

  it("says of a delivered event that it matched, whatever the subscription became since", async () => {
    await setup();
    await t.addReceiver();
    const event = await t.publish();
    await t.rest();
    const [subscription] = t.catalog.subscriptions();
    await t.clock.advance(1000);
    await t.catalog.updateSubscription(subscription!.id, (current) => ({ ...current, eventTypes: ["never"], updatedAt: t.clock.now() }));
    expect(await verdictOf(event)).toEqual({ matched: true });
  });

  it("says of a subscription created later that it was, and how to catch up, also after a replay and its retry by hand", async () => {
    await setup();
    const event = await t.publish();
    await t.clock.advance(1000);
    const receiver = await t.addReceiver();
    expect(await verdictOf(event)).toMatchObject({
      matched: false,
      cause: "created_later",
      message: expect.stringContaining("replay job"),
    });
    await t.replay({ destinationId: receiver.id });
    await t.rest();
    await t.retry((await t.deliveryOf(event)).id);
    await t.rest();
    expect(t.transport.sent).toHaveLength(2);
    expect(await verdictOf(event)).toMatchObject({ cause: "created_later" });
  });
});
