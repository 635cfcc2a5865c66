// /v1/deliveries, /v1/attempts, /v1/jobs, /v1/tail, by status code.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Receiver, startReceiver } from "../kit/receiver.ts";
import { ADMIN_KEY, eventually, fieldsOf, type Fixture, rawExchange, startFixture } from "./fixture.ts";

let app: Fixture;
let receiver: Receiver;
beforeAll(async () => {
  const respond = ({ url }: { url: string }) => ({ status: url === "/fails" ? 500 : 200, body: Buffer.from([0xff, 0x00]) });
  [app, receiver] = await Promise.all([startFixture(), startReceiver({ respond })]);
});
afterAll(() => Promise.all([app.close(), receiver.close()]));

const deliveries = (query: string) => app.get(`/v1/deliveries?${query}`);

describe("deliveries and attempts", () => {
  test("200 delivered, with the exact exchange", async () => {
    const { source, destination } = await app.pipe(receiver.url);
    await app.ingest(source.url, '{"a":1}');
    const { body } = await eventually(
      () => deliveries(`destination=${destination.id}&status=delivered`),
      (reply) => reply.body.data.length === 1,
    );
    const [delivery] = body.data;
    expect(delivery).toMatchObject({ status: "delivered", attemptCount: 1, destinationId: destination.id, trigger: "event" });
    const detail = (await app.get(`/v1/deliveries/${delivery.id}`)).body;
    expect(detail.attempts).toHaveLength(1);
    expect(detail.attempts[0]).toMatchObject({
      number: 1,
      failure: null,
      response: { status: 200, body: "/wA=", bodyEncoding: "base64", truncated: false },
    });
    expect((await app.get(`/v1/attempts/${detail.attempts[0].id}`)).body).toEqual(detail.attempts[0]);
    expect((await app.get(`/v1/attempts?deliveryId=${delivery.id}`)).body.data).toEqual(detail.attempts);
    expect((await app.get(`/v1/attempts?eventId=${delivery.eventId}&destination=${destination.id}`)).body.data).toHaveLength(1);
    expect((await app.get(`/v1/events/${delivery.eventId}/deliveries`)).body.data).toEqual([delivery]);
    expect((await deliveries(`eventId=${delivery.eventId}&source=${source.id}&type=unknown`)).body.data).toHaveLength(1);
  });

  test("202 retry of a dead one, 202 cancel of a waiting one, 409 afterwards", async () => {
    const { source, destination } = await app.pipe(`${receiver.url}/fails`, { destination: { retry: { scheduleMs: [0] } } });
    await app.ingest(source.url, "{}");
    const of = `destinationId=${destination.id}`;
    const [dead] = (
      await eventually(
        () => deliveries(`${of}&status=dead`),
        (reply) => reply.body.data.length === 1,
      )
    ).body.data;
    expect(dead.reason).toMatch(/500/);
    await app.call("PATCH", `/v1/destinations/${destination.id}`, { body: { url: receiver.url } });
    const retried = await app.post(`/v1/deliveries/${dead.id}/retry`);
    expect([retried.status, retried.body.status]).toEqual([202, "waiting"]);
    await eventually(
      () => app.get(`/v1/deliveries/${dead.id}`),
      ({ body }) => body.status === "delivered" && body.attempts.length === 2,
    );

    await app.post(`/v1/destinations/${destination.id}/pause`);
    await app.ingest(source.url, "{}");
    const [paused] = (
      await eventually(
        () => deliveries(`${of}&status=paused`),
        (reply) => reply.body.data.length === 1,
      )
    ).body.data;
    expect(paused).toMatchObject({ status: "paused", reason: "The destination is paused." });
    expect((await deliveries(`${of}&status=waiting`)).body.data).toEqual([]);
    const cancelled = await app.post(`/v1/deliveries/${paused.id}/cancel`);
    expect([cancelled.status, cancelled.body.status]).toEqual([202, "cancelled"]);
    expect((await app.get(`/v1/deliveries/${paused.id}`)).body.status).toBe("cancelled");
    expect((await app.post(`/v1/deliveries/${paused.id}/cancel`)).status).toBe(409);
    expect((await app.post(`/v1/deliveries/${paused.id}/retry`)).body.code).toBe("wrong_state");
  });

  test("404 for unknown ids, 422 for an unknown status or body", async () => {
    for (const path of ["/v1/deliveries/dlv_nothing", "/v1/attempts/att_nothing"]) expect((await app.get(path)).status).toBe(404);
    for (const action of ["retry", "cancel"]) expect((await app.post(`/v1/deliveries/dlv_nothing/${action}`)).status).toBe(404);
    expect(fieldsOf(await deliveries("status=lost"))).toEqual(["status"]);
    expect((await app.post("/v1/deliveries/dlv_nothing/retry", { now: true })).status).toBe(422);
  });
});

describe("jobs", () => {
  test("200 dry run, 201 job, 200 until it is finished", async () => {
    const { source, destination } = await app.pipe(receiver.url);
    for (let i = 0; i < 3; i += 1) await app.ingest(source.url, String(i));
    await eventually(
      () => deliveries(`destinationId=${destination.id}&status=delivered`),
      ({ body }) => body.data.length === 3,
    );
    const filter = { sourceId: source.id, since: "2020-01-01T00:00:00Z" };
    const plan = await app.post("/v1/jobs", { kind: "replay", filter, dryRun: true });
    expect([plan.status, plan.body]).toEqual([200, { dryRun: true, events: 3, deliveries: 3 }]);
    const made = await app.post("/v1/jobs", { kind: "replay", filter });
    expect(made.status).toBe(201);
    expect(made.body.filter).toEqual({ sourceId: source.id, since: "2020-01-01T00:00:00.000Z" });
    const done = await eventually(
      () => app.get(`/v1/jobs/${made.body.id}`),
      ({ body }) => body.status === "finished",
    );
    expect(done.body).toMatchObject({ progress: 1, eventsTotal: 3, deliveriesCreated: 3 });
    expect((await deliveries(`jobId=${made.body.id}`)).body.data).toHaveLength(3);
    expect((await app.get("/v1/jobs")).body.data[0].id).toBe(made.body.id);
    expect((await app.post(`/v1/jobs/${made.body.id}/cancel`)).status).toBe(409);
  });

  test("202 cancel of a slow one, twice", async () => {
    const { source } = await app.pipe(receiver.url);
    for (let i = 0; i < 5; i += 1) await app.ingest(source.url, String(i));
    const { id } = (await app.post("/v1/jobs", { kind: "replay", filter: { sourceId: source.id }, ratePerSecond: 0.5 })).body;
    expect((await app.post(`/v1/jobs/${id}/cancel`)).body.status).toBe("cancelled");
    expect((await app.post(`/v1/jobs/${id}/cancel`)).status).toBe(202);
  });

  test("404, 422", async () => {
    expect((await app.get("/v1/jobs/job_nothing")).status).toBe(404);
    expect((await app.post("/v1/jobs/job_nothing/cancel")).status).toBe(404);
    expect(fieldsOf(await app.post("/v1/jobs", { kind: "erase", filter: {} }))).toEqual(["kind"]);
    expect(fieldsOf(await app.post("/v1/jobs", { kind: "replay", filter: { destinationId: "dst_x", subscriptionId: "sub_x" } }))).toEqual([
      "filter.subscriptionId",
      "filter.destinationId",
    ]);
  });
});

describe("GET /v1/tail", () => {
  test("200 streams what happens; 401 without a key", async () => {
    const { source } = await app.pipe(receiver.url);
    const head = `GET /v1/tail?source=${source.id} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${ADMIN_KEY}\r\n\r\n`;
    const stream = rawExchange(app.port, head, '"event.accepted"');
    await eventually(
      async () => void (await app.ingest(source.url, "{}")),
      () => true,
    );
    const later = setInterval(() => void app.ingest(source.url, "{}"), 20);
    const text = await stream.finally(() => clearInterval(later));
    expect(text).toMatch(/^HTTP\/1.1 200 OK\r\ncontent-type: text\/event-stream/);
    expect(text).toMatch(/event: event\.accepted\ndata: \{.*"at":"20\d\d-/);
    expect((await app.get("/v1/tail", { key: null })).status).toBe(401);
    expect((await app.get("/v1/tail?kind=nothing")).status).toBe(422);
  });
});
