// POST /v1/destinations/{id}/resume: makes a paused or disabled destination active; what waited goes out.
import { withState } from "../../flow/catalog.ts";
import { changeDestination } from "../destination-change.ts";
import type { Answer, Call } from "../route.ts";

export function resumeDestination(call: Call<unknown>): Promise<Answer> {
  return changeDestination(call, (current, now) => withState(current, { kind: "active" }, now));
}
