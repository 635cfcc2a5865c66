// /v1/destinations, by status code.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Webhook } from "standardwebhooks";
import { type Receiver, startReceiver } from "../kit/receiver.ts";
import { eventually, fieldsOf, type Fixture, startFixture } from "./fixture.ts";

let app: Fixture;
let receiver: Receiver;
beforeAll(async () => {
  [app, receiver] = await Promise.all([startFixture(), startReceiver()]);
});
afterAll(() => Promise.all([app.close(), receiver.close()]));

const URL_OK = "https://example.com/hook";
const make = (fields: object = {}) => app.post("/v1/destinations", { name: "d", type: "http", url: URL_OK, ...fields });

describe("POST /v1/destinations", () => {
  test("201 with every default and a signing secret shown once", async () => {
    const { status, body } = await make();
    expect(status).toBe(201);
    expect(body).toMatchObject({
      type: "http",
      method: null,
      forwardPath: false,
      forwardQuery: false,
      forwardHeaders: true,
      headers: {},
      auth: { kind: "none" },
      retry: { jitter: 0.2 },
      deadlineMs: 20_000,
      connectTimeoutMs: 5_000,
      responseBytesMax: 16_384,
      concurrencyMax: 10,
      state: { kind: "active" },
    });
    expect(body.retry.scheduleMs).toHaveLength(10);
    expect(body.secret).toMatch(/^whsec_/);
    expect(body.signature).toEqual({ kind: "standard-webhooks", secrets: [{ hint: `whsec_…${body.secret.slice(-4)}` }] });
    const again = await app.get(`/v1/destinations/${body.id}`);
    expect(again.text).not.toContain(body.secret);
  });

  test("201 masks credentials and headers that say secret", async () => {
    const { status, body, text } = await make({
      auth: { kind: "bearer", token: "a token of some length" },
      headers: { "x-api-key": "a key of some length", "x-team": "blue" },
      signature: { kind: "hmac", header: "x-signature", secret: "a secret of some length" },
    });
    expect(status).toBe(201);
    expect(text).not.toMatch(/of some length/);
    expect(body.headers).toEqual({ "x-api-key": "…ngth", "x-team": "blue" });
    expect(body.signature).toEqual({
      kind: "hmac",
      algorithm: "sha256",
      header: "x-signature",
      prefix: "",
      encoding: "hex",
      content: "{body}",
      timestampHeader: null,
      secret: { hint: "…ngth" },
    });
    expect(body.secret).toBeUndefined();
  });

  test.each([
    [{ url: "ftp://example.com" }, "url"],
    [{ url: "http://10.0.0.1/" }, "url"],
    [{ url: "https://169.254.169.254/latest" }, "url"],
    [{ url: "https://user:pass@example.com" }, "url"],
    [{ type: "smtp" }, "type"],
    [{ headers: { host: "evil" } }, "headers.host"],
    [{ headers: { "x-a": "b\r\nc: d" } }, "headers.x-a"],
    [{ headers: { "webhook-id": "1" } }, "headers.webhook-id"],
    [{ headers: { "X-A": "1", "x-a": "2" } }, "headers.x-a"],
    [{ auth: { kind: "apiKey", header: "content-length", value: "x" } }, "auth.header"],
    [{ auth: { kind: "basic", username: "a:b", password: "x" } }, "auth.username"],
    [{ signature: { kind: "standard-webhooks", secrets: ["whsec_!!!"] } }, "signature.secrets[0]"],
    [{ signature: { kind: "hmac", header: "x-s", secret: "a secret of some length", content: "nothing" } }, "signature.content"],
    [{ signature: { kind: "hmac", header: "bad header", secret: "a secret of some length" } }, "signature.header"],
    [{ signature: { kind: "rot13" } }, "signature.kind"],
    [{ retry: { scheduleMs: [5, 5] } }, "retry.scheduleMs"],
    [{ retry: { scheduleMs: [] } }, "retry.scheduleMs"],
    [{ retry: { jitter: 0.9 } }, "retry.jitter"],
    [{ deadlineMs: 1e9 }, "deadlineMs"],
    [{ connectTimeoutMs: 60_000 }, "connectTimeoutMs"],
    [{ tenantId: "" }, "tenantId"],
    [{ tenantId: "two words" }, "tenantId"],
    [{ tenantId: "t".repeat(129) }, "tenantId"],
  ])("422 for %j at %s", async (fields, path) => {
    const reply = await make(fields);
    expect(reply.status).toBe(422);
    expect(fieldsOf(reply)).toEqual([path]);
  });

  test("422 never repeats a secret", async () => {
    const reply = await make({
      auth: { kind: "bearer", token: "hunter2\nhunter2" },
      signature: { kind: "standard-webhooks", secrets: ["whsec_hunter2hunter2!"] },
    });
    expect(reply.status).toBe(422);
    expect(reply.text).not.toContain("hunter2");
  });
});

describe("/v1/destinations/{id}", () => {
  test("200 PATCH, 204 DELETE, 404 afterwards", async () => {
    const { id, signature } = (await make()).body;
    const patched = await app.call("PATCH", `/v1/destinations/${id}`, { body: { deadlineMs: 1000, headers: { "x-a": "1" } } });
    expect(patched.status).toBe(200);
    expect(patched.body).toMatchObject({ deadlineMs: 1000, connectTimeoutMs: 1000, headers: { "x-a": "1" }, signature });
    expect((await app.call("DELETE", `/v1/destinations/${id}`)).status).toBe(204);
    for (const path of ["", "/schedule-preview"]) expect((await app.get(`/v1/destinations/${id}${path}`)).status).toBe(404);
    for (const path of ["/pause", "/resume", "/disable", "/rotate-secret"])
      expect((await app.post(`/v1/destinations/${id}${path}`)).status).toBe(404);
  });

  test("409 DELETE while subscriptions use it", async () => {
    const { destination, subscription } = await app.pipe(receiver.url);
    const reply = await app.call("DELETE", `/v1/destinations/${destination.id}`);
    expect([reply.status, reply.body.code, fieldsOf(reply)]).toEqual([409, "in_use", [subscription.id]]);
  });

  test("pause, resume, disable: 200 each, 409 for pausing what is disabled", async () => {
    const { id } = (await make()).body;
    const at = (action: string, body?: unknown) => app.post(`/v1/destinations/${id}/${action}`, body);
    const paused = (await at("pause")).body.state;
    expect(paused.kind).toBe("paused");
    expect((await at("pause")).body.state).toEqual(paused);
    expect((await at("resume", {})).body.state).toEqual({ kind: "active" });
    expect((await at("disable", { reason: "moved away" })).body.state).toMatchObject({ kind: "disabled", reason: "moved away" });
    expect((await at("pause")).status).toBe(409);
    expect((await at("resume")).body.state).toEqual({ kind: "active" });
    expect((await at("pause", { because: 1 })).status).toBe(422);
  });

  test("rotate-secret signs with both, then with the new one only", async () => {
    const { destination } = await app.pipe(receiver.url, { subscription: { eventTypes: ["rotated"], sourceId: null } });
    const rotated = (await app.post(`/v1/destinations/${destination.id}/rotate-secret`)).body;
    expect(rotated.signature.secrets).toHaveLength(2);
    await app.post("/v1/events", { type: "rotated", data: 1 });
    const [arrival] = await receiver.waitFor((arrivals) => arrivals.length > 0);
    const headers = Object.fromEntries(
      ["webhook-id", "webhook-timestamp", "webhook-signature"].map((name) => [name, arrival!.header(name)!]),
    );
    for (const secret of [destination.secret, rotated.secret])
      expect(new Webhook(secret).verify(arrival!.body.toString(), headers)).toBe(1);
    const dropped = (await app.post(`/v1/destinations/${destination.id}/rotate-secret`, { dropOld: true })).body;
    expect(dropped.signature.secrets).toHaveLength(1);
  });

  test("409 rotate-secret where nothing is signed", async () => {
    const { id } = (await make({ signature: { kind: "none" } })).body;
    expect((await app.post(`/v1/destinations/${id}/rotate-secret`)).status).toBe(409);
  });

  test("schedule-preview: 200 with every attempt", async () => {
    const { id } = (await make({ retry: { scheduleMs: [0, 60_000], jitter: 0.5 } })).body;
    const { status, body } = await app.get(`/v1/destinations/${id}/schedule-preview?start=2026-01-01T00:00:00Z`);
    expect(status).toBe(200);
    expect(body.attempts[1]).toEqual({
      number: 2,
      at: "2026-01-01T00:01:00.000Z",
      earliest: "2026-01-01T00:00:30.000Z",
      latest: "2026-01-01T00:01:30.000Z",
    });
  });

  test("a deleted destination's waiting deliveries are cancelled", async () => {
    const { destination, subscription, source } = await app.pipe(receiver.url);
    await app.post(`/v1/destinations/${destination.id}/pause`);
    await app.ingest(source.url, "{}");
    await eventually(
      () => app.get(`/v1/deliveries?destinationId=${destination.id}`),
      ({ body }) => body.data.length === 1,
    );
    await app.call("DELETE", `/v1/subscriptions/${subscription.id}`);
    expect((await app.call("DELETE", `/v1/destinations/${destination.id}`)).status).toBe(204);
    await eventually(
      () => app.get(`/v1/deliveries?destinationId=${destination.id}`),
      ({ body }) => body.data[0].status === "cancelled",
    );
  });
});
