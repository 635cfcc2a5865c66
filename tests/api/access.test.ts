// Keys, scopes, idempotency and lists of keys: who may do what, and how often it counts. By status code.
import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ROUTES } from "../../src/http/routes.ts";
import { ADMIN_KEY, fieldsOf, type Fixture, startFixture } from "./fixture.ts";

let app: Fixture;
beforeAll(async () => {
  app = await startFixture();
});
afterAll(() => app.close());

const guarded = ROUTES.filter((route) => route.scope !== null);

describe("keys", () => {
  test.each(guarded.map((route) => [route.method, route.path] as const))("401 for %s %s without a key", async (method, path) => {
    const reply = await app.call(method, path.replace("{id}", "x"), { key: null });
    expect([reply.status, reply.body.code]).toEqual([401, "missing_key"]);
    expect(reply.headers["www-authenticate"]).toMatch(/^Bearer/);
  });

  test.each([
    "wrong",
    `${ADMIN_KEY}x`,
    ADMIN_KEY.slice(0, -1),
    ADMIN_KEY.toUpperCase(),
    createHash("sha256").update(ADMIN_KEY).digest("hex"),
    "x".repeat(1000),
  ])("401 for the key %s", async (key) => {
    expect((await app.get("/v1/sources", { key })).body.code).toBe("wrong_key");
  });

  test("401 for other forms of Authorization", async () => {
    for (const authorization of [ADMIN_KEY, `Basic ${ADMIN_KEY}`, "Bearer", `Bearer ${ADMIN_KEY} x`, "Bearer  "]) {
      expect((await app.get("/v1/sources", { key: null, headers: { authorization } })).status).toBe(401);
    }
    expect((await app.get("/v1/sources", { key: null, headers: { authorization: `bearer ${ADMIN_KEY}` } })).status).toBe(200);
  });

  test("401 comes before the body is looked at", async () => {
    expect((await app.call("POST", "/v1/sources", { key: "wrong", raw: "x".repeat(2 * 1024 ** 2) })).status).toBe(401);
  });

  test("200 without a key where none is needed", async () => {
    for (const { path } of ROUTES.filter((route) => route.scope === null)) expect((await app.get(path, { key: null })).status).toBe(200);
  });

  test("403: publish keys publish, read keys read, and neither makes keys", async () => {
    const [publish, read, both] = await Promise.all([app.keyWith(["publish"]), app.keyWith(["read"]), app.keyWith(["read", "publish"])]);
    for (const { method, path, scope } of guarded) {
      const target = path.replace("{id}", "x");
      if (path === "/v1/tail") continue;
      expect((await app.call(method, target, { key: publish, body: method === "GET" ? undefined : {} })).status === 403).toBe(
        scope !== "publish",
      );
      expect((await app.call(method, target, { key: read, body: method === "GET" ? undefined : {} })).status === 403).toBe(
        scope !== "read",
      );
      expect((await app.call(method, target, { key: both, body: method === "GET" ? undefined : {} })).status === 403).toBe(
        scope === "admin",
      );
    }
    expect(guarded.filter(({ scope }) => scope === "publish").map(({ method, path }) => `${method} ${path}`)).toEqual(["POST /v1/events"]);
    expect(guarded.filter(({ scope }) => scope === "read").every(({ method }) => method === "GET")).toBe(true);
  });

  test("201 shows the key once, 200 lists it without, 204 ends it, 401 afterwards", async () => {
    const made = await app.post("/v1/api-keys", { name: "ci", scopes: ["read", "read"] });
    expect(made.status).toBe(201);
    expect(made.body.key).toMatch(/^phk_[\w-]{43}$/);
    expect(made.body.scopes).toEqual(["read"]);
    const list = await app.get("/v1/api-keys");
    expect(list.text).not.toContain(made.body.key);
    expect(list.text).not.toContain(createHash("sha256").update(made.body.key).digest("hex"));
    expect((await app.get("/v1/sources", { key: made.body.key })).status).toBe(200);
    expect((await app.call("DELETE", `/v1/api-keys/${made.body.id}`)).status).toBe(204);
    expect((await app.get("/v1/sources", { key: made.body.key })).status).toBe(401);
    expect((await app.call("DELETE", `/v1/api-keys/${made.body.id}`)).status).toBe(404);
  });

  test("401 for a key that has expired, 409 for deleting the preset one, 422 for no scope", async () => {
    const expired = await app.keyWith(["read"], "2020-01-01T00:00:00Z");
    expect((await app.get("/v1/sources", { key: expired })).status).toBe(401);
    const preset = (await app.get("/v1/api-keys")).body.data.find((key: { hint: string }) => key.hint === `…${ADMIN_KEY.slice(-4)}`);
    expect((await app.call("DELETE", `/v1/api-keys/${preset.id}`)).status).toBe(409);
    expect(fieldsOf(await app.post("/v1/api-keys", { name: "n", scopes: [] }))).toEqual(["scopes"]);
    expect(fieldsOf(await app.post("/v1/api-keys", { name: "n", scopes: ["root"] }))).toEqual(["scopes[0]"]);
  });
});

describe("Idempotency-Key", () => {
  const withKey = (key: string) => ({ headers: { "idempotency-key": key } });

  test("201 the same answer again, secret included, and one source", async () => {
    const body = { name: "once", provider: "standard-webhooks" };
    const first = await app.post("/v1/sources", body, withKey("make-source"));
    const again = await app.post("/v1/sources", body, withKey("make-source"));
    expect([again.status, again.body]).toEqual([201, first.body]);
    expect(again.headers["idempotent-replayed"]).toBe("true");
    await app.restart();
    const later = await app.post("/v1/sources", body, withKey("make-source"));
    expect(later.body).toEqual(first.body);
    expect((await app.get("/v1/sources?limit=250")).body.data.filter((one: { name: string }) => one.name === "once")).toHaveLength(1);
  });

  test("409 for another body or path, 400 for a key that cannot be one", async () => {
    await app.post("/v1/sources", { name: "a" }, withKey("k1"));
    for (const [path, body] of [
      ["/v1/sources", { name: "b" }],
      ["/v1/api-keys", { name: "a", scopes: ["read"] }],
    ] as const) {
      const reply = await app.post(path, body, withKey("k1"));
      expect([reply.status, reply.body.code]).toEqual([409, "idempotency_conflict"]);
    }
    for (const key of ["", "x".repeat(256), "é"]) {
      expect((await app.post("/v1/sources", { name: "c" }, withKey(key))).body.code).toBe("invalid_idempotency_key");
    }
  });

  test("201 once for twenty at the same time", async () => {
    const replies = await Promise.all(
      Array.from({ length: 20 }, () => app.post("/v1/api-keys", { name: "twenty", scopes: ["read"] }, withKey("twenty"))),
    );
    expect(new Set(replies.map(({ body }) => body.key)).size).toBe(1);
    expect(replies.every(({ status }) => status === 201)).toBe(true);
  });

  test("a refused request uses no key up", async () => {
    expect((await app.post("/v1/sources", { name: "" }, withKey("retry-me"))).status).toBe(422);
    expect((await app.post("/v1/sources", { name: "fine" }, withKey("retry-me"))).status).toBe(201);
  });

  test("keys are scoped to the API key", async () => {
    const other = await app.keyWith(["admin"]);
    const mine = await app.post("/v1/sources", { name: "mine" }, withKey("shared"));
    const theirs = await app.post("/v1/sources", { name: "theirs" }, { ...withKey("shared"), key: other });
    expect(theirs.status).toBe(201);
    expect(theirs.body.id).not.toBe(mine.body.id);
  });
});
