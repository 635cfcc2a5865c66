// What an exchange leaves for the record: the head exactly as it went over the wire, times, and the connection.
import { createServer, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import type { OutboundRequest } from "../../src/outbound/transport.ts";
import { startRawReceiver, startReceiver } from "../kit/receiver.ts";
import { createAuthority, profileOf, startSecureReceiver } from "./secure-receiver.ts";
import { openTransport } from "./transport-under-test.ts";

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

function open(options: Parameters<typeof openTransport>[0] = {}): ReturnType<typeof openTransport> {
  const opened = openTransport({ allow: ["loopback"], ...options });
  closers.unshift(() => opened.transport.close());
  return opened;
}

/** The header lines of the one request that a socket carried. */
async function headOf(request: Partial<OutboundRequest>): Promise<{ wire: string[]; sent: string[] | undefined }> {
  let head = "";
  const receiver = await startRawReceiver((socket: Socket) =>
    socket.on("data", (chunk) => {
      head += chunk.toString("latin1");
      if (head.includes("\r\n\r\n")) socket.write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    }),
  );
  closers.push(() => receiver.close());
  const exchange = await open().post(receiver.url, request);
  const wire = head.slice(0, head.indexOf("\r\n\r\n")).split("\r\n").slice(1);
  return { wire, sent: exchange.sentHeaders };
}

describe("the headers sent are the ones on the wire:", () => {
  test.each<[string, Partial<OutboundRequest>]>([
    ["POST with a body", {}],
    ["POST without one", { body: null }],
    ["POST with an empty one", { body: new Uint8Array(0) }],
    ["GET", { method: "GET", body: null, headers: [] }],
    ["GET with a body", { method: "GET" }],
    ["HEAD", { method: "HEAD", body: null }],
    ["DELETE", { method: "DELETE", body: null }],
    ["DELETE with a body", { method: "DELETE" }],
    [
      "PUT with headers of its own",
      { method: "PUT", headers: ["X-A", "1", "x-a", "caf\u00e9", "User-Agent", "mine", "accept-encoding", "br"] },
    ],
  ])("%s", async (_what, request) => {
    const { wire, sent } = await headOf(request);
    const flat = sent ?? [];
    expect(flat.flatMap((name, i) => (i % 2 === 0 ? [`${name}: ${flat[i + 1]}`] : []))).toEqual(wire);
  });

  test("and absent when nothing was sent", async () => {
    const closed = await startRawReceiver();
    await closed.close();
    const exchange = await open().post(closed.url);
    expect(exchange).toMatchObject({ failure: "connect_refused", connection: { dnsMs: 0, connectMs: null, remote: null } });
    expect(exchange.sentHeaders).toBeUndefined();
    const blocked = await openTransport().post("http://10.0.0.1/");
    expect([blocked.sentHeaders, blocked.connection]).toEqual([undefined, undefined]);
  });
});

describe("times", () => {
  test("are there for every phase of a new connection, and only for the answer on a kept-open one", async () => {
    const authority = createAuthority("an authority");
    const { key, cert } = authority.issue(["hooks.example.com"], { to: new Date("2040-01-02T03:04:05Z") });
    const receiver = await startSecureReceiver({ key, cert });
    closers.push(() => receiver.close());
    const resolver = () => new Promise<string[]>((resolve) => setTimeout(() => resolve(["127.0.0.1"]), 60));
    const { post } = open({ resolver });
    const profile = profileOf({ ca: authority.certificate.cert });
    const url = `https://hooks.example.com:${receiver.port}/`;
    const first = await post(url, { profile });
    expect(first.connection).toEqual({
      reused: false,
      dnsMs: expect.any(Number),
      connectMs: expect.any(Number),
      tlsMs: expect.any(Number),
      remote: "loopback",
      tlsVersion: "TLSv1.3",
      certificateExpiresAt: Date.UTC(2040, 0, 2, 3, 4, 5),
      httpVersion: "1.1",
    });
    const { dnsMs, connectMs, tlsMs } = first.connection!;
    expect(dnsMs).toBeGreaterThanOrEqual(58);
    expect(dnsMs! + connectMs! + tlsMs!).toBeLessThanOrEqual(first.timings.firstByteMs!);
    const second = await post(url, { profile });
    expect(second.connection).toEqual({ ...first.connection, reused: true, dnsMs: null, connectMs: null, tlsMs: null });
    expect(second.timings.firstByteMs).toBeLessThan(50);
  });

  test("tell the wait for the headers from the wait for the body", async () => {
    const receiver = await startRawReceiver((socket) =>
      socket.once("data", () => {
        setTimeout(() => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\na"), 80);
        setTimeout(() => socket.write("b"), 180);
      }),
    );
    closers.push(() => receiver.close());
    const { timings } = await open().post(receiver.url);
    expect(timings.firstByteMs).toBeGreaterThanOrEqual(78);
    expect(timings.totalMs - timings.firstByteMs!).toBeGreaterThanOrEqual(90);
  });

  test("stop at the phase that failed", async () => {
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    closers.push(async () => void silent.close());
    const { port } = silent.address() as { port: number };
    const exchange = await open().post(`https://127.0.0.1:${port}/`, { connectTimeoutMs: 100 });
    expect(exchange).toMatchObject({
      failure: "connect_timeout",
      detail: "tls_phase",
      connection: { dnsMs: 0, connectMs: expect.any(Number), tlsMs: null, remote: "loopback", tlsVersion: null },
    });
  });

  test("of a second connection after the first was closed are new ones", async () => {
    const receiver = await startRawReceiver((socket) => socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\n\r\n")));
    closers.push(() => receiver.close());
    const { post } = open();
    for (let i = 0; i < 2; i++)
      expect((await post(receiver.url)).connection).toMatchObject({ reused: false, connectMs: expect.any(Number) });
  });
});

test("bytes that came count also when they are not kept", async () => {
  const receiver = await startReceiver({ respond: () => ({ body: "x".repeat(100) }) });
  closers.push(() => receiver.close());
  const { post } = open();
  expect(await post(receiver.url)).toMatchObject({ bytesReceived: 100, truncated: false });
  const cut = await post(receiver.url, { responseBytesMax: 10 });
  expect(cut).toMatchObject({ bytesReceived: 100, truncated: true, body: { length: 10 } });
});
