// GET /readyz: the store can commit, so requests would be accepted.
import { ProblemError } from "../../errors.ts";
import { type Answer, type Call, json } from "../route.ts";

export async function getReadiness({ api }: Call): Promise<Answer> {
  try {
    await api.store.ping();
  } catch (cause) {
    throw new ProblemError("store_unavailable", "The store cannot commit now.", { cause });
  }
  return json(200, { status: "ok" });
}
