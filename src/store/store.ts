// The store port: the only truth. Every write that resolves is committed to disk; every read sees whole commits.
import type { BreakerState } from "../core/breaker.ts";
import type { Attempt, Delivery, DeliveryState, DeliveryStep, DeliveryTrigger } from "../core/delivery.ts";
import type { BodyItem, Event, EventHead, RawRequest, RequestHead } from "../core/event.ts";
import type { Job } from "../core/job.ts";
import type { WorkClass } from "../core/lane.ts";
import type { RejectionCause } from "../core/source.ts";
import type { ListQuery, RequestQuery, EventQuery, DeliveryQuery, AttemptQuery } from "./queries.ts";

export type * from "./queries.ts";

/** Thrown by writes when the disk is full or broken: nothing of the write was kept, and the caller must not answer 2xx. */
export class StoreUnavailableError extends Error {
  override readonly name = "StoreUnavailableError";
}

export interface AcceptDraft {
  sourceId: string | null;
  tenantId: string | null;
  type: string;
  key: string | null;
  providerEventId: string | null;
  channels: string[];
  deliverAt: number | null;
  deliverBefore: number | null;
  receivedAt: number;
  /** The provider's own time of the event, ms since the Unix epoch; null when it gives none. */
  occurredAt: number | null;
  request: RawRequest;
  dedupe: DedupeDraft | null;
}

/** `key` is already scoped to its source; two drafts with one key inside `windowMs` are one event. */
export interface DedupeDraft {
  key: string;
  windowMs: number;
}

/** A request whose body holds many events: each item becomes one, and the request is kept whole beside them. */
export interface SplitDraft {
  sourceId: string;
  receivedAt: number;
  request: RawRequest;
  /** At least one. */
  items: AcceptItem[];
}

export interface AcceptItem extends BodyItem {
  type: string;
  key: string | null;
  providerEventId: string | null;
  occurredAt: number | null;
  dedupe: DedupeDraft | null;
}

export type AcceptOutcome =
  | { kind: "accepted"; event: Event }
  /** `requestId` names the kept record of this copy. */
  | { kind: "duplicate"; of: string; requestId: string };

/** `items` has one entry per item of the draft, in its order. */
export interface SplitOutcome {
  requestId: string;
  items: ({ kind: "accepted"; event: Event } | { kind: "duplicate"; of: string })[];
}

/** A request that was answered without an event coming of it: refused, or a provider's check of the URL. */
export type UnacceptedRequest = RejectedRequest | HandshakeRequest;

export interface RejectedRequest extends UnacceptedFacts {
  outcome: "rejected";
  cause: RejectionCause;
}

export interface HandshakeRequest extends UnacceptedFacts {
  outcome: "handshake";
  cause: null;
}

interface UnacceptedFacts {
  sourceId: string | null;
  /** For the owner of the source, never shown to the caller: the precise reason of a refusal, what a handshake was answered. */
  message: string;
  receivedAt: number;
  request: RawRequest;
  /** Size of the body as sent; `request.body` holds a capped part of it. */
  bodyBytes: number;
}

export interface RequestRecordHead {
  id: string;
  sourceId: string | null;
  outcome: "accepted" | "rejected" | "duplicate" | "handshake";
  cause: RejectionCause | null;
  message: string | null;
  /** The event this request became, or the one it repeats; of a split request, its first item's. */
  eventId: string | null;
  receivedAt: number;
  /** Size of the body as sent; only accepted requests keep all of it. */
  bodyBytes: number;
  request: RequestHead;
}

export interface RequestRecord extends RequestRecordHead {
  /** The event of every item of a split request, new or repeated, in the order of the items; else `eventId` alone, or none. */
  eventIds: string[];
  request: RawRequest;
}

/** What the flow knows of a delivery's place; the store gives the place itself when it commits. */
export interface OrderPlace {
  key: string;
  /** The provider's own place, for a destination that holds back; null for behind everything of its line. */
  position: { by: "timestamp" | "sequence"; at: number } | null;
}

/**
 * `order` null or absent goes in no order. Others stand in the line of their destination, key and job, behind what was
 * committed before them, whoever committed it. With a `position` they stand by it instead, among those of the line that have
 * one of the same kind and that `dueDeliveries` has not answered yet. Where it has, they stand behind that one and are `late`.
 * While one without a position of that kind waits, nothing is put before it.
 */
export interface NewDelivery {
  eventId: string;
  eventSeq: number;
  destinationId: string;
  subscriptionId: string | null;
  nextAttemptAt: number;
  expiresAt: number | null;
  trigger: DeliveryTrigger;
  jobId: string | null;
  order?: OrderPlace | null;
  /** What the body of its event weighs: the store answers no more at once than fits in memory. */
  bodyBytes: number;
}

/** What names an event to the store. */
export type DispatchedEvent = Pick<Event, "id" | "seq">;

export interface Settlement {
  deliverySeq: number;
  /** Token of the lease on the destination's shard under which the attempt was made; null where no other node could take it over. */
  fence: number | null;
  attempt: Omit<Attempt, "id">;
  step: DeliveryStep;
  /** It goes on waiting out of its line, and those behind it wait for it no more. */
  leavesLine?: boolean;
}

export interface DueQuery {
  destinationId: string;
  class: WorkClass;
  now: number;
  limit: number;
  /** Deliveries that are in memory already. */
  skipSeqs: number[];
  /** Asks for those that an earlier one of their line keeps back, which are left out otherwise. */
  blocked?: boolean;
}

export interface DueDeliveries {
  deliveries: Delivery[];
  /** When the next delivery of this destination and class that is not in the answer is due; null when none waits. */
  nextDueAt: number | null;
  /** What the bodies of their events weigh together, one that several share counted for each. */
  bodyBytes: number;
}

export interface ExpiryQuery {
  now: number;
  limit: number;
  /** Deliveries whose attempt began in time and is not settled yet. */
  skipSeqs: number[];
  /** Only of destinations in these shards, the ones whose attempts this node knows of; null or absent for all. */
  shards?: readonly number[] | null;
}

export interface ExpiredDeliveries {
  /** Those that were ended, as they are now. */
  deliveries: Delivery[];
  /** When the next one expires; `now` when there are more than `limit`, null when none of those that wait ever does. */
  nextExpiryAt: number | null;
}

/** That a delivery of this event to this destination is there, in this state; once for each delivery. */
export interface EventReach {
  eventSeq: number;
  destinationId: string;
  state: DeliveryState;
}

/** What one step of a job does to deliveries, in one transaction with its progress. */
export type JobEffect =
  | { kind: "create"; deliveries: NewDelivery[] }
  /** Dead ones and waiting ones are due at `at` with a fresh schedule, in the lane of replays. */
  | { kind: "recover"; deliveryIds: string[]; at: number; reason: string }
  /** Waiting ones end. */
  | { kind: "cancel"; deliveryIds: string[]; at: number; reason: string };

/** What waits for one destination in one class of work. */
export interface WaitingDeliveries {
  destinationId: string;
  class: WorkClass;
  /** When the earliest of them is due. */
  nextDueAt: number;
}

/** How a destination's circuit breaker stood at its last transition. */
export interface DestinationHealth {
  destinationId: string;
  breaker: BreakerState;
}

export interface Page<T> {
  data: T[];
  /** Id to pass as `before`/`after` for the next page; null at the end. */
  nextCursor: string | null;
}

export type ConfigKind = "source" | "destination" | "subscription" | "apiKey";

/** A configuration document. `sealed` is ciphertext: the store never sees a secret. */
export interface ConfigRow {
  kind: ConfigKind;
  id: string;
  doc: string;
  sealed: Uint8Array | null;
}

export type ConfigChange = { op: "put"; row: ConfigRow } | { op: "delete"; kind: ConfigKind; id: string };

/** An earlier version of a configuration document, in force until `replacedAt`. */
export interface ConfigRevision {
  doc: string;
  replacedAt: number;
}

/** Makes one POST repeatable: the record commits with the write it guards. */
export interface IdempotencyRecord {
  /** Scoped to the API key. */
  key: string;
  /** Hash of method, path and body: the same key with another request is a conflict. */
  fingerprint: string;
  /** What was answered, sealed. */
  response: Uint8Array;
  createdAt: number;
}

/** `stale`: the configuration is no longer of the version the write was made from, and nothing was written. */
export type ConfigOutcome = { kind: "done"; version: number } | { kind: "repeated"; record: IdempotencyRecord } | { kind: "stale" };

/** One entry per draft; null where another node had dispatched the event already. */
export type DispatchOutcome = { kind: "done"; deliveries: (Delivery | null)[] } | { kind: "stale" };

/** Which undispatched events a node looks for beyond those it accepted itself. */
export interface UndispatchedScope {
  shards: readonly number[];
  /** Leaves out events received after this time, ms since the Unix epoch: the node that accepted them is dispatching them. */
  acceptedBefore: number;
}

export type Guarded<T> = { kind: "done"; result: T } | { kind: "repeated"; record: IdempotencyRecord };

export type DeliveryCommand = { kind: "retry"; at: number; reason?: string } | { kind: "cancel"; at: number; reason?: string };

export interface RetentionSlice {
  /** Events received before this time go. */
  before: number;
  /** Only this source's; null for every source that is not in `exceptSourceIds`. */
  sourceId: string | null;
  exceptSourceIds: string[];
  limit: number;
  /**
   * Whole days may be taken at once, each when all of it is past its time: events may then stay up to a day longer, and more
   * than `limit` may go. A store that has no cheaper way for whole days takes no notice.
   */
  wholeDays?: boolean;
}

export interface StoreSize {
  /** Bytes of live data. */
  usedBytes: number;
  oldestEventAt: number | null;
}

export interface Store {
  /** Commits one draft. Calls that arrive while a commit is under way share the next one. */
  accept(draft: AcceptDraft): Promise<AcceptOutcome>;
  /** Commits a request and the events of its items, all or nothing. With nothing but repeated items it is kept as a duplicate. */
  acceptSplit(draft: SplitDraft): Promise<SplitOutcome>;
  /** Keeps requests that became no event, within the store's own cap for each outcome. */
  recordRequests(batch: UnacceptedRequest[]): Promise<void>;

  /**
   * Accepted events that no dispatch has covered yet, oldest first. The answer ends at `limit` events, or with the event whose
   * body takes it to `bytesMax`; one below both bounds is everything there is.
   */
  undispatched(limit: number, bytesMax?: number, scope?: UndispatchedScope): Promise<Event[]>;
  /**
   * Commits the deliveries of these events, and that the events are dispatched. They are given as `undispatched` or accept gave
   * them, without gaps; deliveries of events that were dispatched before may come along. With `configVersion`, the one they were
   * routed by, only when the configuration is still of that version.
   */
  commitDispatch(events: readonly DispatchedEvent[], deliveries: NewDelivery[], configVersion?: number): Promise<DispatchOutcome>;

  /**
   * Commits outcomes: attempt rows and next states. A delivery that left `waiting` meanwhile keeps its state. Where the first
   * of a line leaves it, here or by a command, the next one is due from the same commit on. Answers the seqs of deliveries
   * whose fence is stale: of those nothing was written, because another node has taken them over.
   */
  settle(batch: Settlement[]): Promise<number[]>;
  /**
   * Deliveries of one destination and class due at `now`, oldest due first. Sees every write that was sent before it. Of each
   * line it answers the first one only, also when that one is in `skipSeqs` or not due yet.
   */
  dueDeliveries(query: DueQuery): Promise<DueDeliveries>;
  /**
   * Ends waiting deliveries that have expired at `now` as dead, the earliest first. Answers also when to ask again.
   */
  expireDeliveries(query: ExpiryQuery): Promise<ExpiredDeliveries>;
  /** Every destination and class with waiting deliveries; only of these shards when they are given. */
  waitingDestinations(shards?: readonly number[]): Promise<WaitingDeliveries[]>;
  /**
   * Applies a person's command to deliveries; answers the ones it changed, with their new state. A retry of one that waits
   * keeps its place in its line; one that had its turn goes out of line, and is `late`.
   */
  commandDeliveries(ids: string[], command: DeliveryCommand, idempotency: IdempotencyRecord | null): Promise<Guarded<Delivery[]>>;

  eventsBySeq(seqs: number[]): Promise<Event[]>;
  event(id: string): Promise<Event | null>;
  events(query: EventQuery): Promise<Page<EventHead>>;
  request(id: string): Promise<RequestRecord | null>;
  requests(query: RequestQuery): Promise<Page<RequestRecordHead>>;
  /** Where these events have got to; one that no dispatch has covered yet is on its way everywhere. */
  reachOfEvents(eventSeqs: number[]): Promise<{ reached: EventReach[]; undispatched: number[] }>;
  delivery(id: string): Promise<Delivery | null>;
  /** Id of the first delivery of the line of one that is blocked; null when it is not. */
  blockerOf(deliveryId: string): Promise<string | null>;
  deliveries(query: DeliveryQuery): Promise<Page<Delivery>>;
  attempt(id: string): Promise<Attempt | null>;
  attempts(query: AttemptQuery): Promise<Page<Attempt>>;

  /** All of it, with its version, which grows with every change. */
  config(): Promise<{ version: number; rows: ConfigRow[] }>;
  configVersion(): Promise<number>;
  /** With `ifVersion`, only when the configuration is still of that version. */
  applyConfig(changes: ConfigChange[], at: number, idempotency: IdempotencyRecord | null, ifVersion?: number): Promise<ConfigOutcome>;
  configRevisions(kind: ConfigKind, id: string): Promise<ConfigRevision[]>;
  idempotencyRecord(key: string): Promise<IdempotencyRecord | null>;

  /** Breakers that are not as they began; only of these destinations when they are given. */
  destinationHealth(destinationIds?: readonly string[]): Promise<DestinationHealth[]>;
  /** Keeps the newest state of a breaker; null forgets it. Beside the configuration, because it is no revision of it. */
  putDestinationHealth(destinationId: string, breaker: BreakerState | null): Promise<void>;

  putJob(job: Job, idempotency: IdempotencyRecord | null): Promise<Guarded<null>>;
  /**
   * Commits one step of a job: its effect and the job's new cursor and counts, together. `job` is the job after the step, with
   * the `deliveriesDone` from before it: the store adds the deliveries that the effect made or changed, and answers them.
   * Takes place only while the job runs and its cursor is `fromCursor`, so that a step is done once, whoever tries it; else
   * nothing happens, and the answer is the job as it is in the store (as cancelled when it is not there) with no deliveries.
   */
  stepJob(job: Job, fromCursor: string | null, effect: JobEffect): Promise<{ job: Job; deliveries: Delivery[] }>;
  job(id: string): Promise<Job | null>;
  jobs(query: ListQuery): Promise<Page<Job>>;
  unfinishedJobs(): Promise<Job[]>;
  cancelJob(id: string, at: number): Promise<Job | null>;

  /** Deletes everything about the oldest events that match and have no waiting delivery; a split request goes with its last event. Answers how many went. */
  deleteExpired(slice: RetentionSlice): Promise<number>;
  /** Drops requests that became no event and are older than `requestsBefore`, and idempotency records past their day. */
  sweep(now: number, requestsBefore: number): Promise<void>;
  size(): Promise<StoreSize>;
  /** Resolves when the store can commit now. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
