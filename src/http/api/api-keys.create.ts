// POST /v1/api-keys: makes a key and shows it this once.
import type { ApiKey } from "../../core/api-key.ts";
import { newId } from "../../core/id.ts";
import { hashApiKey, newApiKeyText, secretHint } from "../../flow/catalog-keys.ts";
import { answerSaved } from "../answers.ts";
import type { Answer, Call } from "../route.ts";
import type { ApiKeyCreate } from "../schemas/service.ts";
import { apiKeyView } from "../views/records.ts";

export function createApiKey(call: Call<ApiKeyCreate>): Promise<Answer> {
  const { api, body } = call;
  const text = newApiKeyText(api.random);
  const key: ApiKey = {
    id: newId(api.ids, "key"),
    name: body.name,
    scopes: [...new Set(body.scopes)],
    hash: hashApiKey(text),
    hint: secretHint(text),
    origin: "created",
    createdAt: api.clock.now(),
    expiresAt: body.expiresAt ?? null,
  };
  return answerSaved(
    call,
    "API key",
    201,
    (saved: ApiKey) => apiKeyView(saved, text),
    (remember) => api.catalog.saveApiKey(key, remember),
  );
}
