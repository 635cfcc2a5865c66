// GET /readyz: the store can commit, so requests would be accepted, and the other nodes count on this one.
import { ProblemError } from "../../errors.ts";
import { type Answer, type Call, json } from "../route.ts";

export async function getReadiness({ api }: Call): Promise<Answer> {
  try {
    await api.store.ping();
  } catch (cause) {
    throw new ProblemError("store_unavailable", "The store cannot commit now.", { cause });
  }
  if (!api.flow.isJoined()) {
    throw new ProblemError(
      "store_unavailable",
      "This node has not reached the other nodes through the database for some seconds, and works on nothing.",
    );
  }
  return json(200, { status: "ok" });
}
