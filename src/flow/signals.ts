// Hints between nodes: gathered for some milliseconds before they are sent, and asked for as often as there is traffic.
import type { WorkClass } from "../core/lane.ts";
import type { Logger } from "../log.ts";
import type { Cluster, Signal } from "../store/cluster.ts";
import type { Clock, Timer } from "../system/clock.ts";

const GATHER_MS = 5;
const POLL_BUSY_MS = 20;
const POLL_IDLE_MS = 250;
// After the last signal in either direction the polls stay frequent for this long, and then each pause is twice the one before.
const BUSY_FOR_MS = 2_000;
const POLL_FAILED_MS = 1_000;
// A signal is a few KiB at most, so that the store may keep several in one row.
const IDS_PER_SIGNAL_MAX = 100;

export interface Signals {
  /** A delivery that another node sends waits until `dueAt`, ms since the Unix epoch. */
  work(destinationId: string, of: WorkClass, dueAt: number): void;
  deliveries(ids: readonly string[]): void;
  accepted(shard: number): void;
  config(version: number): void;
  job(id: string): void;
  start(): void;
  /** Resolves when everything told so far is sent, or has failed once. */
  stop(): Promise<void>;
}

export interface SignalsOptions {
  cluster: Cluster;
  clock: Clock;
  log: Logger;
  /** What other nodes tell. */
  hear: (signals: readonly Signal[]) => void;
}

/** Where nobody else is there to listen. */
export const NO_SIGNALS: Signals = {
  work: () => undefined,
  deliveries: () => undefined,
  accepted: () => undefined,
  config: () => undefined,
  job: () => undefined,
  start: () => undefined,
  stop: () => Promise.resolve(),
};

/** What is to be told, each thing once. */
interface Gathered {
  work: Map<string, Extract<Signal, { kind: "work" }>>;
  deliveries: Set<string>;
  accepted: Set<number>;
  config: number | null;
  jobs: Set<string>;
}

export function createSignals({ cluster, clock, log, hear }: SignalsOptions): Signals {
  let gathered = nothing();
  let flushTimer: Timer | null = null;
  let pollTimer: Timer | null = null;
  let pollMs = POLL_IDLE_MS;
  let busyUntil = -Infinity;
  let sending: Promise<void> = Promise.resolve();
  let polling: Promise<void> = Promise.resolve();
  let failing = false;
  let stopped = false;

  function touched(): void {
    busyUntil = clock.now() + BUSY_FOR_MS;
    pollMs = POLL_BUSY_MS;
  }

  function plan(): void {
    // Whoever is told something often answers with work of its own.
    touched();
    flushTimer ??= clock.after(GATHER_MS, () => void flush(), { ref: true });
  }

  function flush(): Promise<void> {
    flushTimer?.cancel();
    flushTimer = null;
    const signals = signalsOf(gathered);
    gathered = nothing();
    if (signals.length > 0) sending = Promise.all([sending, send(signals)]).then(() => undefined);
    return sending;
  }

  async function send(signals: readonly Signal[]): Promise<void> {
    try {
      await cluster.send(signals);
      failing = false;
    } catch (error) {
      // The others look at the store every few seconds and find all of it there.
      told(error);
    }
  }

  function told(error: unknown): void {
    if (!failing) log.warn({ error }, "Hints between nodes do not go through; work moves on by looks at the store until they do.");
    failing = true;
  }

  async function poll(): Promise<void> {
    let pauseMs = POLL_FAILED_MS;
    try {
      const signals = await cluster.receive();
      failing = false;
      if (signals.length > 0) {
        touched();
        if (!stopped) hear(signals);
      }
      pollMs = clock.now() < busyUntil ? POLL_BUSY_MS : Math.min(POLL_IDLE_MS, pollMs * 2);
      pauseMs = pollMs;
    } catch (error) {
      told(error);
    }
    planPoll(pauseMs);
  }

  function planPoll(pauseMs: number): void {
    if (stopped) return;
    pollTimer = clock.after(pauseMs, () => {
      polling = poll();
    });
  }

  return {
    work(destinationId, of, dueAt) {
      const key = `${of} ${destinationId}`;
      const known = gathered.work.get(key);
      if (known !== undefined && known.dueAt <= dueAt) return;
      gathered.work.set(key, { kind: "work", destinationId, class: of, dueAt });
      plan();
    },
    deliveries(ids) {
      for (const id of ids) gathered.deliveries.add(id);
      if (ids.length > 0) plan();
    },
    accepted(shard) {
      gathered.accepted.add(shard);
      plan();
    },
    config(version) {
      gathered.config = version;
      plan();
    },
    job(id) {
      gathered.jobs.add(id);
      plan();
    },
    start: () => planPoll(POLL_BUSY_MS),
    async stop() {
      stopped = true;
      pollTimer?.cancel();
      await flush();
      await polling;
    },
  };
}

function nothing(): Gathered {
  return { work: new Map(), deliveries: new Set(), accepted: new Set(), config: null, jobs: new Set() };
}

function signalsOf({ work, deliveries, accepted, config, jobs }: Gathered): Signal[] {
  // What decides where deliveries may go comes before the deliveries.
  const signals: Signal[] = config === null ? [] : [{ kind: "config", version: config }];
  const ids = [...deliveries];
  for (let at = 0; at < ids.length; at += IDS_PER_SIGNAL_MAX) {
    signals.push({ kind: "deliveries", ids: ids.slice(at, at + IDS_PER_SIGNAL_MAX) });
  }
  if (accepted.size > 0) signals.push({ kind: "accepted", shards: [...accepted] });
  for (const id of jobs) signals.push({ kind: "job", id });
  signals.push(...work.values());
  return signals;
}
