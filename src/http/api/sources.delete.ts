// DELETE /v1/sources/{id}: its URL stops working; its events stay until their retention ends.
import { answerRemoved } from "../answers.ts";
import type { Answer, Call } from "../route.ts";

export async function deleteSource({ api, id }: Call): Promise<Answer> {
  return answerRemoved("source", id, await api.catalog.remove("source", id));
}
