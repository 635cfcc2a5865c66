// Vendors test the endpoint: every pair of the vectors through the real flow, and what a handshake lets happen.
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { sign } from "@posthorn/sdk";
import { afterEach, describe, expect, it } from "vitest";
import type { Source } from "../../src/core/source.ts";
import type { AcceptAnswer } from "../../src/flow/accept.ts";
import type { TailEntry } from "../../src/flow/tail.ts";
import { createTestFlow, type TestFlow, type TestFlowOptions } from "../kit/flow.ts";
import { allPages } from "../kit/store.ts";

let t: TestFlow;
const setup = async (options: TestFlowOptions = {}) => (t = await createTestFlow(options));
afterEach(() => t.dispose());

interface Expected {
  headers?: Record<string, string>;
  body?: string;
  json?: unknown;
}

interface Pair {
  id: string;
  provider: string;
  request: { method: string; url: string; headers?: Record<string, string>; body?: string; bodyRef?: string };
  secret?: string;
  publicKey?: string;
  params?: Record<string, string>;
  response: Expected & { status: number; anyOf?: Expected[] };
}

interface SnsVector {
  id: string;
  body: string;
  headers: Record<string, string>;
  publicKey: string;
}

const read = (name: string): unknown => JSON.parse(readFileSync(new URL(`../../sdk/vectors/${name}.json`, import.meta.url), "utf8"));
const pairs = (read("_handshakes") as Pair[]).filter(({ request }) => request.bodyRef === undefined);
const sns = (read("aws-sns") as SnsVector[]).find(({ id }) => id === "sns-subscription-confirmation-v2")!;
const snsMessage = JSON.parse(sns.body) as { TopicArn: string; SubscribeURL: string; SigningCertURL: string };
const SIGNED_AT = 1_760_000_000_000;

const secretsOf = (secret: string | undefined): Source["secrets"] => (secret === undefined ? [] : [{ value: secret, expiresAt: null }]);
const flat = (headers: Record<string, string> = {}): string[] => Object.entries(headers).flat();
const queryOf = (url: string): string => new URL(url).search.slice(1);

function shown(answer: AcceptAnswer): { status: number; headers: Record<string, string>; body: string } {
  if (answer.kind !== "handshake") throw new Error(`no handshake but ${JSON.stringify(answer)}`);
  const { status, headers, body } = answer.response;
  return { status, body, headers: Object.fromEntries(headers.flatMap((name, i) => (i % 2 === 0 ? [[name, headers[i + 1]!]] : []))) };
}

/** Steps for an answer that waits for something in test time. */
async function during(answer: Promise<AcceptAnswer>): Promise<AcceptAnswer> {
  let done = false;
  void answer.then(() => (done = true));
  await t.clock.advanceUntil(() => done);
  return answer;
}

async function records(outcome: "handshake" | "rejected") {
  await t.clock.advance(200);
  return allPages(t.store.requests, { outcome });
}

describe("every handshake of the vectors is answered as the vendor expects", () => {
  it.each(pairs)("$id", async ({ provider, request, secret, publicKey, params, response }) => {
    await setup({ startMs: SIGNED_AT });
    // These providers need a secret although their test of the endpoint does not use it; any will do.
    const stand = ["notion"].includes(provider) ? undefined : (secret ?? (publicKey === undefined ? "a-secret-of-this-test" : undefined));
    const source = await t.addSource({
      provider,
      secrets: provider === "salesforce" || provider === "none" ? [] : secretsOf(stand),
      publicKey: publicKey ?? null,
      params: paramsFor(provider, params),
    });
    const { method, url, headers, body } = request;
    const answer = shown(await t.post(source, { method, query: queryOf(url), headers: flat(headers), body: body ?? "" }));
    const wanted = response.anyOf ?? [response];
    expect(answer.status).toBe(response.status);
    expect(wanted.some((each) => fits(answer, each))).toBe(true);
    expect(await allPages(t.store.events, {})).toEqual([]);
    expect((await records("handshake")).length).toBe(1);
  });

  function paramsFor(provider: string, params: Record<string, string> = {}): Record<string, string> {
    return provider === "mandrill" ? { url: "https://hooks.example.test/in/mandrill", ...params } : params;
  }

  function fits(answer: ReturnType<typeof shown>, { headers = {}, body, json }: Expected): boolean {
    const same = Object.entries(headers).every(([name, value]) => answer.headers[name]?.split(";")[0] === value);
    const rightJson = json === undefined || JSON.stringify(sorted(JSON.parse(answer.body))) === JSON.stringify(sorted(json));
    return same && rightJson && (body === undefined || answer.body === body);
  }

  function sorted(value: unknown): unknown {
    return Object.fromEntries(Object.entries(value as object).toSorted(([a], [b]) => a.localeCompare(b)));
  }
});

describe("a handshake", () => {
  const meta = { provider: "meta", secrets: secretsOf("a-secret-of-this-test"), params: { verifyToken: "right" } };
  const challenge = (token: string) => ({
    method: "GET",
    query: `hub.mode=subscribe&hub.challenge=42&hub.verify_token=${token}`,
    body: "",
  });

  it("is recorded, counted, told to the tail, and is no event", async () => {
    await setup();
    const source = await t.addSource(meta);
    const told: TailEntry[] = [];
    t.running.flow.tail.listen((entry) => void told.push(entry));
    expect(shown(await t.post(source, challenge("right")))).toMatchObject({ status: 200, body: "42" });
    const [record, ...more] = await records("handshake");
    expect(more).toEqual([]);
    expect(record).toMatchObject({ sourceId: source.id, cause: null, message: "Answered the verification request.", eventId: null });
    expect(told).toMatchObject([{ kind: "request.handshake", sourceId: source.id, method: "GET" }]);
    expect(t.running.counters.handshakes).toBe(1);
  });

  it("with a wrong verify token is refused with 403 and kept with its cause", async () => {
    await setup();
    const source = await t.addSource(meta);
    expect(shown(await t.post(source, challenge("wrong")))).toMatchObject({ status: 403, body: "" });
    expect(await records("rejected")).toMatchObject([{ cause: "handshake_refused", eventId: null }]);
  });

  it("of another provider is not answered", async () => {
    await setup();
    const source = await t.addSource({ ...meta, provider: "github", params: {} });
    expect(await t.post(source, challenge("right"))).toMatchObject({ kind: "rejected", cause: "missing_header" });
  });

  it("comes in although the source allows other methods only, and nothing else does by that method", async () => {
    await setup();
    const source = await t.addSource({ ...meta, allowedMethods: ["POST"], allowedContentTypes: ["application/json"] });
    const admit = (query: string) => {
      const arrival = { token: source.token, method: "GET", pathTail: "", query, headers: [], remoteAddress: "192.0.2.1" };
      return t.running.acceptor.admit({ ...arrival, contentType: undefined, contentLength: null }).ok;
    };
    expect(admit(challenge("right").query)).toBe(true);
    expect(shown(await t.post(source, challenge("right")))).toMatchObject({ status: 200 });
    expect(await t.post(source, { method: "GET", query: "", body: "" })).toMatchObject({ kind: "rejected", cause: "method_not_allowed" });
  });

  it("that must be signed is not answered without a right signature", async () => {
    await setup({ startMs: SIGNED_AT });
    const source = await t.addSource({ provider: "slack", secrets: secretsOf("a-secret-of-this-test") });
    const body = '{"type":"url_verification","challenge":"c"}';
    const post = async (secret: string) => {
      const { headers } = await sign({ provider: "slack", secret, timestampMs: SIGNED_AT, body });
      return t.post(source, { headers: ["content-type", "application/json", ...headers.flat()], body });
    };
    expect(await post("another-secret-of-this-test")).toMatchObject({ kind: "rejected", cause: "bad_signature" });
    expect(shown(await post("a-secret-of-this-test")).body).toContain('"c"');
  });

  it("is sampled like rejections, and what is not kept is counted", async () => {
    await setup();
    const source = await t.addSource(meta);
    for (let i = 0; i < 500; i += 1) await t.post(source, challenge("right"));
    const kept = await records("handshake");
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.length + t.running.suppressedRejections()).toBe(500);
    expect(t.running.suppressedRejections()).toBeGreaterThan(0);
  });
});

describe("a subscription of Amazon SNS", () => {
  const startMs = Date.parse(new X509Certificate(sns.publicKey).validFrom) + 3_600_000;
  const respond =
    (confirmation: number) =>
    ({ url }: { url: string }) =>
      url === snsMessage.SigningCertURL ? { status: 200, body: sns.publicKey } : { status: confirmation };
  const post = async (params: Record<string, string>) => {
    const source = await t.addSource({ provider: "aws-sns", params });
    return during(t.post(source, { headers: flat(sns.headers), body: sns.body }));
  };

  it("is confirmed once its signature has verified and its topic is the source's", async () => {
    await setup({ startMs, respond: respond(200) });
    expect(shown(await post({ topicArn: snsMessage.TopicArn }))).toMatchObject({ status: 200 });
    expect(t.transport.sent.map(({ method, url }) => `${method} ${url}`)).toEqual([
      `GET ${snsMessage.SigningCertURL}`,
      `GET ${snsMessage.SubscribeURL}`,
    ]);
    expect(await records("handshake")).toMatchObject([
      { message: "Answered the subscription confirmation. It was confirmed to the vendor." },
    ]);
  });

  it("is answered but not confirmed without a topic, and the owner is told why", async () => {
    await setup({ startMs, respond: respond(200) });
    expect(shown(await post({}))).toMatchObject({ status: 200 });
    expect(t.transport.sent.length).toBe(1);
    expect((await records("handshake"))[0]!.message).toContain("Not confirmed");
  });

  it("of another topic is refused", async () => {
    await setup({ startMs, respond: respond(200) });
    expect(await post({ topicArn: "arn:aws:sns:us-east-1:000000000000:other" })).toMatchObject({ kind: "rejected" });
    expect(t.transport.sent.length).toBe(1);
  });

  it("that cannot be confirmed is asked for again", async () => {
    await setup({ startMs, respond: respond(500) });
    expect(shown(await post({ topicArn: snsMessage.TopicArn }))).toMatchObject({ status: 503, headers: { "retry-after": "60" } });
  });

  it("whose certificate cannot be fetched is refused with the cause that lets it come again", async () => {
    await setup({ startMs, respond: () => ({ failure: "connect_refused" }) });
    expect(await post({ topicArn: snsMessage.TopicArn })).toMatchObject({ kind: "rejected", cause: "key_unavailable" });
    expect(await records("rejected")).toMatchObject([{ cause: "key_unavailable" }]);
  });
});

describe("a secret that the vendor brings", () => {
  const SECRET = "asana-secret-of-this-test-0123456789";
  const hook = (secret: string) => ({ headers: ["X-Hook-Secret", secret], body: "{}" });

  it("becomes the source's, verifies from then on, and is kept nowhere in clear", async () => {
    await setup();
    const source = await t.addSource({ provider: "asana" });
    const body = '{"events":[{"action":"changed","resource":{"gid":"1","resource_type":"task"}}]}';
    const event = async () => {
      const { headers } = await sign({ provider: "asana", secret: SECRET, body });
      return t.post(source, { headers: headers.flat(), body });
    };
    expect(await event()).toMatchObject({ kind: "rejected", cause: "bad_signature" });
    expect(shown(await during(t.post(source, hook(SECRET)))).headers["x-hook-secret"]).toBe(SECRET);
    expect(t.catalog.liveSource(source.id)!.source.secrets).toEqual([{ value: SECRET, expiresAt: null, learned: true }]);
    expect(await event()).toMatchObject({ kind: "accepted" });
    const [record] = await records("handshake");
    const kept = await t.store.request(record!.id);
    expect(JSON.stringify({ ...kept, body: Buffer.from(kept!.request.body).toString() })).not.toContain(SECRET);
    await t.restart("crash");
    expect(await event()).toMatchObject({ kind: "accepted" });
  });

  it("never replaces one that is there", async () => {
    await setup();
    const source = await t.addSource({ provider: "asana", secrets: secretsOf(SECRET) });
    await during(t.post(source, hook("of-somebody-who-knows-the-url-0123")));
    expect(t.catalog.liveSource(source.id)!.source.secrets).toEqual(secretsOf(SECRET));
    expect((await records("handshake"))[0]!.message).toContain("kept the secret it has");
  });
});
