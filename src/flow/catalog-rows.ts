// Configuration as the store keeps it: a plain document, and beside it the secret parts, sealed. Only this file writes
// either, which is why reading them back needs no second look at their shape.
import type { ApiKey } from "../core/api-key.ts";
import type { Destination } from "../core/destination.ts";
import type { Source } from "../core/source.ts";
import type { Subscription } from "../core/subscription.ts";
import type { Sealer } from "../store/sealer.ts";
import type { ConfigKind, ConfigRow } from "../store/store.ts";

type SourceSecrets = Pick<Source, "secrets" | "auth">;
// Static headers often carry a receiver's API key, so all of them are sealed.
type DestinationSecrets = Pick<Destination, "auth" | "signature" | "headers" | "tls">;
// What a destination has that earlier versions did not know.
const DESTINATION_ADDED: Partial<Destination> = {
  tls: null,
  http2: false,
  adaptiveConcurrency: true,
  rateLimit: null,
  ordering: { kind: "unordered" },
};
// The same of a subscription.
const SUBSCRIPTION_ADDED = { expireAfterMs: null };

export function sourceRow(source: Source, sealer: Sealer): ConfigRow {
  const { secrets, auth, ...doc } = source;
  const sealed: SourceSecrets = { secrets, auth };
  return { kind: "source", id: source.id, doc: JSON.stringify(doc), sealed: sealer.seal(context("source", source.id), sealed) };
}

export function sourceFromRow(row: ConfigRow, sealer: Sealer): Source {
  // Documents of the first version do not say whether to split.
  const { split = false, ...doc } = JSON.parse(row.doc) as Omit<Source, keyof SourceSecrets | "split"> & { split?: boolean };
  return { ...doc, split, ...(open(row, sealer) as SourceSecrets) };
}

export function destinationRow(destination: Destination, sealer: Sealer): ConfigRow {
  const { auth, signature, headers, tls, ...doc } = destination;
  const sealed: DestinationSecrets = { auth, signature, headers, tls };
  return {
    kind: "destination",
    id: destination.id,
    doc: JSON.stringify(doc),
    sealed: sealer.seal(context("destination", destination.id), sealed),
  };
}

export function destinationFromRow(row: ConfigRow, sealer: Sealer): Destination {
  const doc = JSON.parse(row.doc) as Omit<Destination, keyof DestinationSecrets>;
  return { ...DESTINATION_ADDED, ...doc, ...(open(row, sealer) as DestinationSecrets) };
}

export function subscriptionRow(subscription: Subscription): ConfigRow {
  return { kind: "subscription", id: subscription.id, doc: JSON.stringify(subscription), sealed: null };
}

/** Also reads an earlier version out of `store.configRevisions`. */
export function subscriptionFromDoc(doc: string): Subscription {
  return { ...SUBSCRIPTION_ADDED, ...(JSON.parse(doc) as Omit<Subscription, keyof typeof SUBSCRIPTION_ADDED>) };
}

export function apiKeyRow(key: ApiKey): ConfigRow {
  return { kind: "apiKey", id: key.id, doc: JSON.stringify(key), sealed: null };
}

export function apiKeyFromRow(row: ConfigRow): ApiKey {
  return JSON.parse(row.doc) as ApiKey;
}

function open(row: ConfigRow, sealer: Sealer): unknown {
  if (row.sealed === null) throw new Error(`the ${row.kind} ${row.id} has lost its sealed part`);
  return sealer.open(context(row.kind, row.id), row.sealed);
}

function context(kind: ConfigKind, id: string): string {
  return `${kind}:${id}`;
}
