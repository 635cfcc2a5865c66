// Deliveries and their destination's breaker against a model, under any commands: every state is reached, and none is a trap.
import fc from "fast-check";
import { expect, it } from "vitest";
import type { DeliveryState } from "../../src/core/delivery.ts";
import { createTestFlow, type TestFlow } from "../kit/flow.ts";
import type { Script } from "../kit/scripted-transport.ts";

const CONCURRENCY = 4;
const ATTEMPTS = 3;
const ANSWER_MS = 40;
const ANSWERS: Record<string, Script> = {
  well: { status: 200, afterMs: ANSWER_MS },
  failing: { status: 500, afterMs: ANSWER_MS },
  away: { failure: "connect_refused", afterMs: ANSWER_MS },
  ours: { failure: "blocked_address", afterMs: ANSWER_MS },
  silent: "hang",
};

/** What a person can know of one delivery from what they did and what the receiver saw. */
interface Known {
  /** Arrivals at the receiver. */
  sent: number;
  /** Answered 2xx at least once. */
  answered: boolean;
  cancelled: boolean;
  /** Retries by hand: each allows one attempt more than the schedule. */
  retries: number;
}

interface Model {
  readonly deliveries: Map<string, Known>;
  destination: "active" | "paused" | "disabled";
  answer: keyof typeof ANSWERS;
  /** Attempts that a process which is gone left at the receiver: the next one cannot count them. */
  inDoubt: number;
  /** Start of the half-open phase in which a probe was last seen. */
  probedSince: number | null;
}

interface Real {
  readonly t: TestFlow;
  readonly id: string;
  readonly events: string[];
  readonly broken: string[];
}

/** An event may arrive before its publish has been answered. */
function knownOf({ deliveries }: Model, eventId: string): Known {
  let known = deliveries.get(eventId);
  if (known === undefined) deliveries.set(eventId, (known = { sent: 0, answered: false, cancelled: false, retries: 0 }));
  return known;
}

const reached = { deliveries: new Set<DeliveryState>(), breaker: new Set<string>(), moves: new Set<string>() };

async function check(model: Model, { t, id, broken }: Real): Promise<void> {
  expect(broken).toEqual([]);
  const health = t.running.flow.destinationHealth(id)!;
  reached.breaker.add(health.phase);
  expect(health.probeAt !== null).toBe(health.phase === "open");
  expect(health.concurrency === 0).toBe(health.phase === "open");
  expect(health.reason === null).toBe(health.phase === "closed");
  expect(t.catalog.destination(id)!.state.kind).toBe(model.destination);
  await t.clock.settle();
  const kept = (await t.store.destinationHealth()).find(({ destinationId }) => destinationId === id)?.breaker;
  expect(kept?.phase ?? "closed", "what is kept").toBe(health.phase);
  for (const delivery of await t.deliveries()) {
    const known = model.deliveries.get(delivery.eventId)!;
    reached.deliveries.add(delivery.state);
    expect(delivery.nextAttemptAt !== null, delivery.state).toBe(delivery.state === "waiting");
    expect(delivery.finishedAt === null, delivery.state).toBe(delivery.state === "waiting");
    expect(delivery.attempts).toBeLessThanOrEqual(known.sent);
    expect(delivery.attempts).toBeLessThanOrEqual(ATTEMPTS + known.retries);
    expect(delivery.state === "cancelled").toBe(known.cancelled);
    if (delivery.state === "delivered") expect(known.answered).toBe(true);
  }
}

abstract class Step implements fc.AsyncCommand<Model, Real> {
  check(model: Readonly<Model>): boolean {
    void model;
    return true;
  }
  async run(model: Model, real: Real): Promise<void> {
    const before = real.t.running.flow.destinationHealth(real.id)!.phase;
    await this.act(model, real);
    await real.t.clock.settle();
    // The destination may have switched itself off.
    if (real.t.catalog.destination(real.id)!.state.kind === "disabled") model.destination = "disabled";
    await check(model, real);
    reached.moves.add(`${before} > ${real.t.running.flow.destinationHealth(real.id)!.phase}`);
  }
  abstract act(model: Model, real: Real): Promise<void>;
}

class Publish extends Step {
  readonly count: number;
  constructor(count: number) {
    super();
    this.count = count;
  }
  override async act(model: Model, { t, events }: Real): Promise<void> {
    const made = await Promise.all(Array.from({ length: this.count }, () => t.publish()));
    for (const { id } of made) {
      events.push(id);
      knownOf(model, id);
    }
    await t.clock.advance(20);
  }
  override toString = () => `publish ${this.count}`;
}

class Become extends Step {
  readonly answer: string;
  constructor(answer: string) {
    super();
    this.answer = answer;
  }
  override act(model: Model): Promise<void> {
    model.answer = this.answer;
    return Promise.resolve();
  }
  override toString = () => `the receiver is ${this.answer}`;
}

class Wait extends Step {
  readonly ms: number;
  constructor(ms: number) {
    super();
    this.ms = ms;
  }
  override act(_: Model, { t }: Real): Promise<void> {
    return t.clock.advance(this.ms);
  }
  override toString = () => `wait ${this.ms} ms`;
}

class Command extends Step {
  readonly kind: "retry" | "cancel";
  readonly pick: number;
  constructor(kind: "retry" | "cancel", pick: number) {
    super();
    this.kind = kind;
    this.pick = pick;
  }
  override check(model: Readonly<Model>): boolean {
    return model.deliveries.size > 0;
  }
  override async act(model: Model, { t, events }: Real): Promise<void> {
    const eventId = events[this.pick % events.length]!;
    const [changed] = await t[this.kind]((await t.deliveryOf({ id: eventId })).id);
    if (changed === undefined) return;
    const known = model.deliveries.get(eventId)!;
    if (this.kind === "retry") known.retries += 1;
    else known.cancelled = true;
  }
  override toString = () => `${this.kind} ${this.pick}`;
}

class Switch extends Step {
  readonly to: Model["destination"];
  constructor(to: Model["destination"]) {
    super();
    this.to = to;
  }
  override async act(model: Model, { t, id }: Real): Promise<void> {
    if (model.destination === this.to) return;
    if (this.to === "active") await t.resume(id);
    else if (this.to === "paused") await t.pause(id);
    else await t.changeDestination(id, (current) => ({ ...current, state: { kind: "disabled", since: t.clock.now(), reason: "Enough." } }));
    model.destination = this.to;
  }
  override toString = () => `the destination is ${this.to}`;
}

class Restart extends Step {
  readonly how: "crash" | "stop";
  constructor(how: "crash" | "stop") {
    super();
    this.how = how;
  }
  override act(model: Model, { t }: Real): Promise<void> {
    model.inDoubt = t.transport.inFlight;
    // A probe whose outcome died with the process is made again.
    model.probedSince = null;
    return t.restart(this.how);
  }
  override toString = () => this.how;
}

const steps = fc.commands(
  [
    fc.constantFrom(1, 12).map((count) => new Publish(count)),
    fc.constantFrom(12, 14).map((count) => new Publish(count)),
    fc.constantFrom(...Object.keys(ANSWERS)).map((answer) => new Become(answer)),
    fc.constantFrom(10, 50, 1000).map((ms) => new Wait(ms)),
    fc.constantFrom(1000, 31_000, 130_000, 700_000).map((ms) => new Wait(ms)),
    fc.nat({ max: 50 }).map((pick) => new Command("retry", pick)),
    fc.nat({ max: 50 }).map((pick) => new Command("cancel", pick)),
    fc.constantFrom<Model["destination"]>("active", "active", "paused", "disabled").map((to) => new Switch(to)),
    fc.constantFrom<"crash" | "stop">("crash", "stop").map((how) => new Restart(how)),
  ],
  { maxCommands: 30, size: "max" },
);

async function begin(): Promise<{ model: Model; real: Real }> {
  const t = await createTestFlow({ inFlightMax: 16 });
  const model: Model = { deliveries: new Map(), destination: "active", answer: "failing", inDoubt: 0, probedSince: null };
  const { id } = await t.addReceiver({
    concurrencyMax: CONCURRENCY,
    deadlineMs: 2000,
    connectTimeoutMs: 2000,
    retry: { scheduleMs: [0, 5000, 60_000], jitter: 0 },
  });
  const broken: string[] = [];
  t.transport.respond = (sent) => {
    const health = t.running.flow.destinationHealth(id)!;
    const known = knownOf(model, sent.eventId);
    const state = t.catalog.destination(id)!.state.kind;
    if (state !== "active") broken.push(`an attempt went to a ${state} destination`);
    if (health.phase === "open") broken.push("an attempt was made while the breaker was open");
    if (health.phase === "half-open") {
      if (model.probedSince === health.since) broken.push("two probes in one half-open phase");
      // One that fails by our own fault says nothing of the receiver: the next one is the probe then.
      model.probedSince = model.answer === "ours" ? null : health.since;
    }
    if (t.transport.inFlight >= CONCURRENCY + model.inDoubt) broken.push(`${t.transport.inFlight + 1} attempts at once`);
    const script = ANSWERS[model.answer]!;
    known.sent += 1;
    if (model.answer === "well") known.answered = true;
    return script;
  };
  return { model, real: { t, id, events: [], broken } };
}

/** Whatever was done: a receiver that is well and a person who switches everything on bring every delivery to its end. */
async function end(model: Model, real: Real): Promise<void> {
  const { t, id } = real;
  model.answer = "well";
  await t.resume(id);
  model.destination = "active";
  for (let turn = 0; turn < 60 && (await t.deliveries({ state: "waiting" })).length > 0; turn += 1) await t.clock.advance(30_000);
  expect(await t.deliveries({ state: "waiting" }), "deliveries that are stuck").toEqual([]);
  // One that was cancelled may still be under way.
  await t.clock.advance(3000);
  expect(t.running.worker.stats()).toEqual({ inFlight: 0, queued: 0, unsettled: 0 });
  await check(model, real);
  // And the next one goes at once, so the breaker is no trap either.
  const last = await t.publish();
  knownOf(model, last.id);
  await t.clock.advance(20);
  for (let turn = 0; turn < 25 && (await t.deliveryOf(last)).state !== "delivered"; turn += 1) await t.clock.advance(30_000);
  expect((await t.deliveryOf(last)).state).toBe("delivered");
  expect(t.running.flow.destinationHealth(id)!.phase).toBe("closed");
}

async function runAll(commands: Iterable<fc.AsyncCommand<Model, Real>>): Promise<void> {
  const { model, real } = await begin();
  try {
    await fc.asyncModelRun(() => ({ model, real }), commands);
    await end(model, real);
  } finally {
    await real.t.dispose();
  }
}

it("a tour of every state and every move between them", async () => {
  reached.deliveries.clear();
  await runAll([
    new Publish(12),
    new Wait(50),
    new Restart("crash"),
    new Wait(31_000),
    new Restart("stop"),
    new Become("well"),
    new Wait(61_000),
    new Wait(130_000),
    new Become("failing"),
    new Publish(14),
    new Wait(1000),
    new Become("well"),
    new Command("retry", 3),
    new Wait(1000),
    new Become("ours"),
    new Publish(1),
    new Wait(130_000),
    new Command("cancel", 13),
    new Publish(1),
    new Switch("disabled"),
    new Command("cancel", 27),
  ]);
  expect([...reached.deliveries].toSorted()).toEqual(["cancelled", "dead", "delivered", "waiting"]);
  expect([...reached.breaker].toSorted()).toEqual(["closed", "half-open", "open"]);
  for (const move of ["closed > open", "open > open", "open > half-open", "half-open > closed"]) expect([...reached.moves]).toContain(move);
}, 60_000);

it("the model holds after every step of any other way, and in the end nothing is stuck", async () => {
  await fc.assert(fc.asyncProperty(steps, runAll), { numRuns: 10 });
}, 180_000);
