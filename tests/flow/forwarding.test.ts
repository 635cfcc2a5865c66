// What a receiver gets, over real sockets: the bytes as they came, the destination's credentials, and signatures others verify.
import { createHmac, createPublicKey, verify } from "node:crypto";
import { generateKeyPair, generateSecret } from "@posthorn/sdk";
import { Webhook } from "standardwebhooks";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Destination } from "../../src/core/destination.ts";
import { createAddressGuard } from "../../src/outbound/address-guard.ts";
import { createHttpTransport } from "../../src/outbound/http.ts";
import type { Transport } from "../../src/outbound/transport.ts";
import { systemClock } from "../../src/system/clock.ts";
import { createTestFlow, type TestFlow } from "../kit/flow.ts";
import { type Arrival, type Receiver, startReceiver } from "../kit/receiver.ts";

let t: TestFlow;
let receiver: Receiver;
let transport: Transport;

beforeEach(async () => {
  receiver = await startReceiver();
  const guard = createAddressGuard({ allow: ["loopback"], allowPlainHttp: true });
  transport = createHttpTransport({ guard, clock: systemClock });
  // Signatures carry the time, and the official library compares it with the real one.
  t = await createTestFlow({ transport, startMs: systemClock.now() });
});
afterEach(async () => {
  await t.dispose();
  await transport.close();
  await receiver.close();
});

/** The one arrival at a destination with these properties, of an event posted to a source that takes everything. */
async function forwarded(
  destination: Partial<Destination>,
  request: Parameters<TestFlow["post"]>[1] = {},
  path = "/hook",
): Promise<Arrival> {
  const source = await t.addSource();
  await t.addReceiver({ url: `${receiver.url}${path}`, ...destination });
  expect(await t.post(source, request)).toMatchObject({ kind: "accepted" });
  await t.rest();
  expect(receiver.arrivals).toHaveLength(1);
  return receiver.arrivals[0]!;
}

/** Header pairs under their lower-case names, without those every request has. */
function pairs(arrival: Arrival): [string, string][] {
  const common = new Set([
    "host",
    "connection",
    "content-length",
    "user-agent",
    "accept-encoding",
    "posthorn-event-id",
    "posthorn-event-type",
    "posthorn-attempt",
    "posthorn-hops",
  ]);
  const all = arrival.rawHeaders.flatMap((name, i): [string, string][] =>
    i % 2 === 0 ? [[name.toLowerCase(), arrival.rawHeaders[i + 1]!]] : [],
  );
  return all.filter(([name]) => !common.has(name));
}

describe("the bytes", () => {
  it.each<[string, Uint8Array]>([
    ["every byte value", Uint8Array.from({ length: 256 }, (_, i) => i)],
    ["no bytes", new Uint8Array(0)],
    ["JSON that a parser would change", Buffer.from('{"a":1.0,"b":1e400,"a":"\\u00e9",  "n":12345678901234567890}\n')],
    ["2 MiB", Buffer.alloc(2 * 1024 ** 2, "\u00ff\u0000")],
  ])("of a body with %s arrive unchanged", async (_, body) => {
    const arrival = await forwarded({}, { body });
    expect(Buffer.compare(arrival.body, body)).toBe(0);
  });

  it("headers go along in order with duplicates, less the ones of the connection", async () => {
    const headers = [
      "X-One",
      "1",
      "Content-Type",
      'text/weird; q="a b"',
      "x-two",
      "a",
      "X-Two",
      "b",
      "Host",
      "in.example",
      "Connection",
      "keep-alive",
      "Accept-Encoding",
      "br",
      "Transfer-Encoding",
      "chunked",
      "Content-Length",
      "2",
      "X-Empty",
      "",
      "Proxy-Anything",
      "1",
      "HTTP2-Settings",
      "AAMAAABkAAQAAP__",
      "Cookie",
      "session=1",
      "Metadata-Flavor",
      "Google",
      "X-Aws-Ec2-Metadata-Token",
      "1",
    ];
    const arrival = await forwarded({}, { headers });
    expect(pairs(arrival)).toEqual([
      ["x-one", "1"],
      ["content-type", 'text/weird; q="a b"'],
      ["x-two", "a"],
      ["x-two", "b"],
      ["x-empty", ""],
    ]);
    expect(arrival.header("host")).toBe(`127.0.0.1:${receiver.port}`);
    expect(arrival.header("accept-encoding")).toBe("identity");
  });

  it("without header forwarding only what describes the body goes along", async () => {
    const arrival = await forwarded(
      { forwardHeaders: false },
      { headers: ["X-One", "1", "Content-Type", "text/plain", "Content-Encoding", "x-odd"] },
    );
    expect(pairs(arrival)).toEqual([
      ["content-type", "text/plain"],
      ["content-encoding", "x-odd"],
    ]);
  });

  it("a header of the destination replaces the one that came", async () => {
    const arrival = await forwarded({ headers: { "X-Team": "blue" } }, { headers: ["x-team", "red", "X-TEAM", "green"] });
    expect(pairs(arrival)).toEqual([["x-team", "blue"]]);
  });

  it.each<[string, Partial<Destination>, string, string]>([
    ["neither by default", {}, "/hook", "/hook"],
    ["the path tail verbatim", { forwardPath: true }, "/hook", "/hook/a%2Fb/c%20d"],
    ["the path tail behind a trailing slash", { forwardPath: true }, "/hook/", "/hook/a%2Fb/c%20d"],
    ["the raw query", { forwardQuery: true }, "/hook", "/hook?x=%31&y=&x=2"],
    ["the query behind the destination's own", { forwardQuery: true }, "/hook?own=1", "/hook?own=1&x=%31&y=&x=2"],
    ["both", { forwardPath: true, forwardQuery: true }, "/hook?own=1", "/hook/a%2Fb/c%20d?own=1&x=%31&y=&x=2"],
  ])("path and query: %s", async (_, destination, path, expected) => {
    const arrival = await forwarded(destination, { pathTail: "/a%2Fb/c%20d", query: "x=%31&y=&x=2" }, path);
    expect(arrival.url).toBe(expected);
  });

  it.each([
    [null, "PUT"],
    ["PATCH", "PATCH"],
  ])("the method set to %s is sent as %s", async (method, expected) => {
    expect((await forwarded({ method }, { method: "PUT" })).method).toBe(expected);
  });

  it("every request names its event, the type and the attempt", async () => {
    const arrival = await forwarded({}, { body: '{"type":"caf\\u00e9.paid\\u0007"}' });
    const [event] = (await t.store.events({ limit: 1, cursor: null, since: null, until: null })).data;
    expect(arrival.header("posthorn-event-id")).toBe(event!.id);
    expect(arrival.header("posthorn-event-type")).toBe("caf?.paid?");
    expect(arrival.header("posthorn-attempt")).toBe("1");
  });
});

describe("credentials of the destination", () => {
  it.each<[string, Partial<Destination>, [string, string]]>([
    [
      "basic",
      { auth: { kind: "basic", username: "us", password: "p:\u00e9" } },
      ["authorization", `Basic ${Buffer.from("us:p:\u00e9").toString("base64")}`],
    ],
    ["bearer", { auth: { kind: "bearer", token: "t0ken" } }, ["authorization", "Bearer t0ken"]],
    ["api key", { auth: { kind: "apiKey", header: "X-Api-Key", value: "k3y" } }, ["x-api-key", "k3y"]],
    ["a static header", { headers: { "X-Partner": "s3cret" } }, ["x-partner", "s3cret"]],
  ])("%s is sent in place of what came in, and masked in the attempt's record", async (_, destination, [name, value]) => {
    const arrival = await forwarded(destination, { headers: [name, "from outside"] });
    expect(pairs(arrival)).toEqual([[name, value]]);
    const [delivery] = await t.deliveries();
    const [attempt] = await t.attempts(delivery!.id);
    const at = attempt!.request.headers.indexOf(name);
    expect(attempt!.request.headers[at + 1]).toBe("***");
    expect(JSON.stringify(attempt)).not.toContain(value);
    expect(attempt!.request).toMatchObject({ method: "POST", url: `${receiver.url}/hook` });
  });
});

describe("signatures", () => {
  const body = '{"amount": 1.00, "name": "J\u00f6rg"}';

  it("Standard Webhooks v1 verifies with the official library, over the exact bytes, under the event's id", async () => {
    const secret = generateSecret();
    const arrival = await forwarded({ signature: { kind: "standard-webhooks", secrets: [secret] } }, { body });
    const id = arrival.header("webhook-id")!;
    expect(await t.store.event(id)).not.toBeNull();
    const headers = {
      "webhook-id": id,
      "webhook-timestamp": arrival.header("webhook-timestamp")!,
      "webhook-signature": arrival.header("webhook-signature")!,
    };
    expect(new Webhook(secret).verify(arrival.body, headers)).toEqual({ amount: 1, name: "J\u00f6rg" });
    expect(() => new Webhook(secret).verify(`${arrival.body.toString()} `, headers)).toThrow();
    expect(() => new Webhook(generateSecret()).verify(arrival.body, headers)).toThrow();
  });

  it("during a rotation verifies with either secret", async () => {
    const secrets = [generateSecret(), generateSecret()];
    const arrival = await forwarded({ signature: { kind: "standard-webhooks", secrets } }, { body });
    const headers = Object.fromEntries(
      ["webhook-id", "webhook-timestamp", "webhook-signature"].map((name) => [name, arrival.header(name)!]),
    );
    for (const secret of secrets) expect(() => new Webhook(secret).verify(arrival.body, headers)).not.toThrow();
  });

  it("v1a verifies with the public key alone", async () => {
    const { privateKey, publicKey } = await generateKeyPair();
    const arrival = await forwarded({ signature: { kind: "standard-webhooks", secrets: [privateKey] } }, { body });
    const signature = /^v1a,(.+)$/.exec(arrival.header("webhook-signature")!)![1]!;
    const raw = Buffer.from(publicKey.replace("whpk_", ""), "base64");
    const key = createPublicKey({ key: Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), raw]), format: "der", type: "spki" });
    const content = Buffer.concat([Buffer.from(`${arrival.header("webhook-id")}.${arrival.header("webhook-timestamp")}.`), arrival.body]);
    expect(verify(null, content, key, Buffer.from(signature, "base64"))).toBe(true);
  });

  it("a custom HMAC is what its template says", async () => {
    const signature = {
      kind: "hmac" as const,
      algorithm: "sha512" as const,
      header: "X-Acme-Signature",
      prefix: "v=",
      encoding: "base64" as const,
      content: "{ts}|{body}",
      timestampHeader: "X-Acme-Time",
      secret: "between us",
    };
    const arrival = await forwarded({ signature }, { body });
    const content = Buffer.concat([Buffer.from(`${arrival.header("x-acme-time")}|`), arrival.body]);
    expect(arrival.header("x-acme-signature")).toBe(`v=${createHmac("sha512", "between us").update(content).digest("base64")}`);
    expect(Math.abs(Number(arrival.header("x-acme-time")) * 1000 - systemClock.now())).toBeLessThan(60_000);
  });

  it("of the sender are not passed off as ours: the three headers stand alone", async () => {
    const secret = generateSecret();
    const foreign = ["webhook-id", "evt_foreign", "Webhook-Signature", "v1,AAAA", "WEBHOOK-TIMESTAMP", "1"];
    const arrival = await forwarded({ signature: { kind: "standard-webhooks", secrets: [secret] } }, { headers: foreign, body });
    const names = pairs(arrival).map(([name]) => name);
    expect(names.toSorted()).toEqual(["webhook-id", "webhook-signature", "webhook-timestamp"]);
    expect(arrival.header("webhook-id")).toMatch(/^evt_0/);
  });

  it("a retry carries the same id and a fresh time", async () => {
    await receiver.close();
    receiver = await startReceiver({ respond: (_, n) => ({ status: n === 1 ? 500 : 200 }) });
    await t.addReceiver({
      url: receiver.url,
      signature: { kind: "standard-webhooks", secrets: [generateSecret()] },
      retry: { scheduleMs: [0, 30_000], jitter: 0 },
    });
    await t.publish();
    await t.clock.advanceUntil(() => receiver.arrivals.length === 2, { stepMs: 1000, limitMs: 60_000 });
    const [first, second] = receiver.arrivals;
    expect(second!.header("webhook-id")).toBe(first!.header("webhook-id"));
    expect(Number(second!.header("webhook-timestamp")) - Number(first!.header("webhook-timestamp"))).toBeGreaterThanOrEqual(29);
    expect(second!.header("posthorn-attempt")).toBe("2");
  });
});
