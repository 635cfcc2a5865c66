// Deadlines on a clock owned by the test: order, precision, one timer, and a wall clock that jumps.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Clock } from "../system/clock.ts";
import { type Deadlined, Deadlines } from "./deadline.ts";

/** Timers run on `run`, which real time stands for; `skew` moves the wall clock alone. */
function testClock(): Clock & { run(ms: number): void; skew(ms: number): void; armed: number } {
  let time = 0;
  let offset = 1_700_000_000_000;
  let timers: { at: number; callback: () => void }[] = [];
  const clock = {
    armed: 0,
    now: () => time + offset,
    after(delayMs: number, callback: () => void) {
      const timer = { at: time + delayMs, callback };
      timers.push(timer);
      clock.armed += 1;
      return { cancel: () => void (timers = timers.filter((other) => other !== timer)) };
    },
    skew(ms: number) {
      offset += ms;
    },
    run(ms: number) {
      const end = time + ms;
      for (;;) {
        const next = timers.filter((timer) => timer.at <= end).toSorted((a, b) => a.at - b.at)[0];
        if (next === undefined) break;
        timers = timers.filter((timer) => timer !== next);
        time = next.at;
        next.callback();
      }
      time = end;
    },
  };
  return clock;
}

function entry(onEnd: (how: "expired" | "cancelled") => void): Deadlined {
  return {
    dueAt: 0,
    queue: null,
    previous: null,
    next: null,
    expire: () => onEnd("expired"),
    cancel: () => onEnd("cancelled"),
  };
}

describe("deadlines", () => {
  test("never expire early, nor more than 20 ms late, in any order of adding and removing", () => {
    const plan = fc.array(
      fc.record({ waitMs: fc.nat(50), lengthMs: fc.constantFrom(100, 333, 2_000), removeAfterMs: fc.option(fc.nat(2_500)) }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(plan, (steps) => {
        const clock = testClock();
        const deadlines = new Deadlines(clock);
        const live = steps.map(({ waitMs, lengthMs, removeAfterMs }) => {
          clock.run(waitMs);
          const startedAt = deadlines.now();
          const state = { startedAt, lengthMs, removeAt: removeAfterMs === null ? Infinity : startedAt + removeAfterMs, endedAt: -1 };
          const node = entry(() => void (state.endedAt = deadlines.now()));
          deadlines.add(node, startedAt, lengthMs);
          return { state, node };
        });
        for (let i = 0; i < 300; i++) {
          clock.run(10);
          for (const { state, node } of live) if (state.removeAt <= deadlines.now()) deadlines.remove(node);
        }
        for (const { state } of live) {
          const dueAt = state.startedAt + state.lengthMs;
          if (state.endedAt === -1) expect(state.removeAt).toBeLessThanOrEqual(dueAt + 30);
          else expect(state.endedAt - dueAt).toBeOneOf(Array.from({ length: 21 }, (_, late) => late));
        }
      }),
    );
  });

  test("cost one timer per deadline length of time, not one per exchange", () => {
    const clock = testClock();
    const deadlines = new Deadlines(clock);
    for (let i = 0; i < 10_000; i++) {
      const node = entry(() => expect.unreachable());
      deadlines.add(node, deadlines.now(), 20_000);
      clock.run(10);
      deadlines.remove(node);
    }
    expect(clock.armed).toBeLessThanOrEqual(6);
  });

  test.each([-3_600_000, -1])("still end on time, never late, when the wall clock is set back by %i ms", (skewMs) => {
    const clock = testClock();
    const deadlines = new Deadlines(clock);
    const ended: string[] = [];
    deadlines.add(
      entry(() => ended.push("before")),
      deadlines.now(),
      1_000,
    );
    clock.run(500);
    clock.skew(skewMs);
    deadlines.add(
      entry(() => ended.push("after")),
      deadlines.now(),
      1_000,
    );
    clock.run(499);
    expect(ended).toEqual([]);
    clock.run(30);
    expect(ended).toContain("before");
    clock.run(500);
    expect(ended).toEqual(["before", "after"]);
  });

  test("are all cancelled by close, once", () => {
    const clock = testClock();
    const deadlines = new Deadlines(clock);
    const ended: string[] = [];
    for (const lengthMs of [100, 200])
      deadlines.add(
        entry((how) => ended.push(how)),
        deadlines.now(),
        lengthMs,
      );
    deadlines.close();
    clock.run(1_000);
    expect(ended).toEqual(["cancelled", "cancelled"]);
  });
});
