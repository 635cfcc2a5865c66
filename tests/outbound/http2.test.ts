// HTTP/2 where a destination wants it and its receiver takes it, with the same ends as over HTTP/1.1.
import type { Http2ServerResponse } from "node:http2";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { withLateness } from "../kit/lateness.ts";
import { createAuthority, profileOf, type SecureReceiver, startSecureReceiver } from "./secure-receiver.ts";
import { openTransport, outcome } from "./transport-under-test.ts";

const authority = createAuthority("an authority");
const server = authority.issue(["hooks.example.com"]);
const HTTP2 = profileOf({ http2: true, ca: authority.certificate.cert });
const HTTP1 = profileOf({ http2: false, ca: authority.certificate.cert });

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function receive(respond?: (response: Http2ServerResponse, target: string) => void): Promise<SecureReceiver & { url: string }> {
  const answer =
    respond === undefined ? undefined : (request: { url: string }, response: Http2ServerResponse) => respond(response, request.url);
  const receiver = await startSecureReceiver({ key: server.key, cert: server.cert }, answer);
  closers.push(() => receiver.close());
  return Object.assign(receiver, { url: `https://hooks.example.com:${receiver.port}/` });
}

function open(options: Parameters<typeof openTransport>[0] = {}): ReturnType<typeof openTransport> {
  const opened = openTransport({ allow: ["loopback"], resolver: async () => ["127.0.0.1"], ...options });
  closers.unshift(() => opened.transport.close());
  return opened;
}

test("is used when both sides want it, and carries method, target, headers, body and answer", async () => {
  const receiver = await receive((response) => {
    response.writeHead(418, { "x-one": "1", "set-cookie": ["a=1", "b=2"] });
    response.end("teapot");
  });
  const exchange = await open().post(`${receiver.url}a?b=%2F`, { profile: HTTP2, method: "PUT", headers: ["X-First", "1", "x-a", "2"] });
  expect(exchange).toMatchObject({ kind: "response", status: 418, connection: { httpVersion: "2" } });
  expect(receiver.requests).toEqual(['2.0 PUT /a?b=%2F {"hello":"world"}']);
  const sent = receiver.headers[0]!;
  expect([sent[sent.indexOf("x-first") + 1], sent[sent.indexOf("accept-encoding") + 1]]).toEqual(["1", "identity"]);
  const { headers, body } = exchange as { headers: string[]; body: Uint8Array };
  expect(Buffer.from(body).toString()).toBe("teapot");
  expect(headers.join("|")).toContain("x-one|1");
  expect(headers.filter((part) => part === "set-cookie")).toHaveLength(2);
});

test("is not offered unless the destination wants it", async () => {
  const receiver = await receive();
  expect(await open().post(receiver.url, { profile: HTTP1 })).toMatchObject({ status: 200, connection: { httpVersion: "1.1" } });
  expect(receiver.requests[0]).toMatch(/^1\.1 POST/);
});

test("gives way to HTTP/1.1 where the receiver knows no other", async () => {
  const receiver = createServer({ key: server.key, cert: server.cert }, (_request, response) => response.end());
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  closers.push(async () => receiver.close().closeAllConnections());
  const url = `https://hooks.example.com:${(receiver.address() as AddressInfo).port}/`;
  expect(await open().post(url, { profile: HTTP2 })).toMatchObject({ status: 200, connection: { httpVersion: "1.1" } });
});

test("keeps connections open, replaces old ones, and never has more than allowed", async () => {
  const receiver = await receive();
  const { post } = open({ connectionsPerOrigin: 3 });
  const ends = await Promise.all(Array.from({ length: 60 }, () => post(receiver.url, { profile: HTTP2 })));
  expect([new Set(ends.map(outcome)), receiver.connections]).toEqual([new Set([200]), 3]);
  expect(await post(receiver.url, { profile: HTTP2 })).toMatchObject({ connection: { reused: true, connectMs: null } });
  const short = open({ connectionLifeMs: 0 });
  for (let i = 0; i < 3; i++) await short.post(receiver.url, { profile: HTTP2 });
  expect(receiver.connections).toBe(6);
});

describe("a hostile receiver ends in the same class as over HTTP/1.1:", () => {
  const DEADLINE_MS = 500;
  const drip = (response: Http2ServerResponse): void => {
    response.writeHead(200);
    const timer = setInterval(() => response.write("."), 20);
    response.stream.once("close", () => clearInterval(timer));
  };
  const pour = (response: Http2ServerResponse): void => {
    const filler = Buffer.alloc(64 * 1024, "x");
    const more = (): void => {
      while (!response.stream.destroyed && response.write(filler));
    };
    response.on("drain", more);
    more();
  };
  test.each<[string, (response: Http2ServerResponse) => void, number | string]>([
    ["never answering", () => {}, "response_timeout"],
    ["a body by drips", drip, "response_timeout"],
    ["an endless body", pour, 200],
    ["a stream that is reset", (response) => response.stream.close(8), "connection_reset"],
    ["a stream that is refused each time", (response) => response.stream.close(7), "connection_reset"],
    ["a session that ends", (response) => response.stream.session?.destroy(), "connection_reset"],
    ["a session that says goodbye first", (response) => response.stream.session?.goaway(2), "connection_reset"],
    ["a socket that is reset", (response) => response.stream.session?.socket.destroy(), "connection_reset"],
    ["a broken protocol", (response) => response.stream.close(1), "malformed_response"],
    ["headers of 40 KiB", (response) => void response.writeHead(200, { "x-big": "a".repeat(40_000) }).end(), "response_headers_too_large"],
    [
      "1xx without end",
      (response) => {
        for (let i = 0; i < 200; i++) response.stream.additionalHeaders({ ":status": 103 });
      },
      "malformed_response",
    ],
  ])("%s", async (_what, respond, expected) => {
    const receiver = await receive((response, target) => {
      if (target === "/fine") response.end("fine");
      else respond(response);
    });
    const { post } = open();
    const { result: exchange, lateMs } = await withLateness(post(receiver.url, { profile: HTTP2, deadlineMs: DEADLINE_MS }));
    expect(outcome(exchange)).toBe(expected);
    if (expected === "response_timeout") {
      expect(exchange.timings.totalMs).toBeGreaterThanOrEqual(DEADLINE_MS);
      expect(exchange.timings.totalMs).toBeLessThanOrEqual(DEADLINE_MS * 1.1 + lateMs);
    }
    if (expected === 200) expect(exchange).toMatchObject({ truncated: true, body: { length: 16 * 1024 } });
    // The sender is as healthy as before, also towards this very receiver.
    expect(outcome(await post(`${receiver.url}fine`, { profile: HTTP2 }))).toBe(200);
  });

  test("and cutting one exchange leaves the others alone", async () => {
    const receiver = await receive((response, target) => void (target === "/hang" ? null : setTimeout(() => response.end("late"), 250)));
    const { post } = open();
    const [hung, fine] = await Promise.all([
      post(`${receiver.url}hang`, { profile: HTTP2, deadlineMs: 100 }),
      post(receiver.url, { profile: HTTP2 }),
    ]);
    expect([outcome(hung), outcome(fine)]).toEqual(["response_timeout", 200]);
  });
});
