// `posthorn destinations create`: a new place for deliveries to go.
import type { DestinationView } from "../http/schemas/destination.ts";
import { HOLD_BACK_MS_MAX } from "../limits.ts";
import { choice, count, several, text } from "./command.ts";
import { readHeaderLine } from "./captured-request.ts";
import { usageError } from "./exit.ts";
import { createCommand } from "./resource.ts";
import { renderPairs } from "./table.ts";

export const destinationsCreate = createCommand({
  name: "destinations create",
  summary: "Make a destination.",
  description: "Authentication, signature, retry schedule and the other fields are set with --from; docs/openapi.json lists them.",
  path: "/v1/destinations",
  options: {
    name: text("text", "What to call it."),
    to: text("url", "Where to deliver. (--url names the Posthorn server.)"),
    method: text("method", "HTTP method; the original request's otherwise."),
    header: several("name: value", "Header to add to each delivery."),
    deadlineMs: count("ms", "Time one attempt gets.", { min: 1, max: 300_000 }),
    orderBy: text("key", "Deliver in order: all for one line, or a line per key: event, json:<path> or header:<name>."),
    onFailure: choice(["block", "skip"], "Whether the next in order waits for a failed one, or goes on while that is retried."),
    holdBack: text("place", "Put in the provider's order: timestamp, or where a sequence is, json:<path> or header:<name>."),
    holdBackMs: count("ms", "How long each delivery waits for that.", { min: 1, max: HOLD_BACK_MS_MAX }),
  },
  document: (_context, { name, to, method, header, deadlineMs, ...order }) => ({
    type: "http",
    name,
    url: to,
    method,
    headers: header.length === 0 ? undefined : Object.fromEntries(header.map(readHeaderLine)),
    deadlineMs,
    ordering: orderingOf(order),
  }),
  told: (destination: DestinationView, { terminal }) =>
    renderPairs(terminal, [
      ["id", { text: destination.id, paint: terminal.outStyle.bold }],
      ["name", destination.name],
      ["delivers to", destination.url],
      ["secret", destination.secret],
    ]),
  examples: [
    ["posthorn destinations create --name app --to http://127.0.0.1:3000/webhooks", "a program on this machine, with posthorn dev"],
    [
      "posthorn destinations create --name ledger --to https://example.com/hook --order-by json:account.id",
      "one account's events in order",
    ],
    ["posthorn destinations create --from destination.json", "every field of the API"],
  ],
});

interface OrderFlags {
  orderBy: string | undefined;
  onFailure: "block" | "skip" | undefined;
  holdBack: string | undefined;
  holdBackMs: number | undefined;
}

/** What the server says no to is left to the server; here only flags that would be lost without a word. */
function orderingOf({ orderBy, onFailure, holdBack, holdBackMs }: OrderFlags): Record<string, unknown> | undefined {
  if (orderBy === undefined) {
    if ((onFailure ?? holdBack ?? holdBackMs) === undefined) return undefined;
    throw usageError("--on-failure, --hold-back and --hold-back-ms are about an order; say which with --order-by.");
  }
  if ((holdBack === undefined) !== (holdBackMs === undefined)) throw usageError("--hold-back and --hold-back-ms go together.");
  const line = orderBy === "all" ? { kind: "fifo" } : { kind: "fifoByKey", key: orderBy };
  if (holdBack === undefined) return { ...line, onFailure };
  const place = holdBack === "timestamp" ? { by: "timestamp" } : { by: "sequence", from: holdBack };
  return { ...line, onFailure, holdBack: { ...place, waitMs: holdBackMs } };
}
