// Sources that split: one event per item, the request whole, and every later step takes the items as the events they are.
import { createHash } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import type { Event } from "../../src/core/event.ts";
import type { Source } from "../../src/core/source.ts";
import { LARGE_BODY_BYTES } from "../../src/flow/large-bodies.ts";
import type { TailEntry } from "../../src/flow/tail.ts";
import { SPLIT_ITEMS_MAX } from "../../src/limits.ts";
import { StoreUnavailableError } from "../../src/store/store.ts";
import { createTestFlow, type TestFlow, type TestFlowOptions } from "../kit/flow.ts";
import { splitBatch } from "../kit/split-arrays.ts";
import { allPages } from "../kit/store.ts";

const splitter = { split: splitBatch, moduleUrl: new URL("../kit/split-arrays.ts", import.meta.url).href };

let t: TestFlow;
const setup = async (options: TestFlowOptions = {}) => (t = await createTestFlow({ splitter, ...options }));
afterEach(() => t.dispose());

const DEDUPE = { by: "providerEventId", windowMs: 1e9 } as const;
const splitting = (changes: Partial<Source> = {}) => t.addSource({ split: true, dedupe: DEDUPE, ...changes });
const events = async (): Promise<Event[]> => {
  const heads = await allPages(t.store.events, { ascending: true });
  return t.store.eventsBySeq(heads.map((event) => event.seq));
};
const textOf = (event: Event) => Buffer.from(event.request.body).toString();
const batch = (...ids: string[]) =>
  JSON.stringify(ids.map((id) => ({ id, type: `item.${id}`, timeMs: 1_700_000_000_000, about: `k-${id}` })));

describe("a source that splits", () => {
  it("makes an event of every item, with the item's own facts and bytes, and keeps the request whole", async () => {
    await setup();
    const source = await splitting({ keyFrom: "json:about" });
    const body = batch("a", "b", "c");
    const answer = await t.post(source, {
      body,
      pathTail: "/tail",
      query: "q=1",
      headers: ["Content-Type", "application/json", "X-One", "1"],
    });
    const made = await events();
    expect(answer).toMatchObject({ kind: "accepted", duplicate: false, eventId: made[0]!.id });
    expect(made.map(textOf)).toEqual((JSON.parse(body) as unknown[]).map((item) => JSON.stringify(item)));
    for (const [index, id] of ["a", "b", "c"].entries()) {
      expect(made[index]).toMatchObject({
        type: `item.${id}`,
        key: `k-${id}`,
        providerEventId: id,
        occurredAt: 1_700_000_000_000,
        receivedAt: t.clock.now(),
        sourceId: source.id,
        request: { pathTail: "/tail", query: "q=1", headers: ["Content-Type", "application/json", "X-One", "1"] },
      });
    }
    const [request, ...more] = await allPages(t.store.requests, {});
    expect(more).toEqual([]);
    const record = await t.store.request(request!.id);
    expect(record).toMatchObject({ outcome: "accepted", eventIds: made.map(({ id }) => id) });
    expect(Buffer.from(record!.request.body).toString()).toBe(body);
    expect(made.every((event) => event.requestId === request!.id)).toBe(true);
  });

  it("delivers, filters, explains and replays each item by itself", async () => {
    await setup();
    const destination = await t.addDestination();
    const subscription = await t.addSubscription(destination, {
      eventTypes: ["item.a", "item.b"],
      filter: { body: { id: { $neq: "b" } } },
    });
    await t.post(await splitting(), { body: batch("a", "b", "c") });
    await t.rest();
    const [a, b, c] = await events();
    expect(t.transport.sent.map((sent) => [sent.eventId, sent.body.toString()])).toEqual([[a!.id, textOf(a!)]]);
    const verdictOf = async (event: Event) => (await t.running.flow.explain(event))[0]!;
    expect(await verdictOf(a!)).toMatchObject({ subscriptionId: subscription.id, verdict: { matched: true } });
    expect((await verdictOf(b!)).verdict).toMatchObject({ cause: "filtered" });
    expect((await verdictOf(c!)).verdict).toMatchObject({ cause: "type_not_subscribed" });
    t.transport.sent.length = 0;
    const job = await t.replay({ eventIds: [a!.id, b!.id] });
    await t.clock.advanceUntil(async () => (await t.store.job(job.id))!.status === "finished");
    await t.rest();
    expect(t.transport.sent.map((sent) => sent.eventId)).toEqual([a!.id]);
    expect(await verdictOf(a!)).toMatchObject({ verdict: { matched: true } });
  });

  it("answers repeated items by themselves, counts them, and tells the tail of each", async () => {
    await setup();
    await t.addReceiver();
    const source = await splitting();
    const first = await t.post(source, { body: batch("a", "b") });
    const told: TailEntry[] = [];
    t.running.flow.tail.listen((entry) => void told.push(entry));
    const second = await t.post(source, { body: batch("b", "c") });
    const third = await t.post(source, { body: batch("a", "b", "c") });
    await t.rest();
    const [a, b, c] = await events();
    expect([first, second, third]).toMatchObject([
      { eventId: a!.id, duplicate: false },
      { eventId: b!.id, duplicate: false },
      { eventId: a!.id, duplicate: true },
    ]);
    expect(t.transport.sent.map((sent) => sent.eventId).toSorted()).toEqual([a!.id, b!.id, c!.id].toSorted());
    expect(t.running.counters).toMatchObject({ accepted: 3, duplicates: 4 });
    const repeats = told.filter((entry) => entry.kind === "request.duplicate").map((entry) => entry.eventId);
    expect(repeats).toEqual([b!.id, a!.id, b!.id, c!.id]);
    const outcomes = (await allPages(t.store.requests, {})).map(({ outcome }) => outcome);
    expect(outcomes).toEqual(["duplicate", "accepted", "accepted"]);
  });

  const rules: [string, Partial<Source>, string[]][] = [
    ["the provider's id", { dedupe: DEDUPE }, ["a", "b"]],
    ["the item's body", { dedupe: { by: "body", windowMs: 1e9 } }, ["a", "b"]],
    ["a path in the item", { dedupe: { by: "jsonPath", path: "about", windowMs: 1e9 } }, ["a", "b"]],
    ["a header, which says nothing of an item", { dedupe: { by: "header", name: "x-id", windowMs: 1e9 } }, ["a", "b", "a", "a"]],
    ["nothing", { dedupe: { by: "none" } }, ["a", "b", "a", "a"]],
  ];
  it.each(rules)("tells repeats by %s", async (_, changes, expected) => {
    await setup();
    const source = await splitting(changes);
    await t.post(source, { body: batch("a", "b", "a"), headers: ["X-Id", "same"] });
    await t.post(source, { body: batch("a"), headers: ["X-Id", "same"] });
    expect((await events()).map((event) => event.providerEventId)).toEqual(expected);
  });

  const whole: [string, string][] = [
    ["a body that is no batch", '{"id":"a"}'],
    ["an empty batch", "[]"],
    ["a batch with too many items", `[${Array.from({ length: SPLIT_ITEMS_MAX + 1 }, () => "{}").join(",")}]`],
  ];
  it.each(whole)("takes %s as one event", async (_, body) => {
    await setup();
    expect(await t.post(await splitting(), { body })).toMatchObject({ kind: "accepted" });
    const made = await events();
    expect(made.map(textOf)).toEqual([body]);
    expect(await t.store.request(made[0]!.requestId!)).toMatchObject({ outcome: "accepted", eventIds: [made[0]!.id], message: null });
  });

  it("takes as many items as the bound says", async () => {
    await setup();
    await t.post(await splitting({ dedupe: { by: "none" } }), {
      body: `[${Array.from({ length: SPLIT_ITEMS_MAX }, () => "{}").join(",")}]`,
    });
    expect(await allPages(t.store.events, {})).toHaveLength(SPLIT_ITEMS_MAX);
  });

  it("that does not split leaves a batch one event, and so does a flow without a splitter", async () => {
    await setup();
    await t.post(await t.addSource({ dedupe: DEDUPE }), { body: batch("a", "b") });
    expect((await events()).map(textOf)).toEqual([batch("a", "b")]);
    await t.dispose();
    await setup({ splitter: undefined });
    await t.post(await splitting(), { body: batch("a", "b") });
    expect((await events()).map(textOf)).toEqual([batch("a", "b")]);
  });

  it("gives items a type of their own where the batch's does not fit them", async () => {
    await setup();
    const source = await splitting();
    const types = [
      ["application/json; charset=utf-8", "application/json; charset=utf-8"],
      ["application/cloudevents-batch+json", "application/cloudevents+json"],
      ["application/x-ndjson", "application/json"],
      ["application/x-www-form-urlencoded", "application/json"],
      ["application/vnd.api+json", "application/vnd.api+json"],
    ];
    for (const [index, [type]] of types.entries()) await t.post(source, { body: batch(`i${index}`), headers: ["content-type", type!] });
    expect((await events()).map((event) => event.request.headers)).toEqual(types.map(([, type]) => ["content-type", type]));
  });

  it("ignores times that are none", async () => {
    await setup();
    const times = [Number.MAX_VALUE, -1, 1.75, 253_402_300_800_000, null];
    await t.post(await splitting(), { body: JSON.stringify(times.map((timeMs, id) => ({ id: String(id), timeMs: timeMs ?? undefined }))) });
    expect((await events()).map((event) => event.occurredAt)).toEqual([null, null, 1, null, null]);
  });

  it("does not store the credential of the batch with its items", async () => {
    await setup();
    const auth = { kind: "bearer", token: "a-token-of-this-test", required: true } as const;
    await t.post(await splitting({ auth }), {
      body: batch("a"),
      headers: ["Authorization", "Bearer a-token-of-this-test", "Content-Type", "text/json"],
    });
    const [event] = await events();
    expect(event!.request.headers).toEqual(["Authorization", "***", "Content-Type", "text/json"]);
    expect((await t.store.request(event!.requestId!))!.request.headers).toEqual(["Authorization", "***", "Content-Type", "text/json"]);
  });
});

describe("a large batch", () => {
  const filler = createHash("sha256").update("filler").digest("hex").repeat(20);
  const large = JSON.stringify(Array.from({ length: 1200 }, (_, i) => ({ id: `l${i}`, type: "large.item", about: `k${i % 7}`, filler })));

  it("is taken apart by the thread, to the same events", async () => {
    expect(large.length).toBeGreaterThan(LARGE_BODY_BYTES);
    await setup();
    const source = await splitting({ keyFrom: "json:about" });
    expect(await t.post(source, { body: large })).toMatchObject({ kind: "accepted", duplicate: false });
    const made = await events();
    expect(made.map(textOf)).toEqual((JSON.parse(large) as unknown[]).map((item) => JSON.stringify(item)));
    expect(made.map((event) => [event.type, event.key, event.providerEventId])).toEqual(
      Array.from({ length: 1200 }, (_, i) => ["large.item", `k${i % 7}`, `l${i}`]),
    );
    expect(await t.post(source, { body: large })).toMatchObject({ duplicate: true, eventId: made[0]!.id });
  });

  it("that is none is one event", async () => {
    await setup();
    await t.post(await splitting(), { body: JSON.stringify({ id: "one", filler: large }) });
    expect(await allPages(t.store.events, {})).toMatchObject([{ type: "unknown", bodyBytes: expect.any(Number) }]);
  });
});

describe("a split request and a process that dies", () => {
  it.each(["before", "after"] as const)("%s its commit: the sender's second try leaves every item once, and delivered", async (when) => {
    await setup();
    await t.addReceiver();
    const source = await splitting();
    t.watched.crashAt({ method: "acceptSplit", when, nth: 1 });
    void t.post(source, { body: batch("a", "b", "c") });
    await t.clock.advanceUntil(() => t.watched.isDead);
    await t.restart("crash");
    expect((await events()).length).toBe(when === "before" ? 0 : 3);
    const again = await t.post(source, { body: batch("a", "b", "c") });
    expect(again).toMatchObject({ kind: "accepted", duplicate: when === "after" });
    await t.rest();
    const made = await events();
    expect(made.map((event) => event.providerEventId)).toEqual(["a", "b", "c"]);
    expect(t.transport.sent.map((sent) => sent.eventId).toSorted()).toEqual(made.map((event) => event.id).toSorted());
  });

  it("is not acknowledged when the store cannot commit it", async () => {
    await setup();
    const source = await splitting();
    t.watched.fail("acceptSplit", new StoreUnavailableError("full"), 1);
    expect(await t.post(source, { body: batch("a") })).toEqual({ kind: "rejected", cause: "store_unavailable" });
    expect(await events()).toEqual([]);
  });
});

describe("retention of a split request", () => {
  it("takes the request with its last event, over slices that cut through the batch", async () => {
    await setup({ retentionDays: 1 });
    const source = await splitting({ dedupe: { by: "none" } });
    await t.post(source, { body: `[${Array.from({ length: 1_300 }, () => "{}").join(",")}]` });
    await t.rest();
    const [request] = await allPages(t.store.requests, {});
    await t.clock.advance(3_600_000);
    await t.running.retention.run();
    expect(await t.store.request(request!.id)).not.toBeNull();
    await t.clock.advance(24 * 3_600_000);
    const pass = t.running.retention.run();
    let done = false;
    void pass.then(() => (done = true));
    await t.clock.advanceUntil(() => done);
    expect(await allPages(t.store.events, {})).toEqual([]);
    expect(await allPages(t.store.requests, {})).toEqual([]);
  });
});
