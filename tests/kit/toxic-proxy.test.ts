// The toxic proxy: each fault on an echo server, and what it does to clients of PostgreSQL.
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from "node:net";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openTestDatabase, type TestDatabase } from "./postgres.ts";
import { COMMIT_ANSWER_LOST, POSTGRES_IDLE, startToxicProxy, type ToxicProxy } from "./toxic-proxy.ts";

interface Talk {
  socket: Socket;
  received: () => Buffer;
  /** Resolves when so many bytes have come back in all, with the time that took. */
  until(bytes: number): Promise<number>;
  /** The code of its error, or "end". */
  over: Promise<string>;
}

async function talk(port: number): Promise<Talk> {
  const socket = createConnection({ host: "127.0.0.1", port });
  const chunks: Buffer[] = [];
  const began = performance.now();
  const waiters = new Set<() => void>();
  socket.on("data", (chunk) => {
    chunks.push(chunk);
    for (const look of waiters) look();
  });
  const received = () => Buffer.concat(chunks);
  const over = new Promise<string>((resolve) => {
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.once("close", () => resolve("end"));
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  return {
    socket,
    received,
    over,
    until: (bytes) =>
      new Promise((resolve) => {
        const look = () => {
          if (received().byteLength >= bytes) resolve(performance.now() - began);
        };
        waiters.add(look);
        look();
      }),
  };
}

/** Bytes of which no two neighbouring parts are alike. */
function pattern(bytes: number): Buffer {
  const made = Buffer.alloc(bytes);
  for (let at = 0; at + 4 <= bytes; at += 4) made.writeUInt32BE(at, at);
  return made;
}

describe("before an echo server", () => {
  let echo: Server;
  let proxy: ToxicProxy;
  /** What the server got. */
  let heard = "";

  beforeAll(async () => {
    echo = createServer((socket) => {
      socket.on("data", (chunk) => {
        heard += chunk.toString("latin1");
        socket.write(chunk);
      });
      socket.on("end", () => socket.end());
      socket.on("error", () => undefined);
    });
    await new Promise<void>((resolve) => {
      echo.listen(0, "127.0.0.1", resolve);
    });
  });
  beforeEach(async () => {
    heard = "";
    proxy = await startToxicProxy({ port: (echo.address() as AddressInfo).port });
  });
  afterEach(() => proxy.close());
  afterAll(() => echo.close());

  test("without faults, bytes come back equal, also more of them than anybody keeps, and the end is passed on", async () => {
    const client = await talk(proxy.port);
    const sent = pattern(4 * 1024 * 1024);
    client.socket.end(sent);
    expect(await client.over).toBe("end");
    expect(client.received().equals(sent)).toBe(true);
    expect(proxy.connections).toBe(0);
  });

  test("latency is waited each way, and does not add up over chunks that follow each other", async () => {
    proxy.set({ latencyUpMs: 100, latencyDownMs: 150 });
    const client = await talk(proxy.port);
    for (let i = 0; i < 10; i += 1) {
      client.socket.write("x");
      await new Promise(setImmediate);
    }
    const tookMs = await client.until(10);
    expect(tookMs).toBeGreaterThanOrEqual(248);
    // Ten chunks one after another would take 2.5 s.
    expect(tookMs).toBeLessThan(1500);
  });

  test("jitter keeps the order of bytes", async () => {
    proxy.set({ latencyUpMs: 10, latencyDownMs: 10, jitterMs: 10 });
    const client = await talk(proxy.port);
    const sent = pattern(200 * 16);
    for (let at = 0; at < sent.byteLength; at += 16) {
      client.socket.write(sent.subarray(at, at + 16));
      await new Promise(setImmediate);
    }
    await client.until(sent.byteLength);
    expect(client.received().equals(sent)).toBe(true);
  });

  test("a thin line carries so many bytes in a second", async () => {
    proxy.set({ bytesPerSecond: 100_000 });
    const client = await talk(proxy.port);
    client.socket.write(pattern(40_000));
    const firstMs = await client.until(1);
    const allMs = await client.until(40_000);
    expect(allMs).toBeGreaterThanOrEqual(390);
    expect(firstMs).toBeLessThan(allMs / 2);
  });

  test("a reset now hits those who are connected, and nobody after", async () => {
    const client = await talk(proxy.port);
    client.socket.write("a");
    await client.until(1);
    proxy.reset();
    expect(await client.over).toBe("ECONNRESET");
    const next = await talk(proxy.port);
    next.socket.write("b");
    await next.until(1);
    next.socket.end();
  });

  test("a chance of resets hits about so many chunks", async () => {
    proxy.set({ resetChance: 0.2 });
    let resets = 0;
    for (let i = 0; i < 60; i += 1) {
      const client = await talk(proxy.port);
      client.socket.write("x");
      resets += (await Promise.race([client.over, client.until(1)])) === "ECONNRESET" ? 1 : 0;
      client.socket.destroy();
    }
    // A chunk each way: 36 % of 60. The seed is fixed, the order of chunks is not.
    expect(resets).toBeGreaterThan(5);
    expect(resets).toBeLessThan(45);
  });

  test("silence swallows without a word, and resets after it those who lost bytes, and nobody else", async () => {
    const [talker, listener] = [await talk(proxy.port), await talk(proxy.port)];
    for (const client of [talker, listener]) {
      client.socket.write("a");
      await client.until(1);
    }
    proxy.set({ silent: true });
    talker.socket.write("lost");
    const late = await talk(proxy.port);
    late.socket.write("lost too");
    await expect.poll(() => proxy.swallowedBytes).toBe("lostlost too".length);
    expect(heard).toBe("aa");
    expect(talker.socket.destroyed).toBe(false);
    proxy.heal();
    expect(await talker.over).toBe("ECONNRESET");
    expect(await late.over).toBe("ECONNRESET");
    listener.socket.write("b");
    await listener.until(2);
    expect(heard).toBe("aab");
  });

  test("down refuses and resets, up takes again on the same port", async () => {
    const client = await talk(proxy.port);
    await proxy.down();
    expect(await client.over).toBe("ECONNRESET");
    await expect(talk(proxy.port)).rejects.toThrow("ECONNREFUSED");
    await proxy.up();
    const next = await talk(proxy.port);
    next.socket.write("b");
    await next.until(1);
    next.socket.end();
  });

  test("a cut waits for both sides, over the borders of chunks, and happens once", async () => {
    const client = await talk(proxy.port);
    const cut = proxy.cutAfter({ sent: "commit", answered: "COMMIT" });
    for (const [text, soFar] of [
      ["before ", 7],
      ["COM", 10],
    ] as const) {
      client.socket.write(text);
      await client.until(soFar);
    }
    client.socket.write("MIT");
    // The echo of the second half alone is no answer: it began before the match.
    await client.until(13);
    client.socket.write("commit");
    await cut;
    expect(await client.over).toBe("ECONNRESET");
    expect(client.received().toString()).toBe("before COMMIT");
    expect(heard).toBe("before COMMITcommit");
    const next = await talk(proxy.port);
    next.socket.write("commit");
    await next.until(6);
    next.socket.end();
  });
});

describe("before PostgreSQL", () => {
  let database: TestDatabase;
  let proxy: ToxicProxy;
  let direct: pg.Client;

  beforeAll(async () => {
    database = await openTestDatabase();
    direct = new pg.Client({ connectionString: database.url });
    await direct.connect();
    await direct.query("CREATE TABLE posthorn.kept (id int PRIMARY KEY)");
    proxy = await startToxicProxy({ port: Number(new URL(database.url).port) });
  });
  afterEach(() => proxy.heal());
  afterAll(async () => {
    await proxy.close();
    await direct.end();
    await database.drop();
  });

  async function connect(): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: proxy.through(database.url) });
    client.on("error", () => undefined);
    await client.connect();
    return client;
  }

  async function kept(): Promise<number[]> {
    const { rows } = await direct.query<{ id: number }>("SELECT id FROM posthorn.kept ORDER BY id");
    return rows.map(({ id }) => id);
  }

  test("a transaction whose answer to COMMIT gets lost fails at the client and is kept by the server", async () => {
    const client = await connect();
    await client.query("BEGIN");
    await client.query("INSERT INTO posthorn.kept VALUES (1)");
    const cut = proxy.cutAfter(COMMIT_ANSWER_LOST);
    const [answer] = await Promise.allSettled([client.query("COMMIT"), cut]);
    expect(answer.status).toBe("rejected");
    expect(await kept()).toEqual([1]);
  });

  test("the same for a statement outside a transaction, by the protocol of parameters", async () => {
    const client = await connect();
    const cut = proxy.cutAfter({ sent: "INSERT INTO posthorn.kept", answered: POSTGRES_IDLE });
    const [answer] = await Promise.allSettled([client.query("INSERT INTO posthorn.kept VALUES ($1)", [2]), cut]);
    expect(answer.status).toBe("rejected");
    expect(await kept()).toEqual([1, 2]);
  });

  test("a reset before COMMIT leaves nothing", async () => {
    const client = await connect();
    await client.query("BEGIN");
    await client.query("INSERT INTO posthorn.kept VALUES (3)");
    proxy.reset();
    await expect(client.query("COMMIT")).rejects.toThrow();
    expect(await kept()).toEqual([1, 2]);
  });

  test("a slow database answers as before, 200 ms later", async () => {
    const client = await connect();
    proxy.set({ latencyDownMs: 200 });
    const began = performance.now();
    expect((await client.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
    expect(performance.now() - began).toBeGreaterThanOrEqual(199);
    await client.end();
  });

  test("a database that is cut off is silent until the client gives up", async () => {
    const client = new pg.Client({ connectionString: proxy.through(database.url), query_timeout: 100 });
    client.on("error", () => undefined);
    await client.connect();
    proxy.set({ silent: true });
    await expect(client.query("SELECT 1")).rejects.toThrow("timeout");
    proxy.heal();
    const next = await connect();
    expect((await next.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
    await next.end();
  });
});
