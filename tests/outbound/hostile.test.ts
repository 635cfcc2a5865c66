// Receivers that stall, flood, lie or hang up: every exchange ends in a class, in time and in bounded memory.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";
import type { Socket } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Exchange } from "../../src/outbound/transport.ts";
import { withLateness } from "../kit/lateness.ts";
import { type Answer, startRawReceiver, startReceiver } from "../kit/receiver.ts";
import { openTransport, outcome } from "./transport-under-test.ts";

const closers: (() => Promise<void>)[] = [];
async function closeAll(): Promise<void> {
  for (const close of closers.splice(0)) await close();
}
afterEach(closeAll);
afterAll(closeAll);

function open(options: Parameters<typeof openTransport>[0] = {}): ReturnType<typeof openTransport> {
  const opened = openTransport({ allow: ["loopback"], ...options });
  closers.unshift(() => opened.transport.close());
  return opened;
}

async function raw(serve: (socket: Socket) => void): Promise<string> {
  const receiver = await startRawReceiver(serve);
  closers.push(() => receiver.close());
  return receiver.url;
}

async function scripted(answer: Answer): Promise<string> {
  const receiver = await startReceiver({ respond: () => answer });
  closers.push(() => receiver.close());
  return receiver.url;
}

/** Answers every request with these bytes and keeps the connection open. */
function saying(text: string): (socket: Socket) => void {
  return (socket) => socket.on("data", () => void socket.write(text, "latin1"));
}

/** Writes `text` again and again until the peer is gone. */
function repeating(start: string, text: string, everyMs: number): (socket: Socket) => void {
  return (socket) => {
    socket.once("data", () => {
      socket.write(start);
      const timer = setInterval(() => socket.write(text), everyMs);
      socket.once("close", () => clearInterval(timer));
    });
  };
}

/** The reset goes out behind the bytes once the kernel has taken them. */
function resetAfter(text: string): (socket: Socket) => void {
  return (socket) => socket.once("data", () => void socket.write(text, "latin1", () => socket.resetAndDestroy()));
}

function endAfter(text: string): (socket: Socket) => void {
  return (socket) => socket.once("data", () => void socket.end(text, "latin1"));
}

/** `start`, then `filler` as fast as it is read, for ever. */
function flooding(start: string, filler: string): (socket: Socket) => void {
  return (socket) => {
    const more = (): void => {
      while (!socket.destroyed && socket.write(filler, "latin1"));
    };
    socket.once("data", () => {
      socket.write(start, "latin1");
      socket.on("drain", more);
      more();
    });
  };
}

const OK = "HTTP/1.1 200 OK\r\n";

describe("stalls end at the absolute deadline, within 10 %", () => {
  const DEADLINE_MS = 2_000;
  const stalls: Record<string, () => Promise<string>> = {
    "never answers": () => raw(() => {}),
    "accepts the request and never answers": () => scripted({ behaviour: "hang" }),
    "drips the body": () => scripted({ behaviour: "drip" }),
    "drips the status line": () => raw(repeating("HTTP/1.1 200 ", "O", 50)),
    "drips one header": () => raw(repeating(`${OK}x-slow: `, "a", 50)),
    "drips headers without end": () => raw(repeating(OK, "x-a: b\r\n", 50)),
    "stops in the middle of the body": () => raw(saying(`${OK}content-length: 10\r\n\r\nabc`)),
    "drips a chunk's extension": () => raw(repeating(`${OK}transfer-encoding: chunked\r\n\r\n5;`, "a", 50)),
    "drips a trailer": () => raw(repeating(`${OK}transfer-encoding: chunked\r\n\r\n0\r\nx-slow: `, "a", 50)),
    "closes its half and keeps ours": () => raw((socket) => socket.once("data", () => socket.write(OK))),
    "sends 103 now and then": () => raw(repeating("", "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n", 100)),
  };
  const ends = new Map<string, Exchange>();
  let lookupEnd: Exchange;
  let lateMs: number;

  // All at once, so that the suite waits for one deadline and not for nine.
  beforeAll(async () => {
    const urls = await Promise.all(Object.entries(stalls).map(async ([what, start]) => ({ what, url: await start() })));
    const { post } = open({ resolver: () => new Promise(() => {}) });
    const lookup = post("http://hooks.example.com/", { deadlineMs: DEADLINE_MS });
    const posted = Promise.all(urls.map(async ({ what, url }) => ends.set(what, await post(url, { deadlineMs: DEADLINE_MS }))));
    ({ lateMs } = await withLateness(posted));
    lookupEnd = await lookup;
  });

  function expectInTime(exchange: Exchange | undefined): void {
    expect(exchange?.timings.totalMs).toBeGreaterThanOrEqual(DEADLINE_MS);
    expect(exchange?.timings.totalMs).toBeLessThanOrEqual(DEADLINE_MS * 1.1 + lateMs);
  }

  test.each(Object.keys(stalls))("%s", (what) => {
    const exchange = ends.get(what);
    expect(exchange).toMatchObject({ kind: "failure", failure: "response_timeout" });
    expectInTime(exchange);
  });

  test("a name server that never answers", () => {
    expect(outcome(lookupEnd)).toBe("dns_error");
    expectInTime(lookupEnd);
  });
});

describe("malformed_response", () => {
  test.each([
    ["not HTTP at all", "SSH-2.0-OpenSSH_9.6\r\n"],
    ["a malformed status line", "HTTP/1.1 abc OK\r\n\r\n"],
    ["HTTP/2 out of the blue", "\0\0\x12\x04\0\0\0\0\0"],
    ["100 Continue without end", "HTTP/1.1 100 Continue\r\n\r\n".repeat(100)],
    ["103 Early Hints without end", "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(100)],
    ["an upgrade nobody asked for", "HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n"],
    ["two lengths", `${OK}content-length: 1\r\ncontent-length: 2\r\n\r\nab`],
    ["a length and chunks", `${OK}content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`],
    ["a bad chunk size", `${OK}transfer-encoding: chunked\r\n\r\nzz\r\n`],
    ["a space in a header name", `${OK}x a: b\r\n\r\n`],
    ["a header without a colon", `${OK}x-a\r\n\r\n`],
    ["a NUL in a header", `${OK}x-a: \0\r\n\r\n`],
    ["a negative length", `${OK}content-length: -1\r\n\r\n`],
    ["a length in hex", `${OK}content-length: 0x10\r\n\r\n`],
    ["a length of 30 digits", `${OK}content-length: ${"9".repeat(30)}\r\n\r\n`],
    ["a chunk of 30 digits", `${OK}transfer-encoding: chunked\r\n\r\n${"f".repeat(30)}\r\n`],
    ["a version nobody knows", "HTTP/9.9 200 OK\r\n\r\n"],
    ["TLS on a plain port", "\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03"],
  ])("%s", async (_what, text) => {
    expect(outcome(await open().post(await raw(saying(text))))).toBe("malformed_response");
  });
});

describe("response_headers_too_large", () => {
  test.each([
    ["one header of 20 KiB", `${OK}x-big: ${"a".repeat(20_000)}\r\n\r\n`],
    ["a header name of 20 KiB", `${OK}${"a".repeat(20_000)}: b\r\n\r\n`],
    ["20 KiB of trailers", `${OK}transfer-encoding: chunked\r\n\r\n0\r\n${"x-a: bcdefgh\r\n".repeat(2_000)}\r\n`],
    ["2,000 small headers", `${OK}${"x-a: bcdefgh\r\n".repeat(2_000)}\r\n`],
  ])("%s", async (_what, text) => {
    expect(outcome(await open().post(await raw(saying(text))))).toBe("response_headers_too_large");
  });
});

describe("connection_reset", () => {
  test.each<[string, () => Promise<string>]>([
    ["at accept", () => raw((socket) => socket.resetAndDestroy())],
    ["on reading the request", () => scripted({ behaviour: "reset" })],
    ["after the headers", () => scripted({ behaviour: "reset_after_headers" })],
    ["by a polite end instead of an answer", () => raw((socket) => socket.once("data", () => socket.end()))],
    ["by RST behind 100 headers", () => raw(resetAfter(`${OK}${"x-a: b\r\n".repeat(100)}`))],
    ["by RST in the middle of a body", () => raw(resetAfter(`${OK}content-length: 10\r\n\r\nabc`))],
    ["by RST in the middle of a chunk", () => raw(resetAfter(`${OK}transfer-encoding: chunked\r\n\r\nff\r\nabc`))],
    ["by RST behind a 103", () => raw(resetAfter("HTTP/1.1 103 Early Hints\r\n\r\n"))],
    ["by an end in the middle of a chunk", () => raw(endAfter(`${OK}transfer-encoding: chunked\r\n\r\nff\r\nabc`))],
    ["by an end in the middle of a body", () => raw(endAfter(`${OK}content-length: 10\r\n\r\nabc`))],
    ["in the middle of the headers", () => raw((socket) => socket.once("data", () => socket.end(`${OK}x-a: b\r\n`)))],
  ])("%s", async (_what, start) => {
    expect(outcome(await open().post(await start()))).toBe("connection_reset");
  });

  test("on a kept-open connection is reported and never sent twice", async () => {
    let requests = 0;
    const url = await raw((socket) =>
      socket.on("data", () => {
        requests += 1;
        if (requests === 1) socket.write(`${OK}content-length: 0\r\n\r\n`);
        else socket.resetAndDestroy();
      }),
    );
    const { post } = open();
    expect(outcome(await post(url))).toBe(200);
    const second = await post(url);
    expect(second).toMatchObject({ failure: "connection_reset", message: expect.stringContaining("kept-open") });
    expect(requests).toBe(2);
  });
});

describe("too much", () => {
  test.each<[string, Answer, number]>([
    ["an endless body", { behaviour: "endless" }, 200],
    ["one byte too many", { status: 500, body: "x".repeat(16 * 1024 + 1) }, 500],
    ["a megabyte", { body: "x".repeat(1024 * 1024) }, 200],
  ])("%s is cut at the cap and is still a response", async (_what, answer, status) => {
    const exchange = await open().post(await scripted(answer));
    expect(exchange).toMatchObject({ kind: "response", status, truncated: true });
    expect(exchange.kind === "response" && Buffer.from(exchange.body).equals(Buffer.alloc(16 * 1024, "x"))).toBe(true);
  });

  test("a body of exactly the cap is whole", async () => {
    const exchange = await open().post(await scripted({ body: "x".repeat(16 * 1024) }));
    expect(exchange).toMatchObject({ kind: "response", truncated: false });
    expect(exchange.kind === "response" && exchange.body.length).toBe(16 * 1024);
  });

  test("the connection of an endless body is closed, and memory stays flat over 40 of them", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const { post } = open();
    const url = await scripted({ behaviour: "endless" });
    const kept: Exchange[] = [await post(url)];
    collect();
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 40; i++) kept.push(await post(url));
    collect();
    // 40 kept bodies of 16 KiB are 0.7 MB; holding on to what was read would be tens.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(6 * 1024 * 1024);
    expect(new Set(kept.map(outcome))).toEqual(new Set([200]));
  });

  test.each([
    ["gzip", gzipSync],
    ["br", brotliCompressSync],
    ["zstd", zstdCompressSync],
  ] as const)("a %s bomb is kept as it came", async (encoding, compress) => {
    const bomb = compress(Buffer.alloc(20 * 1024 * 1024));
    const url = await scripted({ headers: { "content-encoding": encoding }, body: bomb });
    const exchange = await open().post(url, { responseBytesMax: 64 * 1024 });
    expect(exchange.kind === "response" && Buffer.from(exchange.body).equals(bomb)).toBe(true);
  });
});

describe("a flood", () => {
  const DEADLINE_MS = 1_000;
  const LINE = "a".repeat(64 * 1024);
  test.each<[string, (socket: Socket) => void, readonly (number | string)[]]>([
    ["of a status line", flooding("HTTP/1.1 200 ", LINE), ["malformed_response"]],
    ["of one header's name", flooding(OK, LINE), ["response_headers_too_large"]],
    ["of one header's value", flooding(`${OK}x-a: `, LINE), ["response_headers_too_large"]],
    ["of headers", flooding(OK, "x-a: b\r\n".repeat(4_096)), ["response_headers_too_large"]],
    ["of 100 Continue", flooding("", "HTTP/1.1 100 Continue\r\n\r\n".repeat(2_048)), ["malformed_response"]],
    ["of 103 Early Hints", flooding("", "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n".repeat(2_048)), ["malformed_response"]],
    ["of headers under 103", flooding("HTTP/1.1 103 Early Hints\r\n", "x-a: b\r\n".repeat(4_096)), ["response_headers_too_large"]],
    ["of a chunk's extension", flooding(`${OK}transfer-encoding: chunked\r\n\r\n5;`, LINE), ["malformed_response"]],
    ["of trailers", flooding(`${OK}transfer-encoding: chunked\r\n\r\n0\r\n`, "x-a: b\r\n".repeat(4_096)), ["response_headers_too_large"]],
    ["of chunks of one byte", flooding(`${OK}transfer-encoding: chunked\r\n\r\n`, "1\r\na\r\n".repeat(8_192)), [200]],
    ["behind the end of the answer", flooding(`${OK}content-length: 0\r\n\r\n`, LINE), [200]],
  ])("%s ends in its class and in time, and leaves memory and the next exchange alone", async (_what, serve, classes) => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const { post } = open();
    const url = await raw(serve);
    const good = await scripted({ body: "fine" });
    expect(outcome(await post(good))).toBe(200);
    collect();
    const before = process.memoryUsage();
    for (let i = 0; i < 3; i++) {
      const exchange = await post(url, { deadlineMs: DEADLINE_MS });
      expect(outcome(exchange)).toBeOneOf(classes);
      expect(exchange.timings.totalMs).toBeLessThanOrEqual(DEADLINE_MS * 1.1);
    }
    expect(outcome(await post(good))).toBe(200);
    collect();
    const after = process.memoryUsage();
    // A flood moves hundreds of megabytes in this time; a sender that kept what it read would hold on to them.
    expect(after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers).toBeLessThan(8 * 1024 * 1024);
  });
});
