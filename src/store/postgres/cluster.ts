// This node's part in the cluster: its place among the nodes, its leases, and the hints it gives and hears.
import type { Clock } from "../../system/clock.ts";
import type { Cluster, Membership } from "../cluster.ts";
import type { Database } from "./connection.ts";
import { beat, leave, LEASE_MS } from "./leases.ts";
import { readNodes } from "./nodes.ts";
import { SchemaRefusedError } from "./migrate.ts";
import { createSignals } from "./signals.ts";

export interface ClusterOptions {
  database: Database;
  clock: Clock;
  nodeId: string;
  /** The node's place was given to another, so that its numbers are not its own any more: answers the one it has now. */
  onForgotten: () => Promise<void>;
  onFatal: (error: Error) => void;
}

export async function createCluster({ database, clock, nodeId, onForgotten, onFatal }: ClusterOptions): Promise<Cluster> {
  const signals = await createSignals(database, clock, nodeId);
  return {
    nodeId,
    async beat(request) {
      for (;;) {
        const { known, outgrown, ...membership } = await beat(database, nodeId, request, LEASE_MS);
        if (outgrown) onFatal(new SchemaRefusedError(OUTGROWN));
        if (known) return membership satisfies Membership;
        await onForgotten();
      }
    },
    leave: () => leave(database, nodeId),
    ...signals,
    nodes: () => readNodes(database, LEASE_MS),
  };
}

const OUTGROWN = "A newer Posthorn has changed the tables in a way that this version would misread. It ends, so that it guesses nothing.";
