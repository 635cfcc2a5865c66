// This node among the others: it beats, keeps leases on its share of the shards, and stops working on what it may have lost.
import { shardOf } from "../core/shard.ts";
import type { Logger } from "../log.ts";
import type { Cluster, Lease, NodeReport } from "../store/cluster.ts";
import type { Clock, Timer } from "../system/clock.ts";
import type { Catalog } from "./catalog.ts";
import type { Ownership } from "./ownership.ts";

const BEAT_MS = 2_000;
// A beat that failed is tried again soon: four tries fit between a normal one and the end of a lease of 8 s.
const BEAT_AGAIN_MS = 500;
// Leases end here this much before the store lets others take them: for clocks that run apart and an attempt that just began.
const MARGIN_MS = 500;
const YIELD_LOOK_MS = 20;
// An attempt may take 5 minutes, and nobody sends what waits in its shard meanwhile: after this time the shard goes all the
// same, the attempt's outcome is refused for its old token, and the new owner makes it again.
const YIELD_MS_MAX = 10_000;

/** Whoever does the work of shards. */
export interface ShardTenant {
  /** These are this node's from now on: what waits in them is to be taken up. */
  gained(shards: readonly number[]): void;
  /** Nothing of these begins any more; what is under way goes on. */
  closed(shards: readonly number[]): void;
  /** Another node may work on these: nothing of them stays in memory. */
  lost(shards: readonly number[]): void;
  /** Shards of which something is under way. */
  busy(): ReadonlySet<number>;
}

export interface Member {
  readonly ownership: Ownership;
  /** The first beat. One that fails is tried again, and is no reason not to start. */
  start(): Promise<void>;
  /** Begins no more work: each shard is given up when nothing of it is under way. */
  retire(): void;
  /** Gives up what is left. */
  leave(): Promise<void>;
  /** Whether the last beats went through, so that the others count on this node. */
  isJoined(): boolean;
  /** Shards held now. */
  readonly held: number;
}

export interface MembershipOptions {
  cluster: Cluster;
  catalog: Pick<Catalog, "version" | "refresh">;
  clock: Clock;
  log: Logger;
  /** Whether this node works on shards at all. */
  takes: boolean;
  report: () => NodeReport;
  tenant: ShardTenant;
}

/** A shard that this node holds. */
interface Held {
  readonly token: number;
  readonly since: number;
  /** Set once nothing of it begins any more: until when it is waited for what is under way. */
  yieldsBy: number | null;
}

export function createMembership(options: MembershipOptions): Member {
  return new LeaseKeeper(options);
}

class LeaseKeeper implements Member {
  readonly #options: MembershipOptions;
  readonly #held = new Map<number, Held>();
  /** Given up here, and the store has not confirmed it. */
  readonly #giving = new Set<number>();
  readonly ownership: Ownership;
  #validFrom = Infinity;
  #validUntil = -Infinity;
  #beating: Promise<void> | null = null;
  /** A beat is wanted right after the one under way. */
  #again = false;
  #retiring = false;
  #ended = false;
  #failing = false;
  #beatTimer: Timer | null = null;
  #lapseTimer: Timer | null = null;
  #yieldTimer: Timer | null = null;

  constructor(options: MembershipOptions) {
    this.#options = options;
    const open = (id: string) => {
      const held = this.#held.get(shardOf(id));
      return held === undefined || held.yieldsBy !== null ? undefined : held;
    };
    this.ownership = {
      alone: false,
      isValid: (now) => this.#isValid(now),
      owns: (id) => open(id) !== undefined,
      fence: (id) => this.#held.get(shardOf(id))?.token ?? null,
      ownedSince: (id) => open(id)?.since ?? Infinity,
      shards: () => [...this.#held].filter(([, { yieldsBy }]) => yieldsBy === null).map(([shard]) => shard),
      isFirst: (now) => this.#held.get(0)?.yieldsBy === null && this.#isValid(now),
    };
  }

  get held(): number {
    return this.#held.size;
  }

  isJoined(): boolean {
    return this.#isValid(this.#options.clock.now());
  }

  start(): Promise<void> {
    return this.#beat();
  }

  retire(): void {
    this.#retiring = true;
    this.#yield([...this.#held.keys()]);
  }

  async leave(): Promise<void> {
    this.#ended = true;
    for (const timer of [this.#beatTimer, this.#lapseTimer, this.#yieldTimer]) timer?.cancel();
    await this.#beating;
    this.#lose([...this.#held.keys()]);
    try {
      await this.#options.cluster.leave();
    } catch (error) {
      this.#options.log.warn({ error }, "This node could not tell the others that it leaves; they take over when its leases run out.");
    }
  }

  /** A clock that was set back must not make leases last longer: they count for nothing until the next beat. */
  #isValid(now: number): boolean {
    return now < this.#validUntil && now >= this.#validFrom;
  }

  #beat(): Promise<void> {
    this.#beatTimer?.cancel();
    this.#again = false;
    this.#beating ??= this.#beatOnce().finally(() => {
      this.#beating = null;
      if (this.#again && !this.#ended) void this.#beat();
    });
    return this.#beating;
  }

  #beatNow(): void {
    if (this.#beating === null) void this.#beat();
    else this.#again = true;
  }

  async #beatOnce(): Promise<void> {
    const { cluster, catalog, clock, log, report, takes } = this.#options;
    const sentAt = clock.now();
    const give = [...this.#giving];
    try {
      const { leases, ttlMs, share, configVersion } = await cluster.beat({ report: report(), give, takes: takes && !this.#retiring });
      for (const shard of give) this.#giving.delete(shard);
      this.#dropMissing(leases);
      // Before the leases count on: who cannot read the configuration in force must not go on under an older one.
      if (configVersion !== catalog.version) await catalog.refresh();
      if (this.#failing) log.info("This node reaches the others again.");
      this.#failing = false;
      this.#keep(leases, sentAt, sentAt + ttlMs - MARGIN_MS, share);
    } catch (error) {
      if (!this.#failing) log.warn({ error }, "A beat failed. This node goes on until its leases run out, and tries again.");
      this.#failing = true;
    }
    if (this.#ended) return;
    const next = this.#failing ? BEAT_AGAIN_MS : Math.max(0, sentAt + BEAT_MS - clock.now());
    this.#beatTimer = clock.after(Math.min(next, BEAT_MS), () => void this.#beat());
  }

  /** What another node has taken meanwhile is lost, also when it is this one's again: under another token. */
  #dropMissing(leases: readonly Lease[]): void {
    const tokens = new Map(leases.map(({ shard, token }) => [shard, token]));
    this.#lose([...this.#held].filter(([shard, { token }]) => tokens.get(shard) !== token).map(([shard]) => shard));
  }

  #keep(leases: readonly Lease[], sentAt: number, until: number, share: number): void {
    const { clock } = this.#options;
    const now = clock.now();
    if (this.#ended) return;
    if (now >= until || now < sentAt) {
      // The answer took longer than the leases last, or the process was stopped while it waited.
      this.#lapse();
      this.#again = true;
      return;
    }
    [this.#validFrom, this.#validUntil] = [sentAt, until];
    this.#lapseTimer?.cancel();
    this.#lapseTimer = clock.after(until - now, () => this.#lapse());
    const gained: number[] = [];
    for (const { shard, token } of leases) {
      if (this.#held.has(shard) || this.#giving.has(shard)) continue;
      this.#held.set(shard, { token, since: now, yieldsBy: null });
      gained.push(shard);
    }
    gained.push(...this.#balance(this.#retiring ? 0 : share, now));
    const open = gained.filter((shard) => this.#held.get(shard)?.yieldsBy === null);
    if (open.length > 0) this.#options.tenant.gained(open);
  }

  /** Yields what is above the share, and takes back what is not above it any more: answers that. */
  #balance(share: number, now: number): number[] {
    const yielding = [...this.#held].filter(([, { yieldsBy }]) => yieldsBy !== null).map(([shard]) => shard);
    const surplus = this.#held.size - share - yielding.length;
    if (surplus < 0) {
      const kept = yielding.slice(0, -surplus);
      for (const shard of kept) this.#held.set(shard, { token: this.#held.get(shard)!.token, since: now, yieldsBy: null });
      return kept;
    }
    if (surplus === 0) return [];
    // Of those with work and of those without as large a part: a node that gave only what is idle would keep all of the work.
    const busy = this.#options.tenant.busy();
    const open = [...this.#held].filter(([, { yieldsBy }]) => yieldsBy === null).map(([shard]) => shard);
    const sorted = [...open.filter((shard) => busy.has(shard)), ...open.filter((shard) => !busy.has(shard))];
    this.#yield(Array.from({ length: surplus }, (_, index) => sorted[Math.floor(((index + 0.5) * sorted.length) / surplus)]!));
    return [];
  }

  #yield(shards: readonly number[]): void {
    const yieldsBy = this.#options.clock.now() + YIELD_MS_MAX;
    const closing = shards.filter((shard) => this.#held.get(shard)?.yieldsBy === null);
    for (const shard of closing) this.#held.get(shard)!.yieldsBy = yieldsBy;
    if (closing.length > 0) this.#options.tenant.closed(closing);
    this.#giveDrained();
  }

  /** Gives what has nothing under way any more, and looks again as long as something has. */
  #giveDrained(): void {
    const { clock, tenant } = this.#options;
    this.#yieldTimer?.cancel();
    this.#yieldTimer = null;
    const yielding = [...this.#held].filter(([, { yieldsBy }]) => yieldsBy !== null);
    if (yielding.length === 0 || this.#ended) return;
    const [busy, now] = [tenant.busy(), clock.now()];
    const drained = yielding.filter(([shard, { yieldsBy }]) => !busy.has(shard) || now >= yieldsBy!).map(([shard]) => shard);
    if (drained.length > 0) {
      this.#lose(drained);
      for (const shard of drained) this.#giving.add(shard);
      this.#beatNow();
    }
    if (drained.length < yielding.length) this.#yieldTimer = clock.after(YIELD_LOOK_MS, () => this.#giveDrained());
  }

  #lapse(): void {
    if (this.#held.size > 0) {
      this.#options.log.warn(
        { shards: this.#held.size },
        "The leases of this node ran out: it stops working on its shards until a beat goes through.",
      );
    }
    this.#validUntil = -Infinity;
    this.#lose([...this.#held.keys()]);
  }

  #lose(shards: readonly number[]): void {
    for (const shard of shards) this.#held.delete(shard);
    if (shards.length > 0) this.#options.tenant.lost(shards);
  }
}
