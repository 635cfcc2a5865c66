// A store that several flows of one process share: SQLite below, and over it what makes a store safe to share.
import { shardOf } from "../../src/core/shard.ts";
import type { Event } from "../../src/core/event.ts";
import type { DispatchOutcome, Store } from "../../src/store/store.ts";

export interface SharedStore {
  readonly store: Store;
  /** Of the newest configuration that is committed. */
  readonly configVersion: number;
  /** Accepted events that no dispatch has covered. */
  readonly undispatched: number;
  /** Whether a call is under way, also one of a node that died since: what it does to the store belongs to this moment. */
  isBusy(): boolean;
  /** Settlements that were refused for an old token. */
  readonly fenced: number;
}

/** `tokenOf` answers the token of the lease on a shard as it is now. */
export function shareStore(base: () => Store, tokenOf: (shard: number) => number, firstVersion: number): SharedStore {
  const undispatched = new Map<number, Event>();
  let version = firstVersion;
  let fenced = 0;
  let busy = 0;
  // Two dispatches of one event wait for each other, as two transactions on one row would.
  let last: Promise<unknown> = Promise.resolve();
  function exclusively<T>(work: () => Promise<T>): Promise<T> {
    const turn = last.then(work);
    last = turn.catch(() => undefined);
    return turn;
  }
  const keep = (event: Event) => void undispatched.set(event.seq, event);

  const own: Partial<Store> = {
    async accept(draft) {
      const outcome = await base().accept(draft);
      if (outcome.kind === "accepted") keep(outcome.event);
      return outcome;
    },
    async acceptSplit(draft) {
      const outcome = await base().acceptSplit(draft);
      for (const item of outcome.items) if (item.kind === "accepted") keep(item.event);
      return outcome;
    },
    // Nothing beyond the scope: what a node accepted itself is in its hints, or is found by the owner of its shard.
    async undispatched(limit, _bytesMax, scope) {
      if (scope === undefined) throw new Error("a node that shares its store asked for every event");
      const inScope = (event: Event) =>
        scope.shards.includes(shardOf(event.sourceId ?? event.id)) && event.receivedAt <= scope.acceptedBefore;
      const found = [...undispatched.values()].filter(inScope).toSorted((a, b) => a.seq - b.seq);
      return base().eventsBySeq(found.slice(0, limit).map(({ seq }) => seq));
    },
    commitDispatch: (events, drafts, configVersion) =>
      exclusively(async (): Promise<DispatchOutcome> => {
        if (configVersion === undefined) throw new Error("a node that shares its store must say what it routed by");
        const named = new Set(events.map(({ seq }) => seq));
        const open = events.filter(({ seq }) => undispatched.has(seq));
        const mayInsert = ({ eventSeq }: { eventSeq: number }) => !named.has(eventSeq) || undispatched.has(eventSeq);
        const outcome = await base().commitDispatch(open, drafts.filter(mayInsert), configVersion);
        if (outcome.kind === "stale") return outcome;
        const made = outcome.deliveries[Symbol.iterator]();
        const deliveries = drafts.map((draft) => (mayInsert(draft) ? (made.next().value ?? null) : null));
        for (const { seq } of open) undispatched.delete(seq);
        return { kind: "done", deliveries };
      }),
    async settle(batch) {
      if (batch.some(({ fence }) => fence === null)) throw new Error("a node that shares its store must say under which lease it sent");
      const stale = batch.filter(({ fence, attempt }) => fence !== tokenOf(shardOf(attempt.destinationId)));
      fenced += stale.length;
      await base().settle(batch.filter((settlement) => !stale.includes(settlement)));
      return stale.map(({ deliverySeq }) => deliverySeq);
    },
    async applyConfig(changes, at, idempotency, ifVersion) {
      if (ifVersion === undefined) throw new Error("a node that shares its store must say what it changed");
      const outcome = await base().applyConfig(changes, at, idempotency, ifVersion);
      if (outcome.kind === "done") version = outcome.version;
      return outcome;
    },
  };

  const store: Record<string, unknown> = {};
  for (const name of Object.keys(base())) {
    store[name] = (...args: unknown[]) => {
      const target = (name in own ? own : base()) as unknown as Record<string, (...args: unknown[]) => unknown>;
      busy += 1;
      return (target[name]!(...args) as Promise<unknown>).finally(() => (busy -= 1));
    };
  }
  return {
    store: store as unknown as Store,
    get configVersion() {
      return version;
    },
    get undispatched() {
      return undispatched.size;
    },
    isBusy: () => busy > 0,
    get fenced() {
      return fenced;
    },
  };
}
