// The answer to webhooks on a node that takes none: they were meant for another one.
import type { IncomingMessage, ServerResponse } from "node:http";
import { problemOf } from "../errors.ts";
import { PROBLEM_CONTENT_TYPE } from "./problem.ts";

/** No 404: some providers take that for an endpoint that is gone, and stop sending. */
export function refuseIngest(request: IncomingMessage, response: ServerResponse): void {
  const body = JSON.stringify(problemOf("wrong_role", "This node takes no webhooks; one with the role ingest does."));
  response.writeHead(421, {
    "content-type": PROBLEM_CONTENT_TYPE,
    "content-length": Buffer.byteLength(body),
    "x-content-type-options": "nosniff",
  });
  response.end(body);
  request.resume();
}
