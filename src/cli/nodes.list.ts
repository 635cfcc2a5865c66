// `posthorn nodes list`: the processes that share one store.
import type { NodeView } from "../http/schemas/node.ts";
import { listCommand } from "./resource.ts";
import { relativeText } from "./table.ts";

export const nodesList = listCommand({
  name: "nodes list",
  summary: "List the nodes that share this server's store, and what each does.",
  path: "/v1/nodes",
  options: {},
  query: () => ({}),
  headings: ["NAME", "VERSION", "ROLES", "SHARDS", "IN FLIGHT", "QUEUED", "ACCEPTED", "ATTEMPTS", "LAST BEAT"],
  row: (node: NodeView, { terminal, nowMs }) => [
    { text: node.here ? `${node.name} (here)` : node.name, paint: node.here ? terminal.outStyle.bold : undefined },
    { text: node.version },
    { text: node.roles.join(",") },
    { text: String(node.shards) },
    { text: String(node.inFlight) },
    { text: String(node.queued) },
    { text: String(node.accepted) },
    { text: String(node.attempts) },
    { text: relativeText(node.beatAt, nowMs) },
  ],
  empty: "No node has beaten within the last seconds.",
  examples: [["posthorn nodes list", "every node, the one that answers marked"]],
});
