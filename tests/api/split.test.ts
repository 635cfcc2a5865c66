// Split requests, handshakes and CloudEvents as the API shows them, over a data directory that holds some.
import { HTTP, type CloudEvent } from "cloudevents";
import { rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openSqliteStore } from "../../src/store/sqlite/index.ts";
import type { SplitOutcome } from "../../src/store/store.ts";
import { systemClock } from "../../src/system/clock.ts";
import { splitDraft, splitItem } from "../contract/store.split.contract.ts";
import { seededRandom } from "../kit/random.ts";
import { draft, newDirectory } from "../kit/store.ts";
import { fieldsOf, type Fixture, startFixture } from "./fixture.ts";

const directory = newDirectory();
let app: Fixture;
let split: SplitOutcome;
let repeat: SplitOutcome;

beforeAll(async () => {
  // The first start makes the keys that a directory with data must have.
  await (await startFixture({ POSTHORN_DATA_DIR: directory })).close();
  const onFatal = () => undefined;
  const store = await openSqliteStore({ directory, clock: systemClock, random: seededRandom("api split"), requestsKeptMax: 100, onFatal });
  const now = systemClock.now();
  const items = [
    splitItem("a", { occurredAt: Date.UTC(2025, 0, 1) }),
    splitItem("b", { contentType: "text/plain", body: Buffer.from("b") }),
  ];
  split = await store.acceptSplit(splitDraft(now, items));
  repeat = await store.acceptSplit(splitDraft(now, items));
  const unaccepted = { sourceId: "src_1", receivedAt: now, bodyBytes: 2, request: draft(now).request };
  await store.recordRequests([
    { ...unaccepted, outcome: "handshake", cause: null, message: "Echoed hub.challenge." },
    { ...unaccepted, outcome: "rejected", cause: "handshake_refused", message: "The verify token is another one." },
    { ...unaccepted, outcome: "rejected", cause: "key_unavailable", message: "The key could not be fetched." },
  ]);
  await store.close();
  app = await startFixture({ POSTHORN_DATA_DIR: directory });
});
afterAll(async () => {
  await app.close();
  rmSync(directory, { recursive: true, force: true });
});

const idsOf = (outcome: SplitOutcome) => outcome.items.map((item) => (item.kind === "accepted" ? item.event.id : item.of));

describe("GET /v1/requests", () => {
  test("200 shows a split request whole, with the events of its items", async () => {
    const { status, body } = await app.get(`/v1/requests/${split.requestId}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      outcome: "accepted",
      eventId: idsOf(split)[0],
      eventIds: idsOf(split),
      body: '[{"id":"a"},b]',
      bodyTruncated: false,
      message: "Split into 2 events.",
    });
    expect((await app.get(`/v1/requests/${split.requestId}/body`)).text).toBe('[{"id":"a"},b]');
    expect((await app.get(`/v1/requests/${repeat.requestId}`)).body).toMatchObject({ outcome: "duplicate", eventIds: idsOf(split) });
  });

  test("200 lists by the outcome handshake, and by the causes of handshakes and keys", async () => {
    const list = async (query: string) => (await app.get(`/v1/requests?sourceId=src_1&${query}`)).body.data;
    expect(await list("outcome=handshake")).toMatchObject([{ outcome: "handshake", cause: null, message: "Echoed hub.challenge." }]);
    expect(await list("cause=handshake_refused")).toHaveLength(1);
    expect(await list("cause=key_unavailable")).toHaveLength(1);
    expect((await list("outcome=accepted")).map((one: { id: string }) => one.id)).toEqual([split.requestId]);
    expect(await list("limit=100")).toHaveLength(5);
    expect((await app.get("/v1/requests?outcome=other")).status).toBe(422);
  });
});

describe("GET /v1/events/{id}", () => {
  test("200 shows the request it came in, its own bytes, and when it happened", async () => {
    const [a, b] = await Promise.all(idsOf(split).map(async (id) => (await app.get(`/v1/events/${id}`)).body));
    expect(a).toMatchObject({ requestId: split.requestId, occurredAt: "2025-01-01T00:00:00.000Z", body: '{"id":"a"}' });
    expect(b).toMatchObject({ requestId: split.requestId, occurredAt: null, body: "b", contentType: "text/plain" });
    expect((await app.get(`/v1/events/${a.id}/body`)).text).toBe('{"id":"a"}');
    const { data } = (await app.get("/v1/events?sourceId=src_1")).body;
    expect(data.map((one: { requestId: string }) => one.requestId)).toEqual([split.requestId, split.requestId]);
    const published = (await app.post("/v1/events", { type: "t", data: 1 })).body;
    expect((await app.get(`/v1/events/${published.id}`)).body).toMatchObject({ requestId: null, occurredAt: null });
  });

  test("200 with format=cloudevents, which the official library takes", async () => {
    const data = '{"n":12345678901234567890,"f":1.0}';
    const raw = `{"type":"invoice.paid","key":"cus_1","tenantId":"acme","data":${data}}`;
    const { id } = (await app.call("POST", "/v1/events", { raw })).body;
    const reply = await app.get(`/v1/events/${id}?format=cloudevents`);
    expect([reply.status, reply.headers["content-type"]]).toEqual([200, "application/cloudevents+json"]);
    expect(reply.text).toContain(`"data":${data}`);
    const headers = { "content-type": String(reply.headers["content-type"]) };
    const event = HTTP.toEvent({ headers, body: reply.text }) as CloudEvent<unknown>;
    expect(event.validate()).toBe(true);
    expect(event).toMatchObject({ id, source: "/publish", type: "invoice.paid", subject: "cus_1", tenantid: "acme" });
  });

  test("200 with format=cloudevents names the source, and its id once it is gone", async () => {
    const source = (await app.post("/v1/sources", { name: "My shop" })).body;
    expect((await app.ingest(source.url, '{"a":1}')).status).toBe(200);
    const [{ id }] = (await app.get(`/v1/events?sourceId=${source.id}`)).body.data;
    const look = async () => (await app.get(`/v1/events/${id}?format=cloudevents`)).body;
    expect(await look()).toMatchObject({ source: "/sources/My%20shop", sourceid: source.id, data: { a: 1 } });
    await app.call("DELETE", `/v1/sources/${source.id}`);
    expect(await look()).toMatchObject({ source: `/sources/${source.id}`, sourceid: source.id });
  });

  test("200 with format=json, 422 for another one, 404 for an unknown event in any", async () => {
    const id = idsOf(split)[0]!;
    expect((await app.get(`/v1/events/${id}?format=json`)).body).toEqual((await app.get(`/v1/events/${id}`)).body);
    expect(fieldsOf(await app.get(`/v1/events/${id}?format=xml`))).toEqual(["format"]);
    for (const format of ["json", "cloudevents"]) expect((await app.get(`/v1/events/evt_nothing?format=${format}`)).status).toBe(404);
  });
});

describe("a source's split setting", () => {
  test("is off unless asked for, and can be changed", async () => {
    const plain = (await app.post("/v1/sources", { name: "plain" })).body;
    const splits = (await app.post("/v1/sources", { name: "splits", split: true })).body;
    expect([plain.split, splits.split]).toEqual([false, true]);
    const changed = await app.call("PATCH", `/v1/sources/${plain.id}`, { body: { split: true } });
    expect([changed.status, changed.body.split]).toEqual([200, true]);
    expect((await app.get(`/v1/sources/${plain.id}`)).body.split).toBe(true);
    expect(fieldsOf(await app.post("/v1/sources", { name: "x", split: "yes" }))).toEqual(["split"]);
  });

  test("422 for a provider that sends no batches, with those that do", async () => {
    const github = { name: "x", provider: "github", secrets: ["a-secret-of-this-test"] };
    const refused = await app.post("/v1/sources", { ...github, split: true });
    expect([refused.status, fieldsOf(refused)]).toEqual([422, ["split"]]);
    expect(refused.body.errors[0].message).toMatch(
      /^GitHub sends one event per request, .* Providers with batches are adyen, .* sendgrid, /,
    );
    expect(refused.body.errors[0].message).not.toContain("github");
    const source = (await app.post("/v1/sources", github)).body;
    expect(fieldsOf(await app.call("PATCH", `/v1/sources/${source.id}`, { body: { split: true } }))).toEqual(["split"]);
    const { id } = (await app.post("/v1/sources", { ...github, provider: "okta", split: true })).body;
    expect(fieldsOf(await app.call("PATCH", `/v1/sources/${id}`, { body: { provider: "github" } }))).toEqual(["split"]);
    expect((await app.call("PATCH", `/v1/sources/${id}`, { body: { provider: "github", split: false } })).status).toBe(200);
  });
});
