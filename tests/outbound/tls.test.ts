// Verification of certificates and versions, against real TLS servers with certificates made here.
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { getCACertificates, setDefaultCACertificates, type TlsOptions, type TLSSocket } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { startRawReceiver, startReceiver } from "../kit/receiver.ts";
import { makeCertificate } from "./certificate.ts";
import { openTransport, outcome } from "./transport-under-test.ts";

const LONG_AGO = new Date("2001-01-01T00:00:00Z");
const YESTERYEAR = new Date("2002-01-01T00:00:00Z");
const FAR_AHEAD = new Date("2099-01-01T00:00:00Z");
const trusted = makeCertificate(["hooks.example.com", "127.0.0.1"], LONG_AGO, FAR_AHEAD);
const expired = makeCertificate(["hooks.example.com"], LONG_AGO, YESTERYEAR);
const unknown = makeCertificate(["hooks.example.com"], LONG_AGO, FAR_AHEAD);

const authorities = getCACertificates();
beforeAll(() => setDefaultCACertificates([...authorities, trusted.cert, expired.cert]));
afterAll(() => setDefaultCACertificates(authorities));

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

interface TlsReceiver {
  port: number;
  requests: number;
  names: (string | false | undefined)[];
  resumed: boolean[];
}

async function startTls(options: TlsOptions): Promise<TlsReceiver> {
  const receiver: TlsReceiver = { port: 0, requests: 0, names: [], resumed: [] };
  const server: Server = createServer(options, (request, response) => {
    receiver.requests += 1;
    request.resume().on("end", () => response.end("secure"));
  });
  server.on("secureConnection", (socket: TLSSocket & { servername?: string | false }) => {
    receiver.names.push(socket.servername);
    receiver.resumed.push(socket.isSessionReused());
  });
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  receiver.port = (server.address() as AddressInfo).port;
  closers.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return receiver;
}

function open(options: Parameters<typeof openTransport>[0] = {}): ReturnType<typeof openTransport> {
  const opened = openTransport({ allow: ["loopback"], resolver: async () => ["127.0.0.1"], ...options });
  closers.unshift(() => opened.transport.close());
  return opened;
}

test("a certificate that is valid for the name is accepted; SNI is the name without its trailing dot", async () => {
  const receiver = await startTls(trusted);
  const { post } = open();
  expect(outcome(await post(`https://hooks.example.com:${receiver.port}/`))).toBe(200);
  expect(outcome(await post(`https://hooks.example.com.:${receiver.port}/`))).toBe(200);
  expect(receiver.names).toEqual(["hooks.example.com", "hooks.example.com"]);
});

test("a certificate that names the address is accepted for the address, and none is sent as SNI", async () => {
  const receiver = await startTls(trusted);
  expect(outcome(await open().post(`https://127.0.0.1:${receiver.port}/`))).toBe(200);
  expect(receiver.names).toEqual([false]);
});

test("sessions are resumed between connections", async () => {
  const receiver = await startTls(trusted);
  const { post } = open({ connectionLifeMs: 0 });
  for (let i = 0; i < 3; i++) expect(outcome(await post(`https://hooks.example.com:${receiver.port}/`))).toBe(200);
  expect(receiver.resumed).toEqual([false, true, true]);
});

describe("tls_error, with no request sent", () => {
  test.each([
    ["a self-signed certificate", unknown, "hooks.example.com", /self-signed/],
    ["an expired certificate", expired, "hooks.example.com", /expired/],
    ["a certificate for another name", trusted, "other.example.com", /another host name/],
    ["a certificate for a name where an address was asked", unknown, "127.0.0.1", /certificate/],
    [
      "TLS 1.1 only",
      { ...trusted, minVersion: "TLSv1.1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" } as const,
      "hooks.example.com",
      /TLS 1\.2/,
    ],
  ])("%s", async (_what, options, host, message) => {
    const receiver = await startTls(options);
    const exchange = await open().post(`https://${host}:${receiver.port}/`);
    expect(exchange).toMatchObject({ kind: "failure", failure: "tls_error", message: expect.stringMatching(message) });
    expect(receiver.requests).toBe(0);
  });

  test("plain http on the port: never downgraded", async () => {
    const receiver = await startReceiver();
    closers.push(() => receiver.close());
    expect(outcome(await open().post(`https://hooks.example.com:${receiver.port}/`))).toBe("tls_error");
    expect(receiver.arrivals).toEqual([]);
  });
});

test("TLS 1.2 alone is enough", async () => {
  const receiver = await startTls({ ...trusted, maxVersion: "TLSv1.2" });
  expect(outcome(await open().post(`https://hooks.example.com:${receiver.port}/`))).toBe(200);
});

test("a server that accepts and never shakes hands ends at the connect timeout", async () => {
  const receiver = await startRawReceiver(() => {});
  closers.push(() => receiver.close());
  const exchange = await open().post(`https://hooks.example.com:${receiver.port}/`, { connectTimeoutMs: 300 });
  expect(outcome(exchange)).toBe("connect_timeout");
  expect(exchange.timings.totalMs).toBeGreaterThanOrEqual(295);
  expect(exchange.timings.totalMs).toBeLessThan(1_000);
});

test("a server that hangs up during the handshake is a reset", async () => {
  const receiver = await startRawReceiver((socket) => socket.once("data", () => socket.resetAndDestroy()));
  closers.push(() => receiver.close());
  expect(outcome(await open().post(`https://hooks.example.com:${receiver.port}/`))).toBe("connection_reset");
});
