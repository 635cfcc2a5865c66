// GET /v1/deliveries: newest first; `paused` and `waiting` are told apart by the state of the destination.
import type { DeliveryQuery } from "../../store/store.ts";
import { answerStoredPage, resolveId } from "../answers.ts";
import { decodeCursor } from "../cursor.ts";
import type { Answer, Call } from "../route.ts";
import type { DeliveryQueryInput, DeliveryStatus } from "../schemas/delivery.ts";
import { deliveryView } from "../views/records.ts";

export async function listDeliveries({ api, query }: Call<undefined, DeliveryQueryInput>): Promise<Answer> {
  const { catalog } = api;
  const { source, sourceId, destination, destinationId, subscription, subscriptionId, status, cursor, since, until, ...plain } = query;
  const wanted: DeliveryQuery = {
    ...plain,
    ...statusFilter(status, catalog.destinations()),
    sourceId: resolveId("source", source, sourceId, catalog.sources()),
    destinationId: resolveId("destination", destination, destinationId, catalog.destinations()),
    subscriptionId: resolveId("subscription", subscription, subscriptionId, catalog.subscriptions()),
    cursor: decodeCursor("deliveries", cursor),
    since: since ?? null,
    until: until ?? null,
  };
  return answerStoredPage(api, "deliveries", await api.store.deliveries(wanted), (delivery) => deliveryView(delivery, api));
}

function statusFilter(
  status: DeliveryStatus | undefined,
  destinations: { id: string; state: { kind: string } }[],
): Pick<DeliveryQuery, "state" | "destinationIds"> {
  switch (status) {
    case undefined:
      return {};
    case "waiting":
    case "paused": {
      const isActive = status === "waiting";
      const ids = destinations.filter(({ state }) => (state.kind === "active") === isActive).map(({ id }) => id);
      // Without this, a page of `waiting` would name every destination there is.
      return isActive && ids.length === destinations.length ? { state: "waiting" } : { state: "waiting", destinationIds: ids };
    }
    default:
      return { state: status };
  }
}
