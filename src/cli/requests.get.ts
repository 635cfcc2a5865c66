// `posthorn requests get`: one inbound request as it came, and what became of it.
import type { RequestView } from "../http/schemas/event.ts";
import { printableBlock } from "../printable.ts";
import { bodyText, requestPairs } from "./raw-request.ts";
import { outcomePaint } from "./requests.list.ts";
import { getCommand } from "./resource.ts";
import { byteText, relativeText, renderPairs } from "./table.ts";

export const requestsGet = getCommand<RequestView>({
  name: "requests get",
  summary: "Show one inbound request as it came.",
  argument: "The request's id, req_...",
  path: (id) => `/v1/requests/${id}`,
  print(item, { terminal, nowMs }) {
    terminal.out(
      renderPairs(terminal, [
        ["id", item.id],
        ["outcome", { text: item.outcome, paint: outcomePaint(terminal.outStyle, item.outcome) }],
        ["cause", item.cause],
        ["why", item.message],
        [item.eventIds.length > 1 ? "events" : "event", eventsText(item)],
        ["source", item.sourceId],
        ["received", `${item.receivedAt} (${relativeText(item.receivedAt, nowMs)})`],
        ["size", `${byteText(item.bodyBytes)}${item.bodyTruncated ? ", of which a part is kept" : ""}`],
      ]),
    );
    terminal.out(`\n${renderPairs(terminal, requestPairs(item.request))}\n${printableBlock(bodyText(item))}\n`);
  },
  examples: [
    ["posthorn requests get req_06dq2ye2xk0ezc5bk9ztc3h9m7", "why it was turned away"],
    ["posthorn verify --id req_06dq2ye2xk0ezc5bk9ztc3h9m7 --provider github --secret-file secret.txt", "check its signature again"],
  ],
});

// A batch can have thousands; --json has them all.
const EVENTS_SHOWN_MAX = 20;

function eventsText({ eventIds }: RequestView): string {
  const more = eventIds.length - EVENTS_SHOWN_MAX;
  return `${eventIds.slice(0, EVENTS_SHOWN_MAX).join(" ")}${more > 0 ? ` and ${more} more` : ""}`;
}
