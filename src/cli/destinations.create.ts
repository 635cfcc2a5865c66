// `posthorn destinations create`: a new place for deliveries to go.
import type { DestinationView } from "../http/schemas/destination.ts";
import { count, several, text } from "./command.ts";
import { readHeaderLine } from "./captured-request.ts";
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
  },
  document: (_context, { name, to, method, header, deadlineMs }) => ({
    type: "http",
    name,
    url: to,
    method,
    headers: header.length === 0 ? undefined : Object.fromEntries(header.map(readHeaderLine)),
    deadlineMs,
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
    ["posthorn destinations create --from destination.json", "every field of the API"],
  ],
});
