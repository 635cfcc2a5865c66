// GET /v1/events/{id}/deliveries: where an event went.
import { answerStoredPage } from "../answers.ts";
import { decodeCursor } from "../cursor.ts";
import { notFound } from "../problem.ts";
import type { Answer, Call } from "../route.ts";
import type { EventDeliveriesQuery } from "../schemas/delivery.ts";
import { deliveryView } from "../views/records.ts";

export async function listEventDeliveries({ api, id, query }: Call<undefined, EventDeliveriesQuery>): Promise<Answer> {
  const event = await api.store.event(id);
  if (event === null) throw notFound("event", id);
  const list = `events/${event.id}/deliveries`;
  const page = await api.store.deliveries({
    eventId: event.id,
    limit: query.limit,
    cursor: decodeCursor(list, query.cursor),
    since: null,
    until: null,
  });
  return answerStoredPage(api, list, page, (delivery) => deliveryView(delivery, api));
}
