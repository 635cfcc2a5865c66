// Every row of the SSRF table against a listener on every address of this machine, which must see no connection.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type AddressGuard, createAddressGuard } from "../../src/outbound/address-guard.ts";
import type { Transport } from "../../src/outbound/transport.ts";
import { type RawReceiver, startRawReceiver, startReceiver } from "../kit/receiver.ts";
import { openTransport, outcome } from "./transport-under-test.ts";

let canary: RawReceiver;
let transport: Transport | null = null;

beforeAll(async () => {
  // One dual-stack socket stands for 127.0.0.1, [::1], 0.0.0.0 and the address on the local network.
  canary = await startRawReceiver((socket) => socket.destroy(), { host: "::" }).catch(() =>
    startRawReceiver((socket) => socket.destroy(), { host: "0.0.0.0" }),
  );
});
afterAll(() => canary.close());
afterEach(async () => {
  await transport?.close();
  transport = null;
});

function open(options: Parameters<typeof openTransport>[0] = {}): ReturnType<typeof openTransport> {
  const opened = openTransport({ resolver: async () => [], ...options });
  transport = opened.transport;
  return opened;
}

function withChanges(guard: AddressGuard, changes: Partial<AddressGuard>): AddressGuard {
  return {
    checkUrl: (url) => guard.checkUrl(url),
    checkAddress: (ip, host, port) => guard.checkAddress(ip, host, port),
    isTrustedName: (host, port) => guard.isTrustedName(host, port),
    ...changes,
  };
}

const LITERALS = `
http://127.0.1:P/ http://127.1:P/ http://2130706433:P/ http://0x7f000001:P/ http://0x7f.1:P/ http://017700000001:P/ http://0177.0.0.01:P/
http://127.0.0.1.:P/ http://127.0.0.1:P/ http://127.0.0.2:P/ http://127.255.255.254:P/ http://0.0.0.0:P/ http://0:P/ http://0x:P/
http://[::]:P/ http://[::1]:P/ http://[0:0:0:0:0:0:0:1]:P/ http://[::ffff:127.0.0.1]:P/ http://[::ffff:7f00:1]:P/
http://[0000:0000:0000:0000:0000:ffff:7f00:0001]:P/ http://[::127.0.0.1]:P/ http://[::7f00:1]:P/ http://[::ffff:0:127.0.0.1]:P/
http://[64:ff9b::a9fe:a9fe]/ http://[64:ff9b::127.0.0.1]:P/ http://[64:ff9b:1::7f00:1]/ http://[2002:7f00:1::]/ http://[2001:0:7f00:1::]/
http://[fe80::1]/ http://[fec0::1]/ http://[fc00::1]/ http://[fd00:ec2::254]/ http://[fd20:ce::254]/ http://[ff02::1]/
http://[100::1]/ http://[100:0:0:1::1]/ http://[4000::1]/ http://[e000::1]/ http://[5f00::1]/ http://[2001:db8::1]/ http://[3fff::1]/
http://10.0.0.1/ http://172.16.0.1/ http://172.31.255.255/ http://192.168.0.1/ http://100.64.0.1/ http://100.127.255.254/
http://169.254.169.254/latest/meta-data/ http://0xA9FEA9FE/ http://2852039166/ http://0251.0376.0251.0376/ http://[::ffff:a9fe:a9fe]/
http://169.254.170.2/v2/credentials http://169.254.170.23/ http://168.63.129.16/ http://100.100.100.200/ http://192.0.0.192/
http://192.0.2.1/ http://198.51.100.1/ http://203.0.113.1/ http://198.18.0.1/ http://198.19.255.255/ http://192.88.99.1/
http://224.0.0.1/ http://240.0.0.1/ http://255.255.255.255/
http://127。0。0。1:P/ http://127．0．0．1:P/ http://127｡0｡0｡1:P/ http://１２７.0.0.1:P/ http://①②⑦.⓪.⓪.①:P/ http://%31%32%37.0.0.1:P/
http://127.0.0.1:P\\@example.com/ http:127.0.0.1:P/ http:/127.0.0.1:P/ http:\\\\127.0.0.1:P\\ http:///127.0.0.1:P/ http:////127.0.0.1:P/
`
  .trim()
  .split(/\s+/);

const NAMES = `
http://localhost:P/ http://LOCALHOST:P/ http://localhost.:P/ http://foo.localhost:P/ http://loc%61lhost:P/ http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ:P/
http://lo\u00ADcalhost:P/ http://metadata.google.internal/ http://metadata/ http://intranet/ http://printer.local/ http://router.home.arpa/
http://home.arpa/ http://abc.onion/ http://kubernetes.default.svc.cluster.local/ http://db.internal./
`
  .trim()
  .split(/\s+/);

const INVALID = `
http://[fe80::1%25lo]/ http://[fe80::1%lo]/ file:///etc/passwd gopher://127.0.0.1:6379/_INFO dict://127.0.0.1:11211/ ftp://127.0.0.1/
data:text/plain,x javascript:1 ws://127.0.0.1/ blob:http://127.0.0.1/x unix:/var/run/docker.sock http+unix://%2Fvar%2Frun%2Fdocker.sock/info
http://user:pass@example.com/ http://user@example.com/ http://:pass@example.com/ https://example.com:22/ https://example.com:25/
https://example.com:6379/ https://example.com:11211/ https://example.com:2375/ https://example.com:0/ https://8.8.8.8:6379/
http://example..com/ http://.example.com/ http://example.com../ http://1.2.3.4.5/ http:// https:// example.com //example.com/ http://256.1.1.1/
`
  .trim()
  .split(/\s+/);

async function expectNoCall(url: string, causes: readonly string[]): Promise<void> {
  const { transport: under, post } = open({ allowPlainHttp: true });
  const before = canary.connections;
  const verdict = under.checkUrl(url);
  expect(verdict.ok ? "ok" : verdict.cause).toBeOneOf(causes);
  const exchange = await post(url);
  expect(outcome(exchange)).toBeOneOf(causes);
  expect(canary.connections).toBe(before);
}

/** P stands for the port of the canary. */
function withPort(row: string): string {
  return row.replaceAll(/:P(?=[/\\])/g, `:${canary.port}`);
}

describe("a URL that names an address inside", () => {
  test.each(LITERALS)("%s", (row) => expectNoCall(withPort(row), ["blocked_address"]));

  test("is refused at connect as well, should it ever pass the check of the URL", async () => {
    const inner = createAddressGuard({ allow: [], allowPlainHttp: true });
    const { post } = open({ guard: withChanges(inner, { checkUrl: (url) => ({ ok: true, url: new URL(url) }) }) });
    const before = canary.connections;
    const ends = await Promise.all(LITERALS.map(async (row) => outcome(await post(withPort(row)))));
    expect(new Set(ends)).toEqual(new Set(["blocked_address"]));
    expect(canary.connections).toBe(before);
  });
});

describe("a host name that only means something inside", () => {
  test.each(NAMES)("%s", (row) => expectNoCall(withPort(row), ["blocked_address"]));
});

describe("a URL that is not callable at all", () => {
  test.each(INVALID)("%s", (row) => expectNoCall(row, ["invalid_url"]));
  test("longer than 4 KiB", () => expectNoCall(`https://example.com/${"a".repeat(4_096)}`, ["invalid_url"]));
  test("plain http where it is not allowed", () => {
    const guard = createAddressGuard({ allow: [], allowPlainHttp: false });
    expect(guard.checkUrl("http://example.com/")).toMatchObject({ ok: false, cause: "invalid_url" });
    expect(guard.checkUrl("https://example.com/").ok).toBe(true);
  });
});

test("the canary does see a call that is allowed, so its silence above means something", async () => {
  const { post } = open({ allow: ["loopback"] });
  const before = canary.connections;
  expect(outcome(await post(`http://127.0.0.1:${canary.port}/`))).toBe("connection_reset");
  expect(canary.connections).toBe(before + 1);
});

test("addresses just outside the private ranges are allowed", () => {
  const guard = createAddressGuard({ allow: [], allowPlainHttp: true });
  for (const url of [
    "http://172.32.0.1:9/",
    "http://172.15.255.255:9/",
    "http://100.128.0.1/",
    "https://8.8.8.8/",
    "https://[2606:4700::1111]/",
  ]) {
    expect(guard.checkUrl(url).ok, url).toBe(true);
  }
});

test("a homograph is shown in punycode", () => {
  const verdict = createAddressGuard({ allow: [], allowPlainHttp: true }).checkUrl("http://ex\u0430mple.com/#secret");
  expect(verdict.ok && verdict.url.href).toBe("http://xn--exmple-4nf.com/");
});

test("a backslash ends the host: only example.com is looked up", async () => {
  const asked: string[] = [];
  const { post } = open({
    resolver: async (host) => {
      asked.push(host);
      return [];
    },
  });
  const before = canary.connections;
  expect(outcome(await post(`http://example.com\\@127.0.0.1:${canary.port}/`))).toBe("dns_error");
  expect(asked).toEqual(["example.com"]);
  expect(canary.connections).toBe(before);
});

describe("a name that resolves to an address inside", () => {
  test.each(
    [
      ["127.0.0.1"],
      ["::1"],
      ["0.0.0.0"],
      ["10.0.0.1"],
      ["::ffff:127.0.0.1"],
      ["169.254.169.254"],
      ["fe80::1%lo"],
      ["not an address"],
      ["93.184.215.14", "127.0.0.1"],
      ["127.0.0.1", "93.184.215.14"],
      ["2606:4700::1111", "::1"],
      ["93.184.215.14", "64:ff9b::7f00:1"],
    ].map((answers) => ({ answers })),
  )("$answers", async ({ answers }) => {
    const { post } = open({ resolver: async () => answers });
    const before = canary.connections;
    const exchange = await post(`http://hooks.example.com:${canary.port}/`);
    expect(outcome(exchange)).toBe("blocked_address");
    expect(exchange.kind === "failure" && exchange.message).not.toMatch(/\d|::|inside|loopback|private/);
    expect(canary.connections).toBe(before);
  });
});

describe("DNS rebinding", () => {
  test("every new connection is looked up and judged again", async () => {
    const good = await startReceiver({ host: "127.0.0.2" });
    const answers = ["127.0.0.2", "127.0.0.1"];
    const inner = await startRawReceiver((socket) => socket.destroy(), { host: "127.0.0.1", port: good.port });
    const { post } = open({
      allow: ["127.0.0.2"],
      connectionLifeMs: 0,
      resolver: async () => [answers.shift() ?? "127.0.0.1"],
    });
    const url = `http://rebind.example.com:${good.port}/`;
    // The first attempt, then a retry, a manual replay and a test event, as far as the transport can tell them apart.
    expect([outcome(await post(url)), outcome(await post(url)), outcome(await post(url)), outcome(await post(url))]).toEqual([
      200,
      "blocked_address",
      "blocked_address",
      "blocked_address",
    ]);
    expect([good.arrivals.length, inner.connections]).toEqual([1, 0]);
    await Promise.all([good.close(), inner.close()]);
  });

  test("a kept-open connection stays with the address that was judged", async () => {
    const good = await startReceiver({ host: "127.0.0.2" });
    const answers = [["127.0.0.2"], ["127.0.0.1"]];
    const { post } = open({ allow: ["127.0.0.2"], resolver: async () => answers.shift() ?? [] });
    const url = `http://rebind.example.com:${good.port}/`;
    expect([outcome(await post(url)), outcome(await post(url))]).toEqual([200, 200]);
    expect(answers.length).toBe(1);
    await good.close();
  });

  test("the peer is judged again after connecting", async () => {
    const receiver = await startReceiver();
    const inner = createAddressGuard({ allow: ["loopback"], allowPlainHttp: true });
    let judged = 0;
    const { post } = open({
      guard: withChanges(inner, {
        checkAddress: (ip, host, port) => {
          judged += 1;
          return judged === 1 ? inner.checkAddress(ip, host, port) : inner.checkAddress("10.0.0.1", host, port);
        },
      }),
      resolver: async () => ["127.0.0.1"],
    });
    expect(outcome(await post(`http://hooks.example.com:${receiver.port}/`))).toBe("blocked_address");
    expect(judged).toBe(2);
    expect(receiver.arrivals).toEqual([]);
    await receiver.close();
  });
});

describe("a redirect to an address inside", () => {
  test.each([301, 302, 303, 307, 308])("%i is an answer, not an instruction", async (status) => {
    const location = `http://127.0.0.1:${canary.port}/`;
    const receiver = await startReceiver({ respond: () => ({ status, headers: { location } }) });
    const { post } = open({ allow: [`127.0.0.1:${receiver.port}`] });
    const before = canary.connections;
    expect(outcome(await post(receiver.url))).toBe(status);
    expect(canary.connections).toBe(before);
    expect(receiver.arrivals.length).toBe(1);
    await receiver.close();
  });
});
