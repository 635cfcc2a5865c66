// The breaker by its rules, and against random histories: it always comes back, and never lets more through than it says.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BREAKER_RULES, type Breaker, CLOSED, createBreaker, type Health } from "./breaker.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;
const CAP = 64;

function feed(breaker: Breaker, healths: readonly Health[], at: number) {
  return healths.map((health) => breaker.record(health, at, at)).find((change) => change !== null) ?? null;
}

const times = (health: Health, count: number): Health[] => Array.from({ length: count }, () => health);

describe("closed", () => {
  it("opens at half of ten attempts within a minute, not before", () => {
    const breaker = createBreaker();
    expect(feed(breaker, [...times("success", 5), ...times("failure", 4)], 0)).toBeNull();
    expect(breaker.record("failure", 0, SECOND)).toMatchObject({
      kind: "opened",
      reason: "5 of 10 attempts within 60 seconds failed.",
      state: { phase: "open", since: SECOND, probeAt: 31 * SECOND, openings: 1, failingSince: 0 },
    });
    expect(breaker.slots(CAP)).toBe(0);
  });

  it("forgets failures that are more than a minute old", () => {
    const breaker = createBreaker();
    feed(breaker, times("failure", 9), 0);
    expect(breaker.record("failure", 66 * SECOND, 66 * SECOND)).toBeNull();
    expect(breaker.state.phase).toBe("closed");
  });

  it("opens after five connections in a row that could not be made", () => {
    const breaker = createBreaker();
    expect(feed(breaker, times("connect_error", 4), 0)).toBeNull();
    expect(feed(breaker, ["success", ...times("connect_error", 4)], 0)).toBeNull();
    expect(feed(breaker, ["connect_error"], 0)).toMatchObject({ kind: "opened" });
  });
});

describe("open", () => {
  it("lets one probe through after 30 seconds, and all again step by step when it succeeds", () => {
    const breaker = createBreaker();
    feed(breaker, times("connect_error", 5), 0);
    expect(breaker.wake(29_999)).toBeNull();
    expect(breaker.wake(30_000)).toMatchObject({ kind: "half_opened" });
    expect(breaker.slots(CAP)).toBe(1);
    expect(breaker.record("success", 30_000, 30_100)).toMatchObject({ kind: "closed", state: { phase: "closed", failingSince: null } });
    const ramp = [breaker.slots(CAP)];
    for (let n = 0; n < 62; n += 1) {
      breaker.record("success", 31_000, 31_000);
      if (breaker.slots(CAP) !== ramp.at(-1)) ramp.push(breaker.slots(CAP));
    }
    expect(ramp).toEqual([2, 4, 8, 16, 32, 64]);
  });

  it("stays open twice as long each time the probe fails, up to ten minutes", () => {
    const breaker = createBreaker();
    feed(breaker, times("connect_error", 5), 0);
    const lasted: number[] = [];
    for (let n = 0; n < 7; n += 1) {
      const { probeAt, since } = breaker.state;
      lasted.push(probeAt! - since);
      breaker.wake(probeAt!);
      expect(breaker.record("failure", probeAt!, probeAt! + SECOND)).toMatchObject({ kind: "opened", reason: "The probe failed." });
    }
    expect(lasted.map((ms) => ms / SECOND)).toEqual([30, 60, 120, 240, 480, 600, 600]);
  });

  it("starts again with 30 seconds when it was well for ten minutes", () => {
    const breaker = createBreaker();
    feed(breaker, times("connect_error", 5), 0);
    for (const at of [30 * SECOND, 91 * SECOND]) {
      breaker.wake(at);
      breaker.record(at === 30 * SECOND ? "failure" : "success", at, at);
    }
    for (const [at, lasts] of [
      [5 * MINUTE, 120 * SECOND],
      [30 * MINUTE, 30 * SECOND],
    ] as const) {
      const { state } = feed(breaker, times("connect_error", 5), at)!;
      expect(state.probeAt! - at).toBe(lasts);
      breaker.wake(state.probeAt!);
      breaker.record("success", state.probeAt!, state.probeAt!);
    }
  });

  it("hears nothing from attempts that began before it opened, except that a success ends the days of failure", () => {
    const breaker = createBreaker();
    feed(breaker, times("connect_error", 5), 10);
    expect(breaker.record("failure", 0, 20)).toBeNull();
    breaker.wake(MINUTE);
    expect(breaker.record("failure", 0, MINUTE + 1)).toBeNull();
    expect(breaker.state.phase).toBe("half-open");
  });

  it("is told to give up after five days of nothing but failures, and not after a success in between", () => {
    for (const recovers of [false, true]) {
      const breaker = createBreaker();
      feed(breaker, times("connect_error", 5), 0);
      let exhausted = false;
      for (let at = 0; at <= 6 * DAY && !exhausted; at = breaker.state.probeAt ?? at + MINUTE) {
        breaker.wake(at);
        const health: Health = recovers && at > 3 * DAY && at < 3 * DAY + 20 * MINUTE ? "success" : "failure";
        const change = breaker.record(health, at, at);
        exhausted = change?.kind === "exhausted";
        if (exhausted) expect(at).toBeGreaterThanOrEqual(BREAKER_RULES.disableAfterMs);
      }
      expect(exhausted).toBe(!recovers);
    }
  });

  it("survives a restart: the same state goes on where it was", () => {
    const before = createBreaker();
    feed(before, times("connect_error", 5), 0);
    const after = createBreaker(JSON.parse(JSON.stringify(before.state)) as typeof before.state);
    expect([after.slots(CAP), after.wake(29_999), after.wake(30_000)?.kind]).toEqual([0, null, "half_opened"]);
  });
});

describe("a person", () => {
  it("may have it probed at once, and a probe that fails makes the next pause no longer", () => {
    const breaker = createBreaker();
    expect(breaker.probe(0)).toBeNull();
    feed(breaker, times("connect_error", 5), 0);
    for (let at = SECOND; at < 10 * SECOND; at += SECOND) {
      expect(breaker.probe(at)).toMatchObject({ kind: "half_opened", state: { probeAt: null } });
      expect(breaker.probe(at)).toBeNull();
      expect(breaker.record("failure", at, at)).toMatchObject({
        kind: "opened",
        from: "half-open",
        state: { probeAt: at + 30 * SECOND, openings: 1 },
      });
    }
  });

  it("who says that it works again closes it, from one attempt at a time", () => {
    const breaker = createBreaker();
    feed(breaker, times("connect_error", 5), 0);
    breaker.reset(SECOND);
    expect([breaker.state, breaker.slots(CAP)]).toEqual([{ ...CLOSED, since: SECOND }, 1]);
  });
});

it("a clock that steps back opens nothing and loses nothing", () => {
  const breaker = createBreaker();
  feed(breaker, times("failure", 9), 10 * MINUTE);
  expect(breaker.record("success", 0, 0)).toBeNull();
  expect(breaker.state).toEqual({ ...CLOSED, failingSince: null });
});

const health = fc.constantFrom<Health>("success", "failure", "connect_error");
const step = fc.record({ waitMs: fc.integer({ min: 0, max: 5 * MINUTE }), health, lateMs: fc.integer({ min: 0, max: MINUTE }) });

it("whatever happens, it says how many may go, survives being written down, and a healthy receiver closes it", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      let breaker = createBreaker();
      let now = 0;
      for (const { waitMs, health: each, lateMs } of steps) {
        now += waitMs;
        breaker.wake(now);
        const slots = breaker.slots(CAP);
        expect(slots).toBe({ open: 0, "half-open": 1, closed: slots }[breaker.state.phase]);
        expect(slots).toBeLessThanOrEqual(CAP);
        breaker.record(each, now - lateMs, now);
        if (breaker.state.phase === "open")
          expect(breaker.state.probeAt! - breaker.state.since).toBeLessThanOrEqual(BREAKER_RULES.openMsMax);
        else expect(breaker.state.probeAt).toBeNull();
        breaker = now % 7 === 0 ? createBreaker(breaker.state) : breaker;
      }
      now = Math.max(now, breaker.state.probeAt ?? now);
      breaker.wake(now);
      for (let n = 0; n < 4_000; n += 1) breaker.record("success", now, now);
      expect([breaker.state.phase, breaker.slots(CAP), breaker.state.failingSince]).toEqual(["closed", CAP, null]);
    }),
  );
});
