// GET /livez: the process answers.
import { type Answer, json } from "../route.ts";

export function getLiveness(): Answer {
  return json(200, { status: "ok" });
}
