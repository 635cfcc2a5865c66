// GET /v1/providers: whose webhooks can be verified.
import { providers } from "@posthorn/sdk";
import { pageOfList } from "../cursor.ts";
import { type Answer, type Call, json } from "../route.ts";
import type { ProviderQuery } from "../schemas/provider.ts";
import { providerHeadView } from "../views/provider.ts";

// Lists in memory go by their ids, which is what cursors count on.
const HEADS = providers.map(providerHeadView).toSorted((a, b) => (a.id < b.id ? -1 : 1));

export function listProviders({ query }: Call<undefined, ProviderQuery>): Answer {
  const wanted = (query.search ?? "").toLowerCase();
  const found = HEADS.filter(({ id, name, scheme }) => [id, name, scheme].some((text) => text.toLowerCase().includes(wanted)));
  return json(
    200,
    pageOfList("providers", found, query, (head) => head),
  );
}
