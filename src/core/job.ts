// A job: a long operation with progress and cancel that survives a restart.

export interface ReplayFilter {
  sourceId?: string;
  tenantId?: string;
  type?: string;
  key?: string;
  since?: number;
  until?: number;
  eventIds?: string[];
  /** Only through this subscription: the way to backfill one that was created later. */
  subscriptionId?: string;
  /** Only to this destination. */
  destinationId?: string;
  /** Only what a destination never got: no delivery of the event to it has succeeded, still waits or was cancelled. */
  missing?: boolean;
}

/** Which deliveries a job is about. `tenantId`, `sourceId` and `type` are those of the event. */
export interface DeliveryFilter {
  destinationId?: string;
  tenantId?: string;
  sourceId?: string;
  subscriptionId?: string;
  type?: string;
  since?: number;
  until?: number;
}

/** `since` and `until` bound the time of the failure. */
export interface RecoverFilter extends DeliveryFilter {
  /** Also those that still wait for another attempt after one that failed; the time of their failure is that attempt's. */
  includeWaiting?: boolean;
}

/** `since` and `until` bound the time at which a delivery was made. */
export interface CancelFilter extends DeliveryFilter {
  /** Only what this job made. */
  jobId?: string;
}

export type JobStatus = "running" | "finished" | "cancelled" | "failed";

interface JobFacts {
  id: string;
  status: JobStatus;
  /** How many a second it takes up, events for a replay and deliveries for a recovery; null for as fast as the store takes them. */
  ratePerSecond: number | null;
  /** What was there up to this time is covered, so that a job ends although traffic goes on. */
  through: number;
  /** Where the next step goes on: a list cursor; null at the start. */
  cursor: string | null;
  /** Deliveries that its steps have made, recovered or cancelled. */
  deliveriesDone: number;
  /** How many that was to be when the job was made. */
  deliveriesTotal: number;
  message: string | null;
  createdAt: number;
  updatedAt: number;
  finishedAt: number | null;
}

/** Makes new deliveries of stored events. */
export interface ReplayJob extends JobFacts {
  kind: "replay";
  filter: ReplayFilter;
  eventsSeen: number;
  /** Events the filter matched when the job was made: what progress is measured against. */
  eventsTotal: number;
}

/** Gives failed deliveries a fresh schedule. */
export interface RecoverJob extends JobFacts {
  kind: "recover";
  filter: RecoverFilter;
}

/** Ends deliveries that wait. */
export interface CancelJob extends JobFacts {
  kind: "cancel";
  filter: CancelFilter;
}

export type Job = ReplayJob | RecoverJob | CancelJob;

/** What a job of this kind and filter is to do. */
export type JobTask = Pick<ReplayJob, "kind" | "filter"> | Pick<RecoverJob, "kind" | "filter"> | Pick<CancelJob, "kind" | "filter">;

/** What a job would do. `events` are those its filter takes up; null for a kind that walks deliveries. */
export interface JobPlan {
  events: number | null;
  deliveries: number;
}

export interface JobStart {
  id: string;
  ratePerSecond: number | null;
  plan: JobPlan;
  now: number;
}

/** A job at its beginning. */
export function newJob(task: JobTask, { id, ratePerSecond, plan, now }: JobStart): Job {
  const facts: JobFacts = {
    id,
    status: "running",
    ratePerSecond,
    through: now,
    cursor: null,
    deliveriesDone: 0,
    deliveriesTotal: plan.deliveries,
    message: null,
    createdAt: now,
    updatedAt: now,
    finishedAt: null,
  };
  switch (task.kind) {
    case "replay":
      return { ...facts, ...task, eventsSeen: 0, eventsTotal: plan.events ?? 0 };
    case "recover":
      return { ...facts, ...task };
    case "cancel":
      return { ...facts, ...task };
  }
}
