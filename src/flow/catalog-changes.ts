// Changes of the configuration, one after another, each made on what is in force; and the reading of what other nodes changed.
import type { FieldProblem } from "../errors.ts";
import type { Sealer } from "../store/sealer.ts";
import {
  type ConfigChange,
  type ConfigKind,
  type ConfigRow,
  type IdempotencyRecord,
  type Store,
  StoreUnavailableError,
} from "../store/store.ts";
import type { Clock } from "../system/clock.ts";
import type { Memory } from "./catalog-memory.ts";
import type { Remember, RemoveOutcome, SaveOutcome, UpdateOutcome } from "./catalog.ts";

// Each time another node was quicker it made progress; so many times in a row means that something else is wrong.
const TRIES_MAX = 20;

/** Everything a kind needs to be saved. */
export interface Kind<T extends { id: string }> {
  get(id: string): T | undefined;
  check(value: T): FieldProblem[];
  row(value: T): ConfigRow;
  put(value: T): void;
}

export interface CatalogListener {
  /** A change made here is committed. */
  committed(version: number): void;
  /** Changes made elsewhere are in force here; of destinations, these are new, changed or gone. */
  refreshed(destinationIds: readonly string[]): void;
}

/** What is to be written, and how memory follows; or the answer when there is nothing to write. */
export type Plan<R> =
  | {
      changes: ConfigChange[];
      record: IdempotencyRecord | null;
      follow: () => void;
      result: R;
      repeated?: (record: IdempotencyRecord) => R;
    }
  | { changes: null; result: R };

export interface CatalogChanges {
  readonly version: number;
  save<T extends { id: string }>(kind: Kind<T>, value: T, remember?: Remember<T>): Promise<SaveOutcome<T>>;
  update<T extends { id: string }>(kind: Kind<T>, id: string, change: (value: T) => T, remember?: Remember<T>): Promise<UpdateOutcome<T>>;
  remove(kind: ConfigKind, id: string): Promise<RemoveOutcome>;
  /** Runs a plan in its turn, and again on what other nodes made of the configuration meanwhile. */
  run<R>(plan: () => Plan<R>): Promise<R>;
  /** Resolves when everything that was committed before the call, here or on another node, is in force here. */
  refresh(): Promise<void>;
  listen(listener: CatalogListener): void;
}

export async function createCatalogChanges(
  memory: Memory,
  { store, sealer, clock }: { store: Store; sealer: Sealer; clock: Clock },
): Promise<CatalogChanges> {
  const listeners: CatalogListener[] = [];
  let version = -1;
  // One after another: each is checked against what the ones before it left, and memory follows the store in its order.
  let last: Promise<unknown> = Promise.resolve();
  let refreshing: Promise<void> | null = null;
  await reload();

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = last.then(work);
    last = turn.catch(() => undefined);
    return turn;
  }

  async function reload(): Promise<void> {
    const read = await store.config();
    if (read.version === version) return;
    const destinationIds = memory.replace(read.rows, sealer);
    version = read.version;
    for (const listener of listeners) listener.refreshed(destinationIds);
  }

  async function commit<R>(plan: () => Plan<R>): Promise<R> {
    for (let tries = 1; tries <= TRIES_MAX; tries += 1) {
      const planned = plan();
      if (planned.changes === null) return planned.result;
      const outcome = await store.applyConfig(planned.changes, clock.now(), planned.record, version);
      switch (outcome.kind) {
        case "done":
          version = outcome.version;
          for (const change of planned.changes) memory.keepRow(change);
          planned.follow();
          for (const listener of listeners) listener.committed(version);
          return planned.result;
        case "repeated":
          if (planned.repeated === undefined) throw new Error("a change without an idempotency key was taken for a repeated one");
          return planned.repeated(outcome.record);
        case "stale":
          await reload();
          break;
      }
    }
    throw new StoreUnavailableError("The configuration changes faster than this change could be made.");
  }

  function planSave<T extends { id: string }>(kind: Kind<T>, value: T, remember: Remember<T> | undefined): Plan<SaveOutcome<T>> {
    const problems = kind.check(value);
    if (problems.length > 0) return { changes: null, result: { ok: false, problems } };
    return {
      changes: [{ op: "put", row: kind.row(value) }],
      record: remember?.(value) ?? null,
      follow: () => kind.put(value),
      result: { ok: true, value, repeated: null },
      repeated: (record) => ({ ok: true, value: null, repeated: record }),
    };
  }

  function planRemove(kind: ConfigKind, id: string): Plan<RemoveOutcome> {
    if (!memory.has(kind, id)) return { changes: null, result: { ok: false, cause: "not_found" } };
    const usedBy = memory.usersOf(kind, id);
    if (usedBy.length > 0) return { changes: null, result: { ok: false, cause: "in_use", usedBy } };
    return { changes: [{ op: "delete", kind, id }], record: null, follow: () => memory.drop(kind, id), result: { ok: true } };
  }

  const run = <R>(plan: () => Plan<R>) => inTurn(() => commit(plan));
  return {
    get version() {
      return version;
    },
    run,
    save: (kind, value, remember) => run(() => planSave(kind, value, remember)),
    update: <T extends { id: string }>(kind: Kind<T>, id: string, change: (value: T) => T, remember?: Remember<T>) =>
      run((): Plan<UpdateOutcome<T>> => {
        const current = kind.get(id);
        return current === undefined ? { changes: null, result: { ok: false, problems: null } } : planSave(kind, change(current), remember);
      }),
    remove: (kind, id) => run(() => planRemove(kind, id)),
    refresh() {
      // Whoever asks before the look has begun shares it.
      refreshing ??= inTurn(async () => {
        refreshing = null;
        if ((await store.configVersion()) !== version) await reload();
      });
      return refreshing;
    },
    listen: (listener) => void listeners.push(listener),
  };
}
