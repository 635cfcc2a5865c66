// /v1/subscriptions, by status code.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fieldsOf, type Fixture, startFixture } from "./fixture.ts";

let app: Fixture;
let destinationId: string;
let sourceId: string;
beforeAll(async () => {
  app = await startFixture();
  const made = await app.pipe("http://127.0.0.1:9/hook");
  [destinationId, sourceId] = [made.destination.id, made.source.id];
});
afterAll(() => app.close());

describe("POST /v1/subscriptions", () => {
  test("201 with every default", async () => {
    const { status, body } = await app.post("/v1/subscriptions", { destinationId });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      name: null,
      enabled: true,
      sourceId: null,
      tenantId: null,
      eventTypes: [],
      channels: [],
      filter: null,
      delayMs: 0,
      destinationId,
    });
  });

  test.each([
    [{ destinationId: "dst_nothing" }, ["destinationId"]],
    [{ destinationId: undefined }, ["destinationId"]],
    [{ sourceId: "src_nothing" }, ["sourceId"]],
    [{ eventTypes: ["ok", "in*"] }, ["eventTypes[1]"]],
    [{ filter: { body: { amount: { $gtt: 5 } } } }, ["filter.body.amount.$gtt"]],
    [{ filter: { bodi: 1 } }, ["filter.bodi"]],
    [{ filter: "amount > 5" }, ["filter"]],
    [{ transform: "return event" }, ["transform"]],
    [{ delayMs: -1 }, ["delayMs"]],
    [{ channels: Array.from({ length: 11 }, (_, i) => `c${i}`) }, ["channels"]],
    [{ colour: 1, size: 2 }, ["colour", "size"]],
  ])("422 for %j at %j", async (fields, paths) => {
    const reply = await app.post("/v1/subscriptions", { destinationId, ...fields });
    expect(reply.status).toBe(422);
    expect(fieldsOf(reply)).toEqual(paths);
  });

  test("422 says that transforms are not there yet", async () => {
    const reply = await app.post("/v1/subscriptions", { destinationId, transform: {} });
    expect(reply.body.errors[0].message).toMatch(/^not_supported_yet/);
  });
});

describe("/v1/subscriptions/{id} and the list", () => {
  test("200, 200, 204, 404", async () => {
    const { id } = (await app.post("/v1/subscriptions", { destinationId, sourceId, name: "mine" })).body;
    expect((await app.get(`/v1/subscriptions/${id}`)).body.name).toBe("mine");
    const patched = await app.call("PATCH", `/v1/subscriptions/${id}`, { body: { enabled: false, filter: { body: { a: 1 } } } });
    expect(patched.body).toMatchObject({ enabled: false, filter: { body: { a: 1 } }, name: "mine", sourceId });
    expect((await app.call("PATCH", `/v1/subscriptions/${id}`, { body: { filter: { nope: 1 } } })).status).toBe(422);
    expect((await app.get(`/v1/subscriptions?source=${sourceId}`)).body.data.map((one: { id: string }) => one.id)).toContain(id);
    expect((await app.call("DELETE", `/v1/subscriptions/${id}`)).status).toBe(204);
    expect((await app.get(`/v1/subscriptions/${id}`)).status).toBe(404);
    expect((await app.call("DELETE", `/v1/subscriptions/${id}`)).status).toBe(404);
  });

  test("lists page through with limit and cursor, and refuse others' cursors", async () => {
    for (let i = 0; i < 3; i += 1) await app.post("/v1/subscriptions", { destinationId });
    const all = (await app.get("/v1/subscriptions?limit=250")).body.data.map((one: { id: string }) => one.id);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page: { data: { id: string }[]; nextCursor: string | null } = (
        await app.get(`/v1/subscriptions?limit=2${cursor === null ? "" : `&cursor=${cursor}`}`)
      ).body;
      seen.push(...page.data.map((one) => one.id));
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(seen).toEqual(all);
    const { nextCursor } = (await app.get("/v1/subscriptions?limit=1")).body;
    for (const bad of ["x", "abcdefgh", `${nextCursor}x`]) expect((await app.get(`/v1/subscriptions?cursor=${bad}`)).status).toBe(400);
    expect((await app.get(`/v1/events?cursor=${nextCursor}`)).body.code).toBe("invalid_cursor");
  });

  test.each(["limit=0", "limit=251", "limit=ten", "limit=", "limit=1&limit=2", "colour=red", "cursor="])("422 for ?%s", async (query) => {
    expect((await app.get(`/v1/subscriptions?${query}`)).status).toBe(422);
  });
});

describe("POST /v1/subscriptions/test-filter", () => {
  const verdict = async (filter: unknown, input: unknown) => (await app.post("/v1/subscriptions/test-filter", { filter, input })).body;

  test("200 matched, not matched with the reason, and a question without sense", async () => {
    expect(await verdict({ body: { a: 1 }, headers: { "x-kind": "b" } }, { body: { a: 1 }, headers: { "X-Kind": "b" } })).toEqual({
      matched: true,
      error: false,
      path: null,
      message: null,
    });
    expect(await verdict({ body: { a: 1 } }, { body: { a: 2 } })).toMatchObject({ matched: false, error: false, path: "body.a" });
    expect(await verdict({ body: { a: { $startsWith: "x" } } }, { body: { a: 5 } })).toMatchObject({
      matched: false,
      error: true,
      path: "body.a.$startsWith",
    });
  });

  test("200 on a stored event, 404 on an unknown one, 422 otherwise", async () => {
    const { id } = (await app.post("/v1/events", { type: "t", data: { n: 7 } })).body;
    const path = "/v1/subscriptions/test-filter";
    expect((await app.post(path, { filter: { body: { n: { $gt: 5 } } }, eventId: id })).body.matched).toBe(true);
    expect((await app.post(path, { filter: {}, eventId: "evt_nothing" })).status).toBe(404);
    expect((await app.post(path, { filter: {} })).status).toBe(422);
    expect((await app.post(path, { filter: {}, eventId: id, input: {} })).status).toBe(422);
    expect(fieldsOf(await app.post(path, { filter: { body: { $x: 1 } }, input: {} }))).toEqual(["filter.body.$x"]);
  });
});
