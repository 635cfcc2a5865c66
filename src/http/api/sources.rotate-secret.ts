// POST /v1/sources/{id}/rotate-secret: adds a secret and lets the old ones verify a while longer.
import type { Source } from "../../core/source.ts";
import { ProblemError } from "../../errors.ts";
import { answerSaved } from "../answers.ts";
import { notFound } from "../problem.ts";
import type { Answer, Call } from "../route.ts";
import type { SourceRotate } from "../schemas/source.ts";
import { addSourceSecret, generateSourceSecret } from "../source-secrets.ts";
import { sourceView } from "../views/source.ts";

const KEEP_OLD_DEFAULT_SECONDS = 86_400;

export function rotateSourceSecret(call: Call<SourceRotate>): Promise<Answer> {
  const { api, body, id } = call;
  const current = api.catalog.liveSource(id)?.source;
  if (current === undefined) throw notFound("source", id);
  const generated = body?.secret === undefined ? generateSourceSecret(current, api.random) : null;
  const value = body?.secret ?? generated;
  if (value === null) {
    throw new ProblemError("invalid_request", `Secrets of ${current.provider} are made by the provider: pass the new one as secret.`, {
      errors: [{ path: "secret", message: "This field is needed." }],
    });
  }
  const now = api.clock.now();
  const expireOldAt = now + (body?.expireOldAfterSeconds ?? KEEP_OLD_DEFAULT_SECONDS) * 1000;
  const change = (source: Source): Source => ({
    ...source,
    secrets: addSourceSecret(source.secrets, value, now, expireOldAt),
    updatedAt: now,
  });
  const view = (saved: Source) => sourceView(saved, call.baseUrl, generated ?? undefined);
  return answerSaved(call, "source", 200, view, (remember) => api.catalog.updateSource(id, change, remember));
}
