// What counts against a receiver, and what never does.
import { expect, it } from "vitest";
import { healthOf, isOverload } from "./health.ts";
import type { AttemptOutcome } from "./retry.ts";

const answer = (status: number, ...headers: string[]): AttemptOutcome => ({ kind: "response", status, headers });
const failure = (name: string): AttemptOutcome => ({ kind: "failure", failure: name });

it("reads answers by their status", () => {
  expect([200, 204, 299, 302, 400, 401, 404, 410, 429, 500, 503].map((status) => healthOf(answer(status)))).toEqual([
    ...Array<string>(3).fill("success"),
    ...Array<string>(8).fill("failure"),
  ]);
});

it("holds a refusal of one message against nobody, and asking for no more at all is a failure", () => {
  expect(healthOf(answer(400, "Webhook-Delivery", " Abort-Message "))).toBeNull();
  expect(healthOf(answer(400, "webhook-delivery", "disable"))).toBe("failure");
  expect(healthOf(answer(200, "webhook-delivery", "abort-message"))).toBe("success");
});

it("tells connections that could not be made from exchanges that failed", () => {
  for (const name of ["dns_error", "connect_refused", "connect_timeout", "tls_error"])
    expect(healthOf(failure(name)), name).toBe("connect_error");
  for (const name of ["response_timeout", "connection_reset", "malformed_response"]) expect(healthOf(failure(name)), name).toBe("failure");
});

it("never holds our own faults against a receiver, nor those it does not know", () => {
  for (const name of ["blocked_address", "invalid_url", "invalid_request", "cancelled", "proxy_error", "toString"]) {
    expect(healthOf(failure(name)), name).toBeNull();
    expect(isOverload(failure(name)), name).toBe(false);
  }
});

it("takes timeouts, 429 and 5xx as too much at once, and nothing else", () => {
  expect([429, 500, 503, 599].map((status) => isOverload(answer(status)))).toEqual([true, true, true, true]);
  expect([200, 302, 400, 404, 410].map((status) => isOverload(answer(status)))).toEqual([false, false, false, false, false]);
  expect([failure("response_timeout"), failure("connect_timeout"), failure("connect_refused")].map(isOverload)).toEqual([
    true,
    true,
    false,
  ]);
});
