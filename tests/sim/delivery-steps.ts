// What the model of deliveries is held against: the real flow, the steps that drive it, and the look at it after each.
import type fc from "fast-check";
import { expect } from "vitest";
import type { Delivery } from "../../src/core/delivery.ts";
import { deliveryView } from "../../src/http/views/records.ts";
import { createTestFlow, type TestFlow } from "../kit/flow.ts";
import type { CrashPoint } from "../kit/store.ts";
import {
  ANSWERS,
  type AnswerName,
  type Arrival,
  DEADLINE_MS,
  DeliveryModel,
  type DestinationKind,
  type Reached,
  SCHEDULE_MS,
  type Shown,
  type Target,
  type Tracked,
} from "./delivery-model.ts";

const CONCURRENCY = 4;
const TARGETS_MAX = 3;
// A stop gives attempts this long; it looks every few milliseconds, so that what ends at the very end may be kept or not.
const GRACE_MS = 1_000;
const GRACE_SURE_MS = 900;

export interface Real {
  readonly t: TestFlow;
  /** Those that the model has not been told of. */
  arrivals: Arrival[];
  readonly broken: string[];
}

const pairOf = ({ eventId, destinationId }: Pick<Delivery, "eventId" | "destinationId">) => `${eventId} ${destinationId}`;

/** A flow with one destination, whose receivers answer as the model says. */
export async function begin(reached: Reached): Promise<{ model: DeliveryModel; real: Real }> {
  const t = await createTestFlow({ inFlightMax: 64 });
  const model = new DeliveryModel(reached);
  const real: Real = { t, arrivals: [], broken: [] };
  t.transport.respond = (sent) => {
    const target = model.targets.find(({ id }) => sent.url === urlOf(id))!;
    const { state } = t.catalog.destination(target.id) ?? { state: { kind: "deleted" } };
    if (state.kind !== "active") real.broken.push(`an attempt went to a ${state.kind} destination`);
    if (t.running.flow.destinationHealth(target.id)?.phase === "open") real.broken.push("an attempt went through an open breaker");
    const { eventId, attempt: number, at } = sent;
    real.arrivals.push({ eventId, destinationId: target.id, number, answer: target.answer, at });
    return ANSWERS[target.answer].script;
  };
  await connect(model, real);
  return { model, real };
}

const urlOf = (id: string) => `https://${id.replace("_", "-")}.example/hook`;

async function connect(model: DeliveryModel, { t }: Real): Promise<Target> {
  // The first one's slots do not adapt: a tour has to know how many there are.
  const adaptiveConcurrency = model.targets.length > 0;
  const limits = { concurrencyMax: CONCURRENCY, adaptiveConcurrency, deadlineMs: DEADLINE_MS, connectTimeoutMs: DEADLINE_MS };
  const { id } = await t.addReceiver({ ...limits, retry: { scheduleMs: SCHEDULE_MS, jitter: 0 } });
  const target: Target = { id, kind: "active", answer: "200" };
  model.targets.push(target);
  return target;
}

/** Tells the model what the receivers saw, and holds what is real against what it says now. */
export async function check(model: DeliveryModel, real: Real): Promise<void> {
  const { t } = real;
  await t.clock.settle();
  expect(real.broken).toEqual([]);
  const rows = new Map((await t.deliveries()).map((row) => [pairOf(row), row]));
  for (const arrival of real.arrivals.splice(0)) model.arrive(arrival);
  const rowOf = (one: Tracked) => {
    const row = rows.get(pairOf(one));
    if (row === undefined) throw new Error(`the delivery of ${pairOf(one)} is missing`);
    return row;
  };
  const now = t.clock.now();
  model.settle(rowOf, now);
  expect(rows.size, "deliveries that nobody made").toBe(model.tracked.length);
  for (const { id, kind } of model.targets) expect(t.catalog.destination(id)?.state.kind ?? "deleted").toBe(kind);
  show(model, real);
  for (const one of model.tracked) checkOne(one, rowOf(one), real);
  for (const target of model.targets) checkNoneIsLeft(model, target, real);
}

function show(model: DeliveryModel, { t }: Real): void {
  model.show((id) => t.running.flow.destinationHealth(id));
}

function checkOne(one: Tracked, row: Delivery, { t }: Real): void {
  const { state, attempts, nextAttemptAt, finishedAt, reason } = row;
  expect({ state, attempts, nextAttemptAt }, `${row.id}, which is ${one.shown}`).toEqual({
    state: one.state,
    attempts: one.attempts,
    nextAttemptAt: one.dueAt,
  });
  expect(finishedAt === null, `whether ${row.id} has an end`).toBe(state === "waiting");
  if (one.why === null) expect(reason).toBeNull();
  else expect(reason).toMatch(one.why);
  // What a person is told: the same state, and a reason wherever something holds it back.
  const shown = deliveryView(row, { catalog: t.catalog, flow: t.running.flow });
  switch (one.shown) {
    case "paused":
    case "disabled":
      expect(shown).toMatchObject({ status: "paused", reason: expect.stringMatching(/^The destination is (paused|disabled)/) });
      break;
    case "parked":
      expect(shown).toMatchObject({ status: "waiting", reason: expect.stringMatching(/^Parked: the circuit breaker is/) });
      break;
    case "sending":
      break;
    default:
      expect(shown.status).toBe(one.shown);
  }
}

/** Nothing that is due and may go is left lying: the bound on being stuck is no time at all. */
function checkNoneIsLeft(model: DeliveryModel, { id, kind }: Target, { t }: Real): void {
  const health = t.running.flow.destinationHealth(id);
  if (kind !== "active" || health === null) return;
  const own = model.tracked.filter(({ destinationId }) => destinationId === id);
  const now = t.clock.now();
  const underWay = own.filter(({ flight }) => flight !== null && flight.endsAt > now).length;
  if (underWay >= health.concurrency) return;
  const left = own.filter(({ state, flight, dueAt }) => state === "waiting" && flight === null && dueAt! <= now);
  expect(left, `${health.concurrency} attempts may be under way, ${underWay} are, and these are due`).toEqual([]);
}

/** A new process where one died or stopped; attempts of the old one that had not ended are nobody's. */
async function restart(model: DeliveryModel, real: Real, how: "crash" | "stop"): Promise<void> {
  const { t } = real;
  const from = t.clock.now();
  if (how === "stop") await t.stop(GRACE_MS);
  const endedAt = t.clock.now();
  const before = real.arrivals.splice(0);
  const disabled = new Set(model.targets.filter(({ kind }) => kind === "disabled"));
  await t.restart("crash");
  // What the old process had sent, then how that ended, then what the new one sends.
  for (const arrival of before) model.arrive(arrival);
  const rows = new Map((await t.deliveries()).map((row) => [pairOf(row), row]));
  model.ended(how, (one) => rows.get(pairOf(one))!, endedAt, how === "stop" ? from + GRACE_SURE_MS : -Infinity);
  // A crash between the outcome's commit and the destination's own change forgets the change: the next answer repeats it.
  for (const target of model.live) {
    if (how === "crash" && target.kind === "disabled" && !disabled.has(target)) target.kind = t.catalog.destination(target.id)!.state.kind;
  }
  show(model, real);
}

abstract class Step implements fc.AsyncCommand<DeliveryModel, Real> {
  check(model: Readonly<DeliveryModel>): boolean {
    void model;
    return true;
  }
  async run(model: DeliveryModel, real: Real): Promise<void> {
    await this.act(model, real);
    await check(model, real);
  }
  abstract act(model: DeliveryModel, real: Real): Promise<void>;
}

/** To every destination there is. */
async function publish(model: DeliveryModel, real: Real, count: number): Promise<void> {
  const { t } = real;
  const made = await Promise.all(Array.from({ length: count }, () => t.publish()));
  for (const { id } of made) {
    model.events.push(id);
    for (const target of model.live) model.add(id, target.id, t.clock.now());
  }
  show(model, real);
}

export class Publish extends Step {
  readonly count: number;
  constructor(count: number) {
    super();
    this.count = count;
  }
  override async act(model: DeliveryModel, real: Real): Promise<void> {
    await publish(model, real, this.count);
  }
  override toString = () => `publish ${this.count}`;
}

export class Wait extends Step {
  readonly ms: number;
  constructor(ms: number) {
    super();
    this.ms = ms;
  }
  override act(_: DeliveryModel, { t }: Real): Promise<void> {
    return t.clock.advance(this.ms);
  }
  override toString = () => `wait ${this.ms} ms`;
}

/** Something done to one of the destinations there are. */
abstract class OnTarget extends Step {
  readonly pick: number;
  constructor(pick: number) {
    super();
    this.pick = pick;
  }
  override check(model: Readonly<DeliveryModel>): boolean {
    return model.live.length > 0;
  }
  override act(model: DeliveryModel, real: Real): Promise<void> {
    return this.on(model.live[this.pick % model.live.length]!, model, real);
  }
  abstract on(target: Target, model: DeliveryModel, real: Real): Promise<void>;
}

export class Answer extends OnTarget {
  readonly name: AnswerName;
  constructor(pick: number, name: AnswerName) {
    super(pick);
    this.name = name;
  }
  override on(target: Target): Promise<void> {
    target.answer = this.name;
    return Promise.resolve();
  }
  override toString = () => `destination ${this.pick} answers ${this.name}`;
}

export class Switch extends OnTarget {
  readonly to: Exclude<DestinationKind, "deleted">;
  constructor(pick: number, to: Exclude<DestinationKind, "deleted">) {
    super(pick);
    this.to = to;
  }
  override async on(target: Target, model: DeliveryModel, real: Real): Promise<void> {
    const { t } = real;
    const { id, kind } = target;
    if (kind === this.to || (kind === "disabled" && this.to === "paused")) return;
    if (this.to === "active") await t.resume(id);
    else if (this.to === "paused") await t.pause(id);
    else await t.changeDestination(id, (current) => ({ ...current, state: { kind: "disabled", since: t.clock.now(), reason: "Enough." } }));
    target.kind = this.to;
    // Before what it lets go has gone.
    show(model, real);
  }
  override toString = () => `destination ${this.pick} becomes ${this.to}`;
}

export class Remove extends OnTarget {
  override async on(target: Target, model: DeliveryModel, { t }: Real): Promise<void> {
    await t.removeDestination(target.id);
    model.remove(target);
  }
  override toString = () => `destination ${this.pick} is deleted`;
}

async function expectFinished({ t }: Real, jobId: string, deliveriesCreated: number): Promise<void> {
  expect(await t.store.job(jobId)).toMatchObject({ status: "finished", deliveriesDone: deliveriesCreated });
}

/** A new destination, and a job that brings it every event from before; the process may die around the job's commit. */
export class Connect extends Step {
  readonly crash: CrashPoint["when"] | null;
  constructor(crash: CrashPoint["when"] | null) {
    super();
    this.crash = crash;
  }
  override check(model: Readonly<DeliveryModel>): boolean {
    return model.live.length < TARGETS_MAX;
  }
  override async act(model: DeliveryModel, real: Real): Promise<void> {
    const { t } = real;
    const { id } = await connect(model, real);
    if (this.crash !== null) t.watched.crashAt({ method: "stepJob", when: this.crash, nth: 1 });
    const job = await t.replay({ destinationId: id });
    for (const eventId of model.events) model.add(eventId, id, t.clock.now());
    show(model, real);
    await t.clock.settle();
    if (this.crash !== null) await restart(model, real, "crash");
    await t.clock.settle();
    await expectFinished(real, job.id, model.events.length);
  }
  override toString = () => `a new destination gets the past${this.crash === null ? "" : `, crash ${this.crash} its commit`}`;
}

function expectChanged(changed: Delivery[], ids: string[]): void {
  expect(changed.map(({ id }) => id)).toEqual(ids);
}

/** A person's command on one of all deliveries, or of those that stand where `among` says. */
export class Command extends Step {
  readonly kind: "retry" | "cancel";
  readonly pick: number;
  readonly among: Shown | null;
  constructor(kind: "retry" | "cancel", pick: number, among: Shown | null = null) {
    super();
    this.kind = kind;
    this.pick = pick;
    this.among = among;
  }
  override check(model: Readonly<DeliveryModel>): boolean {
    return this.#choice(model).length > 0;
  }
  override async act(model: DeliveryModel, real: Real): Promise<void> {
    const { t } = real;
    const choice = this.#choice(model);
    const one = choice[this.pick % choice.length]!;
    const row = (await t.deliveries({ eventId: one.eventId })).find(({ destinationId }) => destinationId === one.destinationId)!;
    const changed = await t[this.kind](row.id);
    const allowed = this.kind === "retry" ? model.retry(one, t.clock.now()) : model.cancel(one);
    expectChanged(changed, allowed ? [row.id] : []);
    show(model, real);
  }
  #choice(model: Readonly<DeliveryModel>): Tracked[] {
    return model.tracked.filter(({ shown }) => this.among === null || shown === this.among);
  }
  override toString = () => `${this.kind} ${this.pick} of ${this.among ?? "all"}`;
}

export class Crash extends Step {
  readonly point: Omit<CrashPoint, "nth"> | null;
  constructor(point: Omit<CrashPoint, "nth"> | null) {
    super();
    this.point = point;
  }
  override async act(model: DeliveryModel, real: Real): Promise<void> {
    const { t } = real;
    if (this.point !== null) {
      t.watched.crashAt({ ...this.point, nth: 1 });
      await publish(model, real, 1);
      await t.clock.settle();
      for (let waited = 0; waited < 100 && !t.watched.isDead; waited += 10) await t.clock.advance(10);
    }
    await restart(model, real, "crash");
  }
  override toString = () => `crash ${this.point === null ? "" : `${this.point.when} ${this.point.method}`}`;
}

export class Stop extends Step {
  override async act(model: DeliveryModel, real: Real): Promise<void> {
    await restart(model, real, "stop");
  }
  override toString = () => "stop";
}
