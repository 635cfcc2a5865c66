// Tenants through the whole app: whose destinations and subscriptions are whose, who gets what, and a fair share of slots.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Arrival, type Receiver, startReceiver } from "../kit/receiver.ts";
import { eventually, fieldsOf, type Fixture, type Reply, startFixture } from "./fixture.ts";

const SLOTS = 4;
let app: Fixture;
let receiver: Receiver;
const gate = Promise.withResolvers<void>();
beforeAll(async () => {
  const respond = async ({ url }: Arrival) => {
    if (url.startsWith("/gated")) await gate.promise;
    return { status: url.startsWith("/gone") ? 410 : 200 };
  };
  [app, receiver] = await Promise.all([
    startFixture({ POSTHORN_ATTEMPTS_IN_FLIGHT_MAX: String(SLOTS), POSTHORN_TENANT_SHARE_PERCENT: "50" }),
    startReceiver({ respond }),
  ]);
});
afterAll(async () => {
  gate.resolve();
  await Promise.all([app.close(), receiver.close()]);
});

async function destination(path: string, tenantId?: string | null): Promise<Reply["body"]> {
  const fields = { name: path, type: "http", url: `${receiver.url}${path}`, signature: { kind: "none" }, tenantId };
  const reply = await app.post("/v1/destinations", fields);
  expect(reply.status).toBe(201);
  return reply.body;
}

const subscribe = (fields: object) => app.post("/v1/subscriptions", fields);
const idsOf = (reply: Reply): string[] => reply.body.data.map((one: { id: string }) => one.id);

describe("a destination's tenant", () => {
  test("201, 200: is kept, shown and listed by, also after a restart; none is null", async () => {
    const [acme, zeta, own] = [await destination("/a", "acme"), await destination("/z", "zeta-2.eu"), await destination("/o")];
    expect([acme.tenantId, zeta.tenantId, own.tenantId]).toEqual(["acme", "zeta-2.eu", null]);
    expect((await destination("/n", null)).tenantId).toBeNull();
    await app.restart();
    expect((await app.get(`/v1/destinations/${acme.id}`)).body.tenantId).toBe("acme");
    expect(idsOf(await app.get("/v1/destinations?tenantId=acme"))).toEqual([acme.id]);
    expect(idsOf(await app.get("/v1/destinations?tenantId=nobody"))).toEqual([]);
    const all = idsOf(await app.get("/v1/destinations?limit=250"));
    expect(all).toEqual(expect.arrayContaining([acme.id, zeta.id, own.id]));
    expect((await app.get("/v1/destinations?tenantId=two%20words")).status).toBe(422);
  });

  test("422 for changing it, also to what it is, and nothing else is changed beside it", async () => {
    const { id } = await destination("/fixed", "acme");
    for (const tenantId of ["zeta", null, "acme"]) {
      const reply = await app.call("PATCH", `/v1/destinations/${id}`, { body: { tenantId, name: "renamed" } });
      expect([reply.status, fieldsOf(reply)]).toEqual([422, ["tenantId"]]);
      expect(reply.body.errors[0].message).toMatch(/^A destination stays with the tenant it was made for\./);
    }
    expect((await app.call("PATCH", `/v1/destinations/${id}`, { body: { deadlineMs: 900 } })).body).toMatchObject({
      tenantId: "acme",
      name: "/fixed",
      deadlineMs: 900,
    });
  });
});

describe("a subscription's tenant", () => {
  test("422 for another tenant's destination, by POST and by either field of a PATCH", async () => {
    const [acme, zeta, own] = [await destination("/a", "acme"), await destination("/z", "zeta"), await destination("/o")];
    const refused = await subscribe({ tenantId: "acme", destinationId: zeta.id });
    expect([refused.status, fieldsOf(refused)]).toEqual([422, ["destinationId"]]);
    expect(refused.text).not.toContain('"zeta"');
    const { id } = (await subscribe({ tenantId: "acme", destinationId: acme.id })).body;
    for (const body of [{ destinationId: zeta.id }, { tenantId: "zeta" }]) {
      const reply = await app.call("PATCH", `/v1/subscriptions/${id}`, { body });
      expect([reply.status, fieldsOf(reply)]).toEqual([422, ["destinationId"]]);
    }
    expect((await app.call("PATCH", `/v1/subscriptions/${id}`, { body: { destinationId: own.id } })).status).toBe(200);
    expect(idsOf(await app.get("/v1/subscriptions?tenantId=acme"))).toEqual([id]);
  });

  test("422 for the operator's view of all tenants sent to one of them", async () => {
    const { id: destinationId } = await destination("/a", "acme");
    const reply = await subscribe({ destinationId, eventTypes: ["invoice.*", "posthorn.**"] });
    expect([reply.status, fieldsOf(reply)]).toEqual([422, ["tenantId"]]);
    expect((await subscribe({ destinationId, eventTypes: ["invoice.*"] })).status).toBe(201);
    expect((await subscribe({ destinationId, tenantId: "acme", eventTypes: ["posthorn.**"] })).status).toBe(201);
  });

  test("takes its tenant's published events and nobody else's, and the other way round", async () => {
    const paths = ["/only-one", "/only-two", "/only-own"];
    const tenants = ["one", "two", null];
    for (const [index, path] of paths.entries()) {
      const { id } = await destination(path, tenants[index]);
      await subscribe({ destinationId: id, tenantId: tenants[index], eventTypes: ["who"] });
    }
    const made = new Map<string, string>();
    for (const [index, tenantId] of tenants.entries()) {
      const { body } = await app.post("/v1/events", { type: "who", data: {}, tenantId });
      made.set(paths[index]!, body.id);
    }
    const ours = (list: Arrival[]) => list.filter(({ url }) => url.startsWith("/only-"));
    await receiver.waitFor((list) => ours(list).length >= 3);
    // All of an event's deliveries are committed at once: where one has arrived, none is missing.
    for (const eventId of made.values()) expect((await app.get(`/v1/deliveries?eventId=${eventId}`)).body.data).toHaveLength(1);
    expect(Object.fromEntries(ours(receiver.arrivals).map((sent) => [sent.url, sent.header("posthorn-event-id")]))).toEqual(
      Object.fromEntries(made),
    );
    expect(ours(receiver.arrivals)).toHaveLength(3);
  });
});

test("operational events carry the tenant, and go to it and to the operator", async () => {
  for (const [path, tenantId] of [
    ["/watch-acme", "acme"],
    ["/watch-zeta", "zeta"],
    ["/watch-all", null],
  ] as const) {
    const { id } = await destination(path, tenantId);
    expect((await subscribe({ destinationId: id, tenantId, eventTypes: ["posthorn.destination.disabled"] })).status).toBe(201);
  }
  const { id } = await destination("/gone", "zeta");
  await subscribe({ destinationId: id, tenantId: "zeta", eventTypes: ["leave"] });
  await app.post("/v1/events", { type: "leave", data: {}, tenantId: "zeta" });
  const [told] = (
    await eventually(
      () => app.get("/v1/events?type=posthorn.destination.disabled&tenantId=zeta"),
      (reply) => reply.body.data.length > 0,
    )
  ).body.data;
  expect(told).toMatchObject({ tenantId: "zeta", key: id });
  const watchers = (list: Arrival[]) => list.filter(({ url }) => url.startsWith("/watch-")).map(({ url }) => url);
  await receiver.waitFor((list) => watchers(list).length >= 2);
  const explained = (await app.get(`/v1/events/${told.id}/explain`)).body.data as { matched: boolean; cause: string | null }[];
  expect(explained.filter(({ matched }) => matched)).toHaveLength(2);
  expect(explained.filter(({ cause }) => cause === "other_tenant").length).toBeGreaterThan(0);
  expect(watchers(receiver.arrivals).toSorted()).toEqual(["/watch-all", "/watch-zeta"]);
});

test("slots are shared between tenants, however many destinations each has", async () => {
  // As many as the first look at the store brings: how fast a second one is answered is no part of this.
  const EACH = 8;
  const LARGE = ["/gated/large-1", "/gated/large-2", "/gated/large-3", "/gated/large-4", "/gated/large-5", "/gated/large-6"];
  const ids: string[] = [];
  for (const path of [...LARGE, "/gated/small"]) {
    const tenantId = path === "/gated/small" ? "small" : "large";
    const { id } = await destination(path, tenantId);
    ids.push(id);
    await app.post(`/v1/destinations/${id}/pause`);
    await subscribe({ destinationId: id, tenantId, eventTypes: ["load"] });
  }
  for (let n = 0; n < EACH; n += 1) {
    for (const tenantId of ["large", "small"]) await app.post("/v1/events", { type: "load", data: { n }, tenantId });
  }
  const count = async (id: string) => (await app.get(`/v1/deliveries?destinationId=${id}&limit=250`)).body.data.length;
  for (const id of ids)
    await eventually(
      () => count(id),
      (found) => found === EACH,
    );
  // The large tenant's come first and take all the slots that one tenant can get; when the gate opens, all wait for a turn.
  const arrived = () => receiver.arrivals.filter(({ url }) => url.startsWith("/gated"));
  for (const id of ids.slice(0, -1)) await app.post(`/v1/destinations/${id}/resume`);
  await receiver.waitFor(() => arrived().length >= 2);
  await app.post(`/v1/destinations/${ids.at(-1)}/resume`);
  // The slot that is kept free for others is the small one's at once: what it has waiting is read by then.
  await receiver.waitFor(() => arrived().some(({ url }) => url === "/gated/small"));
  gate.resolve();
  await receiver.waitFor(() => arrived().length === EACH * ids.length, { timeoutMs: 20_000 });
  // About half of the turns are the small tenant's; as one of seven equal destinations it would have had a seventh, which is two.
  const turns = arrived().slice(0, 2 * EACH);
  expect(turns.filter(({ url }) => url === "/gated/small").length).toBeGreaterThanOrEqual(5);
});
