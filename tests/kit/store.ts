// Real SQLite stores in directories of their own, and a watched one whose process can be made to die at a chosen call.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqliteStore } from "../../src/store/sqlite/index.ts";
import type { AcceptDraft, ListQuery, Store } from "../../src/store/store.ts";
import { type Clock, systemClock } from "../../src/system/clock.ts";
import type { Random } from "../../src/system/random.ts";
import { seededRandom } from "./random.ts";

// A store starts three threads from sources: remembering the stripped and compiled code halves what opening one costs.
process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), "posthorn-test-compile-cache");

export interface TestStoreOptions {
  /** Stamps ids; the store's own upkeep runs on real time, so that a jump of days does not mean days of checkpoints. */
  clock: Clock;
  random?: Random;
  requestsKeptMax?: number;
}

export interface TestStore {
  readonly store: Store;
  readonly directory: string;
  /** What `onFatal` was called with. */
  readonly fatal: Error[];
  /** Closes and opens the same directory again. */
  reopen(): Promise<Store>;
  /** Closes and removes the directory. */
  dispose(): Promise<void>;
}

export function newDirectory(): string {
  return mkdtempSync(join(tmpdir(), "posthorn-test-"));
}

export async function openTestStore(options: TestStoreOptions): Promise<TestStore> {
  const directory = newDirectory();
  const fatal: Error[] = [];
  const random = options.random ?? seededRandom("store");
  const clock: Clock = { now: options.clock.now, after: systemClock.after };
  const open = () =>
    openSqliteStore({ directory, clock, random, requestsKeptMax: options.requestsKeptMax ?? 1000, onFatal: (error) => fatal.push(error) });
  let store = await open();
  return {
    get store() {
      return store;
    },
    directory,
    fatal,
    async reopen() {
      await store.close();
      store = await open();
      return store;
    },
    async dispose() {
      await store.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

type Method = Exclude<keyof Store, "close">;

/** Where a process dies: before the call reaches the store, or after its commit and before the answer. */
export interface CrashPoint {
  method: Method | "any";
  when: "before" | "after";
  /** 1 is the next such call. */
  nth: number;
}

export interface WatchedStore {
  readonly store: Store;
  /** Whether a call is under way. */
  isBusy(): boolean;
  readonly isDead: boolean;
  /** From that call on nothing goes in or out any more, as after `kill -9`. */
  crashAt(point: CrashPoint): void;
  /** Dies now. */
  die(): void;
  /** Calls of this method wait until `release`: before they reach the store, or with their answers. */
  hold(method: Method, where?: "before" | "after"): { readonly held: number; release(): void };
  /** The next `times` calls of this method fail with this error and never reach the store. */
  fail(method: Method, error: Error, times: number): void;
  /** Counts calls of this method from now on. */
  count(method: Method): { readonly calls: number };
}

interface Hold {
  waiting: (() => void)[];
}

export function watchStore(target: Store): WatchedStore {
  let busy = 0;
  let dead = false;
  let point: CrashPoint | null = null;
  const holds = new Map<string, Hold>();
  const counts = new Map<string, number>();
  const failures = new Map<string, { error: Error; times: number }>();

  /** Whether the process dies at this call. */
  function reaches(method: string): CrashPoint["when"] | null {
    if (point === null || (point.method !== "any" && point.method !== method)) return null;
    point.nth -= 1;
    return point.nth > 0 ? null : point.when;
  }

  async function run(method: string, call: () => Promise<unknown>): Promise<unknown> {
    if (dead) return forever();
    const crash = reaches(method);
    if (crash === "before") {
      dead = true;
      return forever();
    }
    counts.set(method, (counts.get(method) ?? 0) + 1);
    await pass(`before ${method}`);
    const failure = failures.get(method);
    if (failure !== undefined && failure.times > 0) {
      failure.times -= 1;
      throw failure.error;
    }
    busy += 1;
    try {
      return await call();
    } finally {
      busy -= 1;
      if (crash === "after") dead = true;
      if (dead) await forever();
      await pass(`after ${method}`);
    }
  }

  async function pass(gate: string): Promise<void> {
    const hold = holds.get(gate);
    if (hold !== undefined) await new Promise<void>((resolve) => hold.waiting.push(resolve));
  }

  const store: Record<string, unknown> = {};
  for (const [name, method] of Object.entries(target) as [string, (...args: unknown[]) => Promise<unknown>][]) {
    store[name] = (...args: unknown[]) => run(name, () => method(...args));
  }
  return {
    store: store as unknown as Store,
    isBusy: () => busy > 0 && !dead,
    get isDead() {
      return dead;
    },
    crashAt(at) {
      point = { ...at };
    },
    die() {
      dead = true;
    },
    hold(method, where = "after") {
      const gate = `${where} ${method}`;
      const hold: Hold = { waiting: [] };
      holds.set(gate, hold);
      return {
        get held() {
          return hold.waiting.length;
        },
        release() {
          holds.delete(gate);
          for (const resolve of hold.waiting.splice(0)) resolve();
        },
      };
    },
    fail(method, error, times) {
      failures.set(method, { error, times });
    },
    count(method) {
      const before = counts.get(method) ?? 0;
      return {
        get calls() {
          return (counts.get(method) ?? 0) - before;
        },
      };
    },
  };
}

function forever(): Promise<never> {
  return new Promise(() => undefined);
}

/** A whole list, page by page. */
export async function allPages<Q extends ListQuery, T>(
  read: (query: Q) => Promise<{ data: T[]; nextCursor: string | null }>,
  query: Omit<Q, keyof ListQuery>,
  limit = 250,
): Promise<T[]> {
  const all: T[] = [];
  let cursor: string | null = null;
  do {
    const page: { data: T[]; nextCursor: string | null } = await read({
      limit,
      cursor,
      since: null,
      until: null,
      ...query,
    } as unknown as Q);
    all.push(...page.data);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return all;
}

/** A draft with everything left out that a test does not care about. */
export function draft(receivedAt: number, changes: Partial<AcceptDraft> & { body?: Uint8Array } = {}): AcceptDraft {
  const { body, ...rest } = changes;
  return {
    sourceId: null,
    tenantId: null,
    type: "test.event",
    key: null,
    providerEventId: null,
    channels: [],
    deliverAt: null,
    deliverBefore: null,
    receivedAt,
    occurredAt: null,
    request: {
      method: "POST",
      pathTail: "",
      query: "",
      headers: ["content-type", "application/json"],
      remoteAddress: "192.0.2.1",
      body: body ?? Buffer.from("{}"),
    },
    dedupe: null,
    ...rest,
  };
}
