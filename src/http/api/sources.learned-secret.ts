// POST /v1/sources/{id}/learned-secret: shows the secret that the provider brought in a handshake, to be pasted there.
import { ProblemError } from "../../errors.ts";
import { notFound } from "../problem.ts";
import type { Answer, Call } from "../route.ts";
import { sourceView } from "../views/source.ts";

export async function showLearnedSecret({ api, id, baseUrl }: Call<unknown>): Promise<Answer> {
  const source = api.catalog.liveSource(id)?.source;
  if (source === undefined) throw notFound("source", id);
  const learned = source.secrets.find((secret) => secret.learned === true);
  if (learned === undefined) {
    throw new ProblemError("not_found", "The provider has brought no secret to this source: secrets that were typed in are not shown.");
  }
  return { kind: "json", status: 200, body: sourceView(source, baseUrl, learned.value) };
}
