// Destinations' health: their breakers, how many attempts at once they bear, and their rates. It follows every attempt.
import { type AdaptiveLimit, createAdaptiveLimit } from "../core/adaptive.ts";
import { type Breaker, type BreakerChange, type BreakerState, createBreaker } from "../core/breaker.ts";
import type { Destination } from "../core/destination.ts";
import { createDueHeap } from "../core/due-heap.ts";
import { healthOf, isOverload } from "../core/health.ts";
import { createTokenBucket, paceOf, type TokenBucket } from "../core/rate.ts";
import type { AttemptOutcome } from "../core/retry.ts";
import type { Logger } from "../log.ts";
import type { Store } from "../store/store.ts";
import { type Clock, createPauses } from "../system/clock.ts";
import type { Announcements } from "./announcements.ts";

const RETRY_WAIT_MS = 1_000;
// Since when nothing but failures came is kept too, so that the days until it is switched off go on over restarts. One
// that fails now and then costs two writes in this time at most: the failure's, and that of the success after it.
const FAILING_KEPT_EVERY_MS = 3_600_000;

// Of destinations whose time for a probe comes at the same moment, so many begin at once and the next ones after a pause:
// 500 a second. Each probe costs looks, writes and events, and fresh deliveries of everybody else share the store with them.
const PROBES_AT_ONCE = 25;
const PROBES_PAUSE_MS = 50;

/** How a destination fares, for people; times in ms since the Unix epoch. */
export interface HealthReport extends Pick<BreakerState, "phase" | "probeAt" | "failingSince" | "reason"> {
  /** When the phase began; null when it has never been in another. */
  since: number | null;
  /** Attempts that may be under way at once now. */
  concurrency: number;
}

export interface DestinationHealth {
  /** Reads how breakers stood. Before anything else. `onlyThese`: what the store knows of others is other nodes' affair. */
  load(destinations: readonly Destination[], onlyThese: boolean): Promise<void>;
  /** A destination as it is now, new or changed. What a change means for its breaker is told and kept here. */
  follow(destination: Destination): void;
  /** Of a destination that is gone. */
  forget(destinationId: string): void;
  /** Of destinations that are other nodes' now: what the store knows of them stays. */
  drop(destinationIds: readonly string[]): void;
  known(): string[];
  /** Destinations of which the newest state is not written down yet. */
  unkept(): string[];
  /** Attempts that may be under way at once; 0 while its breaker is open. */
  slots(destinationId: string): number;
  rate(destinationId: string): TokenBucket | null;
  /** What was made before this time was parked while nothing could go. */
  freshSince(destinationId: string): number;
  /** Takes the end of one attempt. `exhausted` asks for the destination to be switched off. */
  record(destinationId: string, outcome: AttemptOutcome, startedAt: number): { exhausted: string | null };
  isOpen(destinationId: string): boolean;
  /** Lets one attempt through although the breaker is open; false when it is not. */
  probe(destinationId: string): boolean;
  /** Destinations whose time for a probe has come. */
  wake(): string[];
  nextProbeAt(): number | null;
  report(destinationId: string): HealthReport | null;
  /** Destinations whose breaker is not closed. */
  readonly unwell: number;
  /** Resolves when every state is written down, or has failed once more. */
  stop(): Promise<void>;
}

interface Entry {
  destination: Destination;
  readonly breaker: Breaker;
  readonly adaptive: AdaptiveLimit;
  freshSince: number;
  /** Kept while the limit is off, so that switching it off and on is no fresh burst. */
  bucket: TokenBucket | null;
  /** As the store has it. */
  keptFailingSince: number | null;
  keptAt: number;
}

export interface DestinationHealthOptions {
  store: Store;
  clock: Clock;
  log: Logger;
  announcements: Announcements;
}

export function createDestinationHealth(options: DestinationHealthOptions): DestinationHealth {
  return new KeptHealth(options);
}

class KeptHealth implements DestinationHealth {
  readonly #options: DestinationHealthOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #probes = createDueHeap<string>();
  readonly #keeper: Keeper;
  #unwell = 0;
  /** No probe before this time: some have just begun. */
  #restingUntil = -Infinity;

  constructor(options: DestinationHealthOptions) {
    this.#options = options;
    this.#keeper = createKeeper(options, (id) => this.#entries.get(id)?.breaker.state);
  }

  async load(destinations: readonly Destination[], onlyThese: boolean): Promise<void> {
    const wanted = onlyThese ? destinations.filter(({ id }) => !this.#entries.has(id)) : destinations;
    if (onlyThese && wanted.length === 0) return;
    const ids = onlyThese ? wanted.map(({ id }) => id) : undefined;
    const saved = new Map((await this.#options.store.destinationHealth(ids)).map((row) => [row.destinationId, row.breaker]));
    for (const destination of wanted) {
      this.#begin(destination, saved.get(destination.id));
      saved.delete(destination.id);
    }
    // Of destinations that were deleted just before a crash.
    for (const id of saved.keys()) this.#keeper.forget(id);
  }

  follow(destination: Destination): void {
    const entry = this.#entries.get(destination.id);
    if (entry === undefined) this.#begin(destination, undefined);
    else if (entry.destination !== destination) this.#change(entry, destination);
  }

  forget(destinationId: string): void {
    const entry = this.#entries.get(destinationId);
    if (entry === undefined) return;
    if (entry.breaker.state.phase !== "closed") this.#unwell -= 1;
    this.#entries.delete(destinationId);
    this.#keeper.forget(destinationId);
  }

  drop(destinationIds: readonly string[]): void {
    for (const id of destinationIds) {
      const entry = this.#entries.get(id);
      if (entry === undefined) continue;
      if (entry.breaker.state.phase !== "closed") this.#unwell -= 1;
      this.#entries.delete(id);
    }
  }

  known(): string[] {
    return [...this.#entries.keys()];
  }

  unkept(): string[] {
    return this.#keeper.unkept();
  }

  slots(destinationId: string): number {
    const entry = this.#entries.get(destinationId);
    return entry === undefined ? 0 : slotsOf(entry);
  }

  rate(destinationId: string): TokenBucket | null {
    const entry = this.#entries.get(destinationId);
    return entry === undefined || entry.destination.rateLimit === null ? null : entry.bucket;
  }

  freshSince(destinationId: string): number {
    return this.#entries.get(destinationId)?.freshSince ?? -Infinity;
  }

  record(destinationId: string, outcome: AttemptOutcome, startedAt: number): { exhausted: string | null } {
    const entry = this.#entries.get(destinationId);
    const health = healthOf(outcome);
    if (entry === undefined || health === null) return NOT_EXHAUSTED;
    const { breaker, adaptive } = entry;
    const now = this.#options.clock.now();
    if (health === "success") adaptive.succeeded();
    else if (isOverload(outcome)) adaptive.overloaded(startedAt, now);
    const change = breaker.record(health, startedAt, now);
    if (change !== null) return this.#changed(entry, change, now);
    this.#keepFailing(entry, now);
    return NOT_EXHAUSTED;
  }

  isOpen(destinationId: string): boolean {
    return this.#entries.get(destinationId)?.breaker.state.phase === "open";
  }

  probe(destinationId: string): boolean {
    const entry = this.#entries.get(destinationId);
    const now = this.#options.clock.now();
    const change = entry?.breaker.probe(now) ?? null;
    if (entry === undefined || change === null) return false;
    this.#changed(entry, change, now);
    return true;
  }

  wake(): string[] {
    const now = this.#options.clock.now();
    const woken: string[] = [];
    // A clock that stepped back must not make the pause longer than it is.
    if (now < this.#restingUntil && this.#restingUntil - now <= PROBES_PAUSE_MS) return woken;
    for (let id = this.#probes.popDue(now); id !== undefined; id = this.#probes.popDue(now)) {
      const entry = this.#entries.get(id);
      // Nothing goes to a paused one, so nothing would test it; it is probed when it is resumed.
      const change = entry?.destination.state.kind === "active" ? entry.breaker.wake(now) : null;
      // Or it was probed by hand or deleted since, or has opened again for longer: that has its own place in the heap.
      if (entry === undefined || change === null) continue;
      this.#changed(entry, change, now);
      woken.push(id);
      if (woken.length < PROBES_AT_ONCE) continue;
      this.#restingUntil = now + PROBES_PAUSE_MS;
      break;
    }
    return woken;
  }

  nextProbeAt(): number | null {
    const earliest = this.#probes.earliest();
    return earliest === null ? null : Math.max(earliest, this.#restingUntil);
  }

  report(destinationId: string): HealthReport | null {
    const entry = this.#entries.get(destinationId);
    if (entry === undefined) return null;
    const { phase, since, probeAt, failingSince, reason } = entry.breaker.state;
    return { phase, since: since === 0 ? null : since, probeAt, failingSince, reason, concurrency: slotsOf(entry) };
  }

  get unwell(): number {
    return this.#unwell;
  }

  stop(): Promise<void> {
    return this.#keeper.stop();
  }

  #begin(destination: Destination, saved: BreakerState | undefined): void {
    const { id, concurrencyMax, rateLimit } = destination;
    const breaker = createBreaker(saved);
    const { phase, probeAt, failingSince } = breaker.state;
    if (phase !== "closed") this.#unwell += 1;
    if (probeAt !== null) this.#probes.push(probeAt, id);
    const bucket = rateLimit === null ? null : createTokenBucket(paceOf(rateLimit));
    const adaptive = createAdaptiveLimit(concurrencyMax);
    const kept = { keptFailingSince: failingSince, keptAt: -Infinity };
    // After a restart what was parked before it still is that.
    const freshSince = phase === "half-open" ? breaker.state.since : -Infinity;
    this.#entries.set(id, { destination, breaker, adaptive, freshSince, bucket, ...kept });
  }

  #change(entry: Entry, next: Destination): void {
    const now = this.#options.clock.now();
    const before = entry.destination;
    entry.destination = next;
    entry.adaptive.setMax(next.concurrencyMax);
    if (next.rateLimit !== null) {
      const pace = paceOf(next.rateLimit);
      if (entry.bucket === null) entry.bucket = createTokenBucket(pace, now);
      else entry.bucket.change(pace, now);
    }
    this.#tellState(entry, before, now);
    if (next.state.kind !== "active") return;
    if (before.state.kind !== "active") entry.freshSince = now;
    if (before.state.kind === "disabled") {
      if (entry.breaker.state.phase !== "closed") this.#unwell -= 1;
      entry.breaker.reset(now);
      this.#keep(entry);
      return;
    }
    // Its owner did something about it: the next attempt says whether it helped.
    this.probe(next.id);
  }

  /** What a person or a receiver's own answer did to it. */
  #tellState(entry: Entry, before: Destination, now: number): void {
    const { destination } = entry;
    const { state } = destination;
    if (state.kind === before.state.kind) return;
    const told = { destination, at: now, probeAt: null };
    switch (state.kind) {
      case "active":
        this.#options.announcements.tell({ ...told, kind: before.state.kind === "disabled" ? "enabled" : "resumed", reason: null });
        break;
      case "paused":
        this.#options.announcements.tell({ ...told, kind: "paused", reason: null });
        break;
      case "disabled":
        this.#options.announcements.tell({ ...told, kind: "disabled", reason: state.reason });
        break;
    }
  }

  #changed(entry: Entry, change: BreakerChange, now: number): { exhausted: string | null } {
    const { id } = entry.destination;
    this.#keep(entry);
    if (change.kind === "exhausted") return { exhausted: change.reason };
    const { reason, probeAt } = change.state;
    if (probeAt !== null) this.#probes.push(probeAt, id);
    else entry.freshSince = now;
    if (change.kind === "opened" && change.from === "closed") this.#unwell += 1;
    if (change.kind === "closed") this.#unwell -= 1;
    this.#options.announcements.tell({ kind: change.kind, destination: entry.destination, reason, at: now, probeAt });
    return NOT_EXHAUSTED;
  }

  #keep(entry: Entry): void {
    entry.keptFailingSince = entry.breaker.state.failingSince;
    entry.keptAt = this.#options.clock.now();
    this.#keeper.keep(entry.destination.id);
  }

  #keepFailing(entry: Entry, now: number): void {
    const { failingSince } = entry.breaker.state;
    if (failingSince === entry.keptFailingSince) return;
    if (failingSince === null || now - entry.keptAt >= FAILING_KEPT_EVERY_MS) this.#keep(entry);
  }
}

const NOT_EXHAUSTED = { exhausted: null };

function slotsOf({ breaker, adaptive, destination }: Entry): number {
  const { concurrencyMax, adaptiveConcurrency } = destination;
  return breaker.slots(adaptiveConcurrency ? Math.min(adaptive.limit, concurrencyMax) : concurrencyMax);
}

interface Keeper {
  /** The state of this destination's breaker is to be written down as it is when its turn comes. */
  keep(destinationId: string): void;
  /** What is written down of it is to go. */
  forget(destinationId: string): void;
  unkept(): string[];
  stop(): Promise<void>;
}

/**
 * Writes states down one group after another: what changes again meanwhile is written once, in its newest form. Of what has
 * become another node's since (`stateOf` answers undefined) nothing is written.
 */
function createKeeper({ store, clock, log }: DestinationHealthOptions, stateOf: (id: string) => BreakerState | undefined): Keeper {
  const pauses = createPauses(clock);
  let dirty = new Map<string, "keep" | "forget">();
  let writing: ReadonlyMap<string, "keep" | "forget"> = dirty;
  let running: Promise<void> | null = null;
  let stopping = false;

  async function write([id, what]: [string, "keep" | "forget"]): Promise<void> {
    const state = what === "forget" ? null : stateOf(id);
    if (state !== undefined) await store.putDestinationHealth(id, state);
  }

  async function run(): Promise<void> {
    while (dirty.size > 0) {
      const group = dirty;
      writing = group;
      dirty = new Map();
      try {
        await Promise.all(Array.from(group, write));
      } catch (error) {
        log.error({ error }, "the state of circuit breakers could not be kept");
        if (stopping) break;
        for (const [id, what] of group) if (!dirty.has(id)) dirty.set(id, what);
        await pauses.pause(RETRY_WAIT_MS);
      }
    }
    // Here and not when the promise has settled: what is to be kept in between would find nobody at work.
    running = null;
  }

  function add(destinationId: string, what: "keep" | "forget"): void {
    dirty.set(destinationId, what);
    running ??= run();
  }

  return {
    keep: (destinationId) => add(destinationId, "keep"),
    forget: (destinationId) => add(destinationId, "forget"),
    unkept: () => (running === null ? [] : [...dirty.keys(), ...writing.keys()]),
    async stop() {
      stopping = true;
      pauses.end();
      await running;
    },
  };
}
