// One destination's place in the schedule: its queues by class of work, and what holds it back.
import type { Delivery } from "./delivery.ts";
import type { Event } from "./event.ts";
import type { Turn } from "./fair-queue.ts";
import type { TokenBucket } from "./rate.ts";

/** A delivery with what it takes to send it. */
export interface Work {
  delivery: Delivery;
  event: Event;
}

/** Fresh deliveries, retries, and replays: under pressure they share the slots' time as in CLASS_WEIGHTS. */
export const CLASSES = ["fresh", "retry", "replay"] as const;
export type WorkClass = (typeof CLASSES)[number];
export const CLASS_WEIGHTS: Readonly<Record<WorkClass, number>> = { fresh: 6, retry: 3, replay: 1 };

/** A replay or a recovered delivery stays one over its retries: whatever a person starts in bulk never stands before what just happened. */
export function classOf({ trigger, attempts }: Pick<Delivery, "trigger" | "attempts">): WorkClass {
  if (trigger === "replay" || trigger === "recover") return "replay";
  return attempts === 0 || trigger === "manual" ? "fresh" : "retry";
}

/** One destination's part of the schedule. Only a window of its deliveries is here; the rest waits in the store. */
export interface Lane {
  readonly destinationId: string;
  /** False while the destination is paused or disabled: nothing is taken. */
  readonly open: boolean;
  readonly concurrencyMax: number;
  readonly inFlight: number;
  /** Seqs of deliveries that are in memory, queued or in flight: the store's answers leave these out. */
  readonly window: ReadonlySet<number>;
  /** How many of the window are of this class. */
  windowOf(of: WorkClass): number;
  /** How many of them wait to be taken. */
  queuedOf(of: WorkClass): number;
}

/** What the owner of a lane may change. */
export interface LaneSettings {
  open: boolean;
  /** Attempts under way at once; 0 holds the lane back. */
  concurrencyMax: number;
  /** Whose share of the slots it counts into. */
  tenantId: string;
  /** Origin of its URL: destinations of one host share its cap. */
  host: string;
  rate: TokenBucket | null;
  /** Deliveries made before this time were parked: they go with the retries, so that what happens now is not behind them. */
  freshSince: number;
}

// What a destination is expected to take before it has answered once: it counts as slow until then.
const COST_MS_FIRST = 2_000;
/** Above this a destination is slow, and may not take the last free slots. */
const SLOW_MS = 1_000;
// An attempt takes some work of ours even when the receiver answers at once.
const COST_MS_MIN = 1;
/** Share of the newest attempt in the expected duration. */
const COST_WEIGHT = 0.2;

export interface LaneTurn extends Turn {
  readonly lane: LaneState;
  readonly of: WorkClass;
  queue: Work[];
  head: number;
}

export interface LaneState extends LaneSettings {
  readonly destinationId: string;
  inFlight: number;
  readonly window: Set<number>;
  readonly turns: Readonly<Record<WorkClass, LaneTurn>>;
  /** Expected slot time of one attempt, ms. */
  costMs: number;
  /** Whether an attempt has ended, so that `costMs` is more than a guess. */
  known: boolean;
  /** Held back by its rate until then; null when it is not. */
  wakeAt: number | null;
  waitsForHost: boolean;
  /** By the class they have in the store, whichever turn they wait for here. */
  readonly held: Record<WorkClass, number>;
  readonly queued: Record<WorkClass, number>;
  windowOf(of: WorkClass): number;
  queuedOf(of: WorkClass): number;
}

/** Whose turn a delivery waits for. */
export function turnOf({ turns, freshSince }: LaneState, { delivery }: Work): LaneTurn {
  const of = classOf(delivery);
  return turns[of === "fresh" && delivery.createdAt < freshSince ? "retry" : of];
}

export function hasQueued(turn: LaneTurn): boolean {
  return turn.head < turn.queue.length;
}

export function newLane(destinationId: string): LaneState {
  const turns = {} as Record<WorkClass, LaneTurn>;
  const [held, queued] = [
    { fresh: 0, retry: 0, replay: 0 },
    { fresh: 0, retry: 0, replay: 0 },
  ];
  const lane: LaneState = {
    destinationId,
    open: false,
    concurrencyMax: 0,
    tenantId: "",
    host: "",
    rate: null,
    inFlight: 0,
    window: new Set(),
    turns,
    costMs: COST_MS_FIRST,
    known: false,
    wakeAt: null,
    waitsForHost: false,
    freshSince: -Infinity,
    held,
    queued,
    windowOf: (of) => held[of],
    queuedOf: (of) => queued[of],
  };
  for (const of of CLASSES) turns[of] = newTurn(lane, of);
  return lane;
}

/** Takes the first of a queue, which must not be empty. */
export function shift(turn: LaneTurn): Work {
  const work = turn.queue[turn.head]!;
  turn.head += 1;
  if (turn.head === turn.queue.length) {
    // What has left must not stay in memory: thousands of lanes are empty most of the time.
    turn.queue = [];
    turn.head = 0;
  } else if (turn.head > 256 && turn.head * 2 > turn.queue.length) {
    turn.queue = turn.queue.slice(turn.head);
    turn.head = 0;
  }
  return work;
}

/** What an attempt of `tookMs` costs; it also moves what the next one is expected to cost. */
export function costOf(lane: LaneState, tookMs: number): number {
  const cost = Math.max(COST_MS_MIN, tookMs);
  lane.costMs = lane.known ? lane.costMs + (cost - lane.costMs) * COST_WEIGHT : cost;
  lane.known = true;
  return cost;
}

function newTurn(lane: LaneState, of: WorkClass): LaneTurn {
  return {
    service: 0,
    place: -1,
    order: 0,
    amongSlow: false,
    get tenantId() {
      return lane.tenantId;
    },
    get slow() {
      return lane.costMs > SLOW_MS;
    },
    lane,
    of,
    queue: [],
    head: 0,
    owed: 0,
  };
}
