// The maps behind the catalog: current configuration by id, and by what the hot path looks it up with.
import type { ApiKey } from "../core/api-key.ts";
import type { Destination } from "../core/destination.ts";
import type { Source } from "../core/source.ts";
import type { Subscription } from "../core/subscription.ts";
import type { Sealer } from "../store/sealer.ts";
import type { ConfigChange, ConfigKind, ConfigRow } from "../store/store.ts";
import { apiKeyFromRow, destinationFromRow, sourceFromRow, subscriptionFromDoc } from "./catalog-rows.ts";
import { compileSource, type LiveSource } from "./catalog-source.ts";
import { compileSubscription, type LiveSubscription } from "./catalog-subscription.ts";

export type Memory = ReturnType<typeof createMemory>;

// Ids sort by time, so lists come out in the order things were made.
const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);

export function createMemory() {
  const sources = new Map<string, LiveSource>();
  const tokens = new Map<string, LiveSource>();
  const destinations = new Map<string, Destination>();
  const subscriptions = new Map<string, LiveSubscription>();
  const apiKeys = new Map<string, ApiKey>();
  const apiKeysByHash = new Map<string, ApiKey>();
  // As the store has them, to tell what another node has changed from what it left.
  const rows = new Map<string, ConfigRow>();
  // Subscriptions by source, made on first use after a change: dispatch asks once per event.
  let routes = new Map<string | null, readonly LiveSubscription[]>();
  // Destinations that a subscription sends operational events to; made on first use after a change too.
  let watchers: ReadonlySet<string> | null = null;

  function forgetRoutes(): void {
    routes = new Map();
    watchers = null;
  }

  function putSource(source: Source): void {
    const previous = sources.get(source.id);
    if (previous !== undefined) tokens.delete(previous.source.token);
    const live = compileSource(source, previous);
    sources.set(source.id, live);
    tokens.set(source.token, live);
  }

  function putDestination(destination: Destination): void {
    destinations.set(destination.id, destination);
  }

  function putSubscription(subscription: Subscription): void {
    subscriptions.set(subscription.id, compileSubscription(subscription));
    forgetRoutes();
  }

  function putApiKey(key: ApiKey): void {
    apiKeys.set(key.id, key);
    apiKeysByHash.set(key.hash, key);
  }

  function subscriptionsFor(sourceId: string | null): readonly LiveSubscription[] {
    let found = routes.get(sourceId);
    if (found === undefined) {
      found = [...subscriptions.values()].filter(
        ({ subscription }) => subscription.sourceId === null || subscription.sourceId === sourceId,
      );
      found = found.toSorted((a, b) => byId(a.subscription, b.subscription));
      routes.set(sourceId, found);
    }
    return found;
  }

  function receivesOperational(destinationId: string): boolean {
    watchers ??= new Set(
      subscriptionsFor(null)
        .filter(({ subscription, operationalTypes }) => subscription.enabled && operationalTypes !== null)
        .map(({ subscription }) => subscription.destinationId),
    );
    return watchers.has(destinationId);
  }

  function drop(kind: ConfigKind, id: string): void {
    switch (kind) {
      case "source":
        tokens.delete(sources.get(id)?.source.token ?? "");
        sources.delete(id);
        break;
      case "destination":
        destinations.delete(id);
        break;
      case "subscription":
        subscriptions.delete(id);
        forgetRoutes();
        break;
      case "apiKey": {
        const hash = apiKeys.get(id)?.hash ?? "";
        apiKeys.delete(id);
        const same = [...apiKeys.values()].find((key) => key.hash === hash);
        if (same === undefined) apiKeysByHash.delete(hash);
        else apiKeysByHash.set(hash, same);
        break;
      }
    }
  }

  return {
    putSource,
    putDestination,
    putSubscription,
    putApiKey,
    subscriptionsFor,
    receivesOperational,
    drop,
    /** Takes over the whole configuration; answers the ids of destinations that are new, changed or gone. */
    replace(next: readonly ConfigRow[], sealer: Sealer): string[] {
      const changed = next.filter((row) => !isSame(rows.get(keyOf(row)), row));
      const left = new Set(next.map(keyOf));
      const gone = [...rows.values()].filter((row) => !left.has(keyOf(row)));
      const puts = changed.map((row) => readerOf(row, sealer, { putSource, putDestination, putSubscription, putApiKey }));
      for (const row of gone) {
        drop(row.kind, row.id);
        rows.delete(keyOf(row));
      }
      for (const put of puts) put();
      for (const row of changed) rows.set(keyOf(row), row);
      return [...gone, ...changed].filter((row) => row.kind === "destination").map((row) => row.id);
    },
    /** What a change of this process left in the store. */
    keepRow(change: ConfigChange): void {
      if (change.op === "put") rows.set(keyOf(change.row), change.row);
      else rows.delete(keyOf(change));
    },
    has(kind: ConfigKind, id: string): boolean {
      return { source: sources, destination: destinations, subscription: subscriptions, apiKey: apiKeys }[kind].has(id);
    },
    /** Ids of the subscriptions that refer to a source or destination. */
    usersOf(kind: ConfigKind, id: string): string[] {
      if (kind !== "source" && kind !== "destination") return [];
      return [...subscriptions.values()]
        .filter(({ subscription }) => (kind === "source" ? subscription.sourceId : subscription.destinationId) === id)
        .map(({ subscription }) => subscription.id);
    },
    sourceByToken: (token: string) => tokens.get(token),
    liveSource: (id: string) => sources.get(id),
    sources: () => [...sources.values()].map(({ source }) => source).toSorted(byId),
    destination: (id: string) => destinations.get(id),
    destinations: () => [...destinations.values()].toSorted(byId),
    subscription: (id: string) => subscriptions.get(id)?.subscription,
    subscriptions: () => [...subscriptions.values()].map(({ subscription }) => subscription).toSorted(byId),
    apiKeyByHash: (hash: string) => apiKeysByHash.get(hash),
    apiKeys: () => [...apiKeys.values()].toSorted(byId),
  };
}

function keyOf({ kind, id }: { kind: ConfigKind; id: string }): string {
  return `${kind} ${id}`;
}

function isSame(a: ConfigRow | undefined, b: ConfigRow): boolean {
  if (a === undefined || a.doc !== b.doc) return false;
  return a.sealed === null || b.sealed === null ? a.sealed === b.sealed : Buffer.compare(a.sealed, b.sealed) === 0;
}

interface Puts {
  putSource(source: Source): void;
  putDestination(destination: Destination): void;
  putSubscription(subscription: Subscription): void;
  putApiKey(key: ApiKey): void;
}

/** Reads a row first and answers what puts it in force, so that one that can't be read leaves everything as it was. */
function readerOf(row: ConfigRow, sealer: Sealer, puts: Puts): () => void {
  switch (row.kind) {
    case "source": {
      const source = sourceFromRow(row, sealer);
      return () => puts.putSource(source);
    }
    case "destination": {
      const destination = destinationFromRow(row, sealer);
      return () => puts.putDestination(destination);
    }
    case "subscription": {
      const subscription = subscriptionFromDoc(row.doc);
      return () => puts.putSubscription(subscription);
    }
    case "apiKey": {
      const key = apiKeyFromRow(row);
      return () => puts.putApiKey(key);
    }
  }
}
