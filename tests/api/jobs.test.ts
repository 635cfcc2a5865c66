// /v1/jobs of the kinds recover, cancel and replay of what is missing, by status code.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Receiver, startReceiver } from "../kit/receiver.ts";
import { eventually, fieldsOf, type Fixture, startFixture } from "./fixture.ts";

let app: Fixture;
let receiver: Receiver;
let broken = true;
beforeAll(async () => {
  const respond = ({ url }: { url: string }) => ({ status: url === "/mended" && broken ? 500 : 200 });
  [app, receiver] = await Promise.all([startFixture(), startReceiver({ respond })]);
});
afterAll(() => Promise.all([app.close(), receiver.close()]));

const finished = (id: string) =>
  eventually(
    () => app.get(`/v1/jobs/${id}`),
    ({ body }) => body.status === "finished",
  );
const counted = (query: string, count: number) =>
  eventually(
    () => app.get(`/v1/deliveries?${query}`),
    ({ body }) => body.data.length === count,
  );

describe("recover", () => {
  test("200 dry run, 201, and what was dead is delivered", async () => {
    const { source, destination } = await app.pipe(`${receiver.url}/mended`, { destination: { retry: { scheduleMs: [0] } } });
    for (let i = 0; i < 3; i += 1) await app.ingest(source.url, String(i));
    await counted(`destinationId=${destination.id}&status=dead`, 3);
    broken = false;
    const filter = { destinationId: destination.id, since: "2020-01-01T00:00:00Z" };
    const plan = await app.post("/v1/jobs", { kind: "recover", filter, dryRun: true });
    expect([plan.status, plan.body]).toEqual([200, { dryRun: true, deliveries: 3 }]);
    const made = await app.post("/v1/jobs", { kind: "recover", filter, ratePerSecond: 100 }, { headers: { "idempotency-key": "once" } });
    expect([made.status, made.body.kind, made.body.deliveriesTotal]).toEqual([201, "recover", 3]);
    const again = await app.post("/v1/jobs", { kind: "recover", filter, ratePerSecond: 100 }, { headers: { "idempotency-key": "once" } });
    expect(again.body).toEqual(made.body);
    const done = await finished(made.body.id);
    expect(done.body).toMatchObject({ progress: 1, deliveriesRecovered: 3, deliveriesTotal: 3, ratePerSecond: 100 });
    const { body } = await counted(`destinationId=${destination.id}&status=delivered`, 3);
    expect(body.data[0]).toMatchObject({ trigger: "recover", attemptCount: 2, jobId: null });
  });
});

describe("cancel", () => {
  test("200 dry run, 201, and what waited is cancelled", async () => {
    const { source, destination } = await app.pipe(receiver.url);
    await app.post(`/v1/destinations/${destination.id}/pause`);
    for (let i = 0; i < 3; i += 1) await app.ingest(source.url, String(i));
    await counted(`destinationId=${destination.id}&status=paused`, 3);
    const filter = { sourceId: source.id };
    expect((await app.post("/v1/jobs", { kind: "cancel", filter, dryRun: true })).body).toEqual({ dryRun: true, deliveries: 3 });
    const made = await app.post("/v1/jobs", { kind: "cancel", filter });
    expect(made.status).toBe(201);
    expect((await finished(made.body.id)).body).toMatchObject({ kind: "cancel", deliveriesCancelled: 3, deliveriesTotal: 3 });
    const { body } = await counted(`destinationId=${destination.id}&status=cancelled`, 3);
    expect(body.data[0].reason).toBe(`Cancelled by ${made.body.id}.`);
  });
});

describe("replay of what is missing", () => {
  test("200 dry run, 201, and only what was missing is delivered", async () => {
    const { source, destination } = await app.pipe(receiver.url);
    for (let i = 0; i < 2; i += 1) await app.ingest(source.url, String(i));
    await counted(`destinationId=${destination.id}&status=delivered`, 2);
    const late = (await app.post("/v1/destinations", { name: "late", type: "http", url: receiver.url })).body;
    await app.post("/v1/subscriptions", { sourceId: source.id, destinationId: late.id });
    const filter = { sourceId: source.id, missing: true };
    expect((await app.post("/v1/jobs", { kind: "replay", filter, dryRun: true })).body).toEqual({ dryRun: true, events: 2, deliveries: 2 });
    const made = await app.post("/v1/jobs", { kind: "replay", filter });
    expect((await finished(made.body.id)).body).toMatchObject({ eventsSeen: 2, deliveriesCreated: 2, deliveriesTotal: 2, filter });
    const { body } = await counted(`jobId=${made.body.id}`, 2);
    expect(body.data.every(({ destinationId }: { destinationId: string }) => destinationId === late.id)).toBe(true);
  });
});

describe("jobs of every kind", () => {
  test("are listed together, each in its own shape", async () => {
    const kinds = (await app.get("/v1/jobs")).body.data.map(({ kind }: { kind: string }) => kind);
    expect(kinds.toSorted()).toEqual(["cancel", "recover", "replay"]);
  });

  test.each([
    [{ kind: "recover", filter: {} }, ["filter"]],
    [{ kind: "recover", filter: { includeWaiting: true } }, ["filter"]],
    [{ kind: "cancel", filter: {} }, ["filter"]],
    [{ kind: "cancel" }, ["filter"]],
    [{ kind: "cancel", filter: { sourceId: "src_1" }, ratePerSecond: 5 }, ["ratePerSecond"]],
    [{ kind: "cancel", filter: { key: "k" } }, ["filter.key"]],
    [{ kind: "recover", filter: { missing: true } }, ["filter.missing"]],
    [{ kind: "replay", filter: { includeWaiting: true } }, ["filter.includeWaiting"]],
    [{ kind: "recover", filter: { destinationId: "dst_x" } }, ["filter.destinationId"]],
    [{ kind: "cancel", filter: { since: "2026-01-02T00:00:00Z", until: "2026-01-01T00:00:00Z" } }, ["filter.until"]],
  ])("422 for %j at %j", async (body, paths) => {
    const reply = await app.post("/v1/jobs", body);
    expect([reply.status, fieldsOf(reply)]).toEqual([422, paths]);
  });
});
