// GET /v1/nodes: the processes that share this store, and what each does.
import { pageOfList } from "../cursor.ts";
import { type Answer, type Call, json } from "../route.ts";
import type { NodeQuery } from "../schemas/node.ts";
import { nodeView } from "../views/node.ts";

export async function listNodes({ api, query }: Call<undefined, NodeQuery>): Promise<Answer> {
  const { nodes, here } = await api.flow.nodes();
  // A cursor goes by ids, and ids sort by when a node began.
  const byId = nodes.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  return json(
    200,
    pageOfList("nodes", byId, query, (node) => nodeView(node, here)),
  );
}
