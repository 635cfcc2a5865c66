// What the transport sends and returns, how it shares connections, and how it ends.
import type { Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { type Receiver, type ReceiverOptions, startRawReceiver, startReceiver } from "../kit/receiver.ts";
import { openTransport, outcome } from "./transport-under-test.ts";

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

function open(options: Parameters<typeof openTransport>[0] = {}): ReturnType<typeof openTransport> {
  const opened = openTransport({ allow: ["loopback"], ...options });
  closers.unshift(() => opened.transport.close());
  return opened;
}

async function receive(respond?: ReceiverOptions["respond"]): Promise<Receiver> {
  const receiver = await startReceiver(respond === undefined ? {} : { respond });
  closers.push(() => receiver.close());
  return receiver;
}

/** Answers every request with an empty 200, without the cost of an HTTP server. */
function answering(socket: Socket): void {
  socket.on("data", () => void socket.write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"));
}

describe("the request", () => {
  test("carries method, target, headers in order with duplicates, and the exact bytes", async () => {
    const receiver = await receive();
    const body = Uint8Array.from({ length: 256 }, (_, i) => i);
    const headers = ["X-First", "1", "x-twice", "a", "X-Twice", "b", "content-type", "application/octet-stream"];
    await open().post(`${receiver.url}/a%20b/../c?x=1&y=%2F#fragment`, { method: "PUT", headers, body });
    const [arrival] = receiver.arrivals;
    expect(arrival).toMatchObject({ method: "PUT", url: "/c?x=1&y=%2F" });
    expect(arrival?.body.equals(body)).toBe(true);
    const sent = arrival?.rawHeaders ?? [];
    expect(sent.slice(sent.indexOf("X-First"), sent.indexOf("X-First") + headers.length)).toEqual(headers);
    expect([arrival?.header("host"), arrival?.header("content-length")]).toEqual([`127.0.0.1:${receiver.port}`, "256"]);
  });

  test("asks for no compression and names itself, unless the caller does", async () => {
    const receiver = await receive();
    const { post } = open({ userAgent: "Posthorn/test" });
    await post(receiver.url);
    await post(receiver.url, { headers: ["Accept-Encoding", "br", "User-Agent", "mine"] });
    expect(receiver.arrivals.map((arrival) => [arrival.header("user-agent"), arrival.header("accept-encoding")])).toEqual([
      ["Posthorn/test", "identity"],
      ["mine", "br"],
    ]);
  });

  test("may have no body", async () => {
    const receiver = await receive();
    const { post } = open();
    await post(receiver.url, { body: null });
    await post(receiver.url, { method: "GET", headers: [], body: null });
    expect(receiver.arrivals.map((arrival) => [arrival.method, arrival.header("content-length"), arrival.body.length])).toEqual([
      ["POST", "0", 0],
      ["GET", undefined, 0],
    ]);
  });

  test.each([
    ["a host of its own", ["Host", "internal"]],
    ["a length of its own", ["content-length", "1"]],
    ["a transfer encoding", ["Transfer-Encoding", "chunked"]],
    ["connection options", ["connection", "upgrade"]],
    ["proxy credentials", ["Proxy-Authorization", "x"]],
    ["a line break in a value", ["x-a", "1\r\nx-evil: 1"]],
    ["a line break in a name", ["x-a\r\nx-evil", "1"]],
    ["a NUL", ["x-a", "\0"]],
    ["a value outside Latin-1", ["x-a", "日本"]],
  ])("with %s is not sent", async (_what, headers) => {
    const receiver = await receive();
    expect(outcome(await open().post(receiver.url, { headers }))).toBe("invalid_request");
    expect(receiver.arrivals).toEqual([]);
  });
});

describe("the response", () => {
  test("has its status, its headers as received, its body and timings", async () => {
    const raw =
      "HTTP/1.1 418 Teapot\r\nX-One: 1\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nx-latin: caf\u00e9\r\ncontent-length: 3\r\n\r\nabc";
    const receiver = await startRawReceiver((socket) => socket.on("data", () => void socket.write(raw, "latin1")));
    closers.push(() => receiver.close());
    const { post } = open();
    const exchange = await post(receiver.url);
    expect(exchange).toMatchObject({
      kind: "response",
      status: 418,
      headers: ["X-One", "1", "Set-Cookie", "a=1", "set-cookie", "b=2", "x-latin", "caf\u00e9", "content-length", "3"],
      truncated: false,
    });
    expect(exchange.kind === "response" && Buffer.from(exchange.body).toString()).toBe("abc");
    expect(exchange.timings.firstByteMs).toBeLessThanOrEqual(exchange.timings.totalMs);
  });

  test("in many pieces is put together", async () => {
    const receiver = await startRawReceiver((socket) => {
      socket.once("data", () => {
        const chunks = Array.from({ length: 500 }, (_, i) => `4\r\n${String(i).padStart(4, "0")}\r\n`);
        socket.write(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${chunks.join("")}0\r\n\r\n`);
      });
    });
    closers.push(() => receiver.close());
    const exchange = await open().post(receiver.url);
    const expected = Array.from({ length: 500 }, (_, i) => String(i).padStart(4, "0")).join("");
    expect(exchange.kind === "response" && Buffer.from(exchange.body).toString()).toBe(expected);
  });

  test("may come after 103 Early Hints, and may end with the connection", async () => {
    const receiver = await startRawReceiver((socket) => {
      socket.once("data", () => socket.end("HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n\r\nuntil the end"));
    });
    closers.push(() => receiver.close());
    const exchange = await open().post(receiver.url);
    expect(exchange).toMatchObject({ kind: "response", status: 200, headers: [] });
    expect(exchange.kind === "response" && Buffer.from(exchange.body).toString()).toBe("until the end");
  });
});

describe("connections", () => {
  test("are kept open, and never more than allowed; the rest wait their turn", async () => {
    const receiver = await startRawReceiver(answering);
    closers.push(() => receiver.close());
    const { post } = open({ connectionsPerOrigin: 4 });
    const ends = await Promise.all(Array.from({ length: 200 }, () => post(receiver.url)));
    expect([new Set(ends.map(outcome)), receiver.connections]).toEqual([new Set([200]), 4]);
  });

  test("do not pile up when waiting requests cannot be sent at all", async () => {
    const receiver = await startRawReceiver(answering);
    closers.push(() => receiver.close());
    const { post } = open({ connectionsPerOrigin: 1 });
    const bad = { headers: ["x-a", "\0"] };
    const ends = await Promise.all([
      post(receiver.url),
      ...Array.from({ length: 20_000 }, () => post(receiver.url, bad)),
      post(receiver.url),
    ]);
    expect([ends[0], ends[10_000], ends.at(-1)].map((end) => end && outcome(end))).toEqual([200, "invalid_request", 200]);
  });

  test("one slow exchange does not hold up the others, and a deadline counts the waiting", async () => {
    const receiver = await receive((arrival) => (arrival.url === "/hang" ? { behaviour: "hang" } : {}));
    const { post } = open({ connectionsPerOrigin: 1 });
    const slow = post(`${receiver.url}/hang`, { deadlineMs: 600 });
    const queued = await post(receiver.url, { deadlineMs: 200 });
    expect(queued).toMatchObject({ failure: "connect_timeout", message: expect.stringContaining("busy") });
    const next = post(receiver.url);
    expect([outcome(await slow), outcome(await next)]).toEqual(["response_timeout", 200]);
  });

  test("are replaced when they grow old", async () => {
    const receiver = await startRawReceiver(answering);
    closers.push(() => receiver.close());
    const kept = open();
    for (let i = 0; i < 3; i++) await kept.post(receiver.url);
    expect(receiver.connections).toBe(1);
    const short = open({ connectionLifeMs: 0 });
    for (let i = 0; i < 3; i++) await short.post(receiver.url);
    expect(receiver.connections).toBe(4);
  });

  test("opened together share one name lookup", async () => {
    const receiver = await receive();
    let lookups = 0;
    const { post } = open({
      resolver: async () => {
        lookups += 1;
        return ["127.0.0.1"];
      },
    });
    const ends = await Promise.all(Array.from({ length: 20 }, () => post(`http://hooks.example.com:${receiver.port}/`)));
    expect([new Set(ends.map(outcome)), lookups]).toEqual([new Set([200]), 1]);
  });

  test("to nobody are connect_refused, also when every address refuses", async () => {
    const closed = await startRawReceiver();
    await closed.close();
    const { post } = open({ resolver: async () => ["127.0.0.1", "127.0.0.2", "::1"] });
    expect(outcome(await post(closed.url))).toBe("connect_refused");
    expect(outcome(await post(`http://hooks.example.com:${closed.port}/`))).toBe("connect_refused");
  });

  test("go to the next address when the first refuses", async () => {
    const receiver = await receive();
    const { post } = open({ resolver: async () => ["127.0.0.9", "127.0.0.1"] });
    expect(outcome(await post(`http://hooks.example.com:${receiver.port}/`))).toBe(200);
  });
});

describe("names", () => {
  test.each(["ENOTFOUND", "ESERVFAIL", "ETIMEOUT", "EREFUSED"])("%s is dns_error", async (code) => {
    const { post } = open({ resolver: () => Promise.reject(Object.assign(new Error(code), { code })) });
    expect(outcome(await post("http://hooks.example.com/"))).toBe("dns_error");
  });

  test("localhost never asks DNS", async () => {
    const receiver = await receive();
    const { post } = open({ resolver: () => Promise.reject(new Error("asked")) });
    expect(outcome(await post(`http://localhost:${receiver.port}/`))).toBe(200);
    expect(receiver.arrivals[0]?.header("host")).toBe(`localhost:${receiver.port}`);
  });
});

describe("the end", () => {
  test("comes with the caller's signal, before or during the exchange", async () => {
    const receiver = await receive(() => ({ behaviour: "hang" }));
    const { post } = open();
    expect(outcome(await post(receiver.url, {}, AbortSignal.abort()))).toBe("cancelled");
    const controller = new AbortController();
    const exchange = post(receiver.url, {}, controller.signal);
    await receiver.waitFor(1);
    controller.abort();
    expect(outcome(await exchange)).toBe("cancelled");
  });

  test("comes with close for everything in flight and after", async () => {
    const receiver = await receive(() => ({ behaviour: "hang" }));
    const { post, transport } = open({ connectionsPerOrigin: 2 });
    const exchanges = Array.from({ length: 5 }, () => post(receiver.url));
    await receiver.waitFor(2);
    await transport.close();
    expect((await Promise.all(exchanges)).map(outcome)).toEqual(Array(5).fill("cancelled"));
    expect(outcome(await post(receiver.url))).toBe("cancelled");
    expect(receiver.arrivals.length).toBe(2);
  });

  test("of one exchange leaves the others of its destination alone", async () => {
    const receiver = await receive((arrival) => (arrival.url === "/hang" ? { behaviour: "hang" } : { delayMs: 300 }));
    const { post } = open();
    const [hung, fine] = await Promise.all([post(`${receiver.url}/hang`, { deadlineMs: 150 }), post(receiver.url)]);
    expect([outcome(hung), outcome(fine)]).toEqual(["response_timeout", 200]);
  });
});
