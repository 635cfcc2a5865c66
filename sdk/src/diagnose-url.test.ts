// diagnose(): a signature over the URL that fits another spelling of it, for every scheme that signs the URL.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { diagnose, type Diagnosis, type Params, sign, type SignedHeaders, type VerifyOptions } from "./index.ts";

const nowMs = 1_760_000_000_000;
const secret = "a-fixture-secret-of-some-length";
const body = '{"a":1}';
const REGISTERED = "https://hooks.example.test/in/abc";

interface Case {
  readonly provider?: string;
  readonly params?: Params;
  /** What the sender signed. */
  readonly signed: string;
  /** What is configured here as params.url; null gives the URL with the request only. */
  readonly configured?: string | null;
  /** The URL of the request as it arrived. */
  readonly arrived?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly content?: string;
  readonly secretHere?: string;
}

async function diagnosed(given: Case): Promise<Diagnosis> {
  const { provider = "square", params = {}, configured = REGISTERED, arrived, headers = {}, content = body } = given;
  const made = await Promise.resolve<SignedHeaders>(
    sign({ provider, secret, params, method: "POST", url: given.signed, timestampMs: nowMs, body: content }),
  );
  const options: VerifyOptions = {
    provider,
    secret: given.secretHere ?? secret,
    params: configured === null ? params : { ...params, url: configured },
    nowMs,
  };
  return diagnose({ method: "POST", url: arrived, headers: { ...Object.fromEntries(made.headers), ...headers }, body: content }, options);
}

async function hints(given: Case): Promise<string[]> {
  const diagnosis = await diagnosed(given);
  expect(diagnosis).toMatchObject({ ok: false, cause: "signature_mismatch" });
  return diagnosis.hints.map(({ code }) => code);
}

test.each<[string, Case, string[]]>([
  ["http for https", { signed: "http://hooks.example.test/in/abc" }, ["url_scheme"]],
  ["https for http", { signed: REGISTERED, configured: "http://hooks.example.test/in/abc" }, ["url_scheme"]],
  ["a slash at the end", { signed: `${REGISTERED}/` }, ["url_trailing_slash"]],
  ["no slash at the end", { signed: REGISTERED, configured: `${REGISTERED}/` }, ["url_trailing_slash"]],
  ["a bare host without its slash", { signed: "https://a.example.test", configured: "https://a.example.test/" }, ["url_trailing_slash"]],
  ["the usual port", { signed: "https://hooks.example.test:443/in/abc" }, ["url_port"]],
  ["a port that is not signed", { signed: REGISTERED, configured: "https://hooks.example.test:8443/in/abc" }, ["url_port"]],
  [
    "a port that Host names",
    { signed: "https://hooks.example.test:8443/in/abc", headers: { host: "hooks.example.test:8443" } },
    ["url_port"],
  ],
  ["a query that a proxy added", { signed: REGISTERED, arrived: "/in/abc?utm=1" }, ["url_query"]],
  ["a query that was dropped", { signed: `${REGISTERED}?a=1`, configured: `${REGISTERED}?a=1`, arrived: "/in/abc?b=2" }, ["url_query"]],
  ["the host that Host names", { signed: "https://other.example.test/in/abc", headers: { host: "other.example.test" } }, ["url_host"]],
  [
    "the host in front of the proxy",
    { signed: "https://front.example.test/in/abc", headers: { "x-forwarded-host": "front.example.test, inner" } },
    ["url_host"],
  ],
  [
    "the path as it arrived",
    { signed: "https://hooks.example.test/hooks/abc", arrived: "https://hooks.example.test/hooks/abc" },
    ["url_path"],
  ],
  [
    "scheme and host at once",
    { signed: "http://other.example.test/in/abc", headers: { host: "other.example.test" } },
    ["url_scheme", "url_host"],
  ],
  [
    "a URL given with the request only",
    { signed: REGISTERED, configured: null, arrived: "http://hooks.example.test/in/abc" },
    ["url_scheme"],
  ],
  ["Twilio", { provider: "twilio", content: "A=1&B=2", signed: "http://hooks.example.test/in/abc" }, ["url_scheme"]],
  ["HubSpot", { provider: "hubspot", signed: `${REGISTERED}/` }, ["url_trailing_slash"]],
  ["Contentful, which signs the path", { provider: "contentful", signed: `${REGISTERED}/` }, ["url_trailing_slash"]],
  ["MessageBird, which hashes the URL", { provider: "messagebird", signed: "http://hooks.example.test/in/abc" }, ["url_scheme"]],
  [
    "a template of one's own",
    { provider: "hmac", params: { content: "{url}|{body}" }, signed: "http://hooks.example.test/in/abc" },
    ["url_scheme"],
  ],
])("%s", async (_, given, codes) => {
  expect(await hints(given)).toEqual(codes);
});

describe("the sentence", () => {
  test("says what differs and names the fix", async () => {
    const { hints: found } = await diagnosed({ signed: "http://hooks.example.test/in/abc" });
    expect(found.map(({ message }) => message)).toEqual([
      "The signed URL differs: http vs https as configured. Give the URL exactly as it is registered at Square (params.url), or register the configured one there.",
    ]);
  });

  test("does not repeat a query", async () => {
    const { hints: found } = await diagnosed({ signed: REGISTERED, arrived: "/in/abc?token=a-fixture-token" });
    expect(JSON.stringify(found)).not.toContain("a-fixture-token");
  });
});

test("an old request is diagnosed all the same", async () => {
  const signed = `${REGISTERED}/`;
  const made = await Promise.resolve<SignedHeaders>(
    sign({ provider: "hubspot", secret, method: "POST", url: signed, timestampMs: nowMs - 86_400_000, body }),
  );
  const request = { method: "POST", headers: made.headers, body };
  const { cause, hints: found } = await diagnose(request, { provider: "hubspot", secret, params: { url: REGISTERED }, nowMs });
  expect({ cause, codes: found.map(({ code }) => code) }).toEqual({ cause: "timestamp_too_old", codes: ["url_trailing_slash"] });
});

test("with another secret no spelling fits, and the secret is what is named", async () => {
  expect(await hints({ signed: "http://hooks.example.test/in/abc", secretHere: "another-fixture-secret" })).toEqual(["wrong_secret"]);
});

test("where the URL is not signed, nothing of it is said", async () => {
  const { headers } = await Promise.resolve<SignedHeaders>(sign({ provider: "github", secret, body }));
  const { hints: found } = await diagnose({ url: REGISTERED, headers, body }, { provider: "github", secret: "another-fixture-secret" });
  expect(found.map(({ code }) => code)).toEqual(["wrong_secret"]);
});

test("whatever stands where URLs and hosts are expected, the answer is a diagnosis", async () => {
  const text = fc.oneof(fc.string(), fc.webUrl({ withQueryParameters: true }), fc.stringMatching(/^https?:\/\/[a-z.[\]:/?#0-9]{0,40}$/));
  const header = fc.string().map((value) => value.replaceAll(/[^\x20-\x7e]/g, ""));
  const ids = fc.constantFrom("square", "twilio", "contentful", "jira-connect");
  const { headers } = await Promise.resolve<SignedHeaders>(sign({ provider: "square", secret, url: REGISTERED, body }));
  await fc.assert(
    fc.asyncProperty(ids, text, text, header, async (provider, url, registered, host) => {
      const request = {
        method: "POST",
        url,
        headers: [...headers, ["host", host], ["x-forwarded-host", host]] as [string, string][],
        body,
      };
      const diagnosis = await diagnose(request, { provider, secret: "another-fixture-secret", params: { url: registered }, nowMs });
      expect(diagnosis.ok).toBe(false);
    }),
    { numRuns: 300 },
  );
});

test("a URL that is none is no problem", async () => {
  expect(await hints({ signed: "elsewhere", configured: null, arrived: "not a URL" })).toEqual(["wrong_secret"]);
});
