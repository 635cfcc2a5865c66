// Which delivery goes next: a queue per destination, fair between tenants and destinations by the slot time they cost.
//
// Nothing here knows the store or the network. What holds a destination back (its cap, its host's, its rate, being
// closed) takes it out of the queues until that changes, so that taking costs O(log n) however many are held back.
import { createDueHeap } from "./due-heap.ts";
import { createFairQueue, type FairQueue, type Held } from "./fair-queue.ts";
import {
  CLASS_WEIGHTS,
  CLASSES,
  classOf,
  costOf,
  hasQueued,
  type Lane,
  type LaneSettings,
  type LaneState,
  type LaneTurn,
  newLane,
  shift,
  turnOf,
  type Work,
  type WorkClass,
} from "./lane.ts";

export interface ScheduleLimits {
  inFlightMax: number;
  /** Deliveries of one class that a lane may hold in memory. */
  windowMax: number;
  /** Deliveries all lanes together may hold in memory: an event's head takes a few KiB beside its body. */
  windowTotalMax: number;
  /** Bytes of event bodies all lanes together may hold. */
  windowBytesMax: number;
  /** Slots one host may hold. */
  perHostMax: number;
  /** Slots one tenant may hold while others wait. */
  perTenantMax: number;
}

export interface Schedule {
  lane(destinationId: string): Lane;
  lanes(): Iterable<Lane>;
  /** Whether one more delivery of this class and size fits in memory. */
  hasRoom(lane: Lane, of: WorkClass, bodyBytes: number): boolean;
  /** How many more deliveries memory has room for; every lane may hold one beyond it. */
  readonly room: number;
  add(lane: Lane, work: Work): void;
  /** The next delivery to send, already counted as in flight; null when none may go now. */
  take(now: number): Work | null;
  /** When a lane that its rate holds back may go on; null when none is. */
  nextWakeAt(): number | null;
  /** Its slot is free again after `tookMs`. The delivery stays in the window until `release`. */
  landed(work: Work, tookMs: number): void;
  /** The delivery has left memory. */
  release(work: Work): void;
  adjust(lane: Lane, change: Partial<LaneSettings>): void;
  /** Empties a lane's queue (not what is in flight); the deliveries wait in the store. */
  clear(lane: Lane): void;
  /** Drops one queued delivery; false when it is not queued. */
  drop(lane: Lane, deliverySeq: number): boolean;
  /** Forgets a lane that holds nothing, of a destination that is gone. */
  remove(lane: Lane): void;
  readonly inFlight: number;
  readonly queued: number;
}

/** One class of work: what it has used of the slots, over its weight. */
interface Class {
  readonly of: WorkClass;
  readonly queue: FairQueue<LaneTurn>;
  service: number;
  /** Of it: charged for flights whose true cost is not known yet. */
  owed: number;
}

interface Host {
  readonly name: string;
  inFlight: number;
  /** Lanes that would go if the host had a slot, in the order in which they came. */
  readonly waiting: Set<LaneState>;
}

interface Flight {
  readonly turn: LaneTurn;
  readonly host: Host;
  readonly held: Held;
}

export function createSchedule(limits: ScheduleLimits): Schedule {
  return new FairSchedule(limits);
}

class FairSchedule implements Schedule {
  readonly #limits: ScheduleLimits;
  readonly #lanes = new Map<string, LaneState>();
  readonly #hosts = new Map<string, Host>();
  readonly #classes: readonly Class[];
  readonly #flights = new Map<Work, Flight>();
  readonly #wakes = createDueHeap<LaneState>();
  #present = 0;
  #queued = 0;
  #windowBytes = 0;
  #windowTotal = 0;

  constructor(limits: ScheduleLimits) {
    this.#limits = limits;
    this.#classes = CLASSES.map((of) => ({ of, queue: createFairQueue<LaneTurn>(limits.perTenantMax), service: 0, owed: 0 }));
  }

  get inFlight(): number {
    return this.#flights.size;
  }

  get queued(): number {
    return this.#queued;
  }

  lane(destinationId: string): Lane {
    let lane = this.#lanes.get(destinationId);
    if (lane === undefined) {
      lane = newLane(destinationId);
      this.#lanes.set(destinationId, lane);
    }
    return lane;
  }

  lanes(): Iterable<Lane> {
    return this.#lanes.values();
  }

  hasRoom(lane: Lane, of: WorkClass, bodyBytes: number): boolean {
    if (lane.windowOf(of) >= this.#limits.windowMax) return false;
    // One delivery always fits: what waits for one slow receiver must not keep every other lane empty.
    if (lane.window.size === 0) return true;
    return this.#windowTotal < this.#limits.windowTotalMax && this.#windowBytes + bodyBytes <= this.#limits.windowBytesMax;
  }

  get room(): number {
    return this.#windowBytes < this.#limits.windowBytesMax ? Math.max(0, this.#limits.windowTotalMax - this.#windowTotal) : 0;
  }

  add(given: Lane, work: Work): void {
    const lane = given as LaneState;
    const of = classOf(work.delivery);
    lane.window.add(work.delivery.seq);
    lane.held[of] += 1;
    lane.queued[of] += 1;
    this.#windowBytes += work.event.bodyBytes;
    this.#windowTotal += 1;
    turnOf(lane, work).queue.push(work);
    this.#queued += 1;
    this.#consider(lane);
  }

  take(now: number): Work | null {
    this.#wake(now);
    if (this.#flights.size >= this.#limits.inFlightMax) return null;
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      const { lane } = next.turn;
      // Others of its host may have filled the host since it came into the queues.
      if (this.#host(lane.host).inFlight >= this.#limits.perHostMax) {
        this.#consider(lane);
        continue;
      }
      const refusal = lane.rate?.take(now);
      if (refusal !== undefined && !refusal.ok) {
        lane.wakeAt = now + refusal.retryAfterMs;
        this.#wakes.push(lane.wakeAt, lane);
        this.#consider(lane);
        continue;
      }
      return this.#depart(next.ofClass, next.turn);
    }
    return null;
  }

  nextWakeAt(): number | null {
    return this.#wakes.earliest();
  }

  landed(work: Work, tookMs: number): void {
    const flight = this.#flights.get(work);
    if (flight === undefined) return;
    this.#flights.delete(work);
    const { turn, host, held } = flight;
    const cost = costOf(turn.lane, tookMs);
    const ofClass = this.#class(turn.of);
    ofClass.service += (cost - held.charged) / CLASS_WEIGHTS[turn.of];
    ofClass.owed -= held.charged / CLASS_WEIGHTS[turn.of];
    ofClass.queue.give(turn, held, cost);
    turn.lane.inFlight -= 1;
    host.inFlight -= 1;
    this.#consider(turn.lane);
    this.#offerHostSlot(host);
    if (host.inFlight === 0 && host.waiting.size === 0) this.#hosts.delete(host.name);
  }

  release({ delivery, event }: Work): void {
    const lane = this.#lanes.get(delivery.destinationId);
    if (lane === undefined || !lane.window.delete(delivery.seq)) return;
    lane.held[classOf(delivery)] -= 1;
    this.#windowBytes -= event.bodyBytes;
    this.#windowTotal -= 1;
  }

  adjust(given: Lane, change: Partial<LaneSettings>): void {
    const lane = given as LaneState;
    const moved = change.tenantId !== undefined && change.tenantId !== lane.tenantId;
    // The queues know a turn by its tenant: it leaves the old one before it enters the new.
    if (moved && lane.inFlight > 0) throw new Error("A destination cannot change its tenant.");
    if (moved) for (const of of CLASSES) this.#class(of).queue.idle(lane.turns[of]);
    this.#leaveHost(lane, change.host);
    Object.assign(lane, change);
    if (change.rate !== undefined) lane.wakeAt = null;
    this.#consider(lane);
  }

  clear(given: Lane): void {
    const lane = given as LaneState;
    for (const of of CLASSES) while (hasQueued(lane.turns[of])) this.release(this.#shift(lane.turns[of]));
    this.#consider(lane);
  }

  drop(given: Lane, deliverySeq: number): boolean {
    const lane = given as LaneState;
    for (const of of CLASSES) {
      const { queue, head } = lane.turns[of];
      const index = queue.findIndex((work, at) => at >= head && work.delivery.seq === deliverySeq);
      if (index < 0) continue;
      const [dropped] = queue.splice(index, 1);
      this.release(dropped!);
      lane.queued[classOf(dropped!.delivery)] -= 1;
      this.#queued -= 1;
      this.#consider(lane);
      return true;
    }
    return false;
  }

  remove(given: Lane): void {
    const lane = given as LaneState;
    if (lane.window.size > 0 || lane.inFlight > 0) return;
    this.adjust(lane, { open: false });
    this.#lanes.delete(lane.destinationId);
  }

  /** The class that has used the least of its share, among those with work that may go, and its next turn. */
  #next(): { ofClass: Class; turn: LaneTurn } | undefined {
    const free = this.#limits.inFlightMax - this.#flights.size;
    let next: { ofClass: Class; turn: LaneTurn } | undefined;
    for (const ofClass of this.#classes) {
      if (ofClass.queue.size === 0 || (next !== undefined && ofClass.service >= next.ofClass.service)) continue;
      const turn = ofClass.queue.first(free);
      if (turn !== undefined) next = { ofClass, turn };
    }
    if (next !== undefined) this.#present = Math.max(this.#present, next.ofClass.service - next.ofClass.owed);
    return next;
  }

  #depart(ofClass: Class, turn: LaneTurn): Work {
    const { lane } = turn;
    const work = this.#shift(turn);
    const host = this.#host(lane.host);
    this.#flights.set(work, { turn, host, held: ofClass.queue.hold(turn, lane.costMs) });
    lane.inFlight += 1;
    host.inFlight += 1;
    ofClass.service += lane.costMs / CLASS_WEIGHTS[turn.of];
    ofClass.owed += lane.costMs / CLASS_WEIGHTS[turn.of];
    this.#consider(lane);
    return work;
  }

  /** Puts a lane's turns into the queues, or takes them out, as its state has it now. */
  #consider(lane: LaneState): void {
    const wants = CLASSES.some((of) => hasQueued(lane.turns[of]));
    const own = wants && lane.open && lane.wakeAt === null && lane.inFlight < lane.concurrencyMax;
    const host = own ? this.#host(lane.host) : undefined;
    const may = host !== undefined && host.inFlight < this.#limits.perHostMax;
    const waited = lane.waitsForHost;
    if (waited) this.#hosts.get(lane.host)?.waiting.delete(lane);
    lane.waitsForHost = false;
    for (const of of CLASSES) {
      const turn = lane.turns[of];
      const { queue } = this.#class(of);
      if (!may || !hasQueued(turn)) queue.idle(turn);
      else if (turn.place < 0) this.#enter(this.#class(of), turn, waited);
    }
    if (host !== undefined && !may) {
      lane.waitsForHost = true;
      host.waiting.add(lane);
    }
  }

  #enter(ofClass: Class, turn: LaneTurn, waited: boolean): void {
    // A class that had nothing to send starts at the present, like everyone else.
    if (ofClass.queue.size === 0) ofClass.service = Math.max(ofClass.service, this.#present);
    ofClass.queue.ready(turn, waited);
  }

  #wake(now: number): void {
    for (let lane = this.#wakes.popDue(now); lane !== undefined; lane = this.#wakes.popDue(now)) {
      if (lane.wakeAt === null || lane.wakeAt > now) continue;
      lane.wakeAt = null;
      this.#consider(lane);
    }
  }

  /** One lane for one slot: it stands in the queues then, and the slot is taken when its turn comes. */
  #offerHostSlot(host: Host): void {
    const [lane] = host.waiting;
    if (lane !== undefined && host.inFlight < this.#limits.perHostMax) this.#consider(lane);
  }

  #leaveHost(lane: LaneState, next: string | undefined): void {
    if (!lane.waitsForHost || next === undefined || next === lane.host) return;
    this.#hosts.get(lane.host)?.waiting.delete(lane);
    lane.waitsForHost = false;
  }

  #host(name: string): Host {
    let host = this.#hosts.get(name);
    if (host === undefined) {
      host = { name, inFlight: 0, waiting: new Set() };
      this.#hosts.set(name, host);
    }
    return host;
  }

  #class(of: WorkClass): Class {
    return this.#classes[CLASSES.indexOf(of)]!;
  }

  #shift(turn: LaneTurn): Work {
    const work = shift(turn);
    turn.lane.queued[classOf(work.delivery)] -= 1;
    this.#queued -= 1;
    return work;
  }
}
