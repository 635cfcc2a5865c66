// catalog: the configuration in force, in memory for the hot path. It changes only here, and only after the store has it.
import type { ApiKey } from "../core/api-key.ts";
import type { Destination, DestinationState } from "../core/destination.ts";
import { type IdSource, newId } from "../core/id.ts";
import type { Source } from "../core/source.ts";
import type { Subscription } from "../core/subscription.ts";
import type { FieldProblem } from "../errors.ts";
import type { Sealer } from "../store/sealer.ts";
import type { ConfigKind, IdempotencyRecord, Store } from "../store/store.ts";
import type { Clock } from "../system/clock.ts";
import { type CatalogListener, createCatalogChanges, type Kind, type Plan } from "./catalog-changes.ts";
import { checkDestination, type OutboundRules } from "./catalog-destination.ts";
import { hashApiKey, secretHint } from "./catalog-keys.ts";
import { createMemory, type Memory } from "./catalog-memory.ts";
import { apiKeyRow, destinationRow, sourceRow, subscriptionRow } from "./catalog-rows.ts";
import { checkSource, type LiveSource } from "./catalog-source.ts";
import { checkSubscription, type LiveSubscription } from "./catalog-subscription.ts";

export type { LiveSource } from "./catalog-source.ts";
export { compileSubscription, type LiveSubscription } from "./catalog-subscription.ts";

export type SaveOutcome<T> =
  | { ok: true; value: T; repeated: null }
  /** The idempotency key was used before: nothing was saved, and `repeated` holds what was answered then. */
  | { ok: true; value: null; repeated: IdempotencyRecord }
  | { ok: false; problems: FieldProblem[] };

export type UpdateOutcome<T> = SaveOutcome<T> | { ok: false; problems: null };

export type RemoveOutcome =
  | { ok: true }
  | { ok: false; cause: "not_found" }
  /** Ids of the subscriptions that still refer to it. */
  | { ok: false; cause: "in_use"; usedBy: string[] };

/** What a change answers; made from the new value before it commits, so that answer and change commit together. */
export type Remember<T> = (value: T) => IdempotencyRecord | null;

export interface Catalog {
  /** Of the configuration in force here; grows with every change. */
  readonly version: number;
  /** Resolves when everything that was committed before the call, here or on another node, is in force here. */
  refresh(): Promise<void>;
  /** Tells of changes from now on. */
  listen(listener: CatalogListener): void;

  sourceByToken(token: string): LiveSource | undefined;
  liveSource(id: string): LiveSource | undefined;
  sources(): Source[];
  destination(id: string): Destination | undefined;
  destinations(): Destination[];
  subscription(id: string): Subscription | undefined;
  subscriptions(): Subscription[];
  /** Every subscription that names this source or none, disabled ones too. Null is the publish API. */
  subscriptionsFor(sourceId: string | null): readonly LiveSubscription[];
  /** Whether an enabled subscription names operational events for this destination. */
  receivesOperational(destinationId: string): boolean;
  /** `hash` is SHA-256 of the key in hex. */
  apiKeyByHash(hash: string): ApiKey | undefined;
  apiKeys(): ApiKey[];

  /** Adds or replaces; the whole resource is given. */
  saveSource(source: Source, remember?: Remember<Source>): Promise<SaveOutcome<Source>>;
  saveDestination(destination: Destination, remember?: Remember<Destination>): Promise<SaveOutcome<Destination>>;
  saveSubscription(subscription: Subscription, remember?: Remember<Subscription>): Promise<SaveOutcome<Subscription>>;
  saveApiKey(key: ApiKey, remember?: Remember<ApiKey>): Promise<SaveOutcome<ApiKey>>;
  /** `change` gets the value in force when its turn comes, so that two changes at once can't undo each other. `problems: null` is an unknown id. */
  updateSource(id: string, change: (source: Source) => Source, remember?: Remember<Source>): Promise<UpdateOutcome<Source>>;
  updateDestination(
    id: string,
    change: (destination: Destination) => Destination,
    remember?: Remember<Destination>,
  ): Promise<UpdateOutcome<Destination>>;
  updateSubscription(
    id: string,
    change: (subscription: Subscription) => Subscription,
    remember?: Remember<Subscription>,
  ): Promise<UpdateOutcome<Subscription>>;
  remove(kind: ConfigKind, id: string): Promise<RemoveOutcome>;

  /** Switches a destination off because its receiver asked for it. Does nothing when it is gone or already disabled. */
  disableDestination(id: string, reason: string): Promise<void>;
  /** The admin key of the settings: replaces the one of the last start. */
  presetApiKey(text: string): Promise<void>;
}

export interface CatalogOptions extends OutboundRules {
  store: Store;
  sealer: Sealer;
  clock: Clock;
  ids: IdSource;
}

export async function createCatalog(options: CatalogOptions): Promise<Catalog> {
  const memory = createMemory();
  const kinds = createKinds(memory, options);
  const changes = await createCatalogChanges(memory, options);
  const { save, update, remove } = changes;

  return {
    get version() {
      return changes.version;
    },
    refresh: changes.refresh,
    listen: changes.listen,
    sourceByToken: memory.sourceByToken,
    liveSource: memory.liveSource,
    sources: memory.sources,
    destination: memory.destination,
    destinations: memory.destinations,
    subscription: memory.subscription,
    subscriptions: memory.subscriptions,
    subscriptionsFor: memory.subscriptionsFor,
    receivesOperational: memory.receivesOperational,
    apiKeyByHash: memory.apiKeyByHash,
    apiKeys: memory.apiKeys,

    saveSource: (source, remember) => save(kinds.source, source, remember),
    saveDestination: (destination, remember) => save(kinds.destination, destination, remember),
    saveSubscription: (subscription, remember) => save(kinds.subscription, subscription, remember),
    saveApiKey: (key, remember) => save(kinds.apiKey, key, remember),
    updateSource: (id, change, remember) => update(kinds.source, id, change, remember),
    updateDestination: (id, change, remember) => update(kinds.destination, id, change, remember),
    updateSubscription: (id, change, remember) => update(kinds.subscription, id, change, remember),
    remove,

    async disableDestination(id, reason) {
      if (memory.destination(id)?.state.kind === "disabled") return;
      const now = options.clock.now();
      await update(kinds.destination, id, (current) => withState(current, { kind: "disabled", since: now, reason }, now));
    },
    // In one change, so that no request finds none of them in force; several nodes may start at once with the same key.
    presetApiKey: (text) => changes.run(() => planPreset(memory, kinds.apiKey, presetOf(text, options))),
  };
}

function planPreset(memory: Memory, kind: Kind<ApiKey>, wanted: ApiKey): Plan<void> {
  const presets = memory.apiKeys().filter((key) => key.origin === "preset");
  const kept = presets.find((key) => key.hash === wanted.hash);
  const gone = presets.filter((key) => key !== kept);
  if (kept !== undefined && gone.length === 0) return { changes: null, result: undefined };
  const deletes = gone.map(({ id }) => ({ op: "delete", kind: "apiKey", id }) as const);
  return {
    changes: kept === undefined ? [{ op: "put", row: kind.row(wanted) }, ...deletes] : deletes,
    record: null,
    follow() {
      if (kept === undefined) kind.put(wanted);
      for (const { id } of gone) memory.drop("apiKey", id);
    },
    result: undefined,
  };
}

function presetOf(text: string, { ids, clock }: CatalogOptions): ApiKey {
  return {
    id: newId(ids, "key"),
    name: "Preset by the settings",
    scopes: ["admin"],
    hash: hashApiKey(text),
    hint: secretHint(text),
    origin: "preset",
    createdAt: clock.now(),
    expiresAt: null,
  };
}

/** A copy in another state; the same object when it is in that state already, so that `since` and the first reason stay. */
export function withState(destination: Destination, state: DestinationState, now: number): Destination {
  return destination.state.kind === state.kind ? destination : { ...destination, state, updatedAt: now };
}

function createKinds(memory: Memory, { sealer, clock, ...rules }: CatalogOptions) {
  const known = { hasSource: (id: string) => memory.liveSource(id) !== undefined, destination: memory.destination };
  const source: Kind<Source> = {
    get: (id) => memory.liveSource(id)?.source,
    check: (value) => checkSource(value, clock.now()),
    row: (value) => sourceRow(value, sealer),
    put: memory.putSource,
  };
  const destination: Kind<Destination> = {
    get: memory.destination,
    check: (value) => checkDestination(value, rules),
    row: (value) => destinationRow(value, sealer),
    put: memory.putDestination,
  };
  const subscription: Kind<Subscription> = {
    get: memory.subscription,
    check: (value) => checkSubscription(value, known),
    row: subscriptionRow,
    put: memory.putSubscription,
  };
  const apiKey: Kind<ApiKey> = {
    get: (id) => memory.apiKeys().find((key) => key.id === id),
    check: () => [],
    row: apiKeyRow,
    put: memory.putApiKey,
  };
  return { source, destination, subscription, apiKey };
}
