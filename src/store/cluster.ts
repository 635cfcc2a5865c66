// The cluster port: how several nodes on one store share its work. A store that one process holds has none.
import type { WorkClass } from "../core/lane.ts";
import type { Role } from "../core/role.ts";

export type { Role } from "../core/role.ts";

/** A lease on one shard. Its token grows with every change of owner; what is settled under an older one is refused. */
export interface Lease {
  shard: number;
  token: number;
}

/** What a node says of itself with each beat. */
export interface NodeReport {
  name: string;
  version: string;
  roles: readonly Role[];
  /** When this process began, ms since the Unix epoch. */
  startedAt: number;
  /** Attempts under way. */
  inFlight: number;
  /** Deliveries in memory that are due. */
  queued: number;
  /** Since the start. */
  accepted: number;
  /** Since the start. */
  attempts: number;
}

export interface NodeRecord extends NodeReport {
  id: string;
  /** On the store's clock, ms since the Unix epoch. */
  beatAt: number;
  shards: number[];
}

export interface BeatRequest {
  report: NodeReport;
  /** Shards that this node has stopped working on, for others to take. */
  give: readonly number[];
  /** Whether it wants any; false while it stops, and without the role `worker`. */
  takes: boolean;
}

export interface Membership {
  /** Everything this node holds after the beat, for `ttlMs` from the moment at which the beat was sent. */
  leases: Lease[];
  ttlMs: number;
  /** Shards that would be an even share. Who holds more finishes what is under way on the surplus, and gives it. */
  share: number;
  /** Version of the configuration; another one than the catalog's means that it has to be read again. */
  configVersion: number;
}

/** A hint from one node to the others. Hints may be lost: a look at the store finds everything they tell. */
export type Signal =
  /** Deliveries of this destination and class wait from `dueAt` on, ms since the Unix epoch. */
  | { kind: "work"; destinationId: string; class: WorkClass; dueAt: number }
  /** A person's command or a job changed these deliveries. */
  | { kind: "deliveries"; ids: string[] }
  /** Events were accepted on a node that does not dispatch. */
  | { kind: "accepted"; shards: number[] }
  /** The configuration is of this version now. */
  | { kind: "config"; version: number }
  | { kind: "job"; id: string };

/**
 * One node's view of the cluster. Every method throws when the store can't be reached; the node then goes on with what it
 * holds until its leases run out, and with nothing after that.
 */
export interface Cluster {
  /** Unique among all nodes that ever were. */
  readonly nodeId: string;
  /** Tells that this node lives, renews its leases, gives up `give`, and takes free or expired shards up to an even share. */
  beat(request: BeatRequest): Promise<Membership>;
  /** Gives up everything at once, so that others need not wait for the leases to run out. */
  leave(): Promise<void>;
  send(signals: readonly Signal[]): Promise<void>;
  /** Other nodes' signals since the last call, each once. */
  receive(): Promise<Signal[]>;
  /** Nodes that have beaten within their leases' time, by name. */
  nodes(): Promise<NodeRecord[]>;
}
