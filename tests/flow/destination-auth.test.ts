// OAuth 2.0 client credentials and AWS signatures, over real sockets: what is asked for, kept, asked again, and masked.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createAwsSigner } from "../../src/core/aws-sigv4.ts";
import type { Attempt } from "../../src/core/delivery.ts";
import type { DestinationAuth } from "../../src/core/destination.ts";
import { createOAuthTokens } from "../../src/flow/oauth-tokens.ts";
import { createAddressGuard } from "../../src/outbound/address-guard.ts";
import { createHttpTransport } from "../../src/outbound/http.ts";
import type { Transport } from "../../src/outbound/transport.ts";
import { systemClock } from "../../src/system/clock.ts";
import { createTestFlow, type TestFlow } from "../kit/flow.ts";
import { type Answer, type Arrival, type Receiver, startReceiver } from "../kit/receiver.ts";

const SECRET = "an obviously fake secret";

let t: TestFlow;
let transport: Transport;
let issuer: Receiver;
let receiver: Receiver;
let issue: (arrival: Arrival, n: number) => Answer | Promise<Answer>;
let respond: (arrival: Arrival, n: number) => Answer;

beforeEach(async () => {
  issue = (_arrival, n) => token(`token-${n}`);
  respond = () => ({});
  issuer = await startReceiver({ respond: (arrival, n) => issue(arrival, n) });
  receiver = await startReceiver({ respond: (arrival, n) => respond(arrival, n) });
  const guard = createAddressGuard({ allow: ["loopback"], allowPlainHttp: true });
  transport = createHttpTransport({ guard, clock: systemClock });
  t = await createTestFlow({ transport, startMs: systemClock.now() });
});
afterEach(async () => {
  await t.dispose();
  await transport.close();
  await Promise.all([issuer.close(), receiver.close()]);
});

function token(accessToken: string, more: object = { expires_in: 3600 }): Answer {
  const body = JSON.stringify({ access_token: accessToken, token_type: "Bearer", ...more });
  return { headers: { "content-type": "application/json" }, body };
}

function oauth(changes: Partial<Extract<DestinationAuth, { kind: "oauth2" }>> = {}): Extract<DestinationAuth, { kind: "oauth2" }> {
  return {
    kind: "oauth2",
    tokenUrl: `${issuer.url}/token`,
    clientId: "client:1",
    clientSecret: SECRET,
    scope: null,
    audience: null,
    style: "basic",
    ...changes,
  };
}

async function attemptsOf(event: { id: string }): Promise<Attempt[]> {
  return t.attempts((await t.deliveryOf(event)).id);
}

const tokensSent = () => receiver.arrivals.map((arrival) => arrival.header("authorization"));

describe("a token", () => {
  test("is asked for in the header or in the form, as RFC 6749 has it", async () => {
    await t.addReceiver({ url: receiver.url, auth: oauth({ scope: "a b", audience: "https://api.example" }) });
    await t.addReceiver({ url: receiver.url, auth: oauth({ style: "body" }) });
    await t.publish();
    await t.rest();
    const asked = issuer.arrivals.map((arrival) => `${arrival.method} ${arrival.header("authorization")} ${arrival.body.toString()}`);
    const basic = Buffer.from("client%3A1:an+obviously+fake+secret").toString("base64");
    expect(new Set(asked)).toEqual(
      new Set([
        `POST Basic ${basic} grant_type=client_credentials&scope=a+b&audience=https%3A%2F%2Fapi.example`,
        "POST undefined grant_type=client_credentials&client_id=client%3A1&client_secret=an+obviously+fake+secret",
      ]),
    );
    expect(issuer.arrivals[0]!.header("content-type")).toBe("application/x-www-form-urlencoded");
    expect(new Set(tokensSent())).toEqual(new Set(["Bearer token-1", "Bearer token-2"]));
  });

  test("is fetched once for everything that waits for it, and kept for what follows", async () => {
    await t.addReceiver({ url: receiver.url, auth: oauth() });
    for (let i = 0; i < 20; i++) await t.publish();
    await t.rest();
    await t.publish();
    await t.rest();
    expect([issuer.arrivals.length, new Set(tokensSent()), receiver.arrivals.length]).toEqual([1, new Set(["Bearer token-1"]), 21]);
  });

  test.each([
    [{ expires_in: 3600 }, 3_539_000, 3_541_000],
    [{ expires_in: 90 }, 44_000, 46_000],
    [{}, 239_000, 241_000],
    [{ expires_in: "120" }, 59_000, 61_000],
    [{ expires_in: -1 }, 239_000, 241_000],
    [{ expires_in: 1e12 }, 86_339_000, 86_341_000],
  ])("that says %j is kept for %i ms and not for %i", async (more, keptMs, goneMs) => {
    issue = (_arrival, n) => token(`token-${n}`, more);
    const tokens = createOAuthTokens({ transport, clock: t.clock });
    const auth = oauth();
    const start = t.clock.now();
    const ask = async () => tokens.tokenFor(auth, 5_000);
    expect(await ask()).toMatchObject({ ok: true, token: "token-1", kept: false });
    await t.clock.advance(keptMs);
    expect(await ask()).toMatchObject({ token: "token-1", kept: true });
    await t.clock.advance(goneMs - (t.clock.now() - start));
    expect(await ask()).toMatchObject({ token: "token-2", kept: false });
  });

  test("that the receiver refuses is replaced once, within the same attempt", async () => {
    await t.addReceiver({ url: receiver.url, auth: oauth() });
    await t.publish();
    await t.rest();
    respond = (arrival) => ({ status: arrival.header("authorization") === "Bearer token-1" ? 401 : 200 });
    const second = await t.publish();
    await t.rest();
    expect(tokensSent()).toEqual(["Bearer token-1", "Bearer token-1", "Bearer token-2"]);
    expect(await attemptsOf(second)).toMatchObject([{ number: 1, result: { status: 200 } }]);
    respond = () => ({ status: 401 });
    const third = await t.publish();
    await t.clock.advanceUntil(async () => (await attemptsOf(third)).length === 1, { stepMs: 10, limitMs: 1_000 });
    // One that was kept, one that is new, and no more: the retry is the schedule's.
    expect([receiver.arrivals.length, issuer.arrivals.length]).toEqual([5, 3]);
  });

  test("that was just fetched and is refused is not fetched again at once", async () => {
    respond = () => ({ status: 401 });
    await t.addReceiver({ url: receiver.url, auth: oauth() });
    const event = await t.publish();
    await t.clock.advanceUntil(async () => (await attemptsOf(event)).length === 1, { stepMs: 10, limitMs: 1_000 });
    expect([receiver.arrivals.length, issuer.arrivals.length]).toEqual([1, 1]);
    expect(await attemptsOf(event)).toMatchObject([{ result: { status: 401 } }]);
  });

  test("replaces what the sender wrote, and neither it nor the client's secret is in the record", async () => {
    await t.addReceiver({ url: receiver.url, auth: oauth({ style: "body" }) });
    const source = await t.addSource();
    await t.post(source, { headers: ["Authorization", "Bearer of-the-sender"] });
    await t.rest();
    const [delivery] = await t.deliveries();
    const [attempt] = await t.attempts(delivery!.id);
    const { headers } = attempt!.request;
    expect(headers[headers.indexOf("authorization") + 1]).toBe("***");
    expect(JSON.stringify(attempt)).not.toMatch(/token-|fake secret|of-the-sender/);
    expect(tokensSent()[0]).toMatch(/^Bearer token-/);
  });
});

describe("auth_error", () => {
  test.each<[string, Answer, RegExp, string]>([
    [
      "a refusal, with its code",
      { status: 400, body: '{"error":"invalid_client","error_description":"hush"}' },
      /400, invalid_client/,
      "token_refused",
    ],
    ["a refusal that is no JSON", { status: 401, body: "<html>hush</html>" }, /answered 401\)/, "token_refused"],
    ["a code that is no code", { status: 400, body: '{"error":"<script>hush"}' }, /answered 400\)/, "token_refused"],
    ["a redirect", { status: 302, headers: { location: "http://127.0.0.1/" } }, /302/, "token_refused"],
    ["no JSON", { body: "hush" }, /without a usable access_token/, "token_malformed"],
    ["no token", { body: "{}" }, /without a usable access_token/, "token_malformed"],
    ["a token that would start a header", token("a\r\nx-evil: 1"), /without a usable access_token/, "token_malformed"],
    ["a token of another type", token("a", { token_type: "mac" }), /another type/, "token_malformed"],
    ["an answer without end", { behaviour: "endless" }, /without a usable access_token/, "token_malformed"],
    ["a reset", { behaviour: "reset" }, /could be fetched/, "token_unreachable"],
  ])("%s: nothing is sent, the attempt counts, and the next one asks again", async (_what, answer, message, detail) => {
    issue = (_arrival, n) => (n === 1 ? answer : token("token"));
    await t.addReceiver({ url: receiver.url, auth: oauth(), retry: { scheduleMs: [0, 1_000], jitter: 0 } });
    const event = await t.publish();
    await t.clock.advanceUntil(async () => (await t.deliveryOf(event)).state === "delivered", { stepMs: 100, limitMs: 30_000 });
    const [first, second] = await attemptsOf(event);
    expect(first).toMatchObject({
      result: { kind: "failure", failure: "auth_error", message: expect.stringMatching(message) },
      facts: { detail },
    });
    expect(JSON.stringify(first)).not.toMatch(/hush|fake secret/);
    expect(second).toMatchObject({ number: 2, result: { status: 200 } });
    expect(receiver.arrivals).toHaveLength(1);
  });

  test("a token URL that hangs ends with the attempt's deadline", async () => {
    issue = () => ({ behaviour: "hang" });
    const answer = await createOAuthTokens({ transport, clock: systemClock }).tokenFor(oauth(), 300);
    expect(answer).toMatchObject({ ok: false, failure: "auth_error", detail: "token_unreachable" });
  });

  test("a token URL inside the network is never called", async () => {
    const guard = createAddressGuard({ allow: [`127.0.0.1:${receiver.port}`], allowPlainHttp: true });
    const strict = createHttpTransport({ guard, clock: systemClock });
    const answer = await createOAuthTokens({ transport: strict, clock: systemClock }).tokenFor(oauth(), 1_000);
    expect(answer).toMatchObject({ ok: false, failure: "auth_error" });
    expect(issuer.arrivals).toEqual([]);
    await strict.close();
  });
});

describe("an AWS signature", () => {
  const auth: DestinationAuth = {
    kind: "aws-sigv4",
    region: "eu-central-1",
    service: "lambda",
    accessKeyId: "AKIDEXAMPLE",
    secretAccessKey: SECRET,
    sessionToken: "a session of nobody",
  };

  test("covers host, type and body of what arrives, and takes the place of what came in", async () => {
    await t.addReceiver({ url: `${receiver.url}/a%20b?x=1+2&a=%2F`, auth, forwardQuery: true });
    const source = await t.addSource();
    const stale = ["Authorization", "AWS4-HMAC-SHA256 stale", "X-Amz-Date", "20200101T000000Z", "x-amz-security-token", "stale"];
    await t.post(source, { body: '{"a":1}', query: "q=c+d", headers: [...stale, "Content-Type", "application/json"] });
    await t.rest();
    const [arrival] = receiver.arrivals;
    expect(arrival!.url).toBe("/a%20b?x=1%202&a=%2F&q=c%20d");
    const stamp = arrival!.header("x-amz-date")!;
    const nowMs = Date.parse(stamp.replace(/(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/, "$1-$2-$3T$4:$5:$6Z"));
    expect(Math.abs(nowMs - systemClock.now())).toBeLessThan(60_000);
    // What a verifier does: sign what arrived with the same key, and compare.
    const expected = createAwsSigner(auth).sign({
      method: "POST",
      url: `http://${arrival!.header("host")}${arrival!.url}`,
      headers: [["content-type", "application/json"]],
      body: arrival!.body,
      nowMs,
    });
    for (const [name, value] of expected) expect(arrival!.header(name), name).toBe(value);
    expect(arrival!.rawHeaders.filter((name) => /^(authorization|x-amz-date|x-amz-security-token)$/i.test(name))).toHaveLength(3);
    const [delivery] = await t.deliveries();
    const [attempt] = await t.attempts(delivery!.id);
    expect(JSON.stringify(attempt)).not.toMatch(/fake secret|session of nobody|Signature=/);
  });
});
