// The schedule over simulated time: who gets how much of the slots, and how long anybody waits.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Delivery, DeliveryTrigger } from "./delivery.ts";
import { createDueHeap } from "./due-heap.ts";
import type { Event } from "./event.ts";
import type { WorkClass, Work } from "./lane.ts";
import { createTokenBucket } from "./rate.ts";
import { createSchedule, type ScheduleLimits } from "./schedule.ts";

const LIMITS: ScheduleLimits = {
  inFlightMax: 20,
  windowMax: 1e6,
  windowTotalMax: 1e9,
  windowBytesMax: 1e9,
  perHostMax: 1e6,
  perTenantMax: 1e6,
};

interface Sender {
  id: string;
  tenantId?: string;
  host?: string;
  /** How long its receiver holds a slot. */
  tookMs: number;
  concurrencyMax?: number;
  perSecond?: number;
}

/** Receivers that take the time they take, in simulated time: no clock but `now`. */
class World {
  readonly schedule;
  readonly slotMs = new Map<string, number>();
  readonly waited = new Map<string, number[]>();
  readonly taken: { at: number; work: Work }[] = [];
  now = 0;
  mostInFlight = 0;
  readonly #senders = new Map<string, Sender>();
  readonly #landings = createDueHeap<Work>();
  readonly #bornAt = new Map<Work, number>();
  #seq = 0;

  constructor(limits: Partial<ScheduleLimits> = {}) {
    this.schedule = createSchedule({ ...LIMITS, ...limits });
  }

  join(sender: Sender): void {
    const { id, tenantId = id, host = id, concurrencyMax = 10, perSecond } = sender;
    this.#senders.set(id, sender);
    const rate = perSecond === undefined ? null : createTokenBucket({ perSecond, burst: 1 });
    this.schedule.adjust(this.schedule.lane(id), { open: true, tenantId, host, concurrencyMax, rate });
  }

  send(id: string, count: number, as: Partial<Pick<Delivery, "attempts" | "trigger" | "createdAt">> = {}): void {
    for (let n = 0; n < count; n += 1) {
      this.#seq += 1;
      const delivery = { seq: this.#seq, destinationId: id, attempts: 0, trigger: "event", createdAt: 0, ...as } as Delivery;
      const work = { delivery, event: { bodyBytes: 1 } as Event };
      this.#bornAt.set(work, this.now);
      this.schedule.add(this.schedule.lane(id), work);
    }
  }

  /** Lets time pass; `each` is called at every whole 100 ms. */
  run(untilMs: number, each: () => void = () => {}): void {
    this.#fill();
    while (this.now < untilMs) {
      const tick = (Math.floor(this.now / 100) + 1) * 100;
      const next = Math.min(tick, this.#landings.earliest() ?? Infinity, this.schedule.nextWakeAt() ?? Infinity);
      this.now = Math.max(this.now, next);
      for (let work = this.#landings.popDue(this.now); work !== undefined; work = this.#landings.popDue(this.now)) this.#land(work);
      if (this.now === tick) each();
      this.#fill();
    }
  }

  #fill(): void {
    for (let work = this.schedule.take(this.now); work !== null; work = this.schedule.take(this.now)) this.#leave(work);
    this.mostInFlight = Math.max(this.mostInFlight, this.schedule.inFlight);
  }

  get lastSeq(): number {
    return this.#seq;
  }

  share(id: string): number {
    const all = [...this.slotMs.values()].reduce((sum, ms) => sum + ms, 0);
    return (this.slotMs.get(id) ?? 0) / all;
  }

  #leave(work: Work): void {
    const id = work.delivery.destinationId;
    this.taken.push({ at: this.now, work });
    let waits = this.waited.get(id);
    if (waits === undefined) this.waited.set(id, (waits = []));
    waits.push(this.now - this.#bornAt.get(work)!);
    this.#landings.push(this.now + this.#senders.get(id)!.tookMs, work);
  }

  #land(work: Work): void {
    const { tookMs, tenantId = work.delivery.destinationId } = this.#senders.get(work.delivery.destinationId)!;
    this.slotMs.set(tenantId, (this.slotMs.get(tenantId) ?? 0) + tookMs);
    this.schedule.landed(work, tookMs);
    this.schedule.release(work);
  }
}

describe("fair by time", () => {
  it("gives one that holds its slots for 20 s as much time as one that answers at once, not as many turns", () => {
    const world = new World({ inFlightMax: 10 });
    world.join({ id: "hangs", tookMs: 20_000 });
    world.join({ id: "quick", tookMs: 20 });
    world.send("hangs", 1_000);
    world.send("quick", 500_000);
    world.run(600_000);
    expect(world.share("hangs")).toBeGreaterThan(0.4);
    expect(world.share("hangs")).toBeLessThan(0.6);
  });

  it("keeps a tenant with one destination equal to a tenant with a hundred", () => {
    const world = new World({ inFlightMax: 8 });
    for (let n = 0; n < 100; n += 1) {
      world.join({ id: `many-${n}`, tenantId: "many", tookMs: 50 });
      world.send(`many-${n}`, 400);
    }
    world.join({ id: "one", tookMs: 50 });
    world.send("one", 10_000);
    world.run(30_000);
    expect(world.share("one")).toBeCloseTo(0.5, 1);
  });

  it("gives each of k backlogged tenants at least 0.8/k of the slots over ten seconds", () => {
    const tenant = fc.record({ tookMs: fc.integer({ min: 40, max: 400 }), lanes: fc.integer({ min: 1, max: 4 }) });
    fc.assert(
      fc.property(fc.array(tenant, { minLength: 2, maxLength: 6 }), (tenants) => {
        const world = new World({ inFlightMax: 12 });
        for (const [index, { tookMs, lanes }] of tenants.entries()) {
          for (let lane = 0; lane < lanes; lane += 1) {
            const id = `${index}-${lane}`;
            world.join({ id, tenantId: String(index), tookMs, concurrencyMax: 12 });
            world.send(id, 3_000);
          }
        }
        world.run(10_000);
        for (const index of tenants.keys()) expect(world.share(String(index))).toBeGreaterThan(0.8 / tenants.length);
      }),
      { numRuns: 40 },
    );
  });

  it("lets a tenant with 100,000 for a receiver that hangs not keep another waiting", () => {
    const world = new World({ inFlightMax: 100, perTenantMax: 25 });
    for (let n = 0; n < 20; n += 1) {
      world.join({ id: `a-${n}`, tenantId: "a", tookMs: 20_000 });
      world.send(`a-${n}`, 5_000);
    }
    world.join({ id: "b", tookMs: 20 });
    world.run(60_000, () => world.send("b", 1));
    const waits = world.waited.get("b")!.toSorted((x, y) => x - y);
    expect(waits.length).toBeGreaterThan(590);
    expect(waits[Math.floor(waits.length * 0.99)]).toBeLessThanOrEqual(2_000);
  });

  it("holds a tenant to its share while others wait, and gives it the rest when none does", () => {
    const world = new World({ inFlightMax: 20, perTenantMax: 5 });
    world.join({ id: "a", tookMs: 1_000, concurrencyMax: 20 });
    world.join({ id: "b", tookMs: 1_000, concurrencyMax: 20 });
    for (const id of ["a", "b"]) world.send(id, 1_000);
    world.run(5_500);
    expect(world.schedule.lane("a").inFlight).toBe(10);
    world.schedule.clear(world.schedule.lane("b"));
    world.run(8_500);
    expect(world.schedule.lane("a").inFlight).toBe(20);
  });

  it("keeps slots free however many tenants hang, and takes none from those who answer", () => {
    const world = new World({ inFlightMax: 100 });
    for (let n = 0; n < 500; n += 1) {
      world.join({ id: `hangs-${n}`, tenantId: `bad-${n % 5}`, tookMs: 20_000 });
      world.send(`hangs-${n}`, 50);
    }
    world.join({ id: "quick", tookMs: 20 });
    world.run(120_000, () => world.send("quick", 5));
    expect(Math.max(...world.waited.get("quick")!)).toBeLessThanOrEqual(100);
  });
});

describe("classes of work", () => {
  const kinds: Record<WorkClass, { attempts: number; trigger: DeliveryTrigger }> = {
    fresh: { attempts: 0, trigger: "event" },
    retry: { attempts: 3, trigger: "event" },
    replay: { attempts: 0, trigger: "replay" },
  };

  it("share the slots' time 6 : 3 : 1 under pressure", () => {
    const world = new World({ inFlightMax: 10 });
    for (const of of ["fresh", "retry", "replay"] as const) {
      world.join({ id: of, tookMs: 30 });
      world.send(of, 20_000, kinds[of]);
    }
    world.run(30_000);
    expect(world.share("fresh")).toBeCloseTo(0.6, 1);
    expect(world.share("retry")).toBeCloseTo(0.3, 1);
    expect(world.share("replay")).toBeCloseTo(0.1, 1);
  });

  it("leave all slots to the one that has work", () => {
    const world = new World({ inFlightMax: 10 });
    world.join({ id: "replay", tookMs: 1_000 });
    world.send("replay", 100, kinds.replay);
    world.run(5_500);
    expect(world.schedule.inFlight).toBe(10);
  });

  it("keep more than half of the slots for fresh events when 10,000 destinations come back at once", () => {
    const world = new World({ inFlightMax: 50 });
    for (let n = 0; n < 10_000; n += 1) {
      world.join({ id: `back-${n}`, tenantId: `tenant-${n % 100}`, tookMs: 40 });
      world.send(`back-${n}`, 3, kinds.retry);
    }
    for (let n = 0; n < 50; n += 1) world.join({ id: `live-${n}`, tenantId: "live", tookMs: 40 });
    for (let n = 0; n < 50; n += 1) world.send(`live-${n}`, 1_000);
    world.run(10_000);
    expect(world.share("live")).toBeGreaterThan(0.5);
  });

  it("within one destination let fresh events pass a replay of thousands", () => {
    const world = new World();
    world.join({ id: "a", tookMs: 100, concurrencyMax: 1 });
    world.send("a", 5_000, kinds.replay);
    world.run(5_000, () => world.now % 1_000 === 0 && world.send("a", 1));
    const fresh = world.taken.filter(({ work }) => work.delivery.trigger === "event");
    expect(fresh.length).toBeGreaterThanOrEqual(4);
    for (const { at } of fresh) expect(at % 1_000).toBeLessThanOrEqual(200);
  });
});

describe("newcomers", () => {
  it("do not stand behind what others were only expected to cost", () => {
    const world = new World({ inFlightMax: 40 });
    for (let n = 0; n < 20; n += 1) {
      world.join({ id: `early-${n}`, tenantId: "one", tookMs: 10 });
      world.send(`early-${n}`, 5_000);
    }
    world.run(500);
    for (let n = 0; n < 20; n += 1) {
      world.join({ id: `late-${n}`, tenantId: n % 2 === 0 ? "one" : "two", tookMs: 10 });
      world.send(`late-${n}`, 20);
    }
    world.run(800);
    for (let n = 0; n < 20; n += 1) expect(Math.min(...world.waited.get(`late-${n}`)!), `late-${n}`).toBeLessThanOrEqual(100);
  });

  it("of a class neither: retries that come while fresh ones flow get their share at once", () => {
    const world = new World({ inFlightMax: 10 });
    for (let n = 0; n < 20; n += 1) {
      world.join({ id: `f${n}`, tookMs: 20 });
      world.send(`f${n}`, 2_000);
    }
    world.run(300);
    world.join({ id: "r", tookMs: 20 });
    world.send("r", 100, { attempts: 1 });
    world.run(500);
    expect(world.waited.get("r")?.length ?? 0).toBeGreaterThan(10);
  });
});

describe("what was parked", () => {
  it("goes with the retries, and what has happened since does not stand behind it", () => {
    const world = new World({ inFlightMax: 10 });
    for (let n = 0; n < 1_000; n += 1) {
      world.join({ id: `back-${n}`, tookMs: 40 });
      world.send(`back-${n}`, 3);
      world.schedule.adjust(world.schedule.lane(`back-${n}`), { open: false });
    }
    world.join({ id: "live", tenantId: "live", tookMs: 40 });
    world.run(1_000);
    for (let n = 0; n < 1_000; n += 1) {
      world.schedule.clear(world.schedule.lane(`back-${n}`));
      world.schedule.adjust(world.schedule.lane(`back-${n}`), { open: true, freshSince: world.now });
      world.send(`back-${n}`, 3, { createdAt: 0 });
    }
    world.send("live", 2_000, { createdAt: world.now });
    world.send("back-7", 1, { createdAt: world.now });
    const [from, seq] = [world.taken.length, world.lastSeq];
    world.run(3_000);
    const since = world.taken.slice(from);
    const live = since.filter(({ work }) => work.delivery.destinationId === "live").length / since.length;
    // Six of nine parts, and a little more until all of the others have been heard of once.
    expect([live > 0.6, live < 0.9]).toEqual([true, true]);
    expect(since.findIndex(({ work }) => work.delivery.seq === seq)).toBeLessThan(60);
  });
});

describe("what holds back", () => {
  it("destinations of one host share its slots in turn", () => {
    const world = new World({ inFlightMax: 20, perHostMax: 4 });
    for (const id of ["a", "b", "c", "d", "e", "f"]) {
      world.join({ id, host: "shared", tookMs: 100 });
      world.send(id, 1_000);
    }
    world.run(12_000);
    expect(world.mostInFlight).toBe(4);
    for (const id of ["a", "b", "c", "d", "e", "f"]) expect(world.share(id)).toBeCloseTo(1 / 6, 1);
  });

  it("a host that is full holds back nobody else", () => {
    const world = new World({ inFlightMax: 20, perHostMax: 2 });
    world.join({ id: "full", host: "h", tookMs: 60_000 });
    world.join({ id: "same", host: "h", tookMs: 10 });
    world.join({ id: "other", tookMs: 10 });
    world.send("full", 10);
    world.run(100);
    world.send("same", 5);
    world.send("other", 5);
    world.run(1_000);
    expect([world.waited.get("same"), world.waited.get("other")?.length]).toEqual([undefined, 5]);
    world.run(60_200);
    expect(world.waited.get("same")?.length).toBe(5);
  });

  it("a rate is kept to within 5 % over any second, and wakes the lane by itself", () => {
    const world = new World();
    world.join({ id: "a", tookMs: 1, perSecond: 40 });
    world.send("a", 1_000);
    world.run(20_000);
    expect(world.taken.length).toBeGreaterThan(40 * 20 * 0.95);
    for (const [index, { at }] of world.taken.entries()) {
      const inSecond = world.taken.slice(index).filter((other) => other.at < at + 1_000).length;
      expect(inSecond).toBeLessThanOrEqual(42);
    }
  });

  it("a lane without a slot of its own costs nothing to pass over", () => {
    const world = new World({ inFlightMax: 10_000 });
    for (let n = 0; n < 1_000; n += 1) {
      world.join({ id: `hangs-${n}`, tookMs: 1e9, concurrencyMax: 1 });
      world.send(`hangs-${n}`, 10);
    }
    world.join({ id: "quick", tookMs: 10 });
    world.run(100);
    world.send("quick", 1);
    world.run(200);
    expect(world.waited.get("quick")).toEqual([0]);
  });
});
