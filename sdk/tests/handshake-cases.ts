// The tests of an endpoint that providers make, over real sockets: every adapter answers them, the same for each framework.
import { readFileSync } from "node:fs";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { HandshakeAnswer, KeyQuestion } from "../src/index.ts";
import { createKeyring, generateKeyPair, providerById } from "../src/index.ts";
import { parseCertificate } from "../src/certificate.ts";
import type { WebhookOptions } from "../src/adapters/options.ts";
import { BODY, nothing, noting, post, SECRET, type Seen, type Serve, type Served, signed } from "./adapter-cases.ts";

interface SnsVector {
  readonly id: string;
  readonly body: string;
  readonly headers: Record<string, string>;
  readonly publicKey: string;
}

const vectors = JSON.parse(readFileSync(new URL("../vectors/aws-sns.json", import.meta.url), "utf8")) as SnsVector[];
const sns = vectors.find(({ id }) => id === "sns-subscription-confirmation-v2")!;
const { TopicArn, SubscribeURL, SigningCertURL } = JSON.parse(sns.body) as Record<"TopicArn" | "SubscribeURL" | "SigningCertURL", string>;
const SNS_PROBLEM = { type: "about:blank", title: "Service Unavailable", status: 503 };

interface Asked {
  readonly url: string;
  readonly redirect: unknown;
}

/** Stands in for the internet: answers the certificate, and `confirmation` to everything else. */
function internet(confirmation: () => Response): Asked[] {
  const asked: Asked[] = [];
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    asked.push({ url, redirect: init.redirect });
    return url === SigningCertURL ? new Response(sns.publicKey) : confirmation();
  });
  return asked;
}

export function handshakeCases(serve: Serve): void {
  let server: Served | undefined;
  let seen: Seen;
  let answers: HandshakeAnswer[];
  async function start(more: Partial<WebhookOptions>): Promise<string> {
    seen = nothing();
    answers = [];
    server = await serve(noting(seen, { onHandshake: (answer) => answers.push(answer), ...more }));
    return `${server.url}/hooks`;
  }
  afterEach(async () => {
    vi.unstubAllGlobals();
    vi.useRealTimers();
    await server?.close();
    server = undefined;
  });

  describe("answers the test of an endpoint by", () => {
    test("Slack, when it is signed", async () => {
      const url = await start({ provider: "slack" });
      const body = '{"token":"x","challenge":"3eZbrw1aBm2rZgRNFdxV","type":"url_verification"}';
      const headers = { "content-type": "application/json", ...(await signed({ provider: "slack", secret: SECRET, body })) };
      const reply = await post({ url, body, headers });
      expect(reply).toMatchObject({ status: 200, text: '{"challenge":"3eZbrw1aBm2rZgRNFdxV"}' });
      expect(reply.headers["content-type"]).toBe("application/json");
      expect(reply.headers["x-content-type-options"]).toBe("nosniff");
      expect(answers.map(({ name }) => name)).toEqual(["URL verification"]);
      const forged = { ...headers, ...(await signed({ provider: "slack", secret: "another-fixture-secret", body })) };
      expect(await post({ url, body, headers: forged })).toMatchObject({ status: 401 });
      expect(seen.failures.map(({ cause }) => cause)).toEqual(["signature_mismatch"]);
      expect([answers.length, seen.events]).toEqual([1, []]);
    });

    test("Meta, when it knows the token", async () => {
      const url = await start({ provider: "meta", params: { verifyToken: "a-fixture-token" } });
      const challenge = (token: string) => `${url}?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=${token}`;
      const reply = await post({ url: challenge("a-fixture-token"), method: "GET" });
      expect(reply).toMatchObject({ status: 200, text: "1158201444" });
      expect(reply.headers["content-type"]).toMatch(/^text\/plain(;|$)/);
      expect(seen.failures).toEqual([]);
      expect(await post({ url: challenge("another-token"), method: "GET" })).toMatchObject({ status: 403, text: "" });
      expect(seen.failures).toEqual([expect.objectContaining({ cause: "handshake_refused" })]);
      expect(seen.failures[0]?.message).toMatch(/^verification request: .*verifyToken/);
      expect(answers.map(({ refused }) => refused === undefined)).toEqual([true, false]);
      const headers = await signed({ provider: "meta", secret: SECRET, body: BODY });
      expect((await post({ url, body: BODY, headers })).status).toBe(200);
      expect(seen.events.map((event) => event.text())).toEqual([BODY]);
    });

    test("Discord, which wants a 401 for a wrong signature", async () => {
      const { privateKey, publicKey } = await generateKeyPair();
      const url = await start({ provider: "discord", secret: undefined, publicKey });
      const body = '{"type":1,"application_id":"1"}';
      const headers = await signed({ provider: "discord", secret: privateKey, body });
      expect(await post({ url, body, headers })).toMatchObject({ status: 200, text: '{"type":1}' });
      expect((await post({ url, body: '{"type":1,"application_id":"2"}', headers })).status).toBe(401);
      const ping = '{"version":1,"application_id":"1","type":0}';
      const reply = await post({ url, body: ping, headers: await signed({ provider: "discord", secret: privateKey, body: ping }) });
      expect(reply).toMatchObject({ status: 204, text: "" });
      expect(seen.events).toEqual([]);
    });

    test("Trello, with HEAD", async () => {
      const url = await start({ provider: "trello", url: "https://hooks.example.test/trello" });
      expect(await post({ url, method: "HEAD" })).toMatchObject({ status: 200, text: "" });
      expect(answers.map(({ name }) => name)).toEqual(["check of the URL"]);
    });

    test("senders of CloudEvents, with OPTIONS", async () => {
      const url = await start({ provider: "cloudevents" });
      const headers = { "webhook-request-origin": "sender.example.test", "webhook-request-rate": "120" };
      const reply = await post({ url, method: "OPTIONS", headers });
      expect(reply).toMatchObject({
        status: 200,
        text: "",
        headers: { "webhook-allowed-origin": "sender.example.test", "webhook-allowed-rate": "120", allow: "POST" },
      });
    });
  });

  test("a method that only such tests use brings no event, whatever token it has", async () => {
    const url = await start({ provider: "okta" });
    const reply = await post({ url, method: "GET", headers: { authorization: SECRET } });
    expect(reply).toMatchObject({ status: 405, headers: { allow: "POST, GET" } });
    expect(seen).toEqual(nothing());
  });

  describe("a subscription of Amazon SNS", () => {
    const request = { body: sns.body, headers: sns.headers };
    const stopTheClock = () =>
      vi.useFakeTimers({ toFake: ["Date"], now: (parseCertificate(sns.publicKey)?.validFromMs ?? Number.NaN) + 3_600_000 });
    const keyring = () => createKeyring({ fetch: async ({ url }: KeyQuestion) => (url === SigningCertURL ? sns.publicKey : "") });
    const options = (params: Record<string, string>): Partial<WebhookOptions> => ({
      provider: "aws-sns",
      secret: undefined,
      params,
      keyring: keyring(),
    });

    test("is confirmed once its signature has verified and its topic is the one of the options", async () => {
      stopTheClock();
      const asked = internet(() => new Response("<ConfirmSubscriptionResponse/>"));
      const url = await start({ ...options({ topicArn: TopicArn }), keyring: undefined });
      expect(await post({ url, ...request })).toMatchObject({ status: 200, text: "" });
      // The certificate may have been fetched before: all webhooks of a program share what is known.
      expect(asked.filter((one) => one.url !== SigningCertURL)).toEqual([{ url: SubscribeURL, redirect: "manual" }]);
      expect(seen).toEqual(nothing());
    });

    test("with a wrong signature is refused, and nothing is fetched but the certificate", async () => {
      stopTheClock();
      const asked = internet(() => new Response());
      const url = await start(options({ topicArn: TopicArn }));
      expect((await post({ url, ...request, body: sns.body.replace("You have", "You had") })).status).toBe(401);
      expect(asked).toEqual([]);
      expect(seen.failures.map(({ cause }) => cause)).toEqual(["signature_mismatch"]);
    });

    test("is answered but not confirmed without a topic, and the owner is told why", async () => {
      stopTheClock();
      const asked = internet(() => new Response());
      const url = await start(options({}));
      expect((await post({ url, ...request })).status).toBe(200);
      expect(asked).toEqual([]);
      expect(seen.failures).toEqual([expect.objectContaining({ cause: "handshake_incomplete" })]);
      expect(seen.failures[0]?.message).toContain("topicArn");
    });

    test.each<[string, () => Response]>([
      ["an error", () => new Response(null, { status: 500 })],
      ["a redirect", () => new Response(null, { status: 302, headers: { location: "https://other.example.test/" } })],
      ["nothing", () => Response.error()],
    ])("that is answered with %s is asked for again", async (_, confirmation) => {
      stopTheClock();
      internet(confirmation);
      const url = await start(options({ topicArn: TopicArn }));
      const reply = await post({ url, ...request });
      expect(reply).toMatchObject({ status: 503, headers: { "retry-after": "60" } });
      expect(JSON.parse(reply.text)).toEqual(SNS_PROBLEM);
      expect(seen.failures.map(({ cause }) => cause)).toEqual(["handshake_incomplete"]);
    });

    test("by a record that wants no signature is left to the owner: nothing is fetched", async () => {
      const asked = internet(() => new Response());
      const record = providerById("aws-sns")!;
      const provider = { ...record, handshakes: record.handshakes?.map((rule) => ({ ...rule, signed: undefined })) };
      const url = await start({ ...options({ topicArn: TopicArn }), provider });
      expect((await post({ url, ...request })).status).toBe(200);
      expect(asked).toEqual([]);
      expect(answers.map(({ effect }) => effect)).toEqual([{ kind: "fetch", url: SubscribeURL }]);
    });

    test("whose certificate cannot be had is neither accepted nor refused", async () => {
      stopTheClock();
      const unreachable = createKeyring({ fetch: () => Promise.reject(new Error("no route.")) });
      const url = await start({ ...options({ topicArn: TopicArn }), keyring: unreachable });
      expect(await post({ url, ...request })).toMatchObject({ status: 503, headers: { "retry-after": "60" } });
      expect(seen.failures.map(({ cause }) => cause)).toEqual(["key_unavailable"]);
    });
  });

  describe("a secret that the provider brings", () => {
    const BROUGHT = "a-secret-that-asana-brings-0123456789";
    const bring = (url: string, secret: string) => post({ url, headers: { "x-hook-secret": secret }, body: "{}" });
    const body = '{"events":[{"action":"changed","resource":{"gid":"1","resource_type":"task"}}]}';
    const event = async (url: string, secret: string) => post({ url, body, headers: await signed({ provider: "asana", secret, body }) });

    test("is handed over, and verifies from then on", async () => {
      const secrets: string[] = [];
      const url = await start({ provider: "asana", secret: undefined, onSecret: (secret) => secrets.push(secret) });
      expect((await event(url, BROUGHT)).status).toBe(500);
      expect(seen.failures.map(({ cause }) => cause)).toEqual(["no_secret"]);
      expect(await bring(url, BROUGHT)).toMatchObject({ status: 200, headers: { "x-hook-secret": BROUGHT } });
      expect((await event(url, BROUGHT)).status).toBe(200);
      expect((await bring(url, "of-somebody-who-knows-the-url-0123")).status).toBe(200);
      expect((await event(url, "of-somebody-who-knows-the-url-0123")).status).toBe(401);
      expect(secrets).toEqual([BROUGHT]);
      expect(seen.failures.map(({ cause }) => cause)).toEqual(["no_secret", "handshake_incomplete", "signature_mismatch"]);
    });

    test("that could not be kept is not acknowledged, and can come again", async () => {
      let tries = 0;
      const url = await start({
        provider: "asana",
        secret: undefined,
        onSecret: async () => {
          tries += 1;
          if (tries === 1) throw new Error("the database is down");
        },
      });
      expect((await bring(url, BROUGHT)).status).toBe(500);
      expect(seen.errors.map(String)).toEqual(["Error: the database is down"]);
      expect((await bring(url, BROUGHT)).status).toBe(200);
      expect((await event(url, BROUGHT)).status).toBe(200);
    });

    test("is one: another that comes while it is being kept is not taken", async () => {
      const [begun, kept] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const secrets: string[] = [];
      const onSecret = async (secret: string) => {
        secrets.push(secret);
        begun.resolve();
        await kept.promise;
      };
      const url = await start({ provider: "asana", secret: undefined, onSecret });
      const first = bring(url, BROUGHT);
      await begun.promise;
      expect((await bring(url, "of-somebody-who-knows-the-url-0123")).status).toBe(200);
      kept.resolve();
      expect((await first).status).toBe(200);
      expect(secrets).toEqual([BROUGHT]);
      expect((await event(url, BROUGHT)).status).toBe(200);
    });

    test("beside one that is there changes nothing, and the owner is told", async () => {
      const secrets: string[] = [];
      const url = await start({ provider: "asana", onSecret: (secret) => secrets.push(secret) });
      expect(await bring(url, BROUGHT)).toMatchObject({ status: 200, headers: { "x-hook-secret": BROUGHT } });
      expect((await event(url, BROUGHT)).status).toBe(401);
      expect((await event(url, SECRET)).status).toBe(200);
      expect(secrets).toEqual([]);
      expect(seen.failures.map(({ cause }) => cause)).toEqual(["handshake_incomplete", "signature_mismatch"]);
    });
  });
}
