// Signed requests that are nearly right: the caller sees one answer for all of them, the owner the precise reason.
import { createHmac, generateKeyPairSync, sign as signBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import { sign as githubSign } from "@octokit/webhooks-methods";
import { Webhook } from "standardwebhooks";
import { Stripe } from "stripe";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type Fixture, startFixture } from "../api/fixture.ts";
import { eventsOf, lines, makeSource, post, postChunked, refusalOf, requestsOf, type SourceRig, wire } from "./wire.ts";

let app: Fixture;
beforeAll(async () => {
  app = await startFixture();
  stopTheClock();
});
afterAll(async () => {
  vi.useRealTimers();
  await app.close();
});
/** Signatures are made for the second they are checked in: time passes only where a test says so. */
function stopTheClock(): void {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
}

const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const OTHER = `whsec_${Buffer.alloc(32, 8).toString("base64")}`;
const BODY = '{"type":"invoice.paid","big":12345678901234567890}';
const TEXT_SECRET = "a text that is shared";
const { webhooks: stripe } = new Stripe("sk_test_fixture");

interface Signed {
  id: string;
  timestamp: string;
  signature: string;
}
const seconds = () => Math.floor(Date.now() / 1000);
/** Headers as the official library signs them, with parts replaced afterwards. */
function standard(body: string, more: Partial<Signed> & { secret?: string; age?: number } = {}): string[] {
  const at = seconds() - (more.age ?? 0);
  const signature = new Webhook(more.secret ?? SECRET).sign("msg_1", new Date(at * 1000), body);
  return lines({
    "webhook-id": more.id ?? "msg_1",
    "webhook-timestamp": more.timestamp ?? String(at),
    "webhook-signature": more.signature ?? signature,
  });
}
/** The base64 of a right `v1` signature. */
const mac = (body = BODY) => standard(body).at(-1)!.slice("webhook-signature: v1,".length);
/** Our own signature of any bytes, where the library only takes text. */
function standardBytes(body: Uint8Array): string[] {
  const content = Buffer.concat([Buffer.from(`msg_1.${seconds()}.`), body]);
  const key = Buffer.from(SECRET.slice("whsec_".length), "base64");
  const signature = `v1,${createHmac("sha256", key).update(content).digest("base64")}`;
  return lines({ "webhook-id": "msg_1", "webhook-timestamp": String(seconds()), "webhook-signature": signature });
}
const standardSource = (more: object = {}) => makeSource(app, { provider: "standard-webhooks", secrets: [SECRET], ...more });

const REFUSAL = '{"type":"about:blank","title":"Unauthorized","status":401}';
async function expectRefused(source: SourceRig, headers: readonly string[], cause: string, reason: string, body = BODY): Promise<void> {
  const reply = await wire(app.port, post(source.path, headers, body));
  // Nothing that tells one reason from another: not the body, not a header.
  expect([reply.status, reply.body]).toEqual([401, REFUSAL]);
  expect(Object.keys(reply.headers).toSorted()).toEqual(["connection", "content-length", "content-type", "date", "keep-alive"]);
  const refusal = await refusalOf(app, source);
  expect([refusal.cause, refusal.message.split(":")[0]]).toEqual([cause, reason]);
  expect(await eventsOf(app, source)).toEqual([]);
}

describe.concurrent("standard-webhooks refuses", () => {
  test.each<[string, () => string[], string, string]>([
    ["a signature twice, a bad one first", () => ["webhook-signature: v1,AAAA", ...standard(BODY)], "duplicate_header", "duplicate_header"],
    [
      "a signature twice, a good one first",
      () => [...standard(BODY), "Webhook-Signature: v1,AAAA"],
      "duplicate_header",
      "duplicate_header",
    ],
    ["an id twice", () => ["webhook-id: msg_0", ...standard(BODY)], "duplicate_header", "duplicate_header"],
    ["a timestamp twice", () => ["webhook-timestamp: 1", ...standard(BODY)], "duplicate_header", "duplicate_header"],
    ["no headers", () => [], "missing_header", "missing_header"],
    ["no id", () => standard(BODY).slice(1), "missing_header", "missing_header"],
    ["an empty signature", () => standard(BODY, { signature: "" }), "missing_header", "missing_header"],
    ["a short signature", () => standard(BODY, { signature: "v1,AAAA" }), "bad_signature", "malformed_signature"],
    ["a signature of nothing", () => standard(BODY, { signature: "v1," }), "bad_signature", "malformed_signature"],
    ["a long signature", () => standard(BODY, { signature: `v1,${"A".repeat(88)}` }), "bad_signature", "malformed_signature"],
    ["what is no base64", () => standard(BODY, { signature: `v1,${"!".repeat(44)}` }), "bad_signature", "malformed_signature"],
    [
      "a space inside",
      () => standard(BODY, { signature: `v1,${mac().slice(0, 20)} ${mac().slice(20)}` }),
      "bad_signature",
      "malformed_signature",
    ],
    ["no padding", () => standard(BODY, { signature: `v1,${mac().replace("=", "")}` }), "bad_signature", "malformed_signature"],
    [
      "hex",
      () => standard(BODY, { signature: `v1,${Buffer.from(mac(), "base64").toString("hex")}` }),
      "bad_signature",
      "malformed_signature",
    ],
    ["v2 with a right v1 value", () => standard(BODY, { signature: `v2,${mac()}` }), "bad_signature", "unknown_signature_version"],
    ["v0 with a right v1 value", () => standard(BODY, { signature: `v0,${mac()}` }), "bad_signature", "unknown_signature_version"],
    ["v1a with an HMAC", () => standard(BODY, { signature: `v1a,${mac()}` }), "bad_signature", "unknown_signature_version"],
    ["V1 with a right v1 value", () => standard(BODY, { signature: `V1,${mac()}` }), "bad_signature", "unknown_signature_version"],
    ["the value without a version", () => standard(BODY, { signature: mac() }), "bad_signature", "unknown_signature_version"],
    ["another endpoint's secret", () => standard(BODY, { secret: OTHER }), "bad_signature", "signature_mismatch"],
    ["another id", () => standard(BODY, { id: "msg_2" }), "bad_signature", "signature_mismatch"],
    ["another timestamp", () => standard(BODY, { timestamp: String(seconds() - 1) }), "bad_signature", "signature_mismatch"],
    ["a timestamp with a leading zero", () => standard(BODY, { timestamp: `0${seconds()}` }), "bad_signature", "signature_mismatch"],
    ["the body with a line break", () => standard(`${BODY}\n`), "bad_signature", "signature_mismatch"],
    ["a re-serialised body", () => standard(JSON.stringify(JSON.parse(BODY))), "bad_signature", "signature_mismatch"],
    [
      "nine signatures, the last one right",
      () => standard(BODY, { signature: `${`v1,${"A".repeat(43)}= `.repeat(8)}v1,${mac()}` }),
      "bad_signature",
      "signature_mismatch",
    ],
  ])("%s", async (_, headers, cause, reason) => {
    await expectRefused(await standardSource(), headers(), cause, reason);
  });

  test.each(["NaN", "1e10", "0x65", "1700000000abc", "-1", "1700000000.5", "+1700000000", "１７０００００", "9".repeat(400), "Infinity"])(
    "the timestamp %j",
    async (timestamp) => {
      const bytes = Buffer.from(timestamp, "utf8").toString("latin1");
      await expectRefused(await standardSource(), standard(BODY, { timestamp: bytes }), "bad_signature", "malformed_timestamp");
    },
  );

  test("an empty timestamp, and one in milliseconds", async () => {
    await expectRefused(await standardSource(), standard(BODY, { timestamp: "" }), "missing_header", "missing_header");
    await expectRefused(await standardSource(), standard(BODY, { timestamp: String(Date.now()) }), "bad_signature", "malformed_timestamp");
  });

  test("v1 with the public key for a secret", async () => {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    const raw = publicKey.export({ format: "der", type: "spki" }).subarray(-32);
    const text = `whpk_${raw.toString("base64")}`;
    const content = Buffer.from(`msg_1.${seconds()}.${BODY}`);
    const forged = `v1,${createHmac("sha256", raw).update(content).digest("base64")}`;
    const source = await makeSource(app, { provider: "standard-webhooks", publicKey: text });
    await expectRefused(source, standard(BODY, { signature: forged }), "bad_signature", "unknown_signature_version");
    const right = `v1a,${signBytes(null, content, privateKey).toString("base64")}`;
    expect((await wire(app.port, post(source.path, standard(BODY, { signature: right }), BODY))).status).toBe(200);
  });
});

describe("timestamps", () => {
  test.each([
    [300, 200],
    [301, 401],
    [-300, 200],
    [-301, 401],
  ])("signed %i seconds ago are answered %i", async (age, status) => {
    const source = await standardSource();
    expect((await wire(app.port, post(source.path, standard(BODY, { age }), BODY))).status).toBe(status);
    expect(await eventsOf(app, source)).toHaveLength(status === 200 ? 1 : 0);
    if (status === 401) expect(await refusalOf(app, source)).toMatchObject({ cause: "stale_timestamp" });
  });
});

describe("a replay", () => {
  const send = async (source: SourceRig, headers: readonly string[]) => (await wire(app.port, post(source.path, headers, BODY))).status;

  test("of the same bytes, in another header order, and after a restart is one event", async () => {
    const source = await standardSource();
    const headers = standard(BODY);
    expect(await send(source, headers)).toBe(200);
    expect(await send(source, headers)).toBe(200);
    expect(await send(source, headers.toReversed())).toBe(200);
    vi.useRealTimers();
    await app.restart();
    stopTheClock();
    expect(await send(source, headers)).toBe(200);
    const events = await eventsOf(app, source);
    expect(events).toHaveLength(1);
    const duplicates = await requestsOf(app, source, 3, "&outcome=duplicate");
    expect(duplicates.map((request) => request.eventId)).toEqual(Array.from({ length: 3 }, () => events[0].id));
  });

  test("100 times at once is one event and 99 duplicates of it", async () => {
    const source = await standardSource();
    const headers = standard(BODY);
    const statuses = await Promise.all(Array.from({ length: 100 }, () => send(source, headers)));
    expect(statuses).toEqual(Array.from({ length: 100 }, () => 200));
    const [event, ...more] = await eventsOf(app, source);
    expect(more).toEqual([]);
    const duplicates = await requestsOf(app, source, 99, "&outcome=duplicate");
    expect(new Set(duplicates.map((request) => request.eventId))).toEqual(new Set([event.id]));
    expect(duplicates).toHaveLength(99);
  });

  test("to another source with the same secret is an event there", async () => {
    const [one, other] = [await standardSource(), await standardSource()];
    const headers = standard(BODY);
    expect([await send(one, headers), await send(other, headers)]).toEqual([200, 200]);
    expect([(await eventsOf(app, one)).length, (await eventsOf(app, other)).length]).toEqual([1, 1]);
  });
});

describe.concurrent("github", () => {
  const source = (more: object = {}) => makeSource(app, { provider: "github", secrets: [TEXT_SECRET], ...more });
  const signed = async (body: string, secret = TEXT_SECRET) => [
    `X-Hub-Signature-256: ${await githubSign(secret, body)}`,
    "X-GitHub-Event: push",
  ];

  test("takes what GitHub's library signs, once per delivery id, without a timestamp to rely on", async () => {
    const github = await source();
    const headers = [...(await signed(BODY)), "X-GitHub-Delivery: d-1"];
    for (let i = 0; i < 2; i += 1) expect((await wire(app.port, post(github.path, headers, BODY))).status).toBe(200);
    expect(await eventsOf(app, github)).toMatchObject([{ type: "push", providerEventId: "d-1" }]);
  });

  test("refuses the old SHA-1 header alone", async () => {
    const sha1 = createHmac("sha1", TEXT_SECRET).update(BODY).digest("hex");
    await expectRefused(await source(), [`X-Hub-Signature: sha1=${sha1}`], "missing_header", "missing_header");
    await expectRefused(await source(), [`X-Hub-Signature-256: sha1=${sha1}`], "bad_signature", "malformed_signature");
  });

  test("refuses another prefix, cut or padded hex, and another secret", async () => {
    const [header] = await signed(BODY);
    for (const bad of [
      header!.replace("sha256=", "SHA256="),
      header!.slice(0, -2),
      header!.slice(0, -1),
      `${header}zz`,
      header!.replace("sha256=", ""),
    ])
      await expectRefused(await source(), [bad], "bad_signature", "malformed_signature");
    await expectRefused(await source(), await signed(BODY, "another text"), "bad_signature", "signature_mismatch");
    await expectRefused(await source(), [header!, header!], "duplicate_header", "duplicate_header");
  });

  test("answers upper-case hex with 200 or 401, the same value never with 500", async () => {
    const [header] = await signed(BODY);
    const upper = `X-Hub-Signature-256: sha256=${header!.slice(header!.indexOf("=") + 1).toUpperCase()}`;
    expect([200, 401]).toContain((await wire(app.port, post((await source()).path, [upper], BODY))).status);
  });
});

describe.concurrent("stripe", () => {
  const source = () => makeSource(app, { provider: "stripe", secrets: ["whsec_of_stripe"] });
  const STRIPE_BODY = '{"id":"evt_1","type":"charge.succeeded"}';
  const header = (more: object = {}) => stripe.generateTestHeaderString({ payload: STRIPE_BODY, secret: "whsec_of_stripe", ...more });
  const parts = () => header().split(",") as [string, string];
  const BAD = `v1=${"0".repeat(64)}`;

  test.each<[string, () => string]>([
    ["as the library signs it", () => header()],
    ["a bad v1 before the good one", () => `${parts()[0]},${BAD},${parts()[1]}`],
    ["a bad v1 behind the good one", () => `${header()},${BAD}`],
    ["an unknown v9 and v0", () => `${header()},v9=abc,v0=${"0".repeat(64)}`],
    ["t behind v1", () => parts().toReversed().join(",")],
  ])("takes %s", async (_, signature) => {
    const s = await source();
    expect((await wire(app.port, post(s.path, [`Stripe-Signature: ${signature()}`], STRIPE_BODY))).status).toBe(200);
    expect(await eventsOf(app, s)).toMatchObject([{ type: "charge.succeeded", providerEventId: "evt_1" }]);
  });

  test.each<[string, () => string, string, string]>([
    ["t twice, the same", () => `${parts()[0]},${header()}`, "bad_signature", "malformed_signature"],
    ["t twice, another", () => `t=1,${header()}`, "bad_signature", "malformed_signature"],
    ["no t", () => parts()[1], "bad_signature", "malformed_timestamp"],
    ["only a bad v1", () => `${parts()[0]},${BAD}`, "bad_signature", "signature_mismatch"],
    ["only v0", () => header().replace("v1=", "v0="), "bad_signature", "unknown_signature_version"],
    ["a stale t", () => header({ timestamp: seconds() - 400 }), "stale_timestamp", "timestamp_too_old"],
    ["a t that is no number", () => header().replace(/t=\d+/, "t=NaN"), "bad_signature", "malformed_timestamp"],
  ])("refuses %s", async (_, signature, cause, reason) => {
    await expectRefused(await source(), [`Stripe-Signature: ${signature()}`], cause, reason, STRIPE_BODY);
  });

  test("answers spaces behind the commas with 200 or 401", async () => {
    const reply = await wire(app.port, post((await source()).path, [`Stripe-Signature: ${parts().join(", ")}`], STRIPE_BODY));
    expect([200, 401]).toContain(reply.status);
  });
});

describe("a rotation", () => {
  const send = async (source: SourceRig, secret: string) =>
    (await wire(app.port, post(source.path, standard(BODY, { secret }), BODY))).status;

  test("lets both secrets in until the old one expires", async () => {
    const expiresAt = new Date(Date.now() + 60_000).toISOString();
    const source = await standardSource({ secrets: [{ value: OTHER, expiresAt }, SECRET] });
    expect([await send(source, SECRET), await send(source, OTHER)]).toEqual([200, 200]);
    vi.setSystemTime(Date.now() + 59_999);
    expect(await send(source, OTHER)).toBe(200);
    vi.setSystemTime(Date.now() + 1);
    expect([await send(source, SECRET), await send(source, OTHER)]).toEqual([200, 401]);
    expect(await refusalOf(app, source)).toMatchObject({ cause: "bad_signature" });
  });

  test("by the API keeps the old secret for as long as was said", async () => {
    const source = await standardSource();
    const rotated = await app.post(`/v1/sources/${source.id}/rotate-secret`, { secret: OTHER, expireOldAfterSeconds: 60 });
    expect(rotated.status).toBe(200);
    expect([await send(source, SECRET), await send(source, OTHER)]).toEqual([200, 200]);
    vi.setSystemTime(Date.now() + 60_000);
    expect([await send(source, SECRET), await send(source, OTHER)]).toEqual([401, 200]);
  });

  test("with every secret expired lets nobody in, and says why", async () => {
    const expiresAt = new Date(Date.now() + 1000).toISOString();
    const source = await standardSource({ secrets: [{ value: SECRET, expiresAt }] });
    vi.setSystemTime(Date.now() + 2000);
    await expectRefused(source, standard(BODY), "bad_signature", "no_secret");
  });
});

describe("the bytes that were signed are the bytes on the wire", () => {
  const bytesOf = async (source: SourceRig) => {
    const [event] = await eventsOf(app, source);
    const { body, bodyEncoding } = (await app.get(`/v1/events/${event.id}`)).body;
    return Buffer.from(body, bodyEncoding);
  };
  const binary = Buffer.from(Array.from({ length: 512 }, (_, i) => i % 256));

  test.each<[string, Buffer]>([
    ["gzip, which stays packed", gzipSync(BODY)],
    ["every byte there is, invalid as UTF-8", binary],
    ["a byte order mark", Buffer.from(`\ufeff${BODY}`)],
    ["nothing at all", Buffer.alloc(0)],
    ["JSON that a parser would change", Buffer.from('{"a":1.0,"a":-0,"b":1e999, "c":12345678901234567890}')],
  ])("%s", async (_, body) => {
    const headers = [
      "Content-Encoding: gzip",
      `X-Hub-Signature-256: sha256=${createHmac("sha256", TEXT_SECRET).update(body).digest("hex")}`,
    ];
    const github = await makeSource(app, { provider: "github", secrets: [TEXT_SECRET] });
    expect((await wire(app.port, post(github.path, headers, body))).status).toBe(200);
    expect(await bytesOf(github)).toEqual(body);
    const source = await standardSource();
    expect((await wire(app.port, postChunked(source.path, standardBytes(body), body, 7))).status).toBe(200);
    expect(await bytesOf(source)).toEqual(body);
  });

  test("a signature over what the gzip unpacks to is wrong", async () => {
    const source = await standardSource();
    const reply = await wire(app.port, post(source.path, ["Content-Encoding: gzip", ...standard(BODY)], gzipSync(BODY)));
    expect(reply.status).toBe(401);
  });
});

describe("10 MiB", () => {
  const LIMIT = 10 * 1024 ** 2;
  const full = Buffer.alloc(LIMIT + 1, "x");

  test.each(["content-length", "chunked"])("are taken whole with %s", async (framing) => {
    const source = await standardSource();
    const body = full.subarray(0, LIMIT);
    const headers = standardBytes(body);
    const bytes = framing === "chunked" ? postChunked(source.path, headers, body, 65_536) : post(source.path, headers, body);
    expect((await wire(app.port, bytes)).status).toBe(200);
    const [event] = await eventsOf(app, source);
    expect(event.bodyBytes).toBe(LIMIT);
    expect(Buffer.from((await app.get(`/v1/events/${event.id}/body`)).text).equals(body)).toBe(true);
  });

  test.each(["content-length", "chunked"])("and one byte are refused with %s, and the answer is not lost to a reset", async (framing) => {
    const source = await standardSource();
    const headers = standardBytes(full);
    const bytes = framing === "chunked" ? postChunked(source.path, headers, full, 65_536) : post(source.path, headers, full);
    const reply = await wire(app.port, bytes, "end");
    expect([reply.status, reply.headers["connection"], reply.error]).toEqual([413, "close", null]);
    expect(await refusalOf(app, source)).toMatchObject({ cause: "too_large" });
    expect(await eventsOf(app, source)).toEqual([]);
  });
});
