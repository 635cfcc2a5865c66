// Requests that Node's parser must refuse or that it lets through: bytes are literal, and nothing of them is stored.
import { connect } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ADMIN_KEY, type Fixture, startFixture } from "../api/fixture.ts";
import { eventsOf, lines, makeSource, post, refusalOf, requestsOf, type SourceRig, wire, type WireReply } from "./wire.ts";

let app: Fixture;
let source: SourceRig;
beforeAll(async () => {
  app = await startFixture();
});
afterAll(() => app.close());
beforeEach(async () => {
  source = await makeSource(app);
});

/** `{P}` is the ingest path of the source. */
const send = (bytes: string, wait: "answer" | "end" = "end") => wire(app.port, bytes.replaceAll("{P}", source.path), wait);
const head = (headers: string, rest = "") => `POST {P} HTTP/1.1\r\nHost: a\r\n${headers}\r\n${rest}`;

/** The next good request on a new connection succeeds, and its event is the only one there is. */
async function expectOnlyTheNextGoodRequestIsStored(): Promise<void> {
  const good = await wire(app.port, post(source.path, ["X-Good: 1"], "good"));
  expect(good.status).toBe(200);
  const events = await eventsOf(app, source);
  expect(events.map((event) => event.bodyBytes)).toEqual([4]);
}

function expectRefusedAndClosed(reply: WireReply, status: number): void {
  expect([reply.status, reply.closed]).toEqual([status, true]);
  expect(reply.headers["content-type"]).toBe("application/problem+json");
  expect(reply.text.match(/HTTP\/1\.1 /g)).toHaveLength(1);
}

describe("400 and a closed connection", () => {
  test.each([
    ["two content lengths in one line", "Content-Length: 2, 2\r\n", "{}"],
    ["the same content length twice", "Content-Length: 2\r\nContent-Length: 2\r\n", "{}"],
    ["a signed content length", "Content-Length: +2\r\n", "{}"],
    ["a negative content length", "Content-Length: -1\r\n", "{}"],
    ["a hexadecimal content length", "Content-Length: 0x2\r\n", "{}"],
    ["a content length of 23 digits", `Content-Length: ${"9".repeat(23)}\r\n`, "{}"],
    ["a content length beside chunked", "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", "2\r\n{}\r\n0\r\n\r\n"],
    ["chunked beside a content length", "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n", "2\r\n{}\r\n0\r\n\r\n"],
    ["an encoding behind chunked", "Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"],
    ["identity", "Transfer-Encoding: identity\r\n", "{}"],
    ["an encoding that ends in chunked without being it", "Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"],
    ["chunked in two headers", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"],
    ["a space before the colon", "Transfer-Encoding : chunked\r\n", "0\r\n\r\n"],
    ["a bare LF behind a header", "X-A: b\nX-C: d\r\n", ""],
    ["a bare CR in a header", "X-A: b\rX-C: d\r\n", ""],
    ["a NUL in a header", "X-A: b\0c\r\n", ""],
    ["a folded header", "X-A: b\r\n c\r\n", ""],
    ["a header without a name", ": b\r\n", ""],
    ["a chunk size with a sign", "Transfer-Encoding: chunked\r\n", "+2\r\n{}\r\n0\r\n\r\n"],
    ["a chunk size that is no number", "Transfer-Encoding: chunked\r\n", "zz\r\n{}\r\n0\r\n\r\n"],
    ["a chunk size beyond 64 bits", "Transfer-Encoding: chunked\r\n", `${"f".repeat(20)}\r\n{}\r\n0\r\n\r\n`],
    ["a bare LF behind a chunk size", "Transfer-Encoding: chunked\r\n", "2\n{}\r\n0\r\n\r\n"],
    ["a chunk longer than its size", "Transfer-Encoding: chunked\r\n", "2\r\n{}garbage\r\n0\r\n\r\n"],
  ])("for %s", async (_, headers, body) => {
    expectRefusedAndClosed(await send(head(headers, body)), 400);
    await expectOnlyTheNextGoodRequestIsStored();
  });

  test.each([
    ["a method that does not exist", "FOO {P} HTTP/1.1\r\nHost: a\r\n\r\n"],
    ["a version that does not exist", "POST {P} HTTP/9.9\r\nHost: a\r\n\r\n"],
    ["the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ["the hello of TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
    ["a raw 8-bit path", "POST {P}/\xff HTTP/1.1\r\nHost: a\r\n\r\n"],
    ["a NUL in the path", "POST {P}\0 HTTP/1.1\r\nHost: a\r\n\r\n"],
    ["bare LF line ends", "POST {P} HTTP/1.1\nHost: a\n\n"],
  ])("for %s", async (_, bytes) => {
    expectRefusedAndClosed(await send(bytes), 400);
    await expectOnlyTheNextGoodRequestIsStored();
  });
});

test("400 for no Host", async () => {
  const reply = await send("POST {P} HTTP/1.1\r\n\r\n");
  expect([reply.status, reply.closed]).toEqual([400, true]);
  await expectOnlyTheNextGoodRequestIsStored();
});

describe("413 or 400, bounded", () => {
  test("for a chunk extension of 10 MB", async () => {
    const reply = await send(head("Transfer-Encoding: chunked\r\n", `2;${"a".repeat(10_000_000)}\r\n{}\r\n0\r\n\r\n`));
    expect(reply.status === 413 || (reply.status === 0 && reply.closed)).toBe(true);
    await expectOnlyTheNextGoodRequestIsStored();
  });

  test("for a chunk extension just above the parser's limit, which is answered", async () => {
    expectRefusedAndClosed(await send(head("Transfer-Encoding: chunked\r\n", `2;${"a".repeat(17_000)}`)), 413);
    await expectOnlyTheNextGoodRequestIsStored();
  });
});

describe("431", () => {
  test.each([
    ["a header of 17 KB", `X-A: ${"a".repeat(17_000)}\r\n`],
    ["1200 headers", Array.from({ length: 1200 }, (_, i) => `X-${i}: 1\r\n`).join("")],
    // Host and Connection count.
    ["101 headers", Array.from({ length: 100 }, (_, i) => `X-${i}: 1\r\n`).join("")],
  ])("for %s", async (_, headers) => {
    expectRefusedAndClosed(await send(head(headers)), 431);
    await expectOnlyTheNextGoodRequestIsStored();
  });

  test("not for 100 headers, all of which are kept", async () => {
    const headers = Array.from({ length: 98 }, (_, i) => `X-${i}: 1`);
    expect((await wire(app.port, post(source.path, headers))).status).toBe(200);
    const [event] = await eventsOf(app, source);
    expect((await app.get(`/v1/events/${event.id}`)).body.request.headers).toHaveLength(100);
  });
});

describe("legal oddities", () => {
  test("a tab before chunked is accepted, and the body is what the chunks hold", async () => {
    const reply = await send(head("Transfer-Encoding:\tchunked\r\n", "2;ext=1\r\nok\r\n0\r\n\r\n"), "answer");
    expect(reply.status).toBe(200);
    const [event] = await eventsOf(app, source);
    expect((await app.get(`/v1/events/${event.id}/body`)).text).toBe("ok");
  });

  test("a transfer coding of gzip is not undone: what is stored is what came", async () => {
    const reply = await send(head("Transfer-Encoding: gzip, chunked\r\n", "3\r\n\x1f\x8b\x08\r\n0\r\n\r\n"), "answer");
    expect(reply.status).toBe(200);
    expect((await eventsOf(app, source))[0].bodyBytes).toBe(3);
  });

  test.each(["h2c", "websocket"])("an offer to upgrade to %s is answered and not taken", async (protocol) => {
    const settings =
      protocol === "h2c" ? ["HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA"] : ["Sec-WebSocket-Key: x", "Sec-WebSocket-Version: 13"];
    const reply = await wire(app.port, post(source.path, ["Connection: Upgrade", `Upgrade: ${protocol}`, ...settings], "good"));
    expect([reply.status, reply.body]).toEqual([200, '{"ok":true}']);
    expect((await eventsOf(app, source)).map((event) => event.bodyBytes)).toEqual([4]);
  });

  test("two requests behind each other on one connection are two events, in order", async () => {
    const both = Buffer.concat([post(source.path, [], "1"), post(source.path, ["Connection: close"], "22")]);
    const reply = await wire(app.port, both, "end");
    expect(reply.text.match(/HTTP\/1\.1 200/g)).toHaveLength(2);
    expect((await eventsOf(app, source)).map((event) => event.bodyBytes)).toEqual([2, 1]);
  });
});

describe("trailers", () => {
  test("cannot carry the signature", async () => {
    source = await makeSource(app, { provider: "standard-webhooks" });
    const trailers = lines({ "webhook-id": "msg_1", "webhook-timestamp": "1", "webhook-signature": "v1,AA==" }).join("\r\n");
    const reply = await send(
      head("Transfer-Encoding: chunked\r\nTrailer: webhook-signature\r\n", `2\r\n{}\r\n0\r\n${trailers}\r\n\r\n`),
      "answer",
    );
    expect(reply.status).toBe(401);
    expect(await refusalOf(app, source)).toMatchObject({ cause: "missing_header" });
    expect(await eventsOf(app, source)).toEqual([]);
  });

  test("are no headers of the event", async () => {
    await send(head("Transfer-Encoding: chunked\r\n", "2\r\n{}\r\n0\r\nX-Late: 1\r\n\r\n"), "answer");
    const [event] = await eventsOf(app, source);
    const names = (await app.get(`/v1/events/${event.id}`)).body.request.headers.map(([name]: [string, string]) => name);
    expect(names).toEqual(["Host", "Transfer-Encoding"]);
  });
});

describe("targets", () => {
  const AUTH = `Authorization: Bearer ${ADMIN_KEY}\r\n`;
  const get = (target: string) => send(`GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${AUTH}\r\n`);

  test.each([
    ["//in/SRC", "/{P}"],
    ["a NUL, escaped", "{P}%00"],
    ["an escaped way out", "/in/%2e%2e/v1/sources"],
    ["a way out", "/in/../v1/sources"],
    ["a parameter", "{P};x"],
    ["upper case", "/IN/{P}"],
    ["an absolute target", "http://evil{P}"],
    ["an escaped token", "{E}"],
    ["a prefix of the token", "{S}"],
    ["a path of 12 KB", `{P}/${"a".repeat(12_000)}`],
    ["an empty token", "/in/"],
    ["a query for a token", "/in/?{P}"],
  ])("404 for %s", async (_, template) => {
    const escaped = source.path.replace(/.$/, (last) => `%${last.charCodeAt(0).toString(16)}`);
    const target = template.replace("{E}", escaped).replace("{S}", source.path.slice(0, -1));
    const reply = await get(target);
    expect(reply.status).toBe(404);
    expect(reply.headers["content-type"]).toBe("application/problem+json");
    await expectOnlyTheNextGoodRequestIsStored();
  });

  test("a path of 17 KB overflows the head", async () => {
    expectRefusedAndClosed(await get(`{P}/${"a".repeat(17_000)}`), 431);
    await expectOnlyTheNextGoodRequestIsStored();
  });

  test.each(["/../../v1/sources", "/%2e%2e/%2e%2e/v1/sources", "//v1/sources", "/..\\..\\v1", "/%00", "/a%2fb;x/"])(
    "%s behind a token is its path tail, verbatim, and no other route",
    async (tail) => {
      const reply = await get(`{P}${tail}`);
      expect([reply.status, reply.body]).toEqual([200, '{"ok":true}']);
      const [event] = await eventsOf(app, source);
      expect((await app.get(`/v1/events/${event.id}`)).body.request.pathTail).toBe(tail);
    },
  );

  test.each([
    ["CONNECT", "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 405],
    ["CONNECT on the ingest path", "CONNECT {P} HTTP/1.1\r\nHost: a\r\n\r\n", 405],
    ["TRACE", "TRACE {P} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nCookie: a=b\r\n\r\n", 405],
    ["PROPFIND", "PROPFIND {P} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 405],
    ["OPTIONS *", "OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 404],
  ])("%s is refused and echoes nothing", async (_, bytes, status) => {
    const reply = await send(bytes);
    expect(reply.status).toBe(status);
    expect(reply.text).not.toContain("a=b");
    await expectOnlyTheNextGoodRequestIsStored();
  });

  test("a refused body is no second request", async () => {
    const smuggled = `POST ${source.path} HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\nsmuggled`;
    const outer = Buffer.concat([post("/in/nobody", [], smuggled), post(source.path, ["Connection: close"], "good")]);
    const reply = await wire(app.port, outer, "end");
    expect(reply.text.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 404", "HTTP/1.1 200"]);
    expect((await eventsOf(app, source)).map((event) => event.bodyBytes)).toEqual([4]);
  });
});

describe("header names of JavaScript's own", () => {
  test.each(["none", "github"])("are data on a source of provider %s", async (provider) => {
    source = await makeSource(app, { provider });
    const names = ["__proto__", "constructor", "toString", "hasOwnProperty", "__defineGetter__"];
    const headers = [...names, "__proto__"].map((name, i) => `${name}: polluted-${i}`);
    const reply = await wire(app.port, post(source.path, headers, "{}"));
    expect(reply.status).toBe(provider === "none" ? 200 : 401);
    const [record] = provider === "none" ? await eventsOf(app, source) : await requestsOf(app, source, 1);
    const kept = await app.get(provider === "none" ? `/v1/events/${record.id}` : `/v1/requests/${record.id}`);
    expect(kept.body.request.headers.slice(2)).toEqual([...names, "__proto__"].map((name, i) => [name, `polluted-${i}`]));
    expect(({} as Record<string, unknown>)["polluted-0"]).toBeUndefined();
    expect(Object.prototype.toString.call([])).toBe("[object Array]");
  });
});

describe("headers that may be there once", () => {
  test.each([
    ["Content-Type", ["Content-Type: application/json", "Content-Type: text/xml"]],
    ["Host", ["host: b"]],
    ["X-GitHub-Delivery", ["X-GitHub-Delivery: 1", "X-GitHub-Delivery: 2"]],
  ])("%s twice is refused", async (_, headers) => {
    source = await makeSource(app, { provider: "github", auth: { kind: "bearer", token: "a-bearer-token" } });
    const auth = "Authorization: Bearer a-bearer-token";
    expect((await wire(app.port, post(source.path, [auth, ...headers], "{}"))).status).toBe(401);
    expect(await refusalOf(app, source)).toMatchObject({ cause: "duplicate_header" });
    expect(await eventsOf(app, source)).toEqual([]);
    expect((await wire(app.port, post(source.path, [auth], "{}"))).status).toBe(200);
  });
});

test("a sender that closes its half behind a whole request still gets its answer", async () => {
  const connection = connect({ port: app.port, host: "127.0.0.1", allowHalfOpen: true });
  connection.end(post(source.path, [], "half"));
  const chunks: Buffer[] = [];
  for await (const chunk of connection) chunks.push(chunk as Buffer);
  expect(Buffer.concat(chunks).toString("latin1")).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  expect((await eventsOf(app, source)).map((event) => event.bodyBytes)).toEqual([4]);
});
