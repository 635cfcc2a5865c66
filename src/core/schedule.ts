// Which delivery goes next: a queue per destination, taken in turn, each within its own cap and all within one.
import type { Delivery } from "./delivery.ts";
import type { Event } from "./event.ts";

/** A delivery with what it takes to send it. */
export interface Work {
  delivery: Delivery;
  event: Event;
}

/** One destination's part of the schedule. Only a window of its deliveries is here; the rest waits in the store. */
export interface Lane {
  readonly destinationId: string;
  concurrencyMax: number;
  /** False while the destination is paused or disabled: nothing is taken. */
  open: boolean;
  inFlight: number;
  /** Seqs of deliveries that are in memory, queued or in flight: the store's answers leave these out. */
  readonly window: Set<number>;
  /** When the earliest delivery that is only in the store is due; null when none is. */
  storeDueAt: number | null;
}

interface LaneState extends Lane {
  queue: Work[];
  head: number;
  inTurn: boolean;
}

export interface ScheduleLimits {
  inFlightMax: number;
  /** Deliveries a lane may hold in memory. */
  windowMax: number;
  /** Bytes of event bodies all lanes together may hold. */
  windowBytesMax: number;
}

export interface Schedule {
  lane(destinationId: string): Lane;
  lanes(): Iterable<Lane>;
  /** Whether one more delivery of this size fits in memory. */
  hasRoom(lane: Lane, bodyBytes: number): boolean;
  add(lane: Lane, work: Work): void;
  /** The next delivery to send, already counted as in flight; null when none may go now. */
  take(): Work | null;
  /** Its slot is free again. The delivery stays in the window until `release`. */
  landed(work: Work): void;
  /** The delivery has left memory. */
  release(work: Work): void;
  /** Opens or closes a lane, or changes its cap. */
  adjust(lane: Lane, change: { open: boolean; concurrencyMax: number }): void;
  /** Empties a lane's queue (not what is in flight); the deliveries wait in the store. */
  clear(lane: Lane): void;
  /** Drops one queued delivery; false when it is not queued. */
  drop(lane: Lane, deliverySeq: number): boolean;
  readonly inFlight: number;
  readonly queued: number;
}

export function createSchedule(limits: ScheduleLimits): Schedule {
  const lanes = new Map<string, LaneState>();
  // Lanes with something to send and a free slot, each once: taking turns is what keeps one from starving another.
  let turns: LaneState[] = [];
  let turnsHead = 0;
  let inFlight = 0;
  let queued = 0;
  let windowBytes = 0;

  const state = (lane: Lane) => lane as LaneState;
  const hasQueued = (lane: LaneState) => lane.head < lane.queue.length;

  function considerTurn(lane: LaneState): void {
    if (lane.inTurn || !lane.open || !hasQueued(lane) || lane.inFlight >= lane.concurrencyMax) return;
    lane.inTurn = true;
    turns.push(lane);
  }

  function nextTurn(): LaneState | undefined {
    const lane = turns[turnsHead];
    if (lane === undefined) return undefined;
    turnsHead += 1;
    if (turnsHead > 1024 && turnsHead * 2 > turns.length) {
      turns = turns.slice(turnsHead);
      turnsHead = 0;
    }
    lane.inTurn = false;
    return lane;
  }

  function shift(lane: LaneState): Work {
    const work = lane.queue[lane.head]!;
    lane.head += 1;
    if (lane.head > 256 && lane.head * 2 > lane.queue.length) {
      lane.queue = lane.queue.slice(lane.head);
      lane.head = 0;
    }
    queued -= 1;
    return work;
  }

  function forget(lane: LaneState, work: Work): void {
    if (lane.window.delete(work.delivery.seq)) windowBytes -= work.event.bodyBytes;
  }

  return {
    lane(destinationId) {
      let lane = lanes.get(destinationId);
      if (lane === undefined) {
        lane = {
          destinationId,
          concurrencyMax: 0,
          open: false,
          inFlight: 0,
          window: new Set(),
          storeDueAt: null,
          queue: [],
          head: 0,
          inTurn: false,
        };
        lanes.set(destinationId, lane);
      }
      return lane;
    },
    lanes: () => lanes.values(),
    hasRoom(lane, bodyBytes) {
      if (lane.window.size >= limits.windowMax) return false;
      // One delivery always fits: bodies that wait for one slow receiver must not keep every other lane empty.
      return lane.window.size === 0 || windowBytes + bodyBytes <= limits.windowBytesMax;
    },
    add(lane, work) {
      state(lane).window.add(work.delivery.seq);
      windowBytes += work.event.bodyBytes;
      state(lane).queue.push(work);
      queued += 1;
      considerTurn(state(lane));
    },
    take() {
      if (inFlight >= limits.inFlightMax) return null;
      for (let lane = nextTurn(); lane !== undefined; lane = nextTurn()) {
        // The lane may have been closed or emptied since it was put in turn.
        if (!lane.open || !hasQueued(lane) || lane.inFlight >= lane.concurrencyMax) continue;
        const work = shift(lane);
        lane.inFlight += 1;
        inFlight += 1;
        considerTurn(lane);
        return work;
      }
      return null;
    },
    landed(work) {
      const lane = lanes.get(work.delivery.destinationId)!;
      lane.inFlight -= 1;
      inFlight -= 1;
      considerTurn(lane);
    },
    release(work) {
      forget(lanes.get(work.delivery.destinationId)!, work);
    },
    adjust(lane, change) {
      state(lane).open = change.open;
      state(lane).concurrencyMax = change.concurrencyMax;
      considerTurn(state(lane));
    },
    clear(lane) {
      while (hasQueued(state(lane))) forget(state(lane), shift(state(lane)));
    },
    drop(lane, deliverySeq) {
      const { queue, head } = state(lane);
      const index = queue.findIndex((work, at) => at >= head && work.delivery.seq === deliverySeq);
      if (index < 0) return false;
      forget(state(lane), queue[index]!);
      queue.splice(index, 1);
      queued -= 1;
      return true;
    },
    get inFlight() {
      return inFlight;
    },
    get queued() {
      return queued;
    },
  };
}
