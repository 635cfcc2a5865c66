// Whose turn it is: two levels, tenant then destination, each by the slot time received so far (start-time fair queuing).
//
// A destination that holds its slots for 20 seconds pays 20 seconds, so that it gets as much time as the others and not
// as many turns. Whoever was idle starts at the present: time not used is not saved up. A bill comes after the meal,
// though, and slots that hang are gone until then: so the slow ones of a tenant may hold only a multiple of the slots
// that are still free (a dynamic threshold, as in shared-memory switches), which leaves some free however many hang.
import { createServiceHeap, type Served, type ServiceHeap } from "./service-heap.ts";

/** One destination in one class of work. */
export interface Turn extends Served {
  readonly tenantId: string;
  /** Known to be slow, or not known yet. */
  readonly slow: boolean;
  /** Which of its tenant's heaps it stands in. The queue's own. */
  amongSlow: boolean;
  /** Of its service: charged for flights whose true cost is not known yet. The queue's own. */
  owed: number;
}

interface Group extends Served {
  readonly quick: ServiceHeap<Turn>;
  readonly slow: ServiceHeap<Turn>;
  /** What the members taken so far have truly had: where newcomers start. */
  present: number;
  owed: number;
  inFlight: number;
  slowInFlight: number;
  /** Where it stands; null when it has nothing to send. */
  heap: ServiceHeap<Group> | null;
}

export interface Held {
  readonly slow: boolean;
  readonly charged: number;
}

export interface FairQueue<T extends Turn> {
  /** Turns that stand here, also those that are held back just now. */
  readonly size: number;
  /** `waited`: it could not go although it was its turn, and keeps its place by what it has paid. */
  ready(turn: T, waited: boolean): void;
  idle(turn: T): void;
  /** The turn to serve next, given the slots that are free; it stays where it is until it pays or goes idle. */
  first(free: number): T | undefined;
  /** A slot was taken, which is expected to cost this many milliseconds of it; the answer is for `give`. */
  hold(turn: T, expected: number): Held;
  /** The slot is free again, and this is what it has cost. */
  give(turn: T, held: Held, cost: number): void;
}

/** Slow flights of one tenant per free slot: three leave one tenant alone three quarters of all, and two of them 43 % each. */
const SLOW_PER_FREE_SLOT = 3;

/** `shareMax` is the number of slots one tenant may hold while others wait. */
export function createFairQueue<T extends Turn>(shareMax: number): FairQueue<T> {
  return new TwoLevelQueue<T>(shareMax);
}

class TwoLevelQueue<T extends Turn> implements FairQueue<T> {
  readonly #shareMax: number;
  readonly #groups = new Map<string, Group>();
  /** Idle tenants that have paid more than the present. */
  readonly #leaving = new Map<string, Group>();
  // Tenants above their share stand apart: they are served when nobody else waits.
  readonly #within = createServiceHeap<Group>();
  readonly #above = createServiceHeap<Group>();
  /** Tenants that have only slow turns and hold too many slots already; who holds the fewest is let go first. */
  readonly #held = createServiceHeap<Group>((group) => group.slowInFlight);
  #present = 0;
  #size = 0;

  constructor(shareMax: number) {
    this.#shareMax = shareMax;
  }

  get size(): number {
    return this.#size;
  }

  ready(turn: T, waited: boolean): void {
    if (turn.place >= 0) return;
    const group = this.#group(turn);
    if (!waited) turn.service = Math.max(turn.service, Math.min(group.present, leastOf(group.quick)));
    // A tenant that was forgotten meanwhile goes on from what this turn has paid, not from nothing.
    if (isEmpty(group)) group.service = Math.max(group.service, waited ? turn.service : Math.min(this.#present, leastOf(this.#within)));
    enter(group, turn);
    this.#size += 1;
    this.#place(group);
  }

  idle(turn: T): void {
    if (turn.place < 0) return;
    const group = this.#group(turn);
    membersOf(group, turn).remove(turn);
    this.#size -= 1;
    this.#place(group);
    this.#forget(turn.tenantId, group);
  }

  first(free: number): T | undefined {
    for (let group = this.#held.first(); group !== undefined && mayBeSlow(group, free); group = this.#held.first()) this.#place(group);
    for (;;) {
      const group = this.#within.first() ?? this.#above.first();
      if (group === undefined) return undefined;
      const turn = firstOf(group, free);
      if (turn === undefined) {
        this.#move(group, this.#held);
        continue;
      }
      // Without what is only owed: an expectation that proves wrong is given back, and newcomers that had started behind
      // it would wait until everybody else has really had as much.
      this.#present = Math.max(this.#present, group.service - group.owed);
      group.present = Math.max(group.present, turn.service - turn.owed);
      return turn as T;
    }
  }

  hold(turn: T, expected: number): Held {
    const group = this.#group(turn);
    const held = { slow: turn.slow, charged: expected };
    group.inFlight += 1;
    if (held.slow) group.slowInFlight += 1;
    this.#owe(group, turn, expected);
    this.#pay(group, turn, expected);
    this.#place(group);
    return held;
  }

  give(turn: T, { slow, charged }: Held, cost: number): void {
    const group = this.#group(turn);
    group.inFlight -= 1;
    if (slow) group.slowInFlight -= 1;
    this.#owe(group, turn, -charged);
    this.#pay(group, turn, cost - charged);
    this.#place(group);
    this.#forget(turn.tenantId, group);
  }

  #owe(group: Group, turn: T, charged: number): void {
    turn.owed += charged;
    group.owed += charged;
  }

  #pay(group: Group, turn: T, cost: number): void {
    turn.service += cost;
    group.service += cost;
    if (turn.place >= 0) {
      membersOf(group, turn).remove(turn);
      enter(group, turn);
    }
    group.heap?.changed(group);
  }

  #group({ tenantId }: T): Group {
    let group = this.#groups.get(tenantId);
    if (group === undefined) {
      const [quick, slow] = [createServiceHeap<Turn>(), createServiceHeap<Turn>()];
      group = { service: 0, owed: 0, place: -1, order: 0, quick, slow, present: 0, inFlight: 0, slowInFlight: 0, heap: null };
      this.#groups.set(tenantId, group);
    }
    return group;
  }

  /** Puts a group where its members and its slots have it now; one that was held back gets another look. */
  #place(group: Group): void {
    if (isEmpty(group)) this.#move(group, null);
    else this.#move(group, group.inFlight >= this.#shareMax ? this.#above : this.#within);
  }

  #move(group: Group, to: ServiceHeap<Group> | null): void {
    if (group.heap === to) return;
    group.heap?.remove(group);
    group.heap = to;
    to?.add(group);
  }

  /** What an idle tenant has paid matters only while the present has not passed it. Two that left earlier are looked at each time. */
  #forget(tenantId: string, group: Group): void {
    if (isIdle(group)) this.#leaving.set(tenantId, group);
    let looks = 0;
    for (const [id, left] of this.#leaving) {
      if ((looks += 1) > 2) return;
      this.#leaving.delete(id);
      if (!isIdle(left)) continue;
      if (left.service <= this.#present) this.#groups.delete(id);
      else this.#leaving.set(id, left);
    }
  }
}

/** One that was expensive once moves the present far ahead of those that were not: newcomers join whoever is next. */
function leastOf(heap: ServiceHeap<Served>): number {
  return heap.first()?.service ?? Infinity;
}

function isIdle(group: Group): boolean {
  return isEmpty(group) && group.inFlight === 0;
}

function isEmpty(group: Group): boolean {
  return group.quick.size === 0 && group.slow.size === 0;
}

function mayBeSlow(group: Group, free: number): boolean {
  return group.slowInFlight < free * SLOW_PER_FREE_SLOT;
}

function firstOf(group: Group, free: number): Turn | undefined {
  const quick = group.quick.first();
  const slow = mayBeSlow(group, free) ? group.slow.first() : undefined;
  if (quick === undefined || slow === undefined) return quick ?? slow;
  return slow.service < quick.service ? slow : quick;
}

function membersOf(group: Group, turn: Turn): ServiceHeap<Turn> {
  return turn.amongSlow ? group.slow : group.quick;
}

function enter(group: Group, turn: Turn): void {
  turn.amongSlow = turn.slow;
  membersOf(group, turn).add(turn);
}
