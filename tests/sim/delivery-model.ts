// What a delivery may do, said as plainly as it can be: the model that delivery-model.test.ts holds the real flow against.
import { expect } from "vitest";
import type { DeliveryState } from "../../src/core/delivery.ts";
import type { Script } from "../kit/scripted-transport.ts";

export const SCHEDULE_MS = [0, 5_000, 60_000];
export const DEADLINE_MS = 2_000;
const ANSWER_MS = 40;
/** An outcome is committed within this time: settle waits 10 ms for company. */
const SETTLE_MS = 25;

export interface AnswerKind {
  readonly script: Script;
  readonly takesMs: number;
  readonly leadsTo: "delivered" | "again" | "dead";
  /** What the receiver asks for or deserves, whatever the schedule. */
  readonly waitMsMin: number;
  readonly disables: boolean;
}

const answer = (script: Script, leadsTo: AnswerKind["leadsTo"], more: Partial<AnswerKind> = {}): AnswerKind => ({
  script: script === "hang" ? script : { ...script, afterMs: ANSWER_MS },
  takesMs: ANSWER_MS,
  leadsTo,
  waitMsMin: 0,
  disables: false,
  ...more,
});
const saying = (status: number, name: string, value: string): Script => ({ status, headers: [name, value] });

export const ANSWERS = {
  "200": answer({ status: 200 }, "delivered"),
  "200 disable": answer(saying(200, "webhook-delivery", "disable"), "delivered", { disables: true }),
  "302": answer({ status: 302 }, "again"),
  "400": answer({ status: 400 }, "again"),
  "400 abort-message": answer(saying(400, "webhook-delivery", "abort-message"), "dead"),
  "410": answer({ status: 410 }, "dead", { disables: true }),
  "429": answer({ status: 429 }, "again", { waitMsMin: 60_000 }),
  "500": answer({ status: 500 }, "again"),
  "500 disable": answer(saying(500, "webhook-delivery", "disable"), "dead", { disables: true }),
  "503 retry-after 90": answer(saying(503, "retry-after", "90"), "again", { waitMsMin: 90_000 }),
  reset: answer({ failure: "connection_reset" }, "again"),
  refused: answer({ failure: "connect_refused" }, "again"),
  "our fault": answer({ failure: "blocked_address" }, "again"),
  timeout: answer("hang", "again", { takesMs: DEADLINE_MS, waitMsMin: 60_000 }),
} as const satisfies Record<string, AnswerKind>;
export type AnswerName = keyof typeof ANSWERS;
export const ANSWER_NAMES = Object.keys(ANSWERS) as AnswerName[];

export type DestinationKind = "active" | "paused" | "disabled" | "deleted";
/**
 * Where a delivery stands, as a person sees it, and where it can go from there. `waiting` is for a time or a turn; what is
 * sent and lost with its process goes back to wherever its destination is by then; a retry by hand goes on from an end.
 */
const MACHINE = {
  new: ["waiting", "parked", "paused", "disabled"],
  waiting: ["sending", "parked", "paused", "disabled", "cancelled"],
  sending: ["delivered", "dead", "waiting", "parked", "paused", "disabled", "cancelled"],
  parked: ["sending", "waiting", "paused", "disabled", "cancelled"],
  paused: ["waiting", "parked", "disabled", "cancelled"],
  disabled: ["waiting", "cancelled"],
  delivered: ["waiting", "parked", "paused", "disabled", "cancelled"],
  dead: ["waiting", "parked", "paused", "disabled", "cancelled"],
  cancelled: [],
} as const satisfies Record<string, readonly string[]>;
export type Shown = keyof typeof MACHINE;

/** What has to be reached, and nothing else may be. */
export const MOVES = Object.entries(MACHINE).flatMap(([from, all]) => all.map((to) => `${from} > ${to}`));
export const ENDS = ANSWER_NAMES.flatMap((name) => endsOf(name).map((state) => `${name}: ${state}`));
export const FATES = ["crash: kept", "crash: lost", "stop: kept", "stop: lost"];

function endsOf(name: AnswerName): readonly DeliveryState[] {
  const { leadsTo } = ANSWERS[name];
  return leadsTo === "again" ? ["waiting", "dead"] : [leadsTo];
}

/** One attempt at the receiver. */
export interface Arrival {
  eventId: string;
  destinationId: string;
  /** As the request says. */
  number: number;
  answer: AnswerName;
  at: number;
}

export interface Tracked {
  readonly eventId: string;
  readonly destinationId: string;
  state: DeliveryState;
  attempts: number;
  dueAt: number | null;
  why: RegExp | null;
  flight: { answer: AnswerName; endsAt: number } | null;
  shown: Shown;
}

/** What of the real delivery the model is held against. */
export interface Seen {
  state: DeliveryState;
  attempts: number;
  nextAttemptAt: number | null;
}

export interface Target {
  readonly id: string;
  kind: DestinationKind;
  answer: AnswerName;
}

/** How the breaker of a destination stands. It has a model of its own (tests/flow/breaker-model.test.ts). */
export interface Breaker {
  phase: "closed" | "open" | "half-open";
  since: number | null;
  probeAt: number | null;
}

export interface Reached {
  readonly moves: Set<string>;
  /** What each answer made of a delivery. */
  readonly ends: Set<string>;
  /** What became of attempts that were under way when their process ended. */
  readonly fates: Set<string>;
}

/** What may be sent: one that waits, whose time has come, and that is not under way. */
function expectToBeDue({ flight, state, attempts, dueAt }: Tracked, number: number, at: number): void {
  expect(flight, "two attempts at one delivery at once").toBeNull();
  expect([state, number], "an attempt at what waits, numbered on").toEqual(["waiting", attempts + 1]);
  expect(dueAt, "an attempt before its time").toBeLessThanOrEqual(at);
}

/** One for each event and destination: what is brought in later goes to a destination of its own. */
export class DeliveryModel {
  readonly targets: Target[] = [];
  readonly events: string[] = [];
  readonly tracked: Tracked[] = [];
  readonly #byPair = new Map<string, Tracked>();
  readonly #reached: Reached;

  constructor(reached: Reached) {
    this.#reached = reached;
  }

  get live(): Target[] {
    return this.targets.filter(({ kind }) => kind !== "deleted");
  }

  target(id: string): Target {
    return this.targets.find((one) => one.id === id)!;
  }

  find(eventId: string, destinationId: string): Tracked | undefined {
    return this.#byPair.get(`${eventId} ${destinationId}`);
  }

  /** Dispatch or a job made it. */
  add(eventId: string, destinationId: string, now: number): void {
    const made: Tracked = {
      eventId,
      destinationId,
      state: "waiting",
      attempts: 0,
      dueAt: now,
      why: null,
      flight: null,
      shown: "new",
    };
    this.tracked.push(made);
    this.#byPair.set(`${eventId} ${destinationId}`, made);
  }

  /** Whether it was a command that the state allows. */
  retry(one: Tracked, now: number): boolean {
    if (one.state === "cancelled") return false;
    // During an attempt that is the attempt which the person asked for: its outcome has the last word.
    Object.assign(one, { state: "waiting", dueAt: now, why: /^Retried by hand\.$/ });
    if (this.target(one.destinationId).kind === "deleted") this.#cancel(one, /^The destination was deleted\.$/);
    return true;
  }

  cancel(one: Tracked): boolean {
    if (one.state !== "waiting") return false;
    this.#cancel(one, /^Cancelled by hand\.$/);
    return true;
  }

  remove(target: Target): void {
    target.kind = "deleted";
    for (const one of this.tracked) {
      if (one.destinationId === target.id && one.state === "waiting") this.#cancel(one, /^The destination was deleted\.$/);
    }
  }

  /** Attempts reach the receiver one by one, each only when it may. */
  arrive({ eventId, destinationId, number, answer: name, at }: Arrival): void {
    const one = this.find(eventId, destinationId);
    if (one === undefined) throw new Error(`an attempt at a delivery that nobody made: ${eventId} to ${destinationId}`);
    if (one.flight !== null && one.flight.endsAt <= at) this.#land(one, one.flight);
    expectToBeDue(one, number, at);
    this.#show(one, "sending");
    one.flight = { answer: name, endsAt: at + ANSWERS[name].takesMs };
  }

  /** Attempts that ended: whether one that ended just now is committed is seen, and later ones have to be. */
  settle(seen: (one: Tracked) => Seen, now: number): void {
    for (const one of this.tracked) {
      if (one.flight === null || one.flight.endsAt > now) continue;
      if (now - one.flight.endsAt >= SETTLE_MS || seen(one).attempts > one.attempts) this.#land(one, one.flight);
    }
  }

  /**
   * The process that made them is gone. An attempt that had ended may have been committed, and after a stop has to be;
   * any other is as if it had not been.
   */
  ended(how: "crash" | "stop", seen: (one: Tracked) => Seen, endedBy: number, keptBy: number): void {
    for (const one of this.tracked) {
      const { flight } = one;
      if (flight === null) continue;
      const kept = flight.endsAt <= keptBy || (flight.endsAt <= endedBy && seen(one).attempts > one.attempts);
      if (kept) this.#land(one, flight);
      else one.flight = null;
      this.#reached.fates.add(`${how}: ${kept ? "kept" : "lost"}`);
    }
  }

  /** Everything has had its effect: where each delivery stands now. */
  show(breakerOf: (destinationId: string) => Breaker | null): void {
    for (const one of this.tracked) this.#show(one, this.#shownOf(one, breakerOf(one.destinationId)));
  }

  #shownOf(one: Tracked, breaker: Breaker | null): Shown {
    if (one.state !== "waiting") return one.state;
    if (one.flight !== null) return "sending";
    const { kind } = this.target(one.destinationId);
    if (kind === "paused" || kind === "disabled") return kind;
    const dueAt = one.dueAt ?? 0;
    if (breaker?.phase === "open") return dueAt <= (breaker.probeAt ?? 0) ? "parked" : "waiting";
    return breaker?.phase === "half-open" && dueAt <= (breaker.since ?? 0) ? "parked" : "waiting";
  }

  #land(one: Tracked, flight: NonNullable<Tracked["flight"]>): void {
    const kind = ANSWERS[flight.answer];
    one.flight = null;
    one.attempts += 1;
    const target = this.target(one.destinationId);
    if (kind.disables && target.kind !== "deleted") target.kind = "disabled";
    // Cancelled meanwhile: the attempt was made and counts, and nothing else comes of it.
    if (one.state !== "waiting") return;
    const delayMs = kind.leadsTo === "again" ? SCHEDULE_MS[one.attempts] : undefined;
    if (delayMs !== undefined) {
      const why = new RegExp(`Attempt ${one.attempts + 1} of ${SCHEDULE_MS.length} is next\\.$`);
      Object.assign(one, { dueAt: flight.endsAt + Math.max(delayMs, kind.waitMsMin), why });
      this.#end(one, "waiting", flight.answer);
      return;
    }
    const state = kind.leadsTo === "delivered" ? "delivered" : "dead";
    const lastOne = new RegExp(`That was attempt ${one.attempts} of ${SCHEDULE_MS.length}\\.$`);
    const why = kind.leadsTo === "again" ? lastOne : kind.leadsTo === "dead" ? /^The receiver answered/ : null;
    Object.assign(one, { state, dueAt: null, why });
    this.#end(one, state, flight.answer);
  }

  #end(one: Tracked, state: "waiting" | "delivered" | "dead", name: AnswerName): void {
    this.#reached.ends.add(`${name}: ${state}`);
    this.#show(one, state);
  }

  #cancel(one: Tracked, why: RegExp): void {
    Object.assign(one, { state: "cancelled", dueAt: null, why });
  }

  #show(one: Tracked, to: Shown): void {
    if (one.shown !== to) this.#reached.moves.add(`${one.shown} > ${to}`);
    one.shown = to;
  }
}
