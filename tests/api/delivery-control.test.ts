// Retry policies, schedule previews and expiry over the API, by status code.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Receiver, startReceiver } from "../kit/receiver.ts";
import { eventually, fieldsOf, type Fixture, startFixture } from "./fixture.ts";

let app: Fixture;
let receiver: Receiver;
beforeAll(async () => {
  const respond = ({ url }: { url: string }) => ({ status: Number(/\d{3}$/.exec(url)?.[0] ?? 200) });
  [app, receiver] = await Promise.all([startFixture(), startReceiver({ respond })]);
});
afterAll(() => Promise.all([app.close(), receiver.close()]));

const make = (retry: object) => app.post("/v1/destinations", { name: "d", type: "http", url: "https://example.com/hook", retry });
const schedule = { kind: "exponential", firstMs: 1000, factor: 3, maxDelayMs: 10_000, attempts: 5 };

describe("retry of a destination", () => {
  test("201 with an exponential schedule, which is shown beside the list it stands for", async () => {
    const { status, body } = await make({ schedule, statuses: ["429", "!400-499"] });
    expect(status).toBe(201);
    const shown = { scheduleMs: [0, 1000, 3000, 9000, 10_000], schedule, jitter: 0.2, statuses: ["429", "!400-499"] };
    expect(body.retry).toEqual(shown);
    // What was read can be written back, and survives a restart.
    expect((await app.call("PATCH", `/v1/destinations/${body.id}`, { body: { retry: shown } })).status).toBe(200);
    await app.restart();
    expect((await app.get(`/v1/destinations/${body.id}`)).body.retry).toEqual(shown);
    const back = await app.call("PATCH", `/v1/destinations/${body.id}`, { body: { retry: { scheduleMs: [0, 5], schedule: null } } });
    expect(back.body.retry).toEqual({ scheduleMs: [0, 5], schedule: null, jitter: 0.2, statuses: [] });
  });

  test("201 with a hundred attempts", async () => {
    expect((await make({ scheduleMs: Array<number>(100).fill(0) })).status).toBe(201);
  });

  test.each([
    [{ statuses: ["429", "5xx"] }, ["retry.statuses[1]"]],
    [{ statuses: ["204"] }, ["retry.statuses[0]"]],
    [{ statuses: ["!410"] }, ["retry.statuses[0]"]],
    [{ statuses: Array<string>(51).fill("500") }, ["retry.statuses"]],
    [{ statuses: "500" }, ["retry.statuses"]],
    [{ schedule: { ...schedule, attempts: 101 } }, ["retry.schedule.attempts"]],
    [{ schedule: { ...schedule, firstMs: 0 } }, ["retry.schedule.firstMs"]],
    [{ schedule: { ...schedule, factor: 0.5 } }, ["retry.schedule.factor"]],
    [{ schedule: { ...schedule, maxDelayMs: 999 } }, ["retry.schedule.maxDelayMs"]],
    [{ schedule: { ...schedule, maxDelayMs: 604_800_001 } }, ["retry.schedule.maxDelayMs"]],
    [{ schedule: { ...schedule, kind: "linear" } }, ["retry.schedule.kind"]],
    [{ schedule: { ...schedule, maxDelayMs: 86_400_000, attempts: 100 } }, ["retry.schedule"]],
    [{ schedule, scheduleMs: [0, 1] }, ["retry.schedule"]],
    [{ scheduleMs: Array<number>(101).fill(0) }, ["retry.scheduleMs"]],
    [{ colour: 1 }, ["retry.colour"]],
  ])("422 for %j at %j", async (retry, paths) => {
    const reply = await make(retry);
    expect([reply.status, fieldsOf(reply)]).toEqual([422, paths]);
  });

  test("a status that is never tried again ends the delivery at its first attempt", async () => {
    const destination = { retry: { statuses: ["!401", "400-499"] } };
    const pipes = [await app.pipe(`${receiver.url}/401`, { destination }), await app.pipe(`${receiver.url}/404`, { destination })];
    for (const { source } of pipes) await app.ingest(source.url, "{}");
    const first = async (id: string) =>
      (
        await eventually(
          () => app.get(`/v1/deliveries?destinationId=${id}`),
          ({ body }) => body.data[0]?.attemptCount === 1,
        )
      ).body.data[0];
    const reason = "The receiver answered 401. The destination's rule !401 says not to try again.";
    expect(await first(pipes[0]!.destination.id)).toMatchObject({ status: "dead", reason });
    expect(await first(pipes[1]!.destination.id)).toMatchObject({ status: "waiting", reason: expect.stringContaining("Attempt 2 of 10") });
  });
});

describe("schedule previews", () => {
  const start = "2026-01-01T00:00:00.000Z";
  const second = { number: 2, at: "2026-01-01T00:00:01.000Z", earliest: "2026-01-01T00:00:00.500Z", latest: "2026-01-01T00:00:01.500Z" };

  test("200 for a saved policy, for another one in the query, and for one in a body", async () => {
    const { id } = (await make({ scheduleMs: [0, 60_000], jitter: 0 })).body;
    const path = `/v1/destinations/${id}/schedule-preview?start=${start}`;
    expect((await app.get(path)).body.attempts.map(({ at }: { at: string }) => at)).toEqual([start, "2026-01-01T00:01:00.000Z"]);
    const retry = { schedule, jitter: 0.5 };
    const asked = await app.get(`${path}&retry=${encodeURIComponent(JSON.stringify(retry))}`);
    const posted = await app.post("/v1/schedule-preview", { retry, start });
    expect([asked.status, posted.status]).toEqual([200, 200]);
    expect(asked.body).toEqual(posted.body);
    expect(posted.body.attempts).toHaveLength(5);
    expect(posted.body.attempts[1]).toEqual(second);
    // It was only looked at.
    expect((await app.get(`/v1/destinations/${id}`)).body.retry.schedule).toBeNull();
  });

  test("200 for the default policy, from now on; in the query with a key that may only read", async () => {
    const { status, body } = await app.post("/v1/schedule-preview", { retry: {} });
    expect([status, body.attempts.length]).toEqual([200, 10]);
    const { id } = (await make({ scheduleMs: [0] })).body;
    const key = await app.keyWith(["read"]);
    expect((await app.get(`/v1/destinations/${id}/schedule-preview?retry=%7B%7D`, { key })).body.attempts).toHaveLength(10);
  });

  test("403, 404, 422", async () => {
    expect((await app.post("/v1/schedule-preview", { retry: {} }, { key: await app.keyWith(["read", "publish"]) })).status).toBe(403);
    expect((await app.get("/v1/destinations/dst_nothing/schedule-preview")).status).toBe(404);
    const { id } = (await make({})).body;
    const at = (query: string) => app.get(`/v1/destinations/${id}/schedule-preview?${query}`);
    expect(fieldsOf(await at("retry=%7B"))).toEqual(["retry"]);
    expect(fieldsOf(await at(`retry=${encodeURIComponent('{"statuses":["x"]}')}`))).toEqual(["retry.statuses[0]"]);
    expect(fieldsOf(await at(`retry=${encodeURIComponent('{"jitter":2}')}`))).toEqual(["retry.jitter"]);
    expect(fieldsOf(await app.post("/v1/schedule-preview", { retry: { scheduleMs: [5] } }))).toEqual(["retry.scheduleMs"]);
    expect(fieldsOf(await app.post("/v1/schedule-preview", { start }))).toEqual(["retry"]);
  });
});

describe("expiry", () => {
  test("202 deliverBefore, and what is not delivered by then is dead without an attempt", async () => {
    const { destination } = await app.pipe(receiver.url, { subscription: { sourceId: null, eventTypes: ["short.lived"] } });
    await app.post(`/v1/destinations/${destination.id}/pause`);
    const deliverBefore = new Date(Date.now() + 150).toISOString();
    const { status, body } = await app.post("/v1/events", { type: "short.lived", data: 1, deliverBefore });
    expect(status).toBe(202);
    expect((await app.get(`/v1/events/${body.id}`)).body.deliverBefore).toBe(deliverBefore);
    const reply = await eventually(
      () => app.get(`/v1/deliveries?eventId=${body.id}`),
      ({ body: { data } }) => data[0]?.status === "dead",
    );
    expect(reply.body.data[0]).toMatchObject({ attemptCount: 0, expiresAt: deliverBefore, reason: expect.stringContaining("expired") });
    await app.post(`/v1/destinations/${destination.id}/resume`);
    const again = await app.post(`/v1/deliveries/${reply.body.data[0].id}/retry`);
    expect([again.status, again.body.expiresAt]).toEqual([202, null]);
    await eventually(
      () => app.get(`/v1/deliveries?eventId=${body.id}`),
      ({ body: { data } }) => data[0].status === "delivered",
    );
  });

  test("422 for a bound that comes before deliverAt, or is no time", async () => {
    const at = "2030-01-01T00:00:00Z";
    expect(fieldsOf(await app.post("/v1/events", { type: "t", data: 1, deliverAt: at, deliverBefore: at }))).toEqual(["deliverBefore"]);
    expect(fieldsOf(await app.post("/v1/events", { type: "t", data: 1, deliverBefore: "soon" }))).toEqual(["deliverBefore"]);
  });

  test("409 for the same idempotency key with another bound", async () => {
    const publish = (deliverBefore: string) => app.post("/v1/events", { type: "t", data: 1, deliverBefore, idempotencyKey: "bounded" });
    expect((await publish("2030-01-01T00:00:00Z")).status).toBe(202);
    expect((await publish("2030-01-01T00:00:00Z")).body.duplicate).toBe(true);
    expect((await publish("2031-01-01T00:00:00Z")).status).toBe(409);
  });

  test("expireAfterMs and delayMs of a subscription: 201, 200, 422", async () => {
    const { subscription } = await app.pipe(receiver.url, { subscription: { expireAfterMs: 5000, delayMs: 100 } });
    expect(subscription).toMatchObject({ expireAfterMs: 5000, delayMs: 100 });
    const path = `/v1/subscriptions/${subscription.id}`;
    expect((await app.call("PATCH", path, { body: { expireAfterMs: null } })).body.expireAfterMs).toBeNull();
    for (const expireAfterMs of [0, 1.5, 2_592_000_001]) {
      expect(fieldsOf(await app.call("PATCH", path, { body: { expireAfterMs } }))).toEqual(["expireAfterMs"]);
    }
  });
});
