// /v1/events, /v1/requests, by status code.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually, fieldsOf, type Fixture, startFixture } from "./fixture.ts";

let app: Fixture;
beforeAll(async () => {
  app = await startFixture();
});
afterAll(() => app.close());

describe("POST /v1/events", () => {
  test("202 keeps the bytes of data as they were written", async () => {
    const data = '{ "n": 12345678901234567890, "f": 1.0, "s": "a\\"}]b", "deep": [[{}], "\\\\"], "n": -0 }';
    const { status, body } = await app.call("POST", "/v1/events", { raw: `{"type":"a.b","channels":["c"], "data" : ${data} ,"key":"k"}` });
    expect(status).toBe(202);
    const event = (await app.get(`/v1/events/${body.id}`)).body;
    expect(event).toMatchObject({
      type: "a.b",
      key: "k",
      channels: ["c"],
      sourceId: null,
      contentType: "application/json",
      body: data,
      bodyEncoding: "utf8",
    });
    const bytes = await app.get(`/v1/events/${body.id}/body`);
    expect(bytes.text).toBe(data);
  });

  test.each(["1", '"text"', "null", "[]", "true", "-1.5e3", '"\\ud83d\\ude00"'])("202 for data %s", async (data) => {
    const { body } = await app.call("POST", "/v1/events", { raw: `{"data":${data},"type":"scalar"}` });
    expect((await app.get(`/v1/events/${body.id}`)).body.body).toBe(data);
  });

  test("202 takes the last of two data fields, as JSON does", async () => {
    const { body } = await app.call("POST", "/v1/events", { raw: '{"data":1,"type":"t","d\\u0061ta":{"two":2}}' });
    expect((await app.get(`/v1/events/${body.id}`)).body.body).toBe('{"two":2}');
  });

  test("202 takes a body as text with its own type", async () => {
    const { body } = await app.post("/v1/events", {
      type: "t",
      body: "<a/>",
      contentType: "application/xml",
      tenantId: "acme",
      deliverAt: "2030-01-01T00:00:00+02:00",
    });
    expect((await app.get(`/v1/events/${body.id}`)).body).toMatchObject({
      body: "<a/>",
      contentType: "application/xml",
      tenantId: "acme",
      deliverAt: "2029-12-31T22:00:00.000Z",
    });
  });

  test("202 for very deep data", async () => {
    const data = "[".repeat(100_000) + "]".repeat(100_000);
    const { status, body } = await app.call("POST", "/v1/events", { raw: `{"type":"deep","data":${data}}` });
    expect(status).toBe(202);
    expect((await app.get(`/v1/events/${body.id}`)).body.bodyBytes).toBe(200_000);
  });

  test.each([
    [{ type: "t" }, ["data"]],
    [{ type: "t", data: 1, body: "b" }, ["data"]],
    [{ data: 1 }, ["type"]],
    [{ type: "", data: 1 }, ["type"]],
    [{ type: "a\u0000", data: 1 }, ["type"]],
    [{ type: "t", data: 1, deliverAt: "soon" }, ["deliverAt"]],
    [{ type: "t", data: 1, contentType: "a\r\nb: c" }, ["contentType"]],
    [{ type: "t", data: 1, extra: 1 }, ["extra"]],
  ])("422 for %j at %j", async (body, paths) => {
    const reply = await app.post("/v1/events", body);
    expect(reply.status).toBe(422);
    expect(fieldsOf(reply)).toEqual(paths);
  });

  test("400 for what is not JSON, 413 for too much of it, 415 for another type", async () => {
    for (const raw of ["{", "\ufeff{}", "{'a':1}", new Uint8Array([0x7b, 0xff, 0x7d])]) {
      expect((await app.call("POST", "/v1/events", { raw })).body.code).toBe("invalid_json");
    }
    expect((await app.post("/v1/events", { type: "t", data: "x".repeat(1024 ** 2) })).status).toBe(413);
    for (const type of ["text/plain", "application/xml", "application/x-www-form-urlencoded", "nonsense"]) {
      expect((await app.call("POST", "/v1/events", { raw: "{}", headers: { "content-type": type } })).status).toBe(415);
    }
    expect((await app.call("POST", "/v1/events", { raw: "{}", headers: { "content-encoding": "gzip" } })).status).toBe(415);
  });

  test("202 the same event for a repeated key, 409 with another body", async () => {
    const first = await app.post("/v1/events", { type: "t", data: { a: 1 }, idempotencyKey: "once" });
    expect(first.body.duplicate).toBe(false);
    const again = await app.post("/v1/events", { type: "t", data: { a: 1 } }, { headers: { "idempotency-key": "once" } });
    expect(again.body).toEqual({ id: first.body.id, duplicate: true });
    for (const other of [
      { type: "t", data: { a: 2 } },
      { type: "u", data: { a: 1 } },
      { type: "t", data: { a: 1 }, key: "k" },
    ]) {
      const conflict = await app.post("/v1/events", { ...other, idempotencyKey: "once" });
      expect([conflict.status, conflict.body.code]).toEqual([409, "idempotency_conflict"]);
    }
    expect(
      fieldsOf(await app.post("/v1/events", { type: "t", data: 1, idempotencyKey: "a" }, { headers: { "idempotency-key": "b" } })),
    ).toEqual(["idempotencyKey"]);
    const publisher = await app.keyWith(["publish"]);
    const others = await app.post("/v1/events", { type: "t", data: { a: 1 }, idempotencyKey: "once" }, { key: publisher });
    expect(others.body.duplicate).toBe(false);
  });

  test("202 once for a hundred at the same time", async () => {
    const replies = await Promise.all(
      Array.from({ length: 100 }, () => app.post("/v1/events", { type: "t", data: 1, idempotencyKey: "hundred" })),
    );
    expect(new Set(replies.map(({ body }) => body.id)).size).toBe(1);
    expect(replies.filter(({ body }) => !body.duplicate)).toHaveLength(1);
  });
});

describe("GET /v1/events", () => {
  test("200 filtered by source, type, key and time, newest first", async () => {
    const { source } = await app.pipe("http://127.0.0.1:9/");
    await app.ingest(source.url, "{}");
    await app.post("/v1/events", { type: "list.one", data: 1, key: "k1" });
    const { body: two } = await app.post("/v1/events", { type: "list.two", data: 2, key: "k2" });
    const list = async (query: string) => (await app.get(`/v1/events?${query}`)).body.data;
    expect((await list("type=list.*")).map((one: { type: string }) => one.type)).toEqual(["list.two", "list.one"]);
    expect((await list("key=k1")).map((one: { key: string }) => one.key)).toEqual(["k1"]);
    expect(await list(`source=${source.id}`)).toHaveLength(1);
    expect(await list(`sourceId=${source.id}`)).toHaveLength(1);
    expect((await list("limit=1"))[0].id).toBe(two.id);
    expect(await list("since=2099-01-01T00:00:00Z")).toEqual([]);
    expect(await list("until=2000-01-01T00:00:00Z")).toEqual([]);
    expect((await list("limit=1"))[0].body).toBeUndefined();
  });

  test("422 for a bad time, a source nobody knows, and both spellings at once", async () => {
    expect(fieldsOf(await app.get("/v1/events?since=yesterday"))).toEqual(["since"]);
    expect(fieldsOf(await app.get("/v1/events?source=nobody"))).toEqual(["source"]);
    expect((await app.get("/v1/events?source=a&sourceId=b")).status).toBe(422);
  });

  test("404 for ids that are none, and for the body, deliveries and explanation of such", async () => {
    for (const id of ["evt_nothing", "src_x", "..%2f..", "%00", "evt_" + "0".repeat(26), "x".repeat(90)]) {
      for (const tail of ["", "/body", "/deliveries", "/explain"]) expect((await app.get(`/v1/events/${id}${tail}`)).status).toBe(404);
    }
  });

  test("200 explain says why not", async () => {
    const { subscription } = await app.pipe("http://127.0.0.1:9/", { subscription: { sourceId: null, eventTypes: ["other"] } });
    const { id } = (await app.post("/v1/events", { type: "explained", data: 1 })).body;
    const { body } = await app.get(`/v1/events/${id}/explain`);
    expect(body.data.find((one: { subscriptionId: string }) => one.subscriptionId === subscription.id)).toMatchObject({
      matched: false,
      cause: "type_not_subscribed",
    });
  });

  test("200 body is downloaded, never shown", async () => {
    const { id } = (await app.post("/v1/events", { type: "html", body: "<script>alert(1)</script>", contentType: "text/html" })).body;
    const { headers, text } = await app.get(`/v1/events/${id}/body`);
    expect(text).toBe("<script>alert(1)</script>");
    expect(headers["content-type"]).toBe("application/octet-stream");
    expect(headers["content-disposition"]).toBe(`attachment; filename="${id}.bin"`);
    expect(headers["x-content-type-options"]).toBe("nosniff");
  });
});

describe("GET /v1/requests", () => {
  test("200 shows accepted and rejected ones with their cause, 404 for an unknown one", async () => {
    const source = (await app.post("/v1/sources", { name: "token", provider: "token", secrets: ["token-of-this-test"] })).body;
    expect((await app.ingest(`${source.url}/tail?q=1`, "forged", { authorization: "Bearer wrong-token-of-it" })).status).toBe(401);
    expect((await app.ingest(source.url, "good", { authorization: "Bearer token-of-this-test" })).status).toBe(200);
    const { body } = await eventually(
      () => app.get(`/v1/requests?source=${source.id}`),
      (reply) => reply.body.data.length === 2,
    );
    expect(body.data.map((one: { outcome: string }) => one.outcome).toSorted()).toEqual(["accepted", "rejected"]);
    const rejected = (await app.get(`/v1/requests?sourceId=${source.id}&outcome=rejected&cause=wrong_credentials`)).body.data[0];
    const detail = (await app.get(`/v1/requests/${rejected.id}`)).body;
    expect(detail).toMatchObject({
      outcome: "rejected",
      cause: "wrong_credentials",
      body: "forged",
      bodyTruncated: false,
      request: { method: "POST", pathTail: "/tail", query: "q=1" },
    });
    expect(JSON.stringify(detail)).not.toContain("wrong-token-of-it");
    expect((await app.get(`/v1/requests/${rejected.id}/body`)).text).toBe("forged");
    expect((await app.get("/v1/requests/req_nothing")).status).toBe(404);
    expect((await app.get("/v1/requests/req_nothing/body")).status).toBe(404);
    expect((await app.get("/v1/requests?cause=because")).status).toBe(422);
  });
});
