// Sources that split: one event per item, the request whole, and every later step takes the items as the events they are.
import { createHash, generateKeyPairSync } from "node:crypto";
import { sign, type SignOptions } from "@posthorn/sdk";
import { afterEach, describe, expect, it } from "vitest";
import type { Event, RawRequest } from "../../src/core/event.ts";
import type { Source } from "../../src/core/source.ts";
import { LARGE_BODY_BYTES } from "../../src/flow/large-bodies.ts";
import type { TailEntry } from "../../src/flow/tail.ts";
import { SPLIT_ITEMS_MAX } from "../../src/limits.ts";
import { StoreUnavailableError } from "../../src/store/store.ts";
import { createTestFlow, type TestFlow, type TestFlowOptions } from "../kit/flow.ts";
import { allPages } from "../kit/store.ts";

let t: TestFlow;
const setup = async (options: TestFlowOptions = {}) => (t = await createTestFlow(options));
afterEach(() => t.dispose());

const SECRET = "a-secret-of-this-test";
const DEDUPE = { by: "providerEventId", windowMs: 1e9 } as const;
const secrets: Source["secrets"] = [{ value: SECRET, expiresAt: null }];
/** Auth0 sends lists with a shared token, so that requests of these tests need no signature over their body. */
const splitting = (changes: Partial<Source> = {}) => t.addSource({ provider: "auth0", secrets, split: true, dedupe: DEDUPE, ...changes });
const post = (source: Source, { headers = [], ...rest }: Partial<Omit<RawRequest, "body">> & { body: string }) =>
  t.post(source, { ...rest, headers: ["Authorization", `Bearer ${SECRET}`, ...headers] });
const events = async (): Promise<Event[]> => {
  const heads = await allPages(t.store.events, { ascending: true });
  return t.store.eventsBySeq(heads.map((event) => event.seq));
};
const textOf = (event: Event) => Buffer.from(event.request.body).toString();
/** With what does not survive being parsed and written anew: a large number, and spaces. */
const item = (id: string) =>
  `{"log_id":"${id}", "n":12345678901234567890,"data":{"type":"item.${id}","date":"2023-11-14T22:13:20.000Z","user_id":"k-${id}"} }`;
const batch = (...ids: string[]) => `[ ${ids.map(item).join(" ,\n")} ]`;

describe("a source that splits", () => {
  it("makes an event of every item, with the item's own facts and bytes, and keeps the request whole", async () => {
    await setup();
    const source = await splitting({ keyFrom: "json:data.user_id" });
    const body = batch("a", "b", "c");
    const answer = await post(source, {
      body,
      pathTail: "/tail",
      query: "q=1",
      headers: ["Content-Type", "application/json", "X-One", "1"],
    });
    const made = await events();
    expect(answer).toMatchObject({ kind: "accepted", duplicate: false, eventId: made[0]!.id });
    expect(made.map(textOf)).toEqual(["a", "b", "c"].map(item));
    for (const [index, id] of ["a", "b", "c"].entries()) {
      expect(made[index]).toMatchObject({
        type: `item.${id}`,
        key: `k-${id}`,
        providerEventId: id,
        occurredAt: 1_700_000_000_000,
        receivedAt: t.clock.now(),
        sourceId: source.id,
        request: {
          pathTail: "/tail",
          query: "q=1",
          headers: ["Authorization", "***", "Content-Type", "application/json", "X-One", "1"],
        },
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
      filter: { body: { log_id: { $neq: "b" } } },
    });
    await post(await splitting(), { body: batch("a", "b", "c") });
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
    const first = await post(source, { body: batch("a", "b") });
    const told: TailEntry[] = [];
    t.running.flow.tail.listen((entry) => void told.push(entry));
    const second = await post(source, { body: batch("b", "c") });
    const third = await post(source, { body: batch("a", "b", "c") });
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
    ["a path in the item", { dedupe: { by: "jsonPath", path: "data.user_id", windowMs: 1e9 } }, ["a", "b"]],
    ["a header, which says nothing of an item", { dedupe: { by: "header", name: "x-id", windowMs: 1e9 } }, ["a", "b", "a", "a"]],
    ["nothing", { dedupe: { by: "none" } }, ["a", "b", "a", "a"]],
  ];
  it.each(rules)("tells repeats by %s", async (_, changes, expected) => {
    await setup();
    const source = await splitting(changes);
    await post(source, { body: batch("a", "b", "a"), headers: ["X-Id", "same"] });
    await post(source, { body: batch("a"), headers: ["X-Id", "same"] });
    expect((await events()).map((event) => event.providerEventId)).toEqual(expected);
  });

  const whole: [string, string][] = [
    ["a body that is no batch", '{"log_id":"a"}'],
    ["a list with something that is no event", '[{"log_id":"a"},1]'],
    ["an empty batch", "[]"],
    ["a batch with too many items", `[${Array.from({ length: SPLIT_ITEMS_MAX + 1 }, () => "{}").join(",")}]`],
  ];
  it.each(whole)("takes %s as one event", async (_, body) => {
    await setup();
    expect(await post(await splitting(), { body })).toMatchObject({ kind: "accepted" });
    const made = await events();
    expect(made.map(textOf)).toEqual([body]);
    expect(await t.store.request(made[0]!.requestId!)).toMatchObject({ outcome: "accepted", eventIds: [made[0]!.id], message: null });
  });

  it("takes as many items as the bound says", async () => {
    await setup();
    await post(await splitting({ dedupe: { by: "none" } }), {
      body: `[${Array.from({ length: SPLIT_ITEMS_MAX }, () => "{}").join(",")}]`,
    });
    expect(await allPages(t.store.events, {})).toHaveLength(SPLIT_ITEMS_MAX);
  });

  it("that does not split leaves a batch one event", async () => {
    await setup();
    await post(await splitting({ split: false }), { body: batch("a", "b") });
    expect((await events()).map(textOf)).toEqual([batch("a", "b")]);
  });

  it("ignores times that are none", async () => {
    await setup();
    const times = [Number.MAX_VALUE, -1, 1.75, 253_402_300_800_000, null];
    await send("hubspot", { body: JSON.stringify(times.map((occurredAt, eventId) => ({ eventId, occurredAt }))) });
    expect((await events()).map((event) => event.occurredAt)).toEqual([null, null, 1, null, null]);
  });

  it("does not store the credential of the batch with its items", async () => {
    await setup();
    const auth = { kind: "bearer", token: "a-token-of-this-test", required: true } as const;
    const type = "application/cloudevents-batch+json; charset=utf-8";
    await t.post(await splitting({ provider: "none", secrets: [], auth }), {
      body: '[{"specversion":"1.0","id":"1","source":"/s","type":"t"}]',
      headers: ["Authorization", "Bearer a-token-of-this-test", "Content-Type", type],
    });
    const [event] = await events();
    expect(event!.request.headers).toEqual(["Authorization", "***", "Content-Type", "application/cloudevents+json"]);
    expect((await t.store.request(event!.requestId!))!.request.headers).toEqual(["Authorization", "***", "Content-Type", type]);
  });
});

const url = "https://hooks.example.test/in/token";
const ec = generateKeyPairSync("ec", {
  namedCurve: "prime256v1",
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});
/** How these providers sign, where it is not with the secret alone. */
const SIGNED: Record<string, { source: Partial<Source>; options: Partial<SignOptions> }> = {
  hubspot: { source: { params: { url } }, options: { url } },
  mandrill: { source: { params: { url } }, options: { url } },
  sendgrid: { source: { secrets: [], publicKey: ec.publicKey }, options: { secret: ec.privateKey } },
};

/** One request of the provider, signed as it signs, to a new source that splits. */
async function send(provider: string, { body, type = "application/json" }: { body: string; type?: string }) {
  const { source, options } = SIGNED[provider] ?? { source: {}, options: {} };
  const { headers } = await sign({ provider, secret: SECRET, timestampMs: t.clock.now(), method: "POST", body, ...options });
  return t.post(await splitting({ provider, ...source }), { body, headers: [...headers.flat(), "Content-Type", type] });
}

describe("a batch of", () => {
  interface Sent {
    body: string;
    type?: string;
    items: { text: string; id: string; type: string; occurredAt: number | null; contentType?: string }[];
  }
  const [at, iso] = [1_760_000_000_000, "2025-10-09T08:53:20.000Z"];
  const hubspot = (id: number) => `{"eventId":${id},"subscriptionType":"contact.creation", "occurredAt":${at}}`;
  const sendgrid = (id: string) => `{"sg_event_id":"${id}","event":"delivered" ,"timestamp":1760000000}`;
  const okta = (id: string) => `{ "uuid":"${id}","eventType":"user.session.start","published":"${iso}"}`;
  const mandrill = (id: string) => `{"_id":"${id}","event":"open","ts":1760000000,"text":"a b&c=d"}`;
  const event = (id: string) => `{"specversion":"1.0","id":"${id}","source":"/s","type":"t.a","time":"${iso}", "data":1.0}`;
  const sent: Record<string, Sent> = {
    hubspot: {
      body: `[${hubspot(1)} , ${hubspot(2)}]`,
      items: [1, 2].map((id) => ({ text: hubspot(id), id: String(id), type: "contact.creation", occurredAt: at })),
    },
    sendgrid: {
      body: `[${sendgrid("a")},\r\n${sendgrid("b")}]\r\n`,
      items: ["a", "b"].map((id) => ({ text: sendgrid(id), id, type: "delivered", occurredAt: at })),
    },
    okta: {
      body: `{"eventId":"whole","data":{ "events": [${okta("a")},${okta("b")}] }}`,
      items: ["a", "b"].map((id) => ({ text: okta(id), id, type: "user.session.start", occurredAt: at })),
    },
    // A form: its items are JSON.
    mandrill: {
      type: "application/x-www-form-urlencoded",
      body: `mandrill_events=${encodeURIComponent(`[${mandrill("a")},${mandrill("b")}]`)}`,
      items: ["a", "b"].map((id) => ({
        text: mandrill(id),
        id: `${id}.open.1760000000`,
        type: "open",
        occurredAt: at,
        contentType: "application/json",
      })),
    },
    cloudevents: {
      type: "application/cloudevents-batch+json",
      body: `[${event("a")},${event("b")}]`,
      items: ["a", "b"].map((id) => ({
        text: event(id),
        id: `/s ${id}`,
        type: "t.a",
        occurredAt: at,
        contentType: "application/cloudevents+json",
      })),
    },
  };

  it.each(Object.keys(sent))("%s is verified as a whole, and each item becomes an event with its bytes and its type", async (provider) => {
    await setup({ startMs: at });
    const { items, ...request } = sent[provider]!;
    expect(await send(provider, request)).toMatchObject({ kind: "accepted", duplicate: false });
    const made = (await events()).map((one) => ({
      text: textOf(one),
      id: one.providerEventId,
      type: one.type,
      occurredAt: one.occurredAt,
      contentType: one.request.headers.at(-1),
    }));
    expect(made).toEqual(items.map((one) => ({ contentType: request.type ?? "application/json", ...one })));
    const [kept] = await allPages(t.store.requests, {});
    const { request: whole } = (await t.store.request(kept!.id))!;
    expect([Buffer.from(whole.body).toString(), whole.headers.at(-1)]).toEqual([request.body, request.type ?? "application/json"]);
  });

  it("hubspot with one changed byte becomes no event at all", async () => {
    await setup({ startMs: at });
    const { headers } = await sign({
      provider: "hubspot",
      secret: SECRET,
      timestampMs: at,
      method: "POST",
      url,
      body: sent["hubspot"]!.body,
    });
    const source = await splitting({ provider: "hubspot", params: { url } });
    const body = sent["hubspot"]!.body.replace("creation", "deletion");
    expect(await t.post(source, { body, headers: headers.flat() })).toEqual({ kind: "rejected", cause: "bad_signature" });
    expect(await events()).toEqual([]);
  });
});

describe("a large batch", () => {
  const filler = createHash("sha256").update("filler").digest("hex").repeat(20);
  const one = (i: number) => `{"log_id":"l${i}", "data":{"type":"large.item","user_id":"k${i % 7}"},"filler":"${filler}"}`;
  const texts = Array.from({ length: 1200 }, (_, i) => one(i));
  const large = `[${texts.join(",")}]`;

  it("is taken apart by the thread, to the same events", async () => {
    expect(large.length).toBeGreaterThan(LARGE_BODY_BYTES);
    await setup();
    const source = await splitting({ keyFrom: "json:data.user_id" });
    expect(await post(source, { body: large })).toMatchObject({ kind: "accepted", duplicate: false });
    const made = await events();
    expect(made.map(textOf)).toEqual(texts);
    expect(made.map((event) => [event.type, event.key, event.providerEventId])).toEqual(
      Array.from({ length: 1200 }, (_, i) => ["large.item", `k${i % 7}`, `l${i}`]),
    );
    expect(await post(source, { body: large })).toMatchObject({ duplicate: true, eventId: made[0]!.id });
  });

  it("that is none is one event", async () => {
    await setup();
    await post(await splitting(), { body: JSON.stringify({ id: "one", filler: large }) });
    expect(await allPages(t.store.events, {})).toMatchObject([{ type: "unknown", bodyBytes: expect.any(Number) }]);
  });
});

describe("a split request and a process that dies", () => {
  it.each(["before", "after"] as const)("%s its commit: the sender's second try leaves every item once, and delivered", async (when) => {
    await setup();
    await t.addReceiver();
    const source = await splitting();
    t.watched.crashAt({ method: "acceptSplit", when, nth: 1 });
    void post(source, { body: batch("a", "b", "c") });
    await t.clock.advanceUntil(() => t.watched.isDead);
    await t.restart("crash");
    expect((await events()).length).toBe(when === "before" ? 0 : 3);
    const again = await post(source, { body: batch("a", "b", "c") });
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
    expect(await post(source, { body: batch("a") })).toEqual({ kind: "rejected", cause: "store_unavailable" });
    expect(await events()).toEqual([]);
  });
});

describe("retention of a split request", () => {
  it("takes the request with its last event, over slices that cut through the batch", async () => {
    await setup({ retentionDays: 1 });
    const source = await splitting({ dedupe: { by: "none" } });
    await post(source, { body: `[${Array.from({ length: 1_300 }, () => "{}").join(",")}]` });
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
