// GET /v1/providers/{id}: how a provider signs, what it expects, and how to set it up.
import { findProvider } from "@posthorn/sdk";
import { answerFound } from "../answers.ts";
import type { Answer, Call } from "../route.ts";
import { providerView } from "../views/provider.ts";

export function getProvider({ id }: Call): Answer {
  return answerFound("provider", id, findProvider(id), providerView);
}
