// GET /v1/api-keys: without the keys themselves, of which only hashes are kept.
import { pageOfList } from "../cursor.ts";
import { type Answer, type Call, json } from "../route.ts";
import type { ApiKeyQuery } from "../schemas/service.ts";
import { apiKeyView } from "../views/records.ts";

export function listApiKeys({ api, query }: Call<undefined, ApiKeyQuery>): Answer {
  return json(
    200,
    pageOfList("api-keys", api.catalog.apiKeys(), query, (key) => apiKeyView(key)),
  );
}
