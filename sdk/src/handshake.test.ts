// Handshakes: the known answers of all vendors, what is refused, and that strangers get nothing out of it.
import fc from "fast-check";
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "vitest";
import {
  createHandshaker,
  createVerifier,
  providers,
  type HandshakeAnswer,
  type Params,
  type Provider,
  type WebhookRequest,
} from "./index.ts";
import { limits } from "./limits.ts";

interface Expected {
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly json?: unknown;
}

interface Pair {
  readonly id: string;
  readonly provider: string;
  readonly request: { method: string; url: string; headers?: Record<string, string>; body?: string; bodyRef?: string };
  readonly secret?: string;
  readonly publicKey?: string;
  readonly params?: Params;
  readonly response: Expected & { status: number; anyOf?: Expected[] };
  readonly reject?: { status: number };
}

const read = (name: string): unknown => JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), "utf8"));
const pairs = read("_handshakes") as Pair[];
const snsConfirmation = (read("aws-sns") as { id: string; body: string }[]).find(
  ({ id }) => id === "sns-subscription-confirmation-v2",
)!.body;

function requestOf({ request }: Pair): WebhookRequest {
  return { ...request, headers: request.headers ?? {}, body: request.bodyRef === undefined ? (request.body ?? "") : snsConfirmation };
}

const isSigned = (id: string): boolean => ["slack", "zoom", "twitch", "discord", "aws-sns", "xero", "line"].includes(id);

function ask(
  provider: string | Provider,
  request: Partial<WebhookRequest>,
  params: Params = {},
  secrets: string[] = [],
): HandshakeAnswer | undefined {
  const handshaker = createHandshaker({ provider, params, secrets });
  const whole = { method: "POST", url: "https://hooks.example.test/in/x", headers: {}, body: "", ...request };
  const [before, verified] = [handshaker.answer(whole, "before"), handshaker.answer(whole, "verified")];
  expect(before === undefined || verified === undefined).toBe(true);
  return before ?? verified;
}

const get = (query: string): Partial<WebhookRequest> => ({ method: "GET", url: `https://hooks.example.test/in/x?${query}` });
const post = (body: unknown, headers: Record<string, string> = {}): Partial<WebhookRequest> => ({ headers, body: JSON.stringify(body) });

function matches(answer: HandshakeAnswer, { headers = {}, body, json }: Expected): boolean {
  const given = Object.fromEntries(answer.headers);
  const fits = Object.entries(headers).every(([name, value]) => given[name] === value);
  const same = json === undefined || isDeepStrictEqual(JSON.parse(answer.body), json);
  return fits && same && (body === undefined || answer.body === body);
}

describe("known answers", () => {
  test.each(pairs)("$id", (pair) => {
    const request = requestOf(pair);
    const handshaker = createHandshaker({
      provider: pair.provider,
      secrets: pair.secret === undefined ? [] : [pair.secret],
      params: pair.params,
    });
    const phase = isSigned(pair.provider) ? "verified" : "before";
    const answer = handshaker.answer(request, phase)!;
    expect(handshaker.answer(request, phase === "before" ? "verified" : "before")).toBeUndefined();
    expect(answer.status).toBe(pair.response.status);
    expect((pair.response.anyOf ?? [pair.response]).some((expected) => matches(answer, expected))).toBe(true);
    expect(answer).toMatchObject({ alsoEvent: false, name: expect.stringMatching(/\w/) });
  });

  // The signature counts before the handshake does: a wrong one is no handshake, and the server answers 401.
  test.each(pairs.filter(({ secret, publicKey, provider }) => (secret ?? publicKey) !== undefined && isSigned(provider)))(
    "$id: its signature verifies, and a wrong one does not",
    (pair) => {
      const { secret, publicKey, provider } = pair;
      const verifier = createVerifier({ provider, secrets: secret === undefined ? [] : [secret], publicKey });
      const request = requestOf(pair);
      expect(verifier.verify(request, 1_760_000_000_000)).toMatchObject({ ok: true });
      expect(verifier.verify({ ...request, body: `${String(request.body)} ` }, 1_760_000_000_000)).toMatchObject({ ok: false });
      expect(createHandshaker({ provider, secrets: secret === undefined ? [] : [secret] }).answer(request, "before")).toBeUndefined();
    },
  );

  test("Meta with another verify token gets 403, and so does one without any configured", () => {
    const query = "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=";
    for (const [token, params] of [
      ["meatyhamhocK", { verifyToken: "meatyhamhock" }],
      ["", { verifyToken: "x" }],
      ["", {}],
      ["x", {}],
    ] as const)
      expect(ask("meta", get(query + token), params)).toMatchObject({
        status: 403,
        body: "",
        refused: expect.stringContaining("verifyToken"),
      });
  });
});

describe("answers beside the known ones", () => {
  test("Twitch, LINE, Asana, monday, Trello, WooCommerce, Mandrill's test, Dropbox", () => {
    const twitch = { "twitch-eventsub-message-type": "webhook_callback_verification" };
    expect(ask("twitch", post({ challenge: "pogchamp-kappa" }, twitch))).toMatchObject({ status: 200, body: "pogchamp-kappa" });
    expect(ask("twitch", post({ event: {} }, twitch))).toBeUndefined();
    expect(ask("line", post({ destination: "U1", events: [] }))).toMatchObject({ status: 200 });
    expect(ask("line", post({ destination: "U1", events: [{}] }))).toBeUndefined();
    const secret = "b537207f20cbfa02357cf448134da559e8bd39d61597dcd5631b8012eae53e81";
    expect(ask("asana", { headers: { "X-Hook-Secret": secret } })).toEqual({
      name: "handshake",
      status: 200,
      headers: [["x-hook-secret", secret]],
      body: "",
      alsoEvent: false,
      effect: { kind: "learn-secret", secret },
    });
    expect(ask("asana", post({ events: [] }))).toMatchObject({ name: "heartbeat", status: 200 });
    expect(ask("monday", post({ challenge: "3eZbrw1aBm2r" }))).toMatchObject({ body: '{"challenge":"3eZbrw1aBm2r"}' });
    expect(ask("monday", post({ challenge: "x", event: {} }))).toBeUndefined();
    expect(ask("trello", { method: "HEAD" })).toMatchObject({ status: 200, body: "" });
    expect(ask("woocommerce", { body: "webhook_id=17" })).toMatchObject({ status: 200 });
    expect(ask("woocommerce", { body: "webhook_id=17&a=1" })).toMatchObject({ status: 400 });
    expect(ask("woocommerce", { body: "webhook_id=17", headers: { "x-wc-webhook-signature": "x" } })).toBeUndefined();
    expect(ask("mandrill", { body: "mandrill_events=%5B%5D" })).toMatchObject({ status: 200 });
    expect(ask("mandrill", { body: "mandrill_events=%5B%7B%7D%5D" })).toBeUndefined();
    expect(ask("dropbox", get("challenge=a%20b"))).toMatchObject({
      headers: [
        ["content-type", "text/plain"],
        ["x-content-type-options", "nosniff"],
      ],
      body: "a b",
    });
  });

  test("a Discord event has the type of a ping, and is none", () => {
    expect(ask("discord", post({ version: 1, type: 1, event: { type: "APPLICATION_AUTHORIZED" } }))).toBeUndefined();
    expect(ask("discord", post({ type: 2, id: "1" }))).toBeUndefined();
  });

  test("Dropbox Sign sends its test as multipart, too", () => {
    const json = '{"event":{"event_type":"callback_test","event_time":"1760000000","event_hash":"00"}}';
    const body = `--b1\r\nContent-Disposition: form-data; name="json"\r\n\r\n${json}\r\n--b1--\r\n`;
    expect(ask("dropbox-sign", { body })).toMatchObject({ status: 200, body: "Hello API Event Received" });
    expect(ask("dropbox-sign", { body: body.replace("callback_test", "signature_request_sent") })).toBeUndefined();
    expect(ask("dropbox-sign", { body: body.replace("\r\n--b1--\r\n", "") })).toBeUndefined();
  });

  test("CloudEvents: no handshake without an origin; the rate only when it was asked for", () => {
    const options = (headers: Record<string, string>) => ask("cloudevents", { method: "OPTIONS", headers });
    expect(options({})).toBeUndefined();
    expect(options({ "webhook-request-rate": "120" })).toBeUndefined();
    expect(options({ "webhook-request-origin": "a.example.com" })?.headers).toEqual([
      ["webhook-allowed-origin", "a.example.com"],
      ["allow", "POST"],
    ]);
    expect(options({ "webhook-request-origin": "a.example.com", "webhook-request-rate": "0" })).toMatchObject({ status: 400, headers: [] });
    expect(options({ "webhook-request-origin": "a b" })).toMatchObject({ status: 400, headers: [] });
    const azure = { method: "OPTIONS", headers: { "webhook-request-origin": "eventgrid.azure.net" } };
    expect(ask("azure-eventgrid", azure)).toMatchObject({ status: 200 });
  });

  test("Event Grid's own address is not fetched", () => {
    const pair = pairs.find(({ id }) => id === "eventgrid-validation")!;
    expect(ask("azure-eventgrid", requestOf(pair))).not.toHaveProperty("effect");
  });

  test("an answer that needs the secret or a parameter is refused without it", () => {
    expect(ask("x-twitter", get("crc_token=abc"))).toMatchObject({ status: 403, refused: expect.stringContaining("secret") });
    expect(ask("braintree", get("bt_challenge=20f9f8ed05f77439fe955c977e4c8a53"), {}, ["x"])).toMatchObject({ status: 403 });
    expect(ask("braintree", get("bt_challenge=20f9f8ed05f77439fe955c977e4c8a53"), { publicKey: "<b>" }, ["x"])).toMatchObject({
      status: 403,
    });
  });
});

describe("strangers", () => {
  test("empty and repeated challenges are no handshake", () => {
    for (const provider of ["dropbox", "nylas"]) {
      expect(ask(provider, get("challenge="))).toBeUndefined();
      expect(ask(provider, get("challenge=a&challenge=b"))).toBeUndefined();
      expect(ask(provider, get(""))).toBeUndefined();
    }
    expect(
      ask("okta", { method: "GET", headers: ["x-okta-verification-challenge", "a", "X-Okta-Verification-Challenge", "b"] }),
    ).toBeUndefined();
    expect(ask("monday", post({ challenge: "" }))).toBeUndefined();
    expect(ask("monday", post({ challenge: { a: 1 } }))).toBeUndefined();
  });

  test("what is repeated has a bound, no control characters, and is never a page", () => {
    const challenge = (text: string) => ask("dropbox", get(`challenge=${encodeURIComponent(text)}`));
    expect(challenge("x".repeat(limits.handshakeValueCharsMax))?.status).toBe(200);
    expect(challenge("x".repeat(limits.handshakeValueCharsMax + 1))).toMatchObject({ status: 400, body: "" });
    for (const text of ["a\r\nb", "\0", "a\u2028b", "\u0085"]) expect(challenge(text)).toMatchObject({ status: 400, body: "" });
    const page = challenge("<script>alert(1)</script>");
    expect(Object.fromEntries(page?.headers ?? [])).toEqual({ "content-type": "text/plain", "x-content-type-options": "nosniff" });
    expect(ask("ringcentral", { headers: { "validation-token": "a\r\nset-cookie: b" } })).toMatchObject({ status: 400, headers: [] });
    expect(ask("ringcentral", { headers: { "validation-token": "\u00e9" } })).toMatchObject({ status: 400, headers: [] });
  });

  test("signed constants are no oracle for signatures of events", () => {
    const secret = "a-secret-of-some-length";
    const event = '{"for_user_id":"1","tweet_create_events":[]}';
    expect(ask("x-twitter", get(`crc_token=${encodeURIComponent(event)}`), {}, [secret])).toMatchObject({ status: 400, body: "" });
    const forged = `sha256=${createHmac("sha256", secret).update(event).digest("base64")}`;
    expect(
      createVerifier({ provider: "x-twitter", secrets: [secret] }).verify(
        { headers: { "x-twitter-webhooks-signature": forged }, body: event },
        0,
      ).ok,
    ).toBe(true);
    for (const hostile of ["PD94bWw+", "20F9F8ED05F77439FE95", "20f9", "a".repeat(33)])
      expect(ask("braintree", get(`bt_challenge=${encodeURIComponent(hostile)}`), { publicKey: "pub" }, [secret])).toMatchObject({
        status: 400,
        body: "",
      });
    const zoom = post({ event: "endpoint.url_validation", payload: { plainToken: `v0:1760000000:${event}` } });
    expect(ask("zoom", zoom, {}, [secret])).toMatchObject({ status: 400, body: "" });
  });

  test("large bodies are not parsed before verification", () => {
    const body = JSON.stringify({ challenge: "x", pad: " ".repeat(limits.handshakeBodyBytesMax) });
    expect(ask("monday", { body })).toBeUndefined();
  });
});

describe("effects", () => {
  const topicArn = "arn:aws:sns:us-east-1:123456789012:FixtureTopic";
  const url = "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=arn:aws:sns:us-east-1:1:T&Token=2336412f37";
  const confirmation = (SubscribeURL: unknown, TopicArn: unknown = topicArn) =>
    post({ Type: "SubscriptionConfirmation", TopicArn, SubscribeURL });

  test("SNS: the address is fetched for the configured topic only", () => {
    expect(ask("aws-sns", confirmation(url), { topicArn })).toMatchObject({ status: 200, effect: { kind: "fetch", url } });
    expect(ask("aws-sns", { body: snsConfirmation }, { topicArn })).toMatchObject({ effect: { kind: "fetch" } });
    for (const params of [{}, { topicArn: "" }, { topicArn: `${topicArn}2` }] as Params[]) {
      const answer = ask("aws-sns", confirmation(url), params);
      expect(answer).toMatchObject({ status: 200, refused: expect.stringMatching(/^Not confirmed: .*topicArn/) });
      expect(answer).not.toHaveProperty("effect");
    }
  });

  test.each([
    "http://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription",
    "https://sns.us-east-1.amazonaws.com.evil.test/?a=1",
    "https://evil.test/sns.us-east-1.amazonaws.com",
    "https://sns.us-east-1.amazonaws.com@evil.test/",
    "https://sns.us-east-1.amazonaws.com:8443/",
    "https://sns.a.b.amazonaws.com/",
    "https://snsXus-east-1.amazonaws.com/",
    "https://SNS.us-east-1.amazonaws.com/",
    "https://sns.us-east-1.amazonaws.com/#x",
    "https://sns.us-east-1.amazonaws.com\\@evil.test/",
    "https://sns.us-east-1.amazonaws.com/\r\n",
    " https://sns.us-east-1.amazonaws.com/",
    "https://169.254.169.254/",
    7,
    undefined,
  ])("SNS: %s is not fetched", (address) => {
    const answer = ask("aws-sns", confirmation(address), { topicArn });
    expect(answer).toMatchObject({ refused: expect.stringContaining("address") });
    expect(answer).not.toHaveProperty("effect");
  });

  test("a secret is learnt once, and only when it can be one", () => {
    const token = "secret_fixture_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl";
    expect(ask("notion", post({ verification_token: token }))).toMatchObject({ effect: { kind: "learn-secret", secret: token } });
    expect(ask("notion", post({ verification_token: token }), {}, [token])).not.toHaveProperty("effect");
    expect(ask("notion", post({ verification_token: token, type: "page.created" }))).toBeUndefined();
    for (const bad of ["short", "with space in it", "\u00e9".repeat(10), "x".repeat(limits.secretCharsMax + 1)])
      expect(ask("notion", post({ verification_token: bad }))).not.toHaveProperty("effect");
  });
});

describe("every provider", () => {
  const asking = providers.filter(({ handshakes }) => handshakes !== undefined);
  const places = [
    ...new Set(asking.flatMap((provider) => JSON.stringify(provider.handshakes).match(/(query|header|form|json):[\w.-]+/g) ?? [])),
  ];
  const named = (kind: string): string[] => places.filter((place) => place.startsWith(kind)).map((place) => place.slice(kind.length));
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string(),
    fc.constantFrom("", "subscribe", "[]", "callback_test", "a\r\nb: c", "<html>", "1", "SubscriptionValidation", "x".repeat(5000)),
  );
  const json = fc.oneof(
    fc.jsonValue(),
    fc.array(fc.tuple(fc.constantFrom(...named("json:")), fc.oneof(text, fc.jsonValue())), { maxLength: 4 }).map((members) => {
      const root: Record<string, unknown> = {};
      for (const [path, value] of members) put(root, path.split("."), value);
      return root;
    }),
  );
  const hostile = fc.record({
    method: fc.constantFrom("GET", "HEAD", "OPTIONS", "POST", "PUT", ""),
    query: fc.array(fc.tuple(fc.constantFrom(...named("query:")), text), { maxLength: 3 }),
    headers: fc.array(fc.tuple(fc.constantFrom(...named("header:")), text), { maxLength: 3 }),
    body: fc.oneof(
      json.map((value) => JSON.stringify(value)),
      text,
      fc.uint8Array(),
      text.map((each) => `json=${each}&mandrill_events=${each}`),
    ),
    params: fc.record({ verifyToken: text, topicArn: text, publicKey: text }, { requiredKeys: [] }),
    secrets: fc.array(fc.string({ minLength: 1 }), { maxLength: 2 }),
  });

  function put(root: Record<string, unknown>, path: readonly string[], value: unknown): void {
    const [name = "", ...rest] = path;
    if (rest.length === 0) root[name] = value;
    else {
      const inner: Record<string, unknown> = {};
      put(inner, rest, value);
      root[name] = inner;
    }
  }

  test("is asked whatever it is, and headers stay headers, answers short, effects at home", () => {
    let answered = 0;
    fc.assert(
      fc.property(fc.constantFrom(...asking), hostile, (provider, { query, params, secrets, ...request }) => {
        const handshaker = createHandshaker({ provider, params, secrets });
        const url = `/in/x?${new URLSearchParams(query).toString()}`;
        for (const phase of ["before", "verified"] as const) {
          const answer = handshaker.answer({ ...request, url }, phase);
          if (answer === undefined) continue;
          answered++;
          for (const [name, value] of answer.headers) {
            expect(name).toMatch(/^[a-z-]+$/);
            expect(value).toMatch(/^[\x20-\x7e]+$/);
          }
          expect(answer.body.length).toBeLessThan(4 * limits.handshakeValueCharsMax);
          const type = Object.fromEntries(answer.headers)["content-type"];
          if (answer.body !== "")
            expect(type === "text/html" ? /[<>&]/.test(answer.body) : !["text/plain", "application/json"].includes(type ?? "")).toBe(false);
          if (answer.effect?.kind === "fetch") expect(answer.effect.url).toMatch(/^https:\/\/sns\.[a-z0-9-]+\.amazonaws\.com(\.cn)?\//);
        }
      }),
      { numRuns: 5000 },
    );
    expect(answered).toBeGreaterThan(100);
  });

  test("answers nothing before verification where handshakes are signed", () => {
    const signed = asking.filter(({ handshakes = [] }) => handshakes.every((rule) => rule.signed === true));
    expect(signed.map(({ id }) => id)).toEqual(["aws-sns", "discord", "line", "slack", "twitch", "xero", "zoom"]);
    fc.assert(
      fc.property(fc.constantFrom(...signed), hostile, (provider, { params, secrets, query: _query, ...request }) => {
        expect(createHandshaker({ provider, params, secrets }).answer(request, "before")).toBeUndefined();
      }),
    );
  });

  test("takes the parameters of its handshakes when its requests are verified", () => {
    expect(() => createVerifier({ provider: "meta", secrets: ["a-secret-of-some-length"], params: { verifyToken: "x" } })).not.toThrow();
    expect(() => createVerifier({ provider: "meta", secrets: ["a-secret-of-some-length"], params: { verifytoken: "x" } })).toThrow(
      /it has verifyToken/,
    );
  });

  test("values that are no request are no handshake", () => {
    const throwing = {
      method: "GET",
      url: "/?challenge=1",
      body: "",
      get headers(): never {
        throw new Error("no");
      },
    };
    for (const { id } of asking) {
      for (const value of [null, undefined, 1, {}, { headers: null }, { body: {}, headers: [] }, throwing])
        for (const phase of ["before", "verified"] as const)
          expect(() => createHandshaker({ provider: id }).answer(value as WebhookRequest, phase)).not.toThrow();
    }
    expect(() => createHandshaker({ provider: "nobody" })).toThrow(/not a provider/);
  });
});
