// What the API says and takes of a destination's rate, concurrency and breaker, on a whole app with a real receiver.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Receiver, startReceiver } from "../kit/receiver.ts";
import { eventually, fieldsOf, type Fixture, startFixture } from "./fixture.ts";

let app: Fixture;
let receiver: Receiver;
let healed = false;
beforeAll(async () => {
  [app, receiver] = await Promise.all([
    startFixture({ POSTHORN_DESTINATION_CONCURRENCY: "3" }),
    startReceiver({ respond: ({ url }) => ({ status: url.startsWith("/bad") && !healed ? 500 : 200 }) }),
  ]);
});
afterAll(() => Promise.all([app.close(), receiver.close()]));

const make = (fields: object = {}) =>
  app.post("/v1/destinations", { name: "d", type: "http", url: `${receiver.url}/ok`, signature: { kind: "none" }, ...fields });

describe("fields", () => {
  test("201 with the settings' default concurrency, adaptive, and no rate", async () => {
    expect((await make()).body).toMatchObject({ concurrencyMax: 3, adaptiveConcurrency: true, rateLimit: null });
    const given = { concurrencyMax: 20, adaptiveConcurrency: false, rateLimit: { count: 100, per: "minute" } };
    const { body } = await make(given);
    expect(body).toMatchObject(given);
    const changed = await app.call("PATCH", `/v1/destinations/${body.id}`, { body: { rateLimit: null, adaptiveConcurrency: true } });
    expect(changed.body).toMatchObject({ concurrencyMax: 20, adaptiveConcurrency: true, rateLimit: null });
  });

  test("422 for a rate that means nothing", async () => {
    for (const rateLimit of [{ count: 0, per: "second" }, { count: 5, per: "day" }, { count: 1.5, per: "hour" }, { count: 5 }, 5]) {
      const reply = await make({ rateLimit });
      expect(reply.status).toBe(422);
      expect(fieldsOf(reply).every((path) => path.startsWith("rateLimit"))).toBe(true);
    }
  });

  test("422 for publishing a type of Posthorn's own", async () => {
    const reply = await app.post("/v1/events", { type: "posthorn.destination.opened", data: {} });
    expect([reply.status, fieldsOf(reply)]).toEqual([422, ["type"]]);
  });
});

describe("health", () => {
  test("200 as closed, then open with parked deliveries, over a restart, and closed again after a retry by hand", async () => {
    const watcher = (await make({ url: `${receiver.url}/watch` })).body;
    await app.post("/v1/subscriptions", { destinationId: watcher.id, eventTypes: ["posthorn.destination.*"] });
    const { source, destination } = await app.pipe(`${receiver.url}/bad`, { destination: { concurrencyMax: 10 } });
    const show = () => app.get(`/v1/destinations/${destination.id}`);
    expect((await show()).body.health).toEqual({
      phase: "closed",
      since: null,
      probeAt: null,
      failingSince: null,
      reason: null,
      concurrency: 10,
    });
    for (let n = 0; n < 10; n += 1) await app.ingest(source.url, "{}");
    const { body } = await eventually(show, (reply) => reply.body.health.phase === "open");
    expect(body.health).toMatchObject({ concurrency: 0, reason: expect.stringMatching(/attempts within 60 seconds failed/) });
    expect(Date.parse(body.health.probeAt) - Date.parse(body.health.since)).toBe(30_000);
    await app.ingest(source.url, "{}");
    const waiting = async () => (await app.get(`/v1/deliveries?destinationId=${destination.id}&status=waiting`)).body.data;
    const [parked] = await eventually(waiting, (data) => data.length === 11);
    const reason = `Parked: the circuit breaker is open until ${body.health.probeAt}: ${body.health.reason}`;
    expect(parked).toMatchObject({ attemptCount: 0, reason });
    expect((await app.get(`/v1/deliveries/${parked.id}`)).body).toMatchObject({ status: "waiting", reason, attempts: [] });

    await app.restart();
    expect((await show()).body.health).toEqual(body.health);
    expect((await app.get("/metrics")).text).toContain("posthorn_destinations_breaker_open 1");
    healed = true;
    expect((await app.post(`/v1/deliveries/${parked.id}/retry`)).status).toBe(202);
    await eventually(show, (reply) => reply.body.health.phase === "closed");
    await receiver.waitFor((list) => list.filter(({ url }) => url === "/watch").length >= 3);
    const told = receiver.arrivals.filter(({ url }) => url === "/watch").map((arrival) => arrival.header("posthorn-event-type"));
    expect(new Set(told)).toEqual(
      new Set(["posthorn.destination.closed", "posthorn.destination.half_opened", "posthorn.destination.opened"]),
    );
    const [event] = (await app.get("/v1/events?type=posthorn.destination.opened")).body.data;
    expect(event).toMatchObject({ sourceId: null, key: destination.id });
    expect(JSON.parse((await app.get(`/v1/events/${event.id}`)).body.body)).toMatchObject({ destinationId: destination.id, name: "pipe" });
  });
});
