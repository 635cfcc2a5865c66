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
}

export type JobStatus = "running" | "finished" | "cancelled" | "failed";

export interface Job {
  id: string;
  kind: "replay";
  status: JobStatus;
  filter: ReplayFilter;
  /** Events a second it may create deliveries for; null for as fast as the store takes them. */
  ratePerSecond: number | null;
  /** Events up to this time are covered, so that a job ends although traffic goes on. */
  through: number;
  /** Where the next step goes on: a list cursor; null at the start. */
  cursor: string | null;
  eventsSeen: number;
  deliveriesCreated: number;
  /** Events the filter matched when the job was made: what progress is measured against. */
  eventsTotal: number;
  message: string | null;
  createdAt: number;
  updatedAt: number;
  finishedAt: number | null;
}
