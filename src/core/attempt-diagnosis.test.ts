// Every way an attempt can end has its own advice, in sentences, and none repeats what a receiver says of a network inside.
import { describe, expect, test } from "vitest";
import { diagnoseAttempt } from "./attempt-diagnosis.ts";
import type { AttemptFacts, FailureDetail } from "./attempt-facts.ts";
import type { Attempt } from "./delivery.ts";

const NOW = Date.UTC(2026, 0, 1);
const DAY_MS = 86_400_000;

function facts(changes: Partial<AttemptFacts> = {}): AttemptFacts {
  return {
    dnsMs: null,
    connectMs: null,
    tlsMs: null,
    firstByteMs: null,
    bodyMs: null,
    reused: false,
    remote: null,
    httpVersion: null,
    tlsVersion: null,
    certificateExpiresAt: null,
    responseBytes: null,
    detail: null,
    ...changes,
  };
}

function answered(status: number, headers: string[] = [], more: Partial<AttemptFacts> = {}): ReturnType<typeof diagnoseAttempt> {
  const result: Attempt["result"] = { kind: "response", status, headers, body: new Uint8Array(0), truncated: false };
  return diagnoseAttempt({ startedAt: NOW, result, facts: facts(more) });
}

function failed(failure: string, detail: FailureDetail | null = null): ReturnType<typeof diagnoseAttempt> {
  return diagnoseAttempt({ startedAt: NOW, result: { kind: "failure", failure, message: "It failed." }, facts: facts({ detail }) });
}

const SENTENCES = /^[A-Z][^\n]*\.$/;

describe("a status", () => {
  test.each([200, 201, 202, 204, 299])("%i has nothing to say", (status) => expect(answered(status)).toBeNull());

  test.each([400, 401, 403, 404, 405, 408, 410, 413, 415, 421, 422, 429, 502, 503, 504])("%i has advice of its own", (status) => {
    const diagnosis = answered(status)!;
    expect(diagnosis.severity).toBe("error");
    expect(diagnosis.summary).toMatch(SENTENCES);
    expect(diagnosis.fix).toMatch(SENTENCES);
    expect(diagnosis.summary).toContain(String(status));
    const general = answered(status >= 500 ? 599 : 499)!;
    expect(diagnosis.fix).not.toBe(general.fix);
  });

  test.each([
    [401, "destination", /credentials|secret/],
    [403, "destination", /signing secret/],
    [404, "destination", /URL/],
    [410, "receiver", /new URL/],
    [429, "receiver", /concurrency/],
    [500, "receiver", /log/],
    [418, "receiver", /answer/],
  ])("%i is for the %s", (status, owner, fix) => {
    expect(answered(status)).toMatchObject({ owner, fix: expect.stringMatching(fix) });
  });
});

describe("a redirect", () => {
  test("names a public host it leads to", () => {
    const diagnosis = answered(308, ["Location", "https://hooks.example.com/new?token=hush"])!;
    expect(diagnosis.summary).toContain("hooks.example.com");
    expect(`${diagnosis.summary}${diagnosis.fix}`).not.toContain("hush");
  });
  test.each([
    "http://127.0.0.1:8080/",
    "http://169.254.169.254/latest",
    "http://2130706433/",
    "http://[::1]/",
    "http://[fd00::1]/",
    "http://vault.internal/",
    "http://db.corp./",
    "http://payments/",
    "/relative",
    "//",
    "javascript:alert(1)",
    "http://a_b.example.com/",
    "",
  ])("to %j names nobody", (location) => {
    const diagnosis = answered(302, ["location", location])!;
    expect(diagnosis.summary).toMatch(/^The receiver answered 302, a redirect\. Redirects are never followed/);
    expect(diagnosis.fix).not.toMatch(/\d|internal|corp|payments/);
  });
  test("without a location is a redirect all the same", () => expect(answered(301)?.owner).toBe("destination"));
});

describe("a failure", () => {
  const FAILURES = [
    "blocked_address",
    "invalid_url",
    "invalid_request",
    "dns_error",
    "connect_refused",
    "connect_timeout",
    "connection_reset",
    "tls_error",
    "response_timeout",
    "malformed_response",
    "response_headers_too_large",
    "proxy_error",
    "auth_error",
    "loop",
    "cancelled",
  ];
  test.each(FAILURES)("%s keeps its own sentence and says what to do", (failure) => {
    expect(failed(failure)).toMatchObject({ severity: "error", summary: "It failed.", fix: expect.stringMatching(SENTENCES) });
  });
  test("of each class has a fix of its own", () => {
    expect(new Set(FAILURES.map((failure) => failed(failure)!.fix)).size).toBe(FAILURES.length);
  });

  test.each<[string, FailureDetail, RegExp]>([
    ["dns_error", "dns_not_found", /host name/],
    ["dns_error", "dns_timeout", /name servers/],
    ["connect_timeout", "lanes_busy", /faster/],
    ["connect_timeout", "tls_phase", /TLS/],
    ["response_timeout", "body_phase", /End the response/],
    ["tls_error", "tls_expired", /Renew/],
    ["tls_error", "tls_self_signed", /tls\.caPem/],
    ["tls_error", "tls_incomplete_chain", /intermediate/],
    ["tls_error", "tls_wrong_host", /host name/],
    ["tls_error", "tls_old_version", /TLS 1\.2/],
    ["tls_error", "tls_not_spoken", /https/],
    ["tls_error", "tls_client_certificate", /clientCertPem/],
    ["proxy_error", "proxy_credentials", /POSTHORN_OUTBOUND_PROXY/],
    ["auth_error", "token_refused", /clientSecret/],
  ])("%s of the kind %s has advice of its own", (failure, detail, fix) => {
    expect(failed(failure, detail)!.fix).toMatch(fix);
    expect(failed(failure, detail)!.fix).not.toBe(failed(failure)!.fix);
  });

  test("of the proxy or of a stop is the operator's, never the receiver's", () => {
    for (const detail of [null, "proxy_unreachable", "proxy_credentials", "proxy_refused", "proxy_no_route"] as const) {
      expect(failed("proxy_error", detail)?.owner).toBe("operator");
    }
    expect(failed("cancelled")?.owner).toBe("operator");
  });

  test("that nobody foresaw still says something", () => expect(failed("something_new")?.fix).toMatch(SENTENCES));
  test("of an attempt without facts is judged too", () => {
    const result: Attempt["result"] = { kind: "failure", failure: "dns_error", message: "It failed." };
    expect(diagnoseAttempt({ startedAt: NOW, result })?.fix).toMatch(SENTENCES);
  });
});

describe("a certificate", () => {
  const ending = (days: number) => answered(200, [], { certificateExpiresAt: NOW + days * DAY_MS });
  test.each([
    [0.5, "0 days"],
    [1, "1 day;"],
    [13.99, "13 days"],
  ])("that ends in %d days is a warning on success", (days, text) => {
    expect(ending(days)).toMatchObject({ severity: "warning", owner: "receiver", summary: expect.stringContaining(text) });
  });
  test("that ends in two weeks or later is none", () => expect([ending(14), ending(400)]).toEqual([null, null]));
  test("does not hide an error", () => {
    expect(answered(500, [], { certificateExpiresAt: NOW + DAY_MS })).toMatchObject({ severity: "error" });
  });
});
