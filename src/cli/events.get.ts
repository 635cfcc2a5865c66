// `posthorn events get`: one event, its body, and where it went.
import type { DeliveryView } from "../http/schemas/delivery.ts";
import type { EventView } from "../http/schemas/event.ts";
import { printableBlock } from "../printable.ts";
import { getCommand } from "./resource.ts";
import { byteText, relativeText, renderPairs, renderTable } from "./table.ts";
import { deliveryHeadings, deliveryRow } from "./deliveries.list.ts";
import { bodyText, requestPairs } from "./raw-request.ts";

export const eventsGet = getCommand<EventView>({
  name: "events get",
  summary: "Show one event with its headers, body and deliveries.",
  argument: "The event's id, evt_...",
  path: (id) => `/v1/events/${id}`,
  formats: ["cloudevents"],
  async print(event, view, client) {
    const { terminal, nowMs } = view;
    terminal.out(
      renderPairs(terminal, [
        ["id", event.id],
        ["type", { text: event.type, paint: terminal.outStyle.bold }],
        ["received", `${event.receivedAt} (${relativeText(event.receivedAt, nowMs)})`],
        ["occurred", event.occurredAt],
        ["source", event.sourceId ?? "published through the API"],
        ["tenant", event.tenantId],
        ["provider's id", event.providerEventId],
        ["key", event.key],
        ["request", event.requestId],
        ["channels", event.channels.join(", ")],
        ["deliver at", event.deliverAt],
        ["deliver before", event.deliverBefore],
        ["size", byteText(event.bodyBytes)],
      ]),
    );
    terminal.out(`\n${renderPairs(terminal, requestPairs(event.request))}\n${printableBlock(bodyText(event))}\n`);
    const deliveries = await client.get<{ data: DeliveryView[] }>("/v1/deliveries", { eventId: event.id });
    terminal.out("\n");
    if (deliveries.data.length === 0) terminal.err("It has no deliveries: no subscription took it, or it is not dispatched yet.\n");
    else
      terminal.out(
        renderTable(
          terminal,
          deliveryHeadings,
          deliveries.data.map((delivery) => deliveryRow(delivery, view)),
        ),
      );
  },
  examples: [
    ["posthorn events get evt_06dq2ye2xk0ezc5bk9ztc3h9m7", "what it held and where it went"],
    ["posthorn events get evt_06dq2ye2xk0ezc5bk9ztc3h9m7 --json | jq .request.headers", "its headers in wire order"],
    ["posthorn events get evt_06dq2ye2xk0ezc5bk9ztc3h9m7 --format cloudevents", "as a CloudEvent, for other tools"],
  ],
});
