// Clients that hold connections: cut off in time, bounded in number, and never in the way of good traffic.
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { eventually, type Fixture, startFixture } from "../api/fixture.ts";
import { type Connection, eventsOf, makeSource, openWire, post, refusalOf, type SourceRig, wire } from "./wire.ts";

// The same mechanism with shorter times: a slow client is found within a second instead of half a minute.
const TIMES = vi.hoisted(() => ({
  HEADERS_TIMEOUT_MS: 500,
  REQUEST_TIMEOUT_MS: 1500,
  CONNECTION_CHECK_INTERVAL_MS: 100,
  KEEP_ALIVE_TIMEOUT_MS: 800,
}));
vi.mock("../../src/limits.ts", async (original) => ({ ...(await original<object>()), ...TIMES }));

let app: Fixture;
let source: SourceRig;
beforeAll(async () => {
  app = await startFixture();
});
afterAll(() => app.close());

const head = (length: number) => `POST ${source.path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`;

test("the times that are shortened here are the ones of the design otherwise", async () => {
  const real = await vi.importActual<Record<string, number>>("../../src/limits.ts");
  expect(Object.keys(TIMES).map((name) => real[name])).toEqual([10_000, 30_000, 2_000, 65_000]);
});

describe("a head that does not come", () => {
  test.each(["", "POST /in/x HTTP/1.1\r\nHost: a\r\nX-"])("%j is answered 408 long before a body would be given up", async (bytes) => {
    const started = performance.now();
    const reply = await wire(app.port, bytes, "end");
    expect([reply.status, reply.headers["content-type"]]).toEqual([408, "application/problem+json"]);
    expect(performance.now() - started).toBeLessThan(TIMES.REQUEST_TIMEOUT_MS);
  });
});

describe("a body that does not come", () => {
  test("is answered 408, and nothing is stored", async () => {
    source = await makeSource(app);
    const reply = await wire(app.port, `${head(1000)}0123456789`, "end");
    expect([reply.status, reply.closed]).toEqual([408, true]);
    expect(reply.headers["content-type"]).toBe("application/problem+json");
    expect(await refusalOf(app, source)).toMatchObject({ cause: "incomplete_body", bodyBytes: 10, outcome: "rejected" });
    expect(await eventsOf(app, source)).toEqual([]);
  });

  test("in chunks without an end is answered 408, and nothing is stored", async () => {
    source = await makeSource(app);
    const reply = await wire(
      app.port,
      `POST ${source.path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`,
      "end",
    );
    expect(reply.status).toBe(408);
    expect(await refusalOf(app, source)).toMatchObject({ cause: "incomplete_body", bodyBytes: 5 });
    expect(await eventsOf(app, source)).toEqual([]);
  });

  test.each(["FIN", "RST"])("because of a %s is recorded, and nothing is stored", async (end) => {
    source = await makeSource(app);
    const connection = await openWire(app.port);
    connection.write(`${head(1000)}0123456789`);
    const pending = async () => (await app.get("/metrics")).text;
    await eventually(pending, (text) => /^posthorn_ingest_pending_bytes 10$/m.test(text));
    if (end === "FIN") {
      connection.socket.end();
      expect([0, 400]).toContain((await connection.ended()).status);
    } else {
      connection.socket.resetAndDestroy();
    }
    expect(await refusalOf(app, source)).toMatchObject({ cause: "incomplete_body", bodyBytes: 10 });
    expect(await eventsOf(app, source)).toEqual([]);
    expect((await wire(app.port, post(source.path, [], "good"))).status).toBe(200);
  });

  test("behind a refusal does not hold the connection for ever", async () => {
    source = await makeSource(app, { bodyBytesMax: 10 });
    const reply = await wire(app.port, `${head(1_000_000)}0123456789`, "end");
    expect([reply.status, reply.closed]).toEqual([413, true]);
  });
});

describe("300 connections that drip", () => {
  const COUNT = 300;

  async function drip(first: string, then: string): Promise<{ connections: Connection[]; stop(): void }> {
    const connections = await Promise.all(Array.from({ length: COUNT }, () => openWire(app.port)));
    for (const connection of connections) connection.write(first);
    const timer = setInterval(() => {
      for (const { socket } of connections) if (socket.writable) socket.write(then);
    }, 50);
    return { connections, stop: () => clearInterval(timer) };
  }

  test.each([
    ["headers", () => [`POST ${source.path} HTTP/1.1\r\nHost: a\r\n`, "X-A: b\r\n"]],
    ["bytes of a request line", () => ["POST /in/", "x"]],
    ["a body", () => [head(100_000), "x"]],
  ])("%s are cut off, and good requests are answered meanwhile", async (_, bytes) => {
    source = await makeSource(app, { name: "dripped on" });
    const good = await makeSource(app);
    const [first, then] = bytes();
    const { connections, stop } = await drip(first!, then!);
    try {
      const allEnded = Promise.all(connections.map((connection) => connection.ended()));
      const served: number[] = [];
      let dripping = true;
      void allEnded.finally(() => (dripping = false));
      while (dripping) served.push((await wire(app.port, post(good.path, [], "good"))).status);
      expect(served.length).toBeGreaterThan(10);
      expect(served.every((status) => status === 200)).toBe(true);
      for (const reply of await allEnded) expect([0, 400, 408]).toContain(reply.status);
      expect(await eventsOf(app, source)).toEqual([]);
    } finally {
      stop();
      for (const { socket } of connections) socket.destroy();
    }
  });
});

describe("idle connections", () => {
  const MAX = 20;

  test("are bounded by connectionsMax, leave the ones that work alone, and give way in time", async () => {
    const small = await startFixture({ POSTHORN_CONNECTIONS_MAX: String(MAX) });
    try {
      source = await makeSource(small);
      const worker = await openWire(small.port);
      worker.write(post(source.path, [], "first"));
      expect((await worker.answer()).status).toBe(200);
      const idle = await Promise.all(Array.from({ length: 3 * MAX }, () => openWire(small.port)));
      worker.write(post(source.path, ["Connection: close"], "second"));
      expect((await worker.ended()).text.match(/HTTP\/1\.1 200/g)).toHaveLength(2);
      // One place was the worker's, as long as it was there. Whoever found none got no answer; the others are cut off like any slow client.
      const statuses = (await Promise.all(idle.map((connection) => connection.ended()))).map(({ status }) => status);
      const held = statuses.filter((status) => status === 408).length;
      expect(held).toBeGreaterThan(MAX / 2);
      expect(held).toBeLessThanOrEqual(MAX);
      expect(statuses.filter((status) => status === 0)).toHaveLength(3 * MAX - held);
      for (const { socket } of idle) socket.destroy();
      const next = () => wire(small.port, post(source.path, [], "third"));
      expect((await eventually(next, (reply) => reply.status !== 0)).status).toBe(200);
      expect(await eventsOf(small, source)).toHaveLength(3);
    } finally {
      await small.close();
    }
  });
});
