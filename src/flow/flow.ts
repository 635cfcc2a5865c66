// What the rest of the program (API, CLI server commands) may ask of the running flow.
import type { Delivery } from "../core/delivery.ts";
import type { Event } from "../core/event.ts";
import type { Job, JobPlan, JobTask } from "../core/job.ts";
import type { MatchVerdict } from "../core/subscription.ts";
import type { NodeRecord } from "../store/cluster.ts";
import type { AcceptOutcome, RequestRecord } from "../store/store.ts";
import type { RequestDiagnosis } from "./diagnosis.ts";
import type { HealthReport } from "./destination-health.ts";
import type { Tail } from "./tail.ts";

/** An event handed in through the publish API. */
export interface PublishDraft {
  type: string;
  tenantId: string | null;
  key: string | null;
  channels: string[];
  /** Milliseconds since the Unix epoch; null for at once. */
  deliverAt: number | null;
  /** The same; no attempt begins at this time or later, null for no bound. */
  deliverBefore: number | null;
  contentType: string;
  body: Uint8Array;
  remoteAddress: string;
  /** Two publishes with one key inside its window are one event. */
  idempotency: { key: string; windowMs: number } | null;
}

export interface Explanation {
  subscriptionId: string;
  destinationId: string;
  verdict: MatchVerdict;
}

export interface Flow {
  /** The second door of accept: resolves after the event is committed. */
  publish(draft: PublishDraft): Promise<AcceptOutcome>;
  /** Tells the worker of deliveries that a person's command changed. */
  deliveriesChanged(deliveries: Delivery[]): void;
  /** Tells the worker that a destination was saved, paused, resumed or deleted. */
  destinationChanged(destinationId: string): void;
  jobChanged(job: Job): void;
  /** Why a kept request verifies or not. */
  diagnose(record: RequestRecord): Promise<RequestDiagnosis>;
  /** Why each subscription in force when the event was dispatched did or did not take it. */
  explain(event: Event): Promise<Explanation[]>;
  /** What a job would do, without doing it. */
  planJob(task: JobTask, through: number): Promise<JobPlan>;
  /** How a destination fares; null for one that is not there. Of one that another node sends to, as `freshen` last read it. */
  destinationHealth(destinationId: string): HealthReport | null;
  /**
   * Resolves when what other nodes committed before the call counts here; null when there can be none. `health` reads how
   * their destinations fare, too.
   */
  freshen(what: { health: boolean }): Promise<void> | null;
  /** A look at what other nodes may have made just now, for an id or key that is unknown here; null when there can be none. */
  secondLook(): Promise<void> | null;
  /** Every node that lives, by name, and which of them is this one. */
  nodes(): Promise<{ nodes: NodeRecord[]; here: string }>;
  /** Whether the other nodes count on this one; always true of one that is alone. */
  isJoined(): boolean;
  tail: Tail;
}
