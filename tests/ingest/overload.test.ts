// More than the server can take: refused before it costs memory or disk, and nobody else notices.
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { createRejections } from "../../src/flow/rejections.ts";
import type { Tail } from "../../src/flow/tail.ts";
import { createLogger } from "../../src/log.ts";
import type { RejectedRequest, Store } from "../../src/store/store.ts";
import { systemClock } from "../../src/system/clock.ts";
import { eventually, type Fixture, startFixture } from "../api/fixture.ts";
import { type Connection, eventsOf, makeSource, metric, openWire, post, refusalOf, requestsOf, type SourceRig, wire } from "./wire.ts";

const MIB = 1024 ** 2;
const KEPT_MAX = 100;
let app: Fixture;
let source: SourceRig;
beforeAll(async () => {
  app = await startFixture({ POSTHORN_INGEST_PENDING_BYTES_MAX: "1MiB", POSTHORN_REJECTED_KEPT_MAX: String(KEPT_MAX) });
});
afterAll(() => app.close());
afterEach(() => void vi.useRealTimers());

const pendingBytes = () => metric(app, "posthorn_ingest_pending_bytes");
const pending = (bytes: number) => eventually(pendingBytes, (value) => value === bytes);
const filler = (bytes: number) => Buffer.alloc(bytes, "x");
const announce = (bytes: number) => `POST ${source.path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${bytes}\r\n\r\n`;
const CHUNKED = () => `POST ${source.path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n`;
const chunk = (bytes: number) => Buffer.concat([Buffer.from(`${bytes.toString(16)}\r\n`), filler(bytes), Buffer.from("\r\n")]);

async function expectOverloaded(connection: Connection): Promise<void> {
  const reply = await connection.answer();
  expect([reply.status, reply.headers["retry-after"], reply.headers["connection"]]).toEqual([503, "5", "close"]);
  connection.socket.destroy();
}

describe("more bodies than memory is set aside for", () => {
  test("are answered 503 with Retry-After before their body is read, and let in when there is room again", async () => {
    source = await makeSource(app);
    const slow = await openWire(app.port);
    slow.write(announce(900_000));
    slow.write(filler(899_999));
    await pending(899_999);
    const turnedAway = await openWire(app.port);
    turnedAway.write(announce(400_000));
    await expectOverloaded(turnedAway);
    expect((await wire(app.port, post(source.path, [], "small"))).status).toBe(200);
    slow.write("x");
    expect((await slow.answer()).status).toBe(200);
    slow.socket.destroy();
    await pending(0);
    expect((await wire(app.port, post(source.path, [], filler(400_000)))).status).toBe(200);
    expect((await eventsOf(app, source)).map((event) => event.bodyBytes)).toEqual([400_000, 900_000, 5]);
    expect(await refusalOf(app, source)).toMatchObject({ cause: "overloaded", bodyBytes: 400_000 });
  });

  test("that announce no length are turned away on the way, and memory stays bounded", async () => {
    source = await makeSource(app);
    const first = await openWire(app.port);
    first.write(CHUNKED());
    first.write(chunk(700_000));
    await pending(700_000);
    const second = await openWire(app.port);
    second.write(CHUNKED());
    second.write(chunk(700_000));
    await expectOverloaded(second);
    await pending(700_000);
    first.write("0\r\n\r\n");
    expect((await first.answer()).status).toBe(200);
    first.socket.destroy();
    await pending(0);
    expect(await eventsOf(app, source)).toHaveLength(1);
  });

  test("that were announced together, when there was room for each alone, are turned away on the way", async () => {
    source = await makeSource(app);
    const connections = await Promise.all(Array.from({ length: 8 }, () => openWire(app.port)));
    for (const connection of connections) connection.write(announce(900_000));
    // A request is known to be under way once one byte of it counts.
    for (const connection of connections) connection.write("x");
    await pending(8);
    for (const connection of connections) connection.write(filler(899_999));
    const statuses = (await Promise.all(connections.map((connection) => connection.answer()))).map(({ status }) => status);
    for (const connection of connections) connection.socket.destroy();
    expect(statuses.every((status) => status === 200 || status === 503)).toBe(true);
    expect(statuses).toContain(503);
    expect(await eventsOf(app, source)).toHaveLength(statuses.filter((status) => status === 200).length);
    await pending(0);
  });

  test("and a sender that writes all the same reads its 503 before the connection ends", async () => {
    source = await makeSource(app);
    const reply = await wire(app.port, post(source.path, [], filler(9 * MIB)), "end");
    expect([reply.status, reply.error]).toEqual([503, null]);
  });

  test.each(["FIN", "RST"])("do not count any more after a %s in the middle", async (end) => {
    source = await makeSource(app);
    const connection = await openWire(app.port);
    connection.write(announce(900_000));
    connection.write(filler(500_000));
    await pending(500_000);
    if (end === "FIN") connection.socket.end();
    else connection.socket.resetAndDestroy();
    await pending(0);
    expect(await refusalOf(app, source)).toMatchObject({ cause: "incomplete_body", bodyBytes: 500_000 });
  });
});

describe("a flood of forged requests", () => {
  const FLOOD = 1000;
  async function flood(target: SourceRig, count: number): Promise<string> {
    const one = post(target.path, ["X-Hub-Signature-256: sha256=00"], "{}");
    const last = post(target.path, ["X-Hub-Signature-256: sha256=00", "Connection: close"], "{}");
    return (await wire(app.port, Buffer.concat([...Array.from({ length: count - 1 }, () => one), last]), "end")).text;
  }

  test("is refused to the last, sampled and counted, and other sources are served and recorded meanwhile", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    const [flooded, other] = [await makeSource(app, { provider: "github" }), await makeSource(app, { provider: "github" })];
    const open = await makeSource(app);
    const before = await metric(app, "posthorn_requests_rejected_unrecorded_total");
    const [text, ...good] = await Promise.all([
      flood(flooded, FLOOD),
      ...Array.from({ length: 20 }, () => wire(app.port, post(open.path, [], "good"))),
    ]);
    expect(text.match(/HTTP\/1\.1 401/g)).toHaveLength(FLOOD);
    expect(good.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
    // The clock stands still: a burst of 100 and not one more.
    expect((await metric(app, "posthorn_requests_rejected_unrecorded_total")) - before).toBe(FLOOD - 100);
    expect((await wire(app.port, post(other.path, [], "{}"))).status).toBe(401);
    expect(await requestsOf(app, other, 1)).toHaveLength(1);
    expect(await eventsOf(app, flooded)).toEqual([]);
    expect(await eventsOf(app, open)).toHaveLength(20);
  });

  test("over many sources leaves no more records than are kept, a quarter aside", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    for (let i = 0; i < 4; i += 1) {
      const target = await makeSource(app, { provider: "github" });
      await flood(target, 150);
      await requestsOf(app, target, 50);
    }
    const all = (await app.get("/v1/requests?outcome=rejected&limit=250")).body.data;
    expect(all.length).toBeGreaterThanOrEqual(KEPT_MAX);
    expect(all.length).toBeLessThanOrEqual(KEPT_MAX * 1.25 + 100);
  });

  test("of large bodies keeps 16 KiB of each and knows the size", async () => {
    const target = await makeSource(app, { provider: "github" });
    expect((await wire(app.port, post(target.path, ["X-Hub-Signature-256: sha256=00"], filler(100_000)))).status).toBe(401);
    const [{ id }] = await requestsOf(app, target, 1);
    const { body } = await app.get(`/v1/requests/${id}`);
    expect([body.bodyBytes, body.body.length, body.bodyTruncated]).toEqual([100_000, 16_384, true]);
  });

  test("of large bodies holds none of them in memory until they are recorded", async () => {
    const recorded: RejectedRequest[] = [];
    const store = { recordRequests: async (batch: RejectedRequest[]) => void recorded.push(...batch) } as unknown as Store;
    const log = createLogger({ level: "silent", format: "json" });
    const rejections = createRejections({ store, clock: systemClock, tail: { active: false } as Tail, log });
    const request = { method: "POST", pathTail: "", query: "", headers: [], remoteAddress: "192.0.2.1", body: filler(10 * MIB) };
    rejections.add({ sourceId: "src_1", cause: "bad_signature", message: "", receivedAt: 0, bodyBytes: 10 * MIB, request });
    await rejections.flush();
    expect(recorded.map((one) => one.request.body.buffer.byteLength)).toEqual([16_384]);
  });
});

test("an address that nobody vouches for is the peer's own: X-Forwarded-For is not believed by default", async () => {
  const inside = await makeSource(app, { allowedIps: ["203.0.113.0/24"] });
  expect((await wire(app.port, post(inside.path, ["X-Forwarded-For: 203.0.113.9"], "{}"))).status).toBe(403);
  expect(await refusalOf(app, inside)).toMatchObject({ cause: "ip_not_allowed", remoteAddress: "127.0.0.1" });
});
