// GET /v1/sources
import { pageOfList } from "../cursor.ts";
import { type Answer, type Call, json } from "../route.ts";
import type { SourceQuery } from "../schemas/source.ts";
import { sourceView } from "../views/source.ts";

export function listSources({ api, query, baseUrl }: Call<undefined, SourceQuery>): Answer {
  return json(
    200,
    pageOfList("sources", api.catalog.sources(), query, (source) => sourceView(source, baseUrl)),
  );
}
