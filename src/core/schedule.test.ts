// The schedule against a plain model: caps hold, nobody starves, and the memory it counts comes back to nothing.
import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Delivery } from "./delivery.ts";
import type { Event } from "./event.ts";
import { type Lane, type Work } from "./lane.ts";
import { createSchedule, type Schedule } from "./schedule.ts";

let lastSeq = 0;

function work(destinationId: string, bodyBytes = 10): Work {
  lastSeq += 1;
  return { delivery: { seq: lastSeq, destinationId, attempts: 0, trigger: "event" } as Delivery, event: { bodyBytes } as Event };
}

function open(schedule: Schedule, id: string, concurrencyMax: number): Lane {
  const lane = schedule.lane(id);
  schedule.adjust(lane, { open: true, concurrencyMax });
  return lane;
}

const LIMITS = { inFlightMax: 100, windowMax: 1000, windowTotalMax: 1e6, windowBytesMax: 1e6, perHostMax: 100, perTenantMax: 100 };

describe("the schedule", () => {
  it("takes lanes in turn, each in its own order", () => {
    const schedule = createSchedule(LIMITS);
    const [a, b] = [open(schedule, "a", 10), open(schedule, "b", 10)];
    const works = [work("a"), work("a"), work("a"), work("b"), work("b")];
    for (const each of works) schedule.add(each.delivery.destinationId === "a" ? a : b, each);
    const taken = Array.from({ length: 5 }, () => schedule.take(0)!);
    expect(taken.map((each) => each.delivery.destinationId)).toEqual(["a", "b", "a", "b", "a"]);
    expect(taken.filter((each) => each.delivery.destinationId === "a")).toEqual(works.slice(0, 3));
    expect(schedule.take(0)).toBeNull();
  });

  it("gives k lanes with a backlog an equal share of the slots", () => {
    const schedule = createSchedule({ ...LIMITS, inFlightMax: 4 });
    const ids = ["a", "b", "c", "d", "e", "f", "g"];
    for (const id of ids) {
      const lane = open(schedule, id, 10);
      for (let i = 0; i < 500; i += 1) schedule.add(lane, work(id));
    }
    const counts = new Map<string, number>();
    for (let i = 0; i < 700; i += 1) {
      const each = schedule.take(0)!;
      counts.set(each.delivery.destinationId, (counts.get(each.delivery.destinationId) ?? 0) + 1);
      schedule.landed(each, 100);
      schedule.release(each);
    }
    expect([...counts.values()]).toEqual(ids.map(() => 100));
  });

  it("does not let lanes that hold their slots keep a new one waiting for more than a turn", () => {
    const schedule = createSchedule(LIMITS);
    const slow = open(schedule, "slow", 3);
    for (let i = 0; i < 50; i += 1) schedule.add(slow, work("slow"));
    for (let i = 0; i < 3; i += 1) schedule.take(0);
    schedule.add(open(schedule, "quick", 1), work("quick"));
    expect(schedule.take(0)?.delivery.destinationId).toBe("quick");
    expect(schedule.take(0)).toBeNull();
  });

  it("has room for one delivery of an idle lane however much other lanes hold, and for no second", () => {
    const schedule = createSchedule({ ...LIMITS, windowBytesMax: 100 });
    const [full, idle] = [open(schedule, "full", 1), open(schedule, "idle", 1)];
    schedule.add(full, work("full", 100));
    expect([schedule.hasRoom(full, "fresh", 1), schedule.hasRoom(idle, "fresh", 50)]).toEqual([false, true]);
    schedule.add(idle, work("idle", 50));
    expect(schedule.hasRoom(idle, "fresh", 1)).toBe(false);
  });

  it("holds no more deliveries than it may in all, but one of each lane", () => {
    const schedule = createSchedule({ ...LIMITS, windowTotalMax: 2 });
    const [full, idle] = [open(schedule, "full", 1), open(schedule, "idle", 1)];
    const first = work("full");
    schedule.add(full, first);
    expect([schedule.hasRoom(full, "fresh", 1), schedule.room]).toEqual([true, 1]);
    schedule.add(full, work("full"));
    expect([schedule.hasRoom(full, "fresh", 1), schedule.hasRoom(idle, "fresh", 1), schedule.room]).toEqual([false, true, 0]);
    schedule.landed(schedule.take(0)!, 1);
    schedule.release(first);
    expect([schedule.hasRoom(full, "fresh", 1), schedule.room]).toEqual([true, 1]);
  });

  it("frees its memory when deliveries leave, not when they land", () => {
    const schedule = createSchedule({ ...LIMITS, windowBytesMax: 100, windowMax: 1 });
    const [a, b] = [open(schedule, "a", 1), open(schedule, "b", 1)];
    schedule.add(a, work("a", 90));
    schedule.add(b, work("b", 5));
    const taken = schedule.take(0)!;
    schedule.landed(taken, 100);
    expect(schedule.hasRoom(a, "fresh", 1)).toBe(false);
    schedule.release(taken);
    expect(schedule.hasRoom(a, "fresh", 95)).toBe(true);
  });
});

type Step =
  | { kind: "add"; lane: number; bytes: number }
  | { kind: "take" }
  | { kind: "land" | "release" | "drop"; pick: number }
  | { kind: "adjust"; lane: number; open: boolean; cap: number }
  | { kind: "clear"; lane: number };

const LANES = ["a", "b", "c"];
const lane = fc.integer({ min: 0, max: LANES.length - 1 });
const pick = fc.nat({ max: 50 });
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("add" as const), lane, bytes: fc.integer({ min: 0, max: 40 }) }) },
  { weight: 6, arbitrary: fc.constant({ kind: "take" as const }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("land" as const), pick }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("release" as const), pick }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("drop" as const), pick }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("adjust" as const), lane, open: fc.boolean(), cap: fc.integer({ min: 0, max: 3 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("clear" as const), lane }) },
);

/** The same rules with nothing but lists. */
class Model {
  readonly schedule = createSchedule({ ...LIMITS, inFlightMax: 4, windowMax: 6, windowBytesMax: 120 });
  readonly queues = LANES.map((): Work[] => []);
  readonly settings = LANES.map(() => ({ open: false, cap: 0 }));
  readonly inFlight: Work[] = [];
  readonly landed: Work[] = [];

  lane(index: number): Lane {
    return this.schedule.lane(LANES[index]!);
  }

  indexOf(each: Work): number {
    return LANES.indexOf(each.delivery.destinationId);
  }

  held(index: number): Work[] {
    return [...this.queues[index]!, ...this.inFlight, ...this.landed].filter((each) => this.indexOf(each) === index);
  }

  mayTake(index: number): boolean {
    const { open, cap } = this.settings[index]!;
    const flying = this.inFlight.filter((each) => this.indexOf(each) === index).length;
    return open && this.queues[index]!.length > 0 && flying < cap && this.inFlight.length < 4;
  }

  run(step: Step): void {
    switch (step.kind) {
      case "add":
        return this.add(step.lane, step.bytes);
      case "take":
        return this.take();
      case "land":
        return this.land(step.pick);
      case "release":
        return this.release(step.pick);
      case "drop":
        return this.drop(step.pick);
      case "adjust":
        this.settings[step.lane] = { open: step.open, cap: step.cap };
        return this.schedule.adjust(this.lane(step.lane), { open: step.open, concurrencyMax: step.cap });
      case "clear":
        this.queues[step.lane] = [];
        return this.schedule.clear(this.lane(step.lane));
    }
  }

  private add(index: number, bytes: number): void {
    const held = this.held(index);
    const total = LANES.flatMap((_, i) => this.held(i)).reduce((sum, each) => sum + each.event.bodyBytes, 0);
    const room = held.length < 6 && (held.length === 0 || total + bytes <= 120);
    assert.equal(this.schedule.hasRoom(this.lane(index), "fresh", bytes), room);
    if (!room) return;
    const added = work(LANES[index]!, bytes);
    this.queues[index]!.push(added);
    this.schedule.add(this.lane(index), added);
  }

  private take(): void {
    const taken = this.schedule.take(0);
    const possible = LANES.some((_, index) => this.mayTake(index));
    assert.equal(taken !== null, possible, "something is taken exactly when something may go");
    if (taken === null) return;
    const index = this.indexOf(taken);
    assert.equal(this.mayTake(index), true);
    assert.equal(taken, this.queues[index]!.shift());
    this.inFlight.push(taken);
  }

  private land(at: number): void {
    if (this.inFlight.length === 0) return;
    const [each] = this.inFlight.splice(at % this.inFlight.length, 1);
    this.landed.push(each!);
    this.schedule.landed(each!, 100);
  }

  private release(at: number): void {
    if (this.landed.length === 0) return;
    const [each] = this.landed.splice(at % this.landed.length, 1);
    this.schedule.release(each!);
    this.schedule.release(each!);
  }

  private drop(at: number): void {
    const all = [...this.queues.flat(), ...this.inFlight];
    if (all.length === 0) return;
    const each = all[at % all.length]!;
    const queue = this.queues[this.indexOf(each)]!;
    const queued = queue.includes(each);
    assert.equal(this.schedule.drop(this.lane(this.indexOf(each)), each.delivery.seq), queued);
    if (queued) queue.splice(queue.indexOf(each), 1);
  }

  check(): void {
    assert.equal(this.schedule.inFlight, this.inFlight.length);
    assert.equal(this.schedule.queued, this.queues.flat().length);
    for (const index of LANES.keys()) {
      assert.deepEqual(this.lane(index).window, new Set(this.held(index).map((each) => each.delivery.seq)));
      assert.equal(this.lane(index).inFlight, this.inFlight.filter((each) => this.indexOf(each) === index).length);
    }
  }

  /** Opens everything, sends everything: nothing is left behind, and all memory is free again. */
  drain(): void {
    for (const index of LANES.keys()) this.run({ kind: "adjust", lane: index, open: true, cap: 2 });
    for (let turns = 0; this.queues.flat().length + this.inFlight.length + this.landed.length > 0; turns += 1) {
      assert.ok(turns < 1000, "the schedule stands still");
      if (LANES.some((_, index) => this.mayTake(index))) this.run({ kind: "take" });
      this.run({ kind: "land", pick: turns });
      this.run({ kind: "release", pick: turns });
    }
    this.check();
    const idle = this.lane(0);
    this.schedule.add(idle, work(LANES[0]!, 60));
    assert.equal(this.schedule.hasRoom(idle, "fresh", 60), true, "all counted bytes came back");
    assert.equal(this.schedule.hasRoom(idle, "fresh", 61), false);
  }
}

describe("the schedule under any steps", () => {
  it("does what the model does, and drains to nothing", () => {
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 120 }), (steps) => {
        const model = new Model();
        for (const step of steps) {
          model.run(step);
          model.check();
        }
        model.drain();
      }),
      { numRuns: 300 },
    );
  });
});
