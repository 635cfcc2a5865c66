// A node as it is shown.
import type { NodeRecord } from "../../store/cluster.ts";
import type { NodeView } from "../schemas/node.ts";
import { timeView } from "./times.ts";

export function nodeView(node: NodeRecord, here: string): NodeView {
  const { id, name, version, roles, shards, inFlight, queued, accepted, attempts, startedAt, beatAt } = node;
  const counts = { shards: shards.length, inFlight, queued, accepted, attempts };
  return { id, name, version, roles: [...roles], here: id === here, ...counts, startedAt: timeView(startedAt), beatAt: timeView(beatAt) };
}
