// Rules by status: how they are written, which one counts, and that a receiver's own orders come before them.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decideAfter } from "./retry.ts";
import { parseStatusRule, ruleFor } from "./status-rule.ts";

describe("parseStatusRule", () => {
  it.each([
    ["429", { first: 429, last: 429, retry: true }],
    ["500-599", { first: 500, last: 599, retry: true }],
    ["!401", { first: 401, last: 401, retry: false }],
    ["!400-499", { first: 400, last: 499, retry: false }],
    ["150-250", { first: 150, last: 250, retry: true }],
    ["999", { first: 999, last: 999, retry: true }],
  ])("%s", (text, rule) => {
    expect(parseStatusRule(text)).toEqual({ ok: true, rule });
  });

  it.each([
    "",
    "!",
    "5xx",
    "50",
    "5000",
    "500-",
    "-599",
    "599-500",
    "500 - 599",
    " 500",
    "!!401",
    "099",
    "200",
    "204-299",
    "410",
    "!410",
    "５００",
  ])("refuses %j with a sentence", (text) => {
    expect(parseStatusRule(text)).toMatchObject({ ok: false, message: expect.stringMatching(/^[A-Z2-4].*\.$/) });
  });
});

const status = fc.integer({ min: 300, max: 599 }).filter((value) => value !== 410);
const bounds = fc
  .tuple(fc.integer({ min: 300, max: 599 }), fc.integer({ min: 0, max: 99 }))
  .map(([first, more]) => [first, first + more] as const);
const written = fc.record({ bounds, never: fc.boolean() });
const textOf = ({ bounds: [first, last], never }: { bounds: readonly [number, number]; never: boolean }) =>
  `${never ? "!" : ""}${first}-${last}`;

describe("for any rules and any answer", () => {
  it("the first one that names the status counts", () => {
    fc.assert(
      fc.property(fc.array(written, { maxLength: 6 }), status, (rules, value) => {
        const first = rules.find((rule) => value >= rule.bounds[0] && value <= rule.bounds[1]);
        const expected = first === undefined ? undefined : { text: textOf(first), retry: !first.never };
        expect(ruleFor(rules.map(textOf), value)).toEqual(expected);
      }),
    );
  });

  it("one that forbids it ends the delivery at its first attempt, and every other leaves the default as it is", () => {
    const headers = fc.constantFrom([], ["retry-after", "90"]);
    fc.assert(
      fc.property(
        fc.array(written, { maxLength: 6 }),
        status,
        headers,
        fc.integer({ min: 1, max: 4 }),
        (rules, value, flat, attemptNumber) => {
          const statuses = rules.map(textOf);
          const outcome = { kind: "response" as const, status: value, headers: flat };
          const input = { outcome, attemptNumber, expiresAt: null, nowMs: 1_000_000, random: 0.5 };
          const plain = decideAfter({ ...input, policy: { scheduleMs: [0, 1000, 2000], jitter: 0.2 } });
          const ruled = decideAfter({ ...input, policy: { scheduleMs: [0, 1000, 2000], jitter: 0.2, statuses } });
          if (ruleFor(statuses, value)?.retry !== false) {
            expect(ruled).toEqual(plain);
            return;
          }
          expect(ruled).toMatchObject({ next: "dead", disableDestination: null, reason: expect.stringContaining("rule !") });
        },
      ),
    );
  });
});

describe("rules and what a receiver orders", () => {
  const decide = (value: number, headers: string[], statuses: string[]) =>
    decideAfter({
      outcome: { kind: "response", status: value, headers },
      attemptNumber: 1,
      policy: { scheduleMs: [0, 1000], jitter: 0, statuses },
      expiresAt: null,
      nowMs: 0,
      random: 0.5,
    });

  it("410 and webhook-delivery come first", () => {
    for (const statuses of [["400-499"], ["!400-499"]]) {
      expect(decide(410, [], statuses)).toMatchObject({ next: "dead", disableDestination: { reason: expect.stringContaining("410") } });
      expect(decide(404, ["webhook-delivery", "disable"], statuses)).toMatchObject({
        next: "dead",
        disableDestination: { reason: expect.any(String) },
      });
    }
    expect(decide(404, ["webhook-delivery", "abort-message"], ["400-499"])).toMatchObject({ next: "dead", disableDestination: null });
  });

  it("an exception before a range keeps its Retry-After", () => {
    expect(decide(429, ["retry-after", "120"], ["429", "!400-499"])).toMatchObject({ next: "retry", atMs: 120_000 });
    expect(decide(404, [], ["429", "!400-499"])).toEqual({
      next: "dead",
      reason: "The receiver answered 404. The destination's rule !400-499 says not to try again.",
      disableDestination: null,
    });
  });

  it("a success is one, whatever a range that touches it says", () => {
    expect(decide(204, [], ["!100-599"])).toEqual({ next: "delivered", disableDestination: null });
  });
});
