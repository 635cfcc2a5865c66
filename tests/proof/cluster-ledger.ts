// The ledgers of the cluster's proof, of what was handed in and of what arrived, and the rules that must hold between them.

/** I1 nothing lost, I2 bytes, I3 ids and repeats, I4 order, I5 disabled, I6 counts, I7 recovery, 503 answers, once one event. */
export type Rule = "I1" | "I2" | "I3" | "I4" | "I5" | "I6" | "I7" | "503" | "once";

export interface Violation {
  rule: Rule;
  what: string;
  /** Names, event ids or deliveries to look at. */
  ids: string[];
}

/** A sender that hands in one event after the other, and waits for each 2xx: its order is the order of acceptance. */
export interface Line {
  name: string;
  destination: string;
  /** Whether its destination keeps the order of its events. */
  ordered: boolean;
}

export interface Posted {
  /** The sender's own id: the idempotency key, or the provider's id of the event. */
  name: string;
  line: Line;
  /** Its place in the line, from 1. */
  seq: number;
  bodyHash: string;
  /** When the first 2xx was read; null before. */
  acknowledgedAt: number | null;
  /** Ids that the answers gave it. */
  eventIds: Set<string>;
}

/** How the receiver answered: only what it took is not to come again. */
export type Answered = "taken" | "refused" | "hung" | "reset";

export interface Arrived {
  name: string;
  destination: string;
  eventId: string;
  bodyHash: string;
  at: number;
  answered: Answered;
}

/** A time in which outcomes of attempts may have been lost with a node, a connection or the database. */
export interface Doubt {
  from: number;
  until: number;
}

/** From one lease after the answer that disabled it, until somebody asked to enable it again. */
export interface Silence {
  destination: string;
  from: number;
  until: number;
}

export interface Ledger {
  posted: Map<string, Posted>;
  arrivals: Arrived[];
  doubts: Doubt[];
  silences: Silence[];
}

export function createLedger(): Ledger {
  return { posted: new Map(), arrivals: [], doubts: [], silences: [] };
}

/** Every rule, over everything so far. What has not arrived counts as lost: it is asked when nothing waits any more. */
export function checkLedger(ledger: Ledger): Violation[] {
  const byName = Map.groupBy(ledger.arrivals, ({ name }) => name);
  return [
    ...lost(ledger, byName),
    ...changed(ledger),
    ...renamed(ledger, byName),
    ...repeated(ledger, byName),
    ...misordered(ledger),
    ...spoken(ledger),
  ];
}

/** Arrivals after one that was taken. */
export function repeatsIn(ledger: Ledger): number {
  let repeats = 0;
  for (const copies of Map.groupBy(ledger.arrivals, ({ name }) => name).values()) repeats += afterTaken(copies).length;
  return repeats;
}

/** Milliseconds from each 2xx to the first arrival, of what was acknowledged since. */
export function dwells(ledger: Ledger, since: number): number[] {
  const firstAt = new Map<string, number>();
  for (const { name, at } of ledger.arrivals) if (!firstAt.has(name)) firstAt.set(name, at);
  const found: number[] = [];
  for (const { name, acknowledgedAt } of ledger.posted.values()) {
    const at = firstAt.get(name);
    if (acknowledgedAt !== null && acknowledgedAt >= since && at !== undefined) found.push(Math.max(0, at - acknowledgedAt));
  }
  return found;
}

/** The value that a share of the figures does not exceed; 0 of none. */
export function quantile(figures: readonly number[], share: number): number {
  const sorted = figures.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

function* lost({ posted }: Ledger, byName: Map<string, Arrived[]>): Generator<Violation> {
  for (const { name, acknowledgedAt, line, seq } of posted.values()) {
    if (acknowledgedAt === null) continue;
    const copies = byName.get(name);
    if (copies === undefined) yield { rule: "I1", what: `acknowledged and never arrived: ${line.name} #${seq}`, ids: [name] };
    else if (!copies.some(({ answered }) => answered === "taken")) {
      yield { rule: "I1", what: `arrived, was not taken and came no more: ${line.name} #${seq}`, ids: [name, copies[0]!.eventId] };
    }
  }
}

function* changed({ posted, arrivals }: Ledger): Generator<Violation> {
  for (const { name, bodyHash, eventId, destination } of arrivals) {
    const original = posted.get(name);
    if (original === undefined) yield { rule: "I2", what: `arrived at ${destination} and was never handed in`, ids: [name, eventId] };
    else if (original.bodyHash !== bodyHash) yield { rule: "I2", what: `arrived at ${destination} with other bytes`, ids: [name, eventId] };
    else if (original.line.destination !== destination) {
      yield { rule: "I2", what: `arrived at ${destination} in place of ${original.line.destination}`, ids: [name, eventId] };
    }
  }
}

/** One event for each name: what the answers said and what the receiver read, over all copies. */
function* renamed({ posted }: Ledger, byName: Map<string, Arrived[]>): Generator<Violation> {
  for (const { name, eventIds } of posted.values()) {
    const ids = new Set([...eventIds, ...(byName.get(name) ?? []).map(({ eventId }) => eventId)]);
    if (ids.size > 1) yield { rule: "I3", what: `one event under ${ids.size} ids`, ids: [name, ...ids] };
  }
}

/** What was taken comes again only where its outcome may have been lost. */
function* repeated({ doubts }: Ledger, byName: Map<string, Arrived[]>): Generator<Violation> {
  for (const [name, copies] of byName) {
    for (const { taken, again } of afterTaken(copies)) {
      if (doubts.some(({ from, until }) => taken.at >= from && taken.at <= until)) continue;
      const apart = `${again.at - taken.at} ms after it was taken at ${new Date(taken.at).toISOString()}`;
      yield { rule: "I3", what: `came again ${apart}, when nothing was in doubt`, ids: [name, again.eventId] };
    }
  }
}

function afterTaken(copies: readonly Arrived[]): { taken: Arrived; again: Arrived }[] {
  const pairs: { taken: Arrived; again: Arrived }[] = [];
  let taken: Arrived | null = null;
  for (const copy of copies) {
    if (taken !== null) pairs.push({ taken, again: copy });
    if (copy.answered === "taken") taken = copy;
  }
  return pairs;
}

/** First arrivals of a line come in its order, each after the one before it was taken. */
function* misordered({ posted, arrivals }: Ledger): Generator<Violation> {
  const states = new Map<Line, { highest: number; taken: Set<number> }>();
  const seen = new Set<string>();
  for (const { name, eventId, answered } of arrivals) {
    const original = posted.get(name);
    if (original === undefined || !original.line.ordered) continue;
    const { line, seq } = original;
    const state = states.get(line) ?? { highest: 0, taken: new Set() };
    states.set(line, state);
    if (!seen.has(name)) {
      seen.add(name);
      if (seq < state.highest) yield { rule: "I4", what: `${line.name} #${seq} came after #${state.highest}`, ids: [name, eventId] };
      else if (seq > 1 && !state.taken.has(seq - 1)) {
        yield { rule: "I4", what: `${line.name} #${seq} came before #${seq - 1} was taken`, ids: [name, eventId] };
      }
      state.highest = Math.max(state.highest, seq);
    }
    if (answered === "taken") state.taken.add(seq);
  }
}

function* spoken({ silences, arrivals }: Ledger): Generator<Violation> {
  for (const { destination, from, until } of silences) {
    for (const { name, eventId, at, destination: to } of arrivals) {
      if (to !== destination || at < from || at >= until) continue;
      yield { rule: "I5", what: `arrived at ${to} ${at - from} ms after a lease had passed since it was disabled`, ids: [name, eventId] };
    }
  }
}
