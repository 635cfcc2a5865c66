// Every rule of a source, from the outside: what it lets in, what it turns away with which status, and what is kept.
import { createHmac } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type Fixture, startFixture } from "../api/fixture.ts";
import { eventsOf, makeSource, post, refusalOf, requestsOf, type SourceRig, wire, type WireReply } from "./wire.ts";

let app: Fixture;
beforeAll(async () => {
  app = await startFixture({ POSTHORN_TRUSTED_PROXIES: "127.0.0.1" });
  // Rates and windows are measured with a clock that stands still until a test moves it.
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
});
afterAll(async () => {
  vi.useRealTimers();
  await app.close();
});

const SECRET = "a text that is shared";
const BODY = '{"a":1}';
const GITHUB = { provider: "github", secrets: [SECRET] };
const SIGNED = `X-Hub-Signature-256: sha256=${createHmac("sha256", SECRET).update(BODY).digest("hex")}`;
const send = (source: SourceRig, headers: readonly string[] = [], body = BODY, method = "POST", tail = "") =>
  wire(app.port, post(`${source.path}${tail}`, headers, body, method));
const statusOf = async (...args: Parameters<typeof send>) => (await send(...args)).status;

describe.concurrent("methods", () => {
  test.each(["POST", "PUT", "PATCH", "DELETE", "GET", "HEAD", "OPTIONS"])(
    "%s is let in where it is allowed, 405 where it is not",
    async (method) => {
      const [open, other] = [
        await makeSource(app, { allowedMethods: [method] }),
        await makeSource(app, { allowedMethods: [method === "POST" ? "PUT" : "POST"] }),
      ];
      const reply = (source: SourceRig) => wire(app.port, post(source.path, ["Connection: close"], BODY, method), "end");
      expect([(await reply(open)).status, (await reply(other)).status]).toEqual([200, 405]);
      const [event] = await eventsOf(app, open);
      expect((await app.get(`/v1/events/${event.id}`)).body).toMatchObject({ body: BODY, request: { method } });
      expect(await eventsOf(app, other)).toEqual([]);
      expect(await refusalOf(app, other)).toMatchObject({ cause: "method_not_allowed" });
    },
  );
});

describe.concurrent("content types", () => {
  test.each([
    ["application/json", 200],
    ["APPLICATION/JSON; charset=utf-7", 200],
    [" application/json ;x", 200],
    ["application/jsonx", 415],
    ["text/plain, application/json", 415],
    ["application/xml", 415],
    ["", 415],
    [null, 415],
  ])("%j is answered with %i", async (type, status) => {
    const source = await makeSource(app, { allowedContentTypes: ["application/json"] });
    expect(await statusOf(source, type === null ? [] : [`Content-Type: ${type}`])).toBe(status);
    expect(await eventsOf(app, source)).toHaveLength(status === 200 ? 1 : 0);
    if (status === 415) expect(await refusalOf(app, source)).toMatchObject({ cause: "content_type_not_allowed" });
  });
});

describe.concurrent("addresses", () => {
  test.each([
    ["the caller itself, behind our proxy", ["X-Forwarded-For: 203.0.113.9"], 200, "203.0.113.9"],
    ["another caller behind our proxy", ["X-Forwarded-For: 198.51.100.1"], 403, "198.51.100.1"],
    ["a claim left of the truth", ["X-Forwarded-For: 203.0.113.9, 198.51.100.1"], 403, "198.51.100.1"],
    ["a claim in a header of its own", ["X-Forwarded-For: 203.0.113.9", "X-Forwarded-For: 198.51.100.1"], 403, "198.51.100.1"],
    ["two proxies of ours", ["X-Forwarded-For: 203.0.113.9, 127.0.0.1"], 200, "203.0.113.9"],
    ["an address in IPv6 clothes, with a port", ["X-Forwarded-For: [::ffff:203.0.113.9]:4711"], 200, "203.0.113.9"],
    ["an IPv6 address", ["X-Forwarded-For: 2001:db8::5"], 200, "2001:db8::5"],
    ["garbage", ["X-Forwarded-For: 203.0.113.9, evil"], 403, "127.0.0.1"],
    ["Forwarded and X-Real-IP, which nobody reads", ["Forwarded: for=203.0.113.9", "X-Real-IP: 203.0.113.9"], 403, "127.0.0.1"],
  ])("%s", async (_, headers, status, address) => {
    const source = await makeSource(app, { allowedIps: ["203.0.113.0/24", "2001:db8::/32"] });
    expect(await statusOf(source, headers)).toBe(status);
    if (status === 403) expect(await refusalOf(app, source)).toMatchObject({ cause: "ip_not_allowed", remoteAddress: address });
    else expect((await app.get(`/v1/events/${(await eventsOf(app, source))[0].id}`)).body.request.remoteAddress).toBe(address);
  });
});

describe.concurrent("a credential", () => {
  const kinds: [string, object, string, string][] = [
    [
      "basic",
      { kind: "basic", username: "us er", password: "pa:ss-word" },
      `authorization: bAsIc ${btoa("us er:pa:ss-word")}`,
      `Authorization: Basic ${btoa("us er:pa")}`,
    ],
    ["bearer", { kind: "bearer", token: "a-bearer-token" }, "AUTHORIZATION: Bearer a-bearer-token", "Authorization: Bearer A-bearer-token"],
    [
      "apiKey",
      { kind: "apiKey", header: "X-Api-Key", value: "a-key-of-theirs" },
      "x-api-key: a-key-of-theirs",
      "X-Api-Key: a-key-of-their",
    ],
  ];
  describe.each(kinds)("of kind %s", (_, auth, right, wrong) => {
    test.each<[string, boolean, string[], number, string | null]>([
      ["beside the signature: both", true, [right, SIGNED], 200, null],
      ["beside the signature: only the credential", true, [right], 401, "missing_header"],
      ["beside the signature: only the signature", true, [SIGNED], 401, "missing_header"],
      ["beside the signature: a wrong one", true, [wrong, SIGNED], 401, "wrong_credentials"],
      ["instead of it: only the credential", false, [right], 200, null],
      ["instead of it: only the signature", false, [SIGNED], 200, null],
      ["instead of it: neither", false, [], 401, "missing_header"],
      ["instead of it: a wrong one", false, [wrong, SIGNED], 401, "wrong_credentials"],
      ["twice", false, [right, right], 401, "duplicate_header"],
    ])("%s", async (__, required, headers, status, cause) => {
      const source = await makeSource(app, { ...GITHUB, auth: { ...auth, required } });
      expect(await statusOf(source, headers)).toBe(status);
      const events = await eventsOf(app, source);
      expect(events).toHaveLength(status === 200 ? 1 : 0);
      const record =
        cause === null
          ? await app.get(`/v1/events/${events[0].id}`)
          : await app.get(`/v1/requests/${(await requestsOf(app, source, 1))[0].id}`);
      if (cause !== null) expect(record.body.cause).toBe(cause);
      const kept = Object.fromEntries(record.body.request.headers.map(([name, value]: [string, string]) => [name.toLowerCase(), value]));
      for (const header of headers) if (header !== SIGNED) expect(kept[header.split(":")[0]!.toLowerCase()]).toBe("***");
    });
  });

  test("in the query, for a sender that can do no better, is checked and masked", async () => {
    const source = await makeSource(app, { provider: "token", params: { query: "key" }, secrets: ["a-token-of-theirs"] });
    expect(await statusOf(source, [], BODY, "POST", "?a=1&key=a-token-of-theirs&b")).toBe(200);
    expect(await statusOf(source, [], BODY, "POST", "?k%65y=a-token-of-theirz")).toBe(401);
    const [event] = await eventsOf(app, source);
    expect((await app.get(`/v1/events/${event.id}`)).body.request.query).toBe("a=1&key=***&b");
    const { id } = (await requestsOf(app, source, 1, "&outcome=rejected"))[0];
    expect((await app.get(`/v1/requests/${id}`)).body.request.query).toBe("k%65y=***");
  });
});

describe("the rate limit", () => {
  test("answers 429 with Retry-After, before the body is there, and lets in what waited so long", async () => {
    const source = await makeSource(app, { rateLimit: { perSecond: 0.5, burst: 2 } });
    expect([await statusOf(source), await statusOf(source)]).toEqual([200, 200]);
    const refused = await wire(app.port, `POST ${source.path} HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n`);
    expect([refused.status, refused.headers["retry-after"]]).toEqual([429, "2"]);
    expect(await statusOf(await makeSource(app))).toBe(200);
    vi.setSystemTime(Date.now() + 1999);
    expect(await statusOf(source)).toBe(429);
    vi.setSystemTime(Date.now() + 1);
    expect(await statusOf(source)).toBe(200);
    expect(await eventsOf(app, source)).toHaveLength(3);
    expect(await refusalOf(app, source, 2)).toMatchObject({ cause: "rate_limited" });
  });
});

describe("dedupe", () => {
  const H = (...headers: string[]) => ({ headers, body: BODY });
  const B = (body: string) => ({ headers: [], body });
  test.each([
    ["none", { by: "none" }, H("X-Id: 1"), H("X-Id: 1"), 2],
    ["header", { by: "header", name: "X-Id" }, H("X-Id: 1"), H("x-id: 1", "X-Other: 2"), 1],
    ["header, another value", { by: "header", name: "X-Id" }, H("X-Id: 1"), H("X-Id: 2"), 2],
    ["header, absent", { by: "header", name: "X-Id" }, H(), H(), 2],
    ["jsonPath", { by: "jsonPath", path: "d.id" }, B('{"d":{"id":"7"}}'), B('{"x":[1],"d":{"id":"7"}}'), 1],
    ["jsonPath through a prototype", { by: "jsonPath", path: "__proto__.constructor" }, B("{}"), B("{}"), 2],
    ["jsonPath in what is no JSON", { by: "jsonPath", path: "id" }, B("{"), B("{"), 2],
    ["body", { by: "body" }, B("same"), B("same"), 1],
    ["body, one space more", { by: "body" }, B("same"), B("same "), 2],
  ])("by %s", async (_, dedupe, first, second, count) => {
    const source = await makeSource(app, { dedupe });
    for (const { headers, body } of [first, second]) expect(await statusOf(source, headers, body)).toBe(200);
    expect(await eventsOf(app, source)).toHaveLength(count);
  });

  test("forgets after its window, to the millisecond", async () => {
    const source = await makeSource(app, { dedupe: { by: "body", windowMs: 1000 } });
    const counts = [];
    for (const step of [0, 999, 1, 999]) {
      vi.setSystemTime(Date.now() + step);
      expect(await statusOf(source)).toBe(200);
      counts.push((await eventsOf(app, source)).length);
    }
    expect(counts).toEqual([1, 1, 2, 2]);
  });
});

describe("the answer", () => {
  const whole = (source: SourceRig, method: string): Promise<WireReply> =>
    wire(app.port, post(source.path, ["Connection: close"], BODY, method), "end");

  test("is the source's own: status, headers, body", async () => {
    const response = { status: 202, headers: { "X-Ours": "1", "content-type": "text/html" }, body: "<p>dànke</p>" };
    const source = await makeSource(app, { response });
    const reply = await whole(source, "POST");
    expect([reply.status, Buffer.from(reply.body, "latin1").toString("utf8")]).toEqual([202, response.body]);
    expect(reply.headers).toMatchObject({
      "x-ours": "1",
      "content-type": "text/html",
      "x-content-type-options": "nosniff",
      "content-security-policy": "sandbox",
    });
    const head = await whole(source, "HEAD");
    expect([head.status, head.body, head.headers["content-length"]]).toEqual([202, "", "13"]);
  });

  test("of 204 has neither body nor length", async () => {
    const reply = await whole(await makeSource(app, { response: { status: 204 } }), "POST");
    expect([reply.status, reply.body, reply.headers["content-length"]]).toEqual([204, "", undefined]);
  });

  test("to a refused HEAD has no body either", async () => {
    const reply = await whole(await makeSource(app, GITHUB), "HEAD");
    expect([reply.status, reply.body]).toEqual([401, ""]);
  });

  test("is the same for a disabled, a deleted and an unknown source", async () => {
    const [disabled, deleted] = [await makeSource(app, { enabled: false }), await makeSource(app)];
    await app.call("DELETE", `/v1/sources/${deleted.id}`);
    const unknown = { ...deleted, path: deleted.path.replace(/.{4}$/, "AAAA") };
    const [first, ...rest] = await Promise.all([disabled, deleted, unknown].map((source) => send(source)));
    expect(first!.status).toBe(404);
    for (const reply of rest) expect(reply).toEqual(first);
    expect(await refusalOf(app, disabled)).toMatchObject({ cause: "source_disabled" });
    expect(await eventsOf(app, disabled)).toEqual([]);
  });
});

describe("what is kept", () => {
  test.each([
    ["", ""],
    ["/", ""],
    ["/a%20b//../c;x=1/%2F%zz/", "a=1&a=2&%zz&=&b&c=%00+#x?"],
    ["", "?"],
    ["//evil.example/", "a=/../"],
  ])("the tail %j and the query %j, verbatim", async (tail, query) => {
    const source = await makeSource(app);
    expect(await statusOf(source, [], BODY, "POST", `${tail}${query === "" ? "" : `?${query}`}`)).toBe(200);
    const [event] = await eventsOf(app, source);
    expect((await app.get(`/v1/events/${event.id}`)).body.request).toMatchObject({ pathTail: tail, query });
  });

  test("headers in their order and case, with duplicates and every byte", async () => {
    const source = await makeSource(app);
    const headers = [
      ["x-b", "2"],
      ["X-A", "1"],
      ["x-a", ""],
      ["X-B", '\xe9\xff, "q"; a=b'],
      ["Cookie", "a=b"],
      ["Cookie", "c=d"],
      ["x-b", "2"],
    ];
    expect(
      await statusOf(
        source,
        headers.map(([name, value]) => `${name}: ${value}`),
      ),
    ).toBe(200);
    const [event] = await eventsOf(app, source);
    const kept = (await app.get(`/v1/events/${event.id}`)).body.request.headers;
    expect(kept).toEqual([["Host", "a"], ["Content-Length", "7"], ...headers]);
  });
});
