// A subscription: which events go to which destination, and how.

export interface Subscription {
  id: string;
  name: string | null;
  enabled: boolean;
  /** Null takes events of every source (and of the publish API). */
  sourceId: string | null;
  /** Takes this tenant's events only; null those of none, and the operational events of all. */
  tenantId: string | null;
  /** Patterns: `invoice.paid`, `invoice.*`, `**`. Empty takes every type. */
  eventTypes: string[];
  /** Empty takes events with any channels or none. */
  channels: string[];
  /** Filter document; null takes everything. */
  filter: Record<string, unknown> | null;
  delayMs: number;
  /** How long after its first attempt was due a delivery is still worth one; null for ever. */
  expireAfterMs: number | null;
  destinationId: string;
  createdAt: number;
  updatedAt: number;
}

/** Why one subscription did or did not take one event. */
export type MatchVerdict = { matched: true } | { matched: false; cause: MismatchCause; path: string | null; message: string };

export type MismatchCause =
  | "disabled"
  | "created_later"
  | "other_source"
  | "other_tenant"
  | "type_not_subscribed"
  | "channel_not_subscribed"
  | "filtered"
  | "filter_error";
