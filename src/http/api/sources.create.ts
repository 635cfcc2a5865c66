// POST /v1/sources: makes a source; answers its ingest URL, and the secret when we made it.
import { providerById, signsUrl } from "@posthorn/sdk";
import { newId } from "../../core/id.ts";
import type { Source } from "../../core/source.ts";
import { newIngestToken } from "../../flow/catalog-keys.ts";
import { answerSaved } from "../answers.ts";
import type { Answer, Call } from "../route.ts";
import type { SourceCreate } from "../schemas/source.ts";
import { sourceDefaults, sourceFields } from "../source-fields.ts";
import { generateSourceSecret } from "../source-secrets.ts";
import { sourceView } from "../views/source.ts";

export function createSource(call: Call<SourceCreate>): Promise<Answer> {
  const { api, body } = call;
  const now = api.clock.now();
  const source: Source = {
    ...sourceDefaults(body.provider),
    ...sourceFields(body),
    id: newId(api.ids, "src"),
    name: body.name,
    token: newIngestToken(api.random),
    createdAt: now,
    updatedAt: now,
  };
  source.params = withPublicUrl(source, api.publicUrl);
  // An empty list asks for none; only a field left out asks us for one.
  const secret = body.secrets === undefined && source.publicKey === null ? generateSourceSecret(source, api.random) : null;
  if (secret !== null) source.secrets = [{ value: secret, expiresAt: null }];
  const view = (saved: Source) => sourceView(saved, call.baseUrl, secret ?? undefined);
  return answerSaved(call, "source", 201, view, (remember) => api.catalog.saveSource(source, remember));
}

/** Where the provider signs the URL it calls, that is our ingest URL as the settings say it is reached from outside. */
function withPublicUrl({ provider, params, token }: Source, publicUrl: string | null): Source["params"] {
  const record = providerById(provider);
  if (record === undefined || publicUrl === null || params["url"] !== undefined || !signsUrl(record)) return params;
  return { ...params, url: `${publicUrl}/in/${token}` };
}
