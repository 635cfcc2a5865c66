// Tests of the endpoint by providers, byte by byte over a real socket: they are answered exactly, and become no events.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { KEEP_ALIVE_TIMEOUT_MS, REQUESTS_PER_CONNECTION_MAX } from "../../src/limits.ts";
import { type Fixture, startFixture } from "../api/fixture.ts";
import { eventsOf, lines, makeSource, requestsOf, type SourceRig, wire } from "./wire.ts";

let app: Fixture;
beforeAll(async () => {
  app = await startFixture();
});
afterAll(() => app.close());

const SECRET = "a-secret-of-this-test";
const KEPT_OPEN = {
  connection: "keep-alive",
  "keep-alive": `timeout=${KEEP_ALIVE_TIMEOUT_MS / 1000}, max=${REQUESTS_PER_CONNECTION_MAX}`,
};

/** Status, headers without the date, and body; and what came on the wire behind the head, which is the body or nothing. */
async function ask(source: SourceRig, method: string, target: string, headers: Record<string, string> = {}) {
  const bytes = [`${method} ${source.path}${target} HTTP/1.1`, "Host: a", ...lines(headers), "\r\n"].join("\r\n");
  const reply = await wire(app.port, bytes);
  const { date, ...rest } = reply.headers;
  expect(date).toMatch(/ GMT$/);
  expect(reply.text.slice(reply.text.indexOf("\r\n\r\n") + 4)).toBe(reply.body);
  return { status: reply.status, headers: rest, body: reply.body };
}

describe("Meta's challenge by GET", () => {
  const meta = () => makeSource(app, { provider: "meta", secrets: [SECRET], params: { verifyToken: "right" } });
  const challenge = (token: string) => `?hub.mode=subscribe&hub.challenge=11%2F58&hub.verify_token=${token}`;

  test("with the right token is repeated, decoded, as plain text", async () => {
    const source = await meta();
    expect(await ask(source, "GET", challenge("right"))).toEqual({
      status: 200,
      headers: { "content-type": "text/plain", "x-content-type-options": "nosniff", "content-length": "5", ...KEPT_OPEN },
      body: "11/58",
    });
    expect(await requestsOf(app, source, 1)).toMatchObject([{ outcome: "handshake", method: "GET", cause: null }]);
    expect(await eventsOf(app, source)).toEqual([]);
  });

  test("with a wrong token gets a bare 403, and the owner is told", async () => {
    const source = await meta();
    expect(await ask(source, "GET", challenge("wrong"))).toEqual({
      status: 403,
      headers: { "content-length": "0", ...KEPT_OPEN },
      body: "",
    });
    const [refused] = await requestsOf(app, source, 1);
    expect(refused).toMatchObject({ outcome: "rejected", cause: "handshake_refused" });
    expect(refused.message).toContain("verifyToken");
  });

  test("is the only GET that comes in", async () => {
    const source = await makeSource(app, {
      provider: "meta",
      secrets: [SECRET],
      params: { verifyToken: "right" },
      allowedMethods: ["POST"],
    });
    expect((await ask(source, "GET", challenge("right"))).status).toBe(200);
    expect((await ask(source, "GET", "")).status).toBe(405);
  });
});

test("Trello's HEAD gets 200 and not a byte of a body", async () => {
  const source = await makeSource(app, { provider: "trello", secrets: [SECRET], params: { url: "https://hooks.example.test/in/trello" } });
  expect(await ask(source, "HEAD", "")).toEqual({ status: 200, headers: { "content-length": "0", ...KEPT_OPEN }, body: "" });
  expect(await requestsOf(app, source, 1)).toMatchObject([{ outcome: "handshake", method: "HEAD" }]);
});

describe("the OPTIONS of CloudEvents", () => {
  const cloudEvents = () => makeSource(app, { provider: "cloudevents", secrets: [SECRET] });

  test("is allowed to the origin that asks, at the rate it asks for", async () => {
    const source = await cloudEvents();
    const asked = { "WebHook-Request-Origin": "sender.example.test", "WebHook-Request-Rate": "120" };
    const granted = { "webhook-allowed-origin": "sender.example.test", "webhook-allowed-rate": "120", allow: "POST" };
    expect(await ask(source, "OPTIONS", "", asked)).toEqual({
      status: 200,
      headers: { ...granted, "content-length": "0", ...KEPT_OPEN },
      body: "",
    });
    const { "WebHook-Request-Rate": _rate, ...origin } = asked;
    const { "webhook-allowed-rate": _granted, ...less } = granted;
    expect((await ask(source, "OPTIONS", "", origin)).headers).toEqual({ ...less, "content-length": "0", ...KEPT_OPEN });
  });

  test("with an origin that is none gets a bare 400", async () => {
    const source = await cloudEvents();
    const reply = await ask(source, "OPTIONS", "", { "WebHook-Request-Origin": "<script>" });
    expect(reply).toEqual({ status: 400, headers: { "content-length": "0", ...KEPT_OPEN }, body: "" });
  });
});

test("the same request to a source of another provider is none of this", async () => {
  const source = await makeSource(app, { provider: "github", secrets: [SECRET] });
  const reply = await ask(source, "OPTIONS", "", { "WebHook-Request-Origin": "sender.example.test" });
  expect(reply).toMatchObject({ status: 401, body: '{"type":"about:blank","title":"Unauthorized","status":401}' });
  expect(Object.keys(reply.headers).toSorted()).toEqual(["connection", "content-length", "content-type", "keep-alive"]);
});
