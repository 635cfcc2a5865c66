// The server itself: what is no HTTP, what is no route, and what must never reach another one. By status code.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ADMIN_KEY, type Fixture, rawExchange, startFixture } from "./fixture.ts";

let app: Fixture;
let token: string;
beforeAll(async () => {
  app = await startFixture();
  token = new URL((await app.post("/v1/sources", { name: "s" })).body.url).pathname.slice("/in/".length);
});
afterAll(() => app.close());

const AUTH = `Authorization: Bearer ${ADMIN_KEY}\r\n`;
const raw = (head: string, rest = "") => rawExchange(app.port, `${head}\r\nHost: a\r\nConnection: close\r\n${rest}\r\n`);
const statusOf = (text: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0);

describe("targets", () => {
  test.each([
    "/nothing",
    "/v1",
    "/v1/",
    "/v1/sources/",
    "/V1/sources",
    "//v1/sources",
    "/v1//sources",
    "/v1/./sources",
    "/v1/sources/../sources",
    "/in",
    "/In/x",
    "//in/x",
    "/./in/x",
    "/x/../in/y",
    "/%69n/x",
    "/v1/sources/a/b",
    "/v1/sources;x",
    "*",
    "http://evil/v1/sources",
    "http://evil/in/x",
  ])("404 for %s", async (target) => {
    const text = await raw(`GET ${target} HTTP/1.1`, AUTH);
    expect(statusOf(text)).toBe(404);
    expect(text).toContain("application/problem+json");
  });

  test.each(["../v1/sources", "..", "%2e%2e/v1/sources", "TOKEN/../../v1/sources", "TOKEN%00", "TOKEN;x", "", "?", "/v1/sources"])(
    "404 or the source's own answer for /in/%s",
    async (tail) => {
      const text = await raw(`GET /in/${tail.replace("TOKEN", token)} HTTP/1.1`, AUTH);
      expect(text).not.toContain("nextCursor");
      // What follows the slash after a token is that source's path tail, verbatim.
      expect(statusOf(text)).toBe(tail.startsWith("TOKEN/") ? 200 : 404);
    },
  );

  test("405 with Allow for a method the path lacks", async () => {
    const reply = await app.call("PUT", "/v1/sources");
    expect([reply.status, reply.headers["allow"]]).toEqual([405, "POST, GET, HEAD"]);
    expect((await app.call("DELETE", "/livez")).status).toBe(405);
    for (const method of ["TRACE", "PROPFIND"]) expect(statusOf(await raw(`${method} /v1/sources HTTP/1.1`, AUTH))).toBe(405);
  });

  test("405 for CONNECT, 400 for what Node does not know", async () => {
    expect(statusOf(await raw("CONNECT a:80 HTTP/1.1"))).toBe(405);
    for (const line of ["GET evil:80 HTTP/1.1", "FOO / HTTP/1.1", "PRI * HTTP/2.0", "GET / HTTP/9.9", "GET /\x00 HTTP/1.1"])
      expect(statusOf(await raw(line))).toBe(400);
  });

  test("200 for HEAD like GET without the body", async () => {
    const reply = await app.call("HEAD", "/v1/sources");
    expect([reply.status, reply.text]).toEqual([200, ""]);
    expect(Number(reply.headers["content-length"])).toBeGreaterThan(10);
  });

  test("200 for an upgrade, which is answered and not made", async () => {
    for (const target of ["/livez", `/in/${token}`]) {
      for (const protocol of ["h2c", "websocket"]) {
        const text = await rawExchange(
          app.port,
          `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: ${protocol}\r\n\r\n`,
          "}",
        );
        expect(statusOf(text)).toBe(200);
      }
    }
  });
});

describe("limits", () => {
  test("431 for headers that are too large or too many", async () => {
    expect(statusOf(await raw("GET /livez HTTP/1.1", `X-A: ${"a".repeat(17_000)}\r\n`))).toBe(431);
    const many = (count: number) => Array.from({ length: count }, (_, i) => `X-${i}: 1\r\n`).join("");
    expect(statusOf(await raw("GET /livez HTTP/1.1", many(1200)))).toBe(431);
    expect(statusOf(await raw(`POST /in/${token} HTTP/1.1`, many(120)))).toBe(431);
    expect(statusOf(await raw("GET /livez HTTP/1.1", many(90)))).toBe(200);
  });

  test.each([
    ["Content-Length: 2, 2\r\n"],
    ["Content-Length: +2\r\n"],
    ["Content-Length: 0x2\r\n"],
    ["Content-Length: 2\r\nContent-Length: 2\r\n"],
    ["Content-Length: 2\r\nTransfer-Encoding: chunked\r\n"],
    ["Transfer-Encoding : chunked\r\n"],
    ["X-A: b\n"],
    ["X-A: b\r\n c\r\n"],
  ])("400 for %j", async (headers) => {
    const text = await raw("POST /v1/sources HTTP/1.1", `${AUTH}${headers}`);
    expect(statusOf(text)).toBe(400);
    expect(text).toContain('"code":"malformed_request"');
  });

  test("a refusal for an encoding without an end, which Node's parser only notices behind the headers", async () => {
    expect([400, 415]).toContain(statusOf(await raw("POST /v1/sources HTTP/1.1", `${AUTH}Transfer-Encoding: xchunked\r\n`)));
  });

  test("413 for a body that is too large, announced or not", async () => {
    const head = `${AUTH}Content-Type: application/json\r\n`;
    expect(statusOf(await raw("POST /v1/events HTTP/1.1", `${head}Content-Length: 2000000\r\n`))).toBe(413);
    const chunk = `${(70_000).toString(16)}\r\n${" ".repeat(70_000)}\r\n`;
    const text = await rawExchange(
      app.port,
      `POST /v1/events HTTP/1.1\r\nHost: a\r\n${head}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(20)}0\r\n\r\n`,
      "body_too_large",
    );
    expect(statusOf(text)).toBe(413);
  });

  test("408 for headers that do not come", async () => {
    const started = Date.now();
    const text = await rawExchange(app.port, "GET / HTTP/1.1\r\nHost: a\r\nX-");
    expect(statusOf(text)).toBe(408);
    expect(Date.now() - started).toBeLessThan(14_000);
  });
});

describe("answers", () => {
  test("carry headers that keep a browser from running them", async () => {
    const { headers } = await app.get("/v1/sources");
    expect(headers).toMatchObject({ "x-content-type-options": "nosniff", "cache-control": "no-store" });
    expect(headers["content-security-policy"]).toContain("default-src 'none'");
  });

  test("ingest URLs go by the Host header, and a false one falls back to the address", async () => {
    const url = async (host: string) => (await app.post("/v1/sources", { name: "h" }, { headers: { host } })).body.url as string;
    expect(await url("hooks.example.com:8443")).toMatch(/^http:\/\/hooks\.example\.com:8443\/in\//);
    expect(await url("a b/c")).toMatch(new RegExp(`^${app.url}/in/`));
  });

  test("/metrics counts and names nothing", async () => {
    const { text, headers } = await app.get("/metrics", { key: null });
    expect(headers["content-type"]).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(text).toMatch(/^posthorn_events_accepted_total \d+$/m);
    expect(text).not.toMatch(/src_|dst_/);
  });
});

describe("close", () => {
  test("ends live streams and idle connections within its grace", async () => {
    const own = await startFixture();
    const stream = rawExchange(own.port, `GET /v1/tail HTTP/1.1\r\nHost: a\r\n${AUTH}\r\n`);
    const idle = rawExchange(own.port, "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n");
    await new Promise((resolve) => {
      setTimeout(resolve, 100);
    });
    const started = Date.now();
    await own.close();
    expect(Date.now() - started).toBeLessThan(3_000);
    expect(await stream).toContain(": connected");
    expect(statusOf(await idle)).toBe(200);
  });
});
