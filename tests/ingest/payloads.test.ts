// Bodies made to hurt whoever looks at them: stored raw, never evaluated, and inert wherever they are shown again.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startApp } from "../../src/app.ts";
import { loadSettings } from "../../src/config.ts";
import { createLogger } from "../../src/log.ts";
import { type Fixture, startFixture } from "../api/fixture.ts";
import { type Receiver, startReceiver } from "../kit/receiver.ts";
import { eventsOf, makeSource, post, type SourceRig, wire } from "./wire.ts";

let app: Fixture;
let receiver: Receiver;
let destinationId: string;
beforeAll(async () => {
  app = await startFixture();
  receiver = await startReceiver();
  destinationId = (await app.post("/v1/destinations", { name: "d", type: "http", url: receiver.url })).body.id;
});
afterAll(async () => {
  await app.close();
  await receiver.close();
});

/** A source whose rules look into bodies, and a subscription whose filter does. */
async function watchedSource(): Promise<SourceRig & { subscriptionId: string }> {
  const source = await makeSource(app, { dedupe: { by: "jsonPath", path: "a.b" }, keyFrom: "json:a.c" });
  const filter = { body: { a: { b: { $exist: true } } } };
  const made = await app.post("/v1/subscriptions", { sourceId: source.id, destinationId, filter });
  expect(made.status).toBe(201);
  return { ...source, subscriptionId: made.body.id };
}

async function bytesOf(id: string): Promise<Buffer> {
  const { body, bodyEncoding } = (await app.get(`/v1/events/${id}`)).body;
  return Buffer.from(body, bodyEncoding);
}

const BILLION_LAUGHS = `<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "lol">${Array.from({ length: 9 }, (_, i) => {
  const [inner, outer] = [String.fromCharCode(97 + i), String.fromCharCode(98 + i)];
  return `<!ENTITY ${outer} "${`&${inner};`.repeat(10)}">`;
}).join("")}]><l>&j;</l>`;
const XXE = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>';
const nested = (depth: number) => Buffer.from("[".repeat(depth) + "]".repeat(depth));
const part = '--b\r\nContent-Disposition: form-data; name="f"\r\n\r\nx\r\n';

const LOOKED_INTO = new Set([
  "a JSON text of 9 MB",
  "JSON with __proto__",
  "JSON with a byte order mark",
  "no content type",
  "text that is JSON",
  "GitHub's form",
  "a batch of CloudEvents",
  "billions of laughs",
  "an XML file inclusion",
  "a template",
]);

describe("stored as they came", () => {
  test.each<[string, string | null, Buffer]>([
    ["JSON nested 100 deep", "application/json", nested(100)],
    ["JSON nested 100,000 deep", "application/json", nested(100_000)],
    ["JSON nested 1,000,000 deep", "application/json", nested(1_000_000)],
    ["JSON objects nested 50,000 deep", "application/json", Buffer.from('{"a":'.repeat(50_000) + "1" + "}".repeat(50_000))],
    ["JSON that never ends", "application/json", Buffer.from('{"a":'.repeat(1000))],
    ["a JSON text of 9 MB", "application/json", Buffer.from(JSON.stringify({ a: "x".repeat(9_000_000) }))],
    ["JSON with __proto__", "application/json", Buffer.from('{"__proto__":{"b":1},"constructor":{"prototype":{"b":1}}}')],
    ["JSON with a byte order mark", "application/json", Buffer.from('\ufeff{"a":1}')],
    ["no content type", null, Buffer.from('{"a":1}')],
    ["a charset of UTF-7", "application/json; charset=utf-7", Buffer.from("+AHs-+AH0-")],
    ["text that is JSON", "text/plain", Buffer.from('{"a":1}')],
    ["GitHub's form", "application/x-www-form-urlencoded", Buffer.from(`payload=${encodeURIComponent('{"a":{"b":1}}')}&%zz=%`)],
    ["a form of 10,000 parts", "multipart/form-data; boundary=b", Buffer.from(`${part.repeat(10_000)}--b--\r\n`)],
    ["a form without a boundary", "multipart/form-data", Buffer.from(part)],
    ["a batch of CloudEvents", "application/cloudevents-batch+json", Buffer.from('[{"specversion":"1.0","id":"1"},{}]')],
    ["billions of laughs", "application/xml", Buffer.from(BILLION_LAUGHS)],
    ["an XML file inclusion", "text/xml", Buffer.from(XXE)],
    ["a picture", "image/png", Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 255])],
    ["gzip that unpacks to 20 MB", "application/json", gzipSync(Buffer.alloc(20_000_000))],
    ["a template", "application/json", Buffer.from('{"a":"${process.exit()}{{constructor.constructor(\'return process\')()}}"}')],
  ])("%s", async (name, type, body) => {
    const source = await watchedSource();
    const headers = type === null ? [] : [`Content-Type: ${type}`];
    expect((await wire(app.port, post(source.path, headers, body))).status).toBe(200);
    const [event] = await eventsOf(app, source);
    expect(event).toMatchObject({ type: "unknown", bodyBytes: body.byteLength });
    expect((await bytesOf(event.id)).equals(body)).toBe(true);
    const verdicts: { subscriptionId: string; cause: string }[] = (await app.get(`/v1/events/${event.id}/explain`)).body.data;
    const own = verdicts.find((verdict) => verdict.subscriptionId === source.subscriptionId);
    // What cannot be looked into is an error a person sees, never a quiet no.
    expect(own?.cause).toBe(LOOKED_INTO.has(name) ? "filtered" : "filter_error");
    expect(({} as Record<string, unknown>)["b"]).toBeUndefined();
    expect(receiver.arrivals).toEqual([]);
  });

  test("and delivered as they came", async () => {
    const source = await makeSource(app);
    expect((await app.post("/v1/subscriptions", { sourceId: source.id, destinationId })).status).toBe(201);
    const bodies = [nested(100_000), Buffer.from(BILLION_LAUGHS), Buffer.from('{"a":1.0, "a":12345678901234567890}')];
    for (const body of bodies) expect((await wire(app.port, post(source.path, ["Content-Type: application/xml"], body))).status).toBe(200);
    const arrivals = await receiver.waitFor(bodies.length);
    expect(arrivals.map(({ body }) => body.toString("latin1")).toSorted()).toEqual(
      bodies.map((body) => body.toString("latin1")).toSorted(),
    );
    expect(arrivals.map((arrival) => arrival.header("content-type"))).toEqual(bodies.map(() => "application/xml"));
  });
});

const SCRIPT = '</script><img src=x onerror=alert(1)><a href="javascript:alert(1)">';

describe("a body on our own origin", () => {
  test.each([
    ["text/html", "application/octet-stream"],
    ["image/svg+xml", "application/octet-stream"],
    ["text/javascript", "application/octet-stream"],
    ["application/json", "application/json"],
    ["TEXT/PLAIN; charset=utf-7", "text/plain"],
    ["application/json, text/html", "application/octet-stream"],
    ["\xff\xfe", "application/octet-stream"],
  ])("of type %j is a download of type %s that no browser runs", async (type, shown) => {
    const source = await makeSource(app);
    expect((await wire(app.port, post(source.path, [`Content-Type: ${type}`], SCRIPT))).status).toBe(200);
    const [event] = await eventsOf(app, source);
    const reply = await app.get(`/v1/events/${event.id}/body`);
    expect(reply.text).toBe(SCRIPT);
    expect(reply.headers["content-type"]).toBe(shown);
    expect(reply.headers).toMatchObject({ "x-content-type-options": "nosniff", "cache-control": "no-store" });
    expect(reply.headers["content-disposition"]).toMatch(new RegExp(`^attachment; filename="${event.id}\\.\\w+"$`));
  });

  test("of a refused request is served the same way", async () => {
    const source = await makeSource(app, { provider: "github" });
    expect((await wire(app.port, post(source.path, ["Content-Type: text/html"], SCRIPT))).status).toBe(401);
    const list = async () => (await app.get(`/v1/requests?sourceId=${source.id}`)).body.data;
    await expect.poll(list).toHaveLength(1);
    const [{ id }] = await list();
    const reply = await app.get(`/v1/requests/${id}/body`);
    expect([reply.text, reply.headers["content-type"]]).toEqual([SCRIPT, "application/octet-stream"]);
    expect(reply.headers["content-disposition"]).toContain("attachment");
  });
});

const HOSTILE_TYPES = [
  SCRIPT,
  "=cmd|' /C calc'!A0",
  "\u001b]8;;http://evil\u0007link\u001b]8;;\u0007\u001b[2J",
  "\u202etxt.exe\u2066\u200b",
  'x\n{"level":"info","msg":"forged"}\r\n',
  "__proto__",
  "nul\u0000byte",
  "\ud800 alone",
  "a".repeat(256),
  "../../v1/sources",
  "invoice.*",
];

describe("an event type from outside", () => {
  test.each(HOSTILE_TYPES)("%j is data: shown as JSON, found by its text", async (type) => {
    const source = await makeSource(app, {
      provider: "stripe",
      secrets: ["whsec_of_stripe"],
      auth: { kind: "bearer", token: "a-bearer-token" },
    });
    const body = Buffer.from(JSON.stringify({ id: `evt_${type.length}`, type }), "utf8");
    expect((await wire(app.port, post(source.path, ["Authorization: Bearer a-bearer-token"], body))).status).toBe(200);
    const reply = await app.get(`/v1/events?sourceId=${source.id}`);
    // Half a surrogate pair has no UTF-8.
    expect(reply.body.data).toMatchObject([{ type: type.toWellFormed() }]);
    expect(reply.headers["content-type"]).toMatch(/^application\/json/);
    const found = await app.get(`/v1/events?sourceId=${source.id}&type=${encodeURIComponent(type.toWellFormed())}`);
    expect(found.body.data).toHaveLength(1);
    expect((await bytesOf(reply.body.data[0].id)).equals(body)).toBe(true);
  });

  test("longer than a type may be is left out, and the event is kept", async () => {
    const source = await makeSource(app, {
      provider: "stripe",
      secrets: ["whsec_of_stripe"],
      auth: { kind: "bearer", token: "a-bearer-token" },
    });
    const body = JSON.stringify({ id: "x".repeat(10_000), type: "y".repeat(10_000) });
    expect((await wire(app.port, post(source.path, ["Authorization: Bearer a-bearer-token"], body))).status).toBe(200);
    expect(await eventsOf(app, source)).toMatchObject([{ type: "unknown", providerEventId: null, bodyBytes: body.length }]);
  });
});

describe("the log", () => {
  test("stays one JSON record a line, whatever comes in, and holds no ingest token", async () => {
    const directory = mkdtempSync(join(tmpdir(), "posthorn-ingest-"));
    const written: string[] = [];
    const log = createLogger({ level: "trace", format: "json", write: (line) => written.push(line) });
    const { settings } = loadSettings({ POSTHORN_PORT: "0", POSTHORN_DATA_DIR: directory, POSTHORN_SHUTDOWN_GRACE_MS: "500" });
    const own = await startApp({ settings, log, mode: "dev" });
    try {
      const port = Number(new URL(own.url).port);
      const { pathname } = new URL(own.devSource!.url);
      const tail = '/%0a%7b%22level%22:%22info%22%7d/\\n{"level":"fatal"}';
      const headers = [`X-Forged: \\n{"level":"fatal","msg":"forged"}\x85\x9b1m`, "User-Agent: \x9b2J\xe2\x80\xae"];
      for (const path of [pathname, "/in/nobody", "/v1/events"]) {
        const reply = await wire(port, post(`${path}${tail}?a={"level":"fatal"}`, headers, HOSTILE_TYPES.join("\n")));
        expect(reply.status).toBe(path === pathname ? 200 : path === "/in/nobody" ? 404 : reply.status);
      }
      const url = `${own.url}${pathname}${tail}\n{"level":"fatal"}`;
      log.info({ url, headers }, `forged\n${HOSTILE_TYPES.join("\r\n")}`);
      expect(written.length).toBeGreaterThan(0);
      for (const line of written) {
        expect(line.indexOf("\n")).toBe(line.length - 1);
        expect(line.slice(0, -1)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/);
        expect(line).not.toContain(pathname.slice("/in/".length));
        const record = JSON.parse(line) as { level: string };
        expect(record.level).not.toBe("fatal");
      }
    } finally {
      await own.close();
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
