// The first step: what comes in, what is refused and why, and what is kept of either.
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Webhook } from "standardwebhooks";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import type { Source } from "../../src/core/source.ts";
import { StoreUnavailableError } from "../../src/store/store.ts";
import { createTestFlow, type TestFlow, type TestFlowOptions } from "../kit/flow.ts";
import { allPages } from "../kit/store.ts";

let t: TestFlow;
const setup = async (options: TestFlowOptions = {}) => (t = await createTestFlow(options));
// Opening a store costs a tenth of a second: rows of a table whose tests do not disturb each other share one.
let kept: TestFlow | null = null;
const share = async () => (t = kept ??= await createTestFlow());
afterEach(() => (t === kept ? undefined : t.dispose()));
afterAll(() => kept?.dispose());

const SECRET = "it's a secret to everybody";
const BODY = '{"action":"opened"}';
const github = (body = BODY, secret = SECRET) => [
  "X-Hub-Signature-256",
  `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`,
  "X-GitHub-Event",
  "issues",
  "X-GitHub-Delivery",
  "d-1",
];
const GITHUB = { provider: "github", secrets: [{ value: SECRET, expiresAt: null }] };
const requests = (query = {}) => allPages(t.store.requests, query);

/** Refused requests gather for a moment before they are recorded. */
async function rejections() {
  await t.clock.advance(200);
  return requests({ outcome: "rejected" });
}

describe("a request that passes", () => {
  it("is committed before it is answered, with what its provider says of it", async () => {
    await setup();
    const source = await t.addSource({ ...GITHUB, keyFrom: "json:action" });
    const answer = await t.post(source, { headers: github(), body: BODY });
    expect(answer).toMatchObject({ kind: "accepted", duplicate: false });
    const [event] = await allPages(t.store.events, {});
    expect(event).toMatchObject({ type: "issues", providerEventId: "d-1", key: "opened", sourceId: source.id });
    expect(answer.kind === "accepted" && answer.eventId).toBe(event!.id);
  });

  it("without a type of its own is of type unknown", async () => {
    await setup();
    await t.post(await t.addSource(), { body: "not json" });
    expect((await allPages(t.store.events, {}))[0]).toMatchObject({ type: "unknown", key: null });
  });

  it("is not acknowledged when the store cannot commit, whatever the reason", async () => {
    await setup();
    const source = await t.addSource();
    t.watched.fail("accept", new StoreUnavailableError("full"), 1);
    expect(await t.post(source)).toEqual({ kind: "rejected", cause: "store_unavailable" });
    t.watched.fail("accept", new Error("anything"), 1);
    expect(await t.post(source)).toEqual({ kind: "rejected", cause: "store_unavailable" });
    expect(await allPages(t.store.events, {})).toEqual([]);
    expect(await t.post(source)).toMatchObject({ kind: "accepted" });
  });

  it("a second time is answered like the first, kept as a duplicate, and delivered once", async () => {
    await setup();
    await t.addReceiver();
    const source = await t.addSource({ ...GITHUB, dedupe: { by: "providerEventId", windowMs: 60_000 } });
    const [first, second] = [
      await t.post(source, { headers: github(), body: BODY }),
      await t.post(source, { headers: github(), body: BODY }),
    ];
    if (first.kind !== "accepted") throw new Error("not accepted");
    expect(second).toEqual({ ...first, duplicate: true });
    await t.rest();
    expect(t.transport.sent).toHaveLength(1);
    expect(await requests({ outcome: "duplicate" })).toMatchObject([{ eventId: first.eventId, sourceId: source.id }]);
  });

  it("with the id of another source's event is an event of its own", async () => {
    await setup();
    const dedupe = { by: "providerEventId" as const, windowMs: 60_000 };
    const sources = [await t.addSource({ ...GITHUB, dedupe }), await t.addSource({ ...GITHUB, dedupe })];
    for (const source of sources) expect(await t.post(source, { headers: github(), body: BODY })).toMatchObject({ duplicate: false });
  });

  it.each<[string, Source["dedupe"], Parameters<TestFlow["post"]>[1], Parameters<TestFlow["post"]>[1], boolean]>([
    [
      "a header",
      { by: "header", name: "X-Id", windowMs: 1000 },
      { headers: ["x-id", "1"], body: "a" },
      { headers: ["X-ID", "1"], body: "b" },
      true,
    ],
    ["another header", { by: "header", name: "X-Id", windowMs: 1000 }, { headers: ["x-id", "1"] }, { headers: ["X-ID", "2"] }, false],
    ["an absent header", { by: "header", name: "X-Id", windowMs: 1000 }, {}, {}, false],
    [
      "a JSON path",
      { by: "jsonPath", path: "data.id", windowMs: 1000 },
      { body: '{"data":{"id":7}}' },
      { body: '{"x":1,"data":{"id":7}}' },
      true,
    ],
    [
      "a large number",
      { by: "jsonPath", path: "id", windowMs: 1000 },
      { body: '{"id":9007199254740993}' },
      { body: '{"id":9007199254740992}' },
      false,
    ],
    ["the body", { by: "body", windowMs: 1000 }, { body: "same", headers: ["a", "1"] }, { body: "same", headers: ["a", "2"] }, true],
    ["another body", { by: "body", windowMs: 1000 }, { body: "same" }, { body: "same " }, false],
  ])("is recognised by %s as its rule says", async (_, dedupe, first, second, duplicate) => {
    await share();
    const source = await t.addSource({ dedupe });
    expect(await t.post(source, first)).toMatchObject({ duplicate: false });
    expect(await t.post(source, second)).toMatchObject({ duplicate });
  });
});

describe("a request that is refused", () => {
  it.each<[string, Partial<Source>, Parameters<TestFlow["post"]>[1], string]>([
    ["source_disabled", { enabled: false }, {}, "disabled"],
    ["ip_not_allowed", { allowedIps: ["10.0.0.0/8"] }, {}, "192.0.2.1 is in none of the ranges"],
    ["method_not_allowed", {}, { method: "DELETE" }, "DELETE is not among POST, PUT, GET"],
    ["content_type_not_allowed", { allowedContentTypes: ["text/xml"] }, {}, "application/json is not among text/xml"],
    ["too_large", { bodyBytesMax: 10 }, { body: "01234567890" }, "11 bytes; the source takes 10"],
    ["bad_signature", GITHUB, { headers: github(`${BODY} `), body: BODY }, "signature_mismatch"],
    ["missing_header", GITHUB, { body: BODY }, "missing_header"],
    ["duplicate_header", GITHUB, { headers: [...github(), ...github()], body: BODY }, "more than once"],
    [
      "wrong_credentials",
      { provider: "token", secrets: [{ value: "long enough", expiresAt: null }] },
      { headers: ["authorization", "Bearer x"] },
      "wrong_token",
    ],
  ])("for %s is recorded with the precise reason and makes no event", async (cause, source, request, reason) => {
    await setup();
    const { id } = await t.addSource(source);
    const live = t.catalog.liveSource(id)!.source;
    expect(await t.post(live, request)).toEqual({ kind: "rejected", cause });
    const [kept] = await rejections();
    expect(kept).toMatchObject({ cause, outcome: "rejected", sourceId: id, eventId: null });
    expect(kept!.message).toContain(reason);
    expect(await allPages(t.store.events, {})).toEqual([]);
  });

  it("for a stale timestamp says so", async () => {
    await setup();
    const secret = `whsec_${Buffer.alloc(32, 1).toString("base64")}`;
    const source = await t.addSource({ provider: "standard-webhooks", secrets: [{ value: secret, expiresAt: null }] });
    const flat = (nowMs: number) => {
      const signature = new Webhook(secret).sign("msg_1", new Date(nowMs), BODY);
      return ["webhook-id", "msg_1", "webhook-timestamp", String(Math.floor(nowMs / 1000)), "webhook-signature", signature];
    };
    expect(await t.post(source, { headers: flat(t.clock.now()), body: BODY })).toMatchObject({ kind: "accepted" });
    expect(await t.post(source, { headers: flat(t.clock.now() - 301_000), body: BODY })).toEqual({
      kind: "rejected",
      cause: "stale_timestamp",
    });
    expect(await t.post(source, { headers: flat(t.clock.now() + 302_000), body: BODY })).toEqual({
      kind: "rejected",
      cause: "stale_timestamp",
    });
  });

  it("for an unknown source is recorded without one", async () => {
    await setup();
    const source = await t.addSource();
    expect(await t.post({ ...source, token: "guessed" })).toEqual({ kind: "rejected", cause: "unknown_source" });
    expect(await rejections()).toMatchObject([{ cause: "unknown_source", sourceId: null }]);
  });

  it("for its rate is told when to come back, and let in then", async () => {
    await setup();
    const source = await t.addSource({ rateLimit: { perSecond: 1, burst: 2 } });
    const arrival = {
      token: source.token,
      method: "POST",
      pathTail: "",
      query: "",
      headers: [],
      remoteAddress: "192.0.2.1",
      contentType: undefined,
      contentLength: 0,
    };
    const admit = () => t.running.acceptor.admit(arrival);
    expect([admit().ok, admit().ok]).toEqual([true, true]);
    expect(admit()).toEqual({ ok: false, cause: "rate_limited", retryAfterSeconds: 1 });
    await t.clock.advance(1000);
    expect(admit().ok).toBe(true);
  });

  it("keeps at most 16 KiB of its body and the true size", async () => {
    await setup();
    const source = await t.addSource(GITHUB);
    await t.post(source, { body: Buffer.alloc(100_000, "x") });
    const [head] = await rejections();
    expect(head!.bodyBytes).toBe(100_000);
    expect((await t.store.request(head!.id))!.request.body.byteLength).toBe(16 * 1024);
  });

  it("in a flood is sampled per source and counted, and other sources keep their records", async () => {
    await setup({ requestsKeptMax: 100 });
    const [flooded, quiet] = [await t.addSource({ enabled: false }), await t.addSource({ enabled: false })];
    for (let second = 0; second < 5; second += 1) {
      for (let i = 0; i < 1000; i += 1) await t.post(flooded);
      await t.clock.advance(1000);
    }
    await t.post(quiet);
    const kept = await rejections();
    expect(kept.filter((request) => request.sourceId === quiet.id)).toHaveLength(1);
    expect(kept.length).toBeLessThanOrEqual(125);
    // A burst of 100, then 20 a second.
    expect(t.running.suppressedRejections()).toBe(5000 - (100 + 4 * 20));
  });

  it("is still refused when its record cannot be kept", async () => {
    await setup();
    const source = await t.addSource({ enabled: false });
    t.watched.fail("recordRequests", new Error("scripted"), 1);
    expect(await t.post(source)).toMatchObject({ kind: "rejected" });
    expect(await rejections()).toEqual([]);
    expect(t.running.suppressedRejections()).toBe(1);
    await t.post(source);
    expect(await rejections()).toHaveLength(1);
  });
});

describe("a credential beside the signature", () => {
  const bearer = (required: boolean) => ({ auth: { kind: "bearer" as const, token: "tok", required } });
  const good = ["Authorization", "Bearer tok"];
  it.each<[string, Partial<Source>, string[], string]>([
    ["required: both are right", { ...GITHUB, ...bearer(true) }, [...good, ...github()], "accepted"],
    ["required: the signature alone is not enough", { ...GITHUB, ...bearer(true) }, github(), "missing_header"],
    ["required: the credential alone is not enough", { ...GITHUB, ...bearer(true) }, good, "missing_header"],
    ["required: a wrong one is refused", { ...GITHUB, ...bearer(true) }, ["authorization", "Bearer x", ...github()], "wrong_credentials"],
    ["alternative: the credential alone is enough", { ...GITHUB, ...bearer(false) }, good, "accepted"],
    ["alternative: the signature alone is enough", { ...GITHUB, ...bearer(false) }, github(), "accepted"],
    ["alternative: neither is refused", { ...GITHUB, ...bearer(false) }, [], "missing_header"],
    [
      "alternative: a wrong credential is refused even with a right signature",
      { ...GITHUB, ...bearer(false) },
      ["authorization", "Bearer x", ...github()],
      "wrong_credentials",
    ],
    ["alternative without a signature: the credential is enough", bearer(false), good, "accepted"],
    ["alternative without a signature: nothing is refused", bearer(false), [], "missing_header"],
    ["twice is refused", bearer(true), [...good, ...good], "duplicate_header"],
  ])("%s", async (_, source, headers, expected) => {
    await share();
    const answer = await t.post(await t.addSource(source), { headers, body: BODY });
    expect(answer.kind === "rejected" ? answer.cause : answer.kind).toBe(expected);
  });

  it("is neither stored, nor forwarded, nor in the record of a refusal", async () => {
    await setup();
    await t.addReceiver({ forwardQuery: true });
    const byHeader = await t.addSource({ ...bearer(true) });
    const byQuery = await t.addSource({
      provider: "token",
      params: { query: "key" },
      secrets: [{ value: "s3cr3t-query", expiresAt: null }],
    });
    await t.post(byHeader, { headers: ["X-Keep", "1", "AUTHORIZATION", "Bearer tok"] });
    await t.post(byQuery, { headers: ["X-Keep", "2"], query: "a=1&key=s3cr3t-query&b=" });
    await t.post(byHeader, { headers: ["Authorization", "Bearer tok-but-wrong"] });
    await t.rest();
    const events = await allPages(t.store.events, { ascending: true });
    expect(events.map((event) => [event.request.headers, event.request.query])).toEqual([
      [["X-Keep", "1", "AUTHORIZATION", "***"], ""],
      [["X-Keep", "2"], "a=1&key=***&b="],
    ]);
    expect(t.transport.sent.map((sent) => sent.header("authorization"))).toEqual([undefined, undefined]);
    expect(t.transport.sent.map((sent) => sent.header("x-keep"))).toEqual(["1", "2"]);
    expect((await rejections())[0]!.request.headers).toEqual(["Authorization", "***"]);
    await t.store.close();
    const disk = ["posthorn.db", "posthorn.db-wal"].map((name) => readIfThere(join(t.directory, name))).join("");
    expect(disk).toContain("X-Keep");
    for (const secret of ["Bearer tok", "s3cr3t-query"]) expect(disk).not.toContain(secret);
  });
});

describe("secrets of a source", () => {
  it("verify until they expire, side by side during a rotation", async () => {
    await setup();
    const expiresAt = t.clock.now() + 1000;
    const source = await t.addSource({
      provider: "github",
      secrets: [
        { value: "old-secret", expiresAt },
        { value: "new-secret", expiresAt: null },
      ],
    });
    const kind = async (secret: string) => (await t.post(source, { headers: github(BODY, secret), body: BODY })).kind;
    expect([await kind("old-secret"), await kind("new-secret")]).toEqual(["accepted", "accepted"]);
    await t.clock.advance(1000);
    expect([await kind("old-secret"), await kind("new-secret")]).toEqual(["rejected", "accepted"]);
  });
});

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
