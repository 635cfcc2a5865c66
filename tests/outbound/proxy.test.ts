// The operator's forward proxy: what goes through it, what does not, and whose fault its failures are.
import type { Socket } from "node:net";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { diagnoseAttempt } from "../../src/core/attempt-diagnosis.ts";
import { withLateness } from "../kit/lateness.ts";
import { startRawReceiver, startReceiver } from "../kit/receiver.ts";
import { startTestProxy, type TestProxy } from "./forward-proxy.ts";
import { createAuthority, profileOf, startSecureReceiver } from "./secure-receiver.ts";
import { openTransport, outcome } from "./transport-under-test.ts";

const authority = createAuthority("an authority");
const server = authority.issue(["hooks.example.com"]);
const proxyCertificate = authority.issue(["127.0.0.1"]);
const profile = profileOf({ ca: authority.certificate.cert });

const authorities = getCACertificates();
beforeAll(() => setDefaultCACertificates([...authorities, authority.certificate.cert]));
afterAll(() => setDefaultCACertificates(authorities));

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

let targetPort = 0;
async function startProxy(answer?: (socket: Socket, head: string) => string | null, secure = false): Promise<TestProxy> {
  const proxy = await startTestProxy(() => targetPort, answer, secure ? proxyCertificate : undefined);
  closers.push(() => proxy.close());
  return proxy;
}

/** No name resolves here: whatever arrives has come through the proxy. */
function openThrough(proxy: string, options: Parameters<typeof openTransport>[0] = {}): ReturnType<typeof openTransport> {
  const opened = openTransport({ proxy, resolver: () => Promise.reject(new Error("asked")), ...options });
  closers.unshift(() => opened.transport.close());
  return opened;
}

async function receive(): Promise<Awaited<ReturnType<typeof startReceiver>>> {
  const receiver = await startReceiver();
  closers.push(() => receiver.close());
  targetPort = receiver.port;
  return receiver;
}

describe("what goes through the proxy", () => {
  test("is plain http by CONNECT, with the proxy's credentials for the proxy alone", async () => {
    const receiver = await receive();
    const proxy = await startProxy();
    const { post } = openThrough(`http://us%40er:p%3Ass@127.0.0.1:${proxy.port}`);
    const exchange = await post("http://hooks.example.com/a?b=1");
    expect(exchange).toMatchObject({ status: 200, connection: { remote: "proxy", dnsMs: null, httpVersion: "1.1" } });
    expect(proxy.heads).toEqual([
      `CONNECT hooks.example.com:80 HTTP/1.1\r\nhost: hooks.example.com:80\r\nproxy-authorization: Basic ${Buffer.from("us@er:p:ss").toString("base64")}\r\n\r\n`,
    ]);
    expect(receiver.arrivals[0]).toMatchObject({ method: "POST", url: "/a?b=1" });
    expect(receiver.arrivals[0]?.header("host")).toBe("hooks.example.com");
    expect(JSON.stringify(receiver.arrivals[0]?.rawHeaders).toLowerCase()).not.toContain("proxy");
    expect(JSON.stringify(exchange)).not.toContain("p:ss");
  });

  test.each([
    ["http", false],
    ["https", true],
  ])("is https end to end, through an %s proxy, over kept-open connections", async (_scheme, secure) => {
    const receiver = await startSecureReceiver({ key: server.key, cert: server.cert });
    closers.push(() => receiver.close());
    targetPort = receiver.port;
    const proxy = await startProxy(undefined, secure);
    const { post } = openThrough(`${secure ? "https" : "http"}://127.0.0.1:${proxy.port}`);
    for (let i = 0; i < 3; i++) expect(outcome(await post("https://hooks.example.com/", { profile }))).toBe(200);
    expect([proxy.heads.length, receiver.connections, receiver.names]).toEqual([1, 1, ["hooks.example.com"]]);
    expect(proxy.heads[0]).toMatch(/^CONNECT hooks\.example\.com:443 /);
    const http2 = await post("https://hooks.example.com/", { profile: { ...profile, key: "h2", http2: true } });
    expect(http2).toMatchObject({ status: 200, connection: { httpVersion: "2", remote: "proxy" } });
  });

  test("is a public address, in brackets when it is IPv6", async () => {
    await receive();
    const proxy = await startProxy();
    const { post } = openThrough(`http://127.0.0.1:${proxy.port}`);
    expect(outcome(await post("http://93.184.215.14/"))).toBe(200);
    expect(outcome(await post("http://[2606:4700::1111]/"))).toBe(200);
    expect(proxy.heads.map((head) => head.split(" ")[1])).toEqual(["93.184.215.14:80", "[2606:4700::1111]:80"]);
  });

  test("is never an address or a name inside: the proxy is not even called", async () => {
    const proxy = await startProxy();
    const { post } = openThrough(`http://127.0.0.1:${proxy.port}`);
    for (const url of [
      "http://127.0.0.1/",
      "http://2130706433/",
      "http://[::ffff:169.254.169.254]/",
      "http://localhost/",
      "http://db.internal/",
    ]) {
      expect(outcome(await post(url)), url).toBe("blocked_address");
    }
    expect(proxy.connections).toBe(0);
  });

  test("is not what the operator allowed inside: that is called straight", async () => {
    const receiver = await receive();
    const proxy = await startProxy();
    const { post } = openThrough(`http://127.0.0.1:${proxy.port}`, {
      allow: ["loopback", "payments"],
      resolver: async () => ["127.0.0.1"],
    });
    for (const host of ["127.0.0.1", "localhost", "payments"]) {
      expect(await post(`http://${host}:${receiver.port}/`)).toMatchObject({ status: 200, connection: { remote: "loopback" } });
    }
    expect(proxy.connections).toBe(0);
  });
});

describe("proxy_error, and the operator's to mend:", () => {
  const says = (text: string) => (): string => text;
  test.each<[string, (socket: Socket) => string | null, string]>([
    ["refused credentials", says("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"), "proxy_credentials"],
    ["a rule against the host", says("HTTP/1.1 403 Forbidden\r\n\r\n"), "proxy_refused"],
    ["no way to the host", says("HTTP/1.1 503 Service Unavailable\r\n\r\n"), "proxy_no_route"],
    ["an answer that is not HTTP", says("SSH-2.0-OpenSSH\r\n\r\n"), "proxy_unreachable"],
    ["a redirect to somewhere inside", says("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1/\r\n\r\n"), "proxy_refused"],
    ["bytes behind its answer", says("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"), "proxy_unreachable"],
    ["headers without end", says(`HTTP/1.1 200 OK\r\n${"x-a: b\r\n".repeat(4_000)}`), "proxy_unreachable"],
    ["a hang-up", (socket) => (socket.end(), null), "proxy_unreachable"],
    ["a reset", (socket) => (socket.resetAndDestroy(), null), "proxy_unreachable"],
  ])("%s", async (_what, answer, detail) => {
    targetPort = 9;
    const proxy = await startProxy((socket) => answer(socket) ?? "");
    const { post } = openThrough(`http://127.0.0.1:${proxy.port}`);
    const exchange = await post("https://hooks.example.com/", { profile });
    expect(exchange).toMatchObject({ kind: "failure", failure: "proxy_error", detail, message: expect.stringContaining("outbound proxy") });
    if (exchange.kind !== "failure") return;
    const result = { kind: "failure" as const, failure: exchange.failure, message: exchange.message };
    expect(diagnoseAttempt({ startedAt: 0, result })?.owner).toBe("operator");
    expect(exchange.message).not.toMatch(/127\.0/);
  });

  test("nobody on its port", async () => {
    const closed = await startRawReceiver();
    await closed.close();
    const exchange = await openThrough(closed.url).post("https://hooks.example.com/");
    expect(exchange).toMatchObject({ failure: "proxy_error", detail: "proxy_unreachable" });
  });

  test.each(["connectTimeoutMs", "deadlineMs"] as const)("silence, until %s", async (limit) => {
    const proxy = await startProxy(() => "");
    const posted = openThrough(`http://127.0.0.1:${proxy.port}`).post("https://hooks.example.com/", { [limit]: 300 });
    const { result: exchange, lateMs } = await withLateness(posted);
    expect(exchange).toMatchObject({ failure: "proxy_error", detail: "proxy_unreachable" });
    expect(exchange.timings.totalMs).toBeGreaterThanOrEqual(295);
    expect(exchange.timings.totalMs).toBeLessThanOrEqual(330 + lateMs);
  });

  test("not the receiver's own failures behind the proxy", async () => {
    const receiver = await startSecureReceiver({ key: server.key, cert: server.cert });
    closers.push(() => receiver.close());
    targetPort = receiver.port;
    const proxy = await startProxy();
    const { post } = openThrough(`http://127.0.0.1:${proxy.port}`);
    expect(await post("https://other.example.com/", { profile })).toMatchObject({ failure: "tls_error", detail: "tls_wrong_host" });
    const hanging = await startRawReceiver((socket) => socket.once("data", () => socket.resetAndDestroy()));
    closers.push(() => hanging.close());
    targetPort = hanging.port;
    expect(outcome(await post("http://reset.example.com/"))).toBe("connection_reset");
  });
});
