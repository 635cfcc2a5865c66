// /v1/sources, by status code.
import { sign } from "@posthorn/sdk";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fieldsOf, type Fixture, startFixture } from "./fixture.ts";

let app: Fixture;
beforeAll(async () => {
  app = await startFixture();
});
afterAll(() => app.close());

const SECRET = "It's a Secret to Everybody";

describe("POST /v1/sources", () => {
  test("201 with an ingest URL and every default", async () => {
    const { status, body } = await app.post("/v1/sources", { name: "plain" });
    expect(status).toBe(201);
    expect(body.url).toMatch(new RegExp(`^${app.url}/in/[\\w-]{20,}$`));
    expect(body).toMatchObject({
      provider: "none",
      enabled: true,
      secrets: [],
      auth: { kind: "none" },
      dedupe: { by: "providerEventId", windowMs: 7 * 86_400_000 },
      response: { status: 200, headers: { "content-type": "application/json" }, body: '{"ok":true}' },
    });
    expect(body.secret).toBeUndefined();
  });

  test("201 shows a given secret as a hint only", async () => {
    const { status, body, text } = await app.post("/v1/sources", { name: "github", provider: "github", secrets: [SECRET] });
    expect(status).toBe(201);
    expect(body.secrets).toEqual([{ hint: "…body", expiresAt: null }]);
    expect(body.secret).toBeUndefined();
    expect(text).not.toContain(SECRET);
    expect((await app.get(`/v1/sources/${body.id}`)).text).not.toContain(SECRET);
  });

  test("201 makes and shows a secret once where the provider lets us choose it", async () => {
    const { status, body } = await app.post("/v1/sources", { name: "standard", provider: "standard-webhooks" });
    expect(status).toBe(201);
    expect(body.secret).toMatch(/^whsec_/);
    const again = await app.get(`/v1/sources/${body.id}`);
    expect(again.body.secret).toBeUndefined();
    expect(again.text).not.toContain(body.secret);
  });

  test.each([
    ["discord", 204, {}, ""],
    ["salesforce", 200, { "content-type": expect.stringContaining("xml") }, expect.stringContaining("<Ack>true</Ack>")],
  ])("201 answers %s as it wants to be answered", async (provider, status, headers, answer) => {
    const publicKey = provider === "discord" ? { publicKey: "d5b3381a8f80f8db8aaa5da668ab9d4fb189f12dce1fcac38f3ec4cdf8f65de7" } : {};
    const { body } = await app.post("/v1/sources", { name: provider, provider, ...publicKey });
    expect(body.response).toEqual({ status, headers, body: answer });
  });

  test("201 masks the credential", async () => {
    const auth = { kind: "basic", username: "alice", password: "correct horse battery" };
    const { status, body, text } = await app.post("/v1/sources", { name: "basic", auth });
    expect(status).toBe(201);
    expect(body.auth).toEqual({ kind: "basic", username: "alice", password: { hint: "…tery" }, required: false });
    expect(text).not.toContain(auth.password);
  });

  test("422 names every offending field", async () => {
    const reply = await app.post("/v1/sources", { name: "", colour: "red", secrets: [5], rateLimit: { perSecond: -1, extra: 1 } });
    expect(reply.status).toBe(422);
    expect(fieldsOf(reply).toSorted()).toEqual(["colour", "name", "rateLimit.extra", "rateLimit.perSecond", "secrets[0]"]);
  });

  test("422 for a missing name and for a body that is no object", async () => {
    expect(fieldsOf(await app.post("/v1/sources", {}))).toEqual(["name"]);
    expect((await app.post("/v1/sources", [])).status).toBe(422);
    expect((await app.post("/v1/sources", undefined)).status).toBe(422);
    expect((await app.call("POST", "/v1/sources", { raw: "null" })).status).toBe(422);
  });

  test.each([
    [{ provider: "nobody" }, "provider"],
    [{ provider: "stripe" }, "secrets"],
    [{ provider: "github", secrets: ["short"] }, "secrets[0]"],
    [{ provider: "github", secrets: [SECRET, "short"] }, "secrets[1]"],
    [{ provider: "github", secrets: [] }, "secrets"],
    [{ provider: "github", secrets: [SECRET], params: { colour: "red" } }, "params.colour"],
    [{ allowedIps: ["10.0.0.0/8", "10.0.0.0/99"] }, "allowedIps[1]"],
    [{ allowedMethods: ["BREW"] }, "allowedMethods[0]"],
    [{ dedupe: { by: "jsonPath", path: "a..b" } }, "dedupe.path"],
    [{ dedupe: { by: "header" } }, "dedupe.name"],
    [{ dedupe: { by: "moon" } }, "dedupe.by"],
    [{ keyFrom: "xml:/a/b" }, "keyFrom"],
    [{ response: { headers: { "Content-Length": "5" } } }, "response.headers.Content-Length"],
    [{ response: { headers: { "x-a": "b\r\nset-cookie: c" } } }, "response.headers.x-a"],
    [{ response: { status: 302 } }, "response.status"],
    [{ response: { status: 204, body: "no" } }, "response.body"],
    [{ secrets: [{ value: SECRET, expiresAt: "tomorrow" }] }, "secrets[0].expiresAt"],
    [{ bodyBytesMax: 1e12 }, "bodyBytesMax"],
    [{ name: "x".repeat(201) }, "name"],
    [{ name: "a\u001b[31m" }, "name"],
    [{ provider: "twilio", secrets: ["fixture-auth-token"] }, "params.url"],
  ])("422 for %j at %s", async (fields, path) => {
    const reply = await app.post("/v1/sources", { name: "bad", ...fields });
    expect(reply.status).toBe(422);
    expect(fieldsOf(reply)).toEqual([path]);
  });

  test("422 does not let __proto__ through", async () => {
    const reply = await app.call("POST", "/v1/sources", { raw: '{"name":"p","__proto__":{"polluted":true}}' });
    expect(reply.status).toBe(422);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

describe("GET, PATCH, DELETE /v1/sources/{id}", () => {
  test("200, 200, 204, 404", async () => {
    const { id, url } = (await app.post("/v1/sources", { name: "one" })).body;
    expect((await app.get(`/v1/sources/${id}`)).body).toMatchObject({ id, url, name: "one" });
    const patched = await app.call("PATCH", `/v1/sources/${id}`, { body: { name: "two", enabled: false } });
    expect(patched.status).toBe(200);
    expect(patched.body).toMatchObject({ name: "two", enabled: false, url });
    expect((await app.call("DELETE", `/v1/sources/${id}`)).status).toBe(204);
    expect((await app.get(`/v1/sources/${id}`)).status).toBe(404);
    expect((await app.call("PATCH", `/v1/sources/${id}`, { body: { name: "x" } })).status).toBe(404);
    expect((await app.call("DELETE", `/v1/sources/${id}`)).status).toBe(404);
  });

  test("PATCH leaves what it does not name", async () => {
    const made = (
      await app.post("/v1/sources", {
        name: "keep",
        provider: "github",
        secrets: [SECRET],
        allowedIps: ["192.0.2.0/24"],
        keyFrom: "header:x-key",
      })
    ).body;
    const patched = (await app.call("PATCH", `/v1/sources/${made.id}`, { body: { name: "kept" } })).body;
    expect({ ...patched, name: "keep", updatedAt: made.updatedAt }).toEqual(made);
  });

  test("PATCH 422 leaves the source as it was", async () => {
    const { id } = (await app.post("/v1/sources", { name: "same" })).body;
    const reply = await app.call("PATCH", `/v1/sources/${id}`, { body: { provider: "stripe" } });
    expect(reply.status).toBe(422);
    expect((await app.get(`/v1/sources/${id}`)).body.provider).toBe("none");
    expect((await app.call("PATCH", `/v1/sources/${id}`, { body: { id: "src_other" } })).status).toBe(422);
  });

  test("PATCHes at the same time both count", async () => {
    const { id } = (await app.post("/v1/sources", { name: "race" })).body;
    await Promise.all([
      app.call("PATCH", `/v1/sources/${id}`, { body: { name: "raced" } }),
      app.call("PATCH", `/v1/sources/${id}`, { body: { keyFrom: "header:x-key" } }),
      app.call("PATCH", `/v1/sources/${id}`, { body: { retentionDays: 3 } }),
    ]);
    expect((await app.get(`/v1/sources/${id}`)).body).toMatchObject({ name: "raced", keyFrom: "header:x-key", retentionDays: 3 });
  });

  test("DELETE 409 while a subscription names it", async () => {
    const { source, subscription } = await app.pipe("http://127.0.0.1:9/hook");
    const reply = await app.call("DELETE", `/v1/sources/${source.id}`);
    expect(reply.status).toBe(409);
    expect(reply.body.code).toBe("in_use");
    expect(fieldsOf(reply)).toEqual([subscription.id]);
  });
});

describe("POST /v1/sources/{id}/rotate-secret", () => {
  test("200 adds a secret and lets the old one expire", async () => {
    const { id } = (await app.post("/v1/sources", { name: "rotate", provider: "github", secrets: [SECRET] })).body;
    const { status, body } = await app.post(`/v1/sources/${id}/rotate-secret`, { expireOldAfterSeconds: 60 });
    expect(status).toBe(200);
    expect(body.secret.length).toBeGreaterThan(30);
    expect(body.secrets).toHaveLength(2);
    expect(body.secrets[0].expiresAt).toBeNull();
    expect(Date.parse(body.secrets[1].expiresAt)).toBeGreaterThan(Date.now());
    const now = (await app.post(`/v1/sources/${id}/rotate-secret`, { secret: "another long secret", expireOldAfterSeconds: 0 })).body;
    expect(now.secret).toBeUndefined();
    expect(now.secrets).toEqual([{ hint: "…cret", expiresAt: null }]);
  });

  test("200 never holds more secrets than are tried", async () => {
    const { id } = (await app.post("/v1/sources", { name: "often", provider: "standard-webhooks" })).body;
    for (let i = 0; i < 4; i += 1) await app.post(`/v1/sources/${id}/rotate-secret`);
    expect((await app.get(`/v1/sources/${id}`)).body.secrets).toHaveLength(3);
  });

  test("422 where only the provider can make one, 404 for an unknown id", async () => {
    const { id } = (await app.post("/v1/sources", { name: "stripe", provider: "stripe", secrets: ["whsec_0123456789abcdef"] })).body;
    const reply = await app.post(`/v1/sources/${id}/rotate-secret`);
    expect(reply.status).toBe(422);
    expect(fieldsOf(reply)).toEqual(["secret"]);
    expect((await app.post("/v1/sources/src_nothing/rotate-secret")).status).toBe(404);
  });
});

describe("a provider that signs the URL it calls", () => {
  const SQUARE = { name: "square", provider: "square", secrets: [SECRET] };

  test("422 where nobody knows the URL", async () => {
    const reply = await app.post("/v1/sources", SQUARE);
    expect([reply.status, fieldsOf(reply)]).toEqual([422, ["params.url"]]);
  });

  test("201 with the public URL of the settings, and requests signed for it come in", async () => {
    const named = await startFixture({ POSTHORN_PUBLIC_URL: "https://hooks.example.test" });
    try {
      const { status, body } = await named.post("/v1/sources", SQUARE);
      expect([status, body.params]).toEqual([201, { url: body.url }]);
      expect(body.url).toMatch(/^https:\/\/hooks\.example\.test\/in\//);
      const payload = '{"event_id":"1","type":"payment.updated"}';
      const signed = await sign({ provider: "square", secret: SECRET, url: body.url, body: payload });
      const local = body.url.replace("https://hooks.example.test", named.url);
      expect((await named.ingest(local, payload, Object.fromEntries(signed.headers))).status).toBe(200);
    } finally {
      await named.close();
    }
  });
});

describe("POST /v1/sources/{id}/learned-secret", () => {
  const TOKEN = "secret_of-this-test-tMrlL1qK5vuQAh1b6cZGhFC";

  test("200 shows the token that Notion brought, and nothing else does", async () => {
    const { body: source } = await app.post("/v1/sources", { name: "notion", provider: "notion" });
    const sent = await fetch(source.url, { method: "POST", body: JSON.stringify({ verification_token: TOKEN }) });
    expect(sent.status).toBe(200);
    const { status, body } = await app.post(`/v1/sources/${source.id}/learned-secret`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ secret: TOKEN, secrets: [{ learned: true, expiresAt: null }] });
    expect((await app.get(`/v1/sources/${source.id}`)).text).not.toContain(TOKEN);
  });

  test("404 where the owner typed the secret in, or there is no source", async () => {
    const { body: source } = await app.post("/v1/sources", { name: "typed", provider: "notion", secrets: [TOKEN] });
    expect((await app.post(`/v1/sources/${source.id}/learned-secret`)).status).toBe(404);
    expect((await app.post("/v1/sources/src_06dq2ye2xk0ezc5bk9ztc3h9m7/learned-secret")).status).toBe(404);
  });
});

describe("what a restart keeps", () => {
  test("sources, with secrets that still verify", async () => {
    const { id, url } = (await app.post("/v1/sources", { name: "kept", provider: "token", secrets: ["token-of-this-test"] })).body;
    const path = new URL(url).pathname;
    await app.restart();
    expect((await app.get(`/v1/sources/${id}`)).body.name).toBe("kept");
    const good = await app.ingest(`${app.url}${path}`, "{}", { authorization: "Bearer token-of-this-test" });
    expect(good.status).toBe(200);
    expect((await app.ingest(`${app.url}${path}`, "{}", { authorization: "Bearer token-of-another" })).status).toBe(401);
  });
});
