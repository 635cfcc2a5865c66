// The circuit breaker of a destination: closed, open, half-open with one probe, and a ramp back up. Pure: time is passed in.
//
// While it is open nothing is sent and no attempt is spent: deliveries stay where they are, parked with a reason.

export interface BreakerRules {
  /** Opens when at least `attemptsMin` ended within `windowMs` and this share of them failed. */
  readonly failureShare: number;
  readonly attemptsMin: number;
  readonly windowMs: number;
  /** Opens after this many failed connections in a row, however few attempts there were. */
  readonly connectErrorsMax: number;
  /** How long it stays open the first time; doubled each time up to `openMsMax`. */
  readonly openMs: number;
  readonly openMsMax: number;
  /** A destination that has had nothing but failures for this long is switched off. */
  readonly disableAfterMs: number;
}

const MINUTE_MS = 60_000;

export const BREAKER_RULES: BreakerRules = {
  failureShare: 0.5,
  attemptsMin: 10,
  windowMs: MINUTE_MS,
  connectErrorsMax: 5,
  openMs: 30_000,
  openMsMax: 10 * MINUTE_MS,
  disableAfterMs: 5 * 24 * 60 * MINUTE_MS,
};

/** What of a breaker survives a restart. */
export interface BreakerState {
  readonly phase: "closed" | "open" | "half-open";
  /** When the phase began; ms since the Unix epoch, as all times here. */
  readonly since: number;
  /** While open: when the next probe may go. */
  readonly probeAt: number | null;
  /** Times it has opened without having recovered in between. */
  readonly openings: number;
  /** Start of the time in which every attempt failed; null after a success. */
  readonly failingSince: number | null;
  /** Why it opened, in one sentence; null while closed. */
  readonly reason: string | null;
}

export const CLOSED: BreakerState = { phase: "closed", since: 0, probeAt: null, openings: 0, failingSince: null, reason: null };

/** How one attempt bears on its destination's health. */
export type Health = "success" | "failure" | "connect_error";

export type BreakerChange =
  | { kind: "opened"; from: "closed" | "half-open"; state: BreakerState; reason: string }
  | { kind: "half_opened"; state: BreakerState }
  | { kind: "closed"; state: BreakerState }
  /** Nothing but failures for `disableAfterMs`: the destination is to be switched off. */
  | { kind: "exhausted"; state: BreakerState; reason: string };

export interface Breaker {
  readonly state: BreakerState;
  /** How many attempts may be under way at once, given the destination's own cap. 0 while open. */
  slots(concurrencyMax: number): number;
  /** Lets the probe through once `probeAt` has come; null before and in other phases. */
  wake(now: number): BreakerChange | null;
  /** Lets a probe through at once, because a person asks; null in other phases than open. */
  probe(now: number): BreakerChange | null;
  /** A person says that it works again: closed, and up from one attempt at a time. */
  reset(now: number): void;
  /** Takes the end of one attempt. `startedAt` tells attempts of an earlier phase from those of this one. */
  record(health: Health, startedAt: number, now: number): BreakerChange | null;
}

// Twelve counters cover the window to within a twelfth of it.
const BUCKETS = 12;
/** After a recovery: one at a time, then twice as many after each full round of successes. */
const RAMP_START = 1;
/** Above every cap a destination can have: from here on the ramp limits nothing. */
const RAMP_MAX = 1024;

export function createBreaker(saved: BreakerState = CLOSED, rules: BreakerRules = BREAKER_RULES): Breaker {
  return new CircuitBreaker(saved, rules);
}

class CircuitBreaker implements Breaker {
  readonly #rules: BreakerRules;
  #state: BreakerState;
  #window: Window;
  #connectErrors = 0;
  /** Infinity: not limited. */
  #ramp: number;
  #rampSuccesses = 0;

  constructor(saved: BreakerState, rules: BreakerRules) {
    this.#rules = rules;
    this.#state = saved;
    this.#window = createWindow(rules.windowMs);
    // A half-open destination starts small again after a restart too.
    this.#ramp = saved.phase === "closed" ? Infinity : RAMP_START;
  }

  get state(): BreakerState {
    return this.#state;
  }

  slots(concurrencyMax: number): number {
    if (this.#state.phase === "open") return 0;
    return this.#state.phase === "half-open" ? Math.min(1, concurrencyMax) : Math.min(this.#ramp, concurrencyMax);
  }

  wake(now: number): BreakerChange | null {
    const { phase, probeAt } = this.#state;
    return phase !== "open" || probeAt === null || now < probeAt ? null : this.#halfOpen(now);
  }

  probe(now: number): BreakerChange | null {
    if (this.#state.phase !== "open") return null;
    // Asking often must not make the receiver wait longer: a probe out of turn that fails is no further opening.
    this.#state = { ...this.#state, openings: Math.max(0, this.#state.openings - 1) };
    return this.#halfOpen(now);
  }

  reset(now: number): void {
    this.#startRamp();
    this.#enter({ ...CLOSED, since: now });
  }

  record(health: Health, startedAt: number, now: number): BreakerChange | null {
    const { phase, since } = this.#state;
    // An attempt that began before this phase says nothing about it, except that a success is a success.
    const ofThisPhase = phase === "closed" || (phase === "half-open" && startedAt >= since);
    if (health === "success") {
      if (phase === "closed") this.#window.add(false, now);
      return ofThisPhase ? this.#succeeded(now) : null;
    }
    if (!ofThisPhase) return null;
    this.#window.add(true, now);
    return this.#failed(health, now);
  }

  #succeeded(now: number): BreakerChange | null {
    if (this.#state.failingSince !== null) this.#state = { ...this.#state, failingSince: null };
    this.#connectErrors = 0;
    this.#climb();
    if (this.#state.phase !== "half-open") return null;
    return { kind: "closed", state: this.#enter({ ...this.#state, phase: "closed", since: now, probeAt: null, reason: null }) };
  }

  #failed(health: Health, now: number): BreakerChange | null {
    const rules = this.#rules;
    const failingSince = this.#state.failingSince ?? now;
    if (this.#state.failingSince === null) this.#state = { ...this.#state, failingSince };
    const failingMs = now - failingSince;
    if (failingMs >= rules.disableAfterMs) {
      const reason = `Every attempt has failed for ${Math.round(failingMs / 86_400_000)} days.`;
      return { kind: "exhausted", state: this.#state, reason };
    }
    if (this.#state.phase === "half-open") return this.#open(now, "The probe failed.");
    this.#connectErrors = health === "connect_error" ? this.#connectErrors + 1 : 0;
    if (this.#connectErrors >= rules.connectErrorsMax) {
      return this.#open(now, `${this.#connectErrors} connections in a row could not be made.`);
    }
    const { total, failures } = this.#window.counts(now);
    if (total < rules.attemptsMin || failures / total < rules.failureShare) return null;
    return this.#open(now, `${failures} of ${total} attempts within ${rules.windowMs / 1000} seconds failed.`);
  }

  #open(now: number, reason: string): BreakerChange {
    const { phase, since } = this.#state;
    const { openMs, openMsMax } = this.#rules;
    // One that was well for as long as it can stay open starts again with a short time.
    const relapsed = phase !== "closed" || now - since < openMsMax;
    const openings = (relapsed ? this.#state.openings : 0) + 1;
    const lasts = Math.min(openMs * 2 ** Math.min(openings - 1, 30), openMsMax);
    this.#startRamp();
    const state = this.#enter({ ...this.#state, phase: "open", since: now, probeAt: now + lasts, openings, reason });
    return { kind: "opened", from: phase === "half-open" ? "half-open" : "closed", state, reason };
  }

  #halfOpen(now: number): BreakerChange {
    return { kind: "half_opened", state: this.#enter({ ...this.#state, phase: "half-open", since: now, probeAt: null }) };
  }

  #enter(next: BreakerState): BreakerState {
    this.#state = next;
    this.#connectErrors = 0;
    this.#window = createWindow(this.#rules.windowMs);
    return next;
  }

  #startRamp(): void {
    this.#ramp = RAMP_START;
    this.#rampSuccesses = 0;
  }

  #climb(): void {
    if (this.#ramp === Infinity) return;
    this.#rampSuccesses += 1;
    if (this.#rampSuccesses < this.#ramp) return;
    this.#ramp *= 2;
    this.#rampSuccesses = 0;
    if (this.#ramp > RAMP_MAX) this.#ramp = Infinity;
  }
}

interface Window {
  add(failure: boolean, now: number): void;
  counts(now: number): { total: number; failures: number };
}

/** Counts of the last `windowMs`, in slices that are forgotten one by one: bounded however many attempts there are. */
function createWindow(windowMs: number): Window {
  const sliceMs = windowMs / BUCKETS;
  const slices: { number: number; total: number; failures: number }[] = [];
  return {
    add(failure, now) {
      const number = Math.floor(now / sliceMs);
      let slice = slices.at(-1);
      // A clock that stepped back counts into the newest slice.
      if (slice === undefined || slice.number < number) {
        slice = { number, total: 0, failures: 0 };
        slices.push(slice);
        if (slices.length > BUCKETS) slices.shift();
      }
      slice.total += 1;
      if (failure) slice.failures += 1;
    },
    counts(now) {
      const oldest = Math.floor(now / sliceMs) - BUCKETS;
      let [total, failures] = [0, 0];
      for (const slice of slices) {
        if (slice.number <= oldest) continue;
        total += slice.total;
        failures += slice.failures;
      }
      return { total, failures };
    },
  };
}
