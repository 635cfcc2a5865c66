// GET /v1/deliveries/{id}: one delivery with its attempts.
import { LIST_LIMIT_MAX } from "../../limits.ts";
import { notFound } from "../problem.ts";
import { type Answer, type Call, json } from "../route.ts";
import type { DeliveryDetailView } from "../schemas/delivery.ts";
import { attemptView } from "../views/attempt.ts";
import { deliveryView } from "../views/records.ts";

export async function getDelivery({ api, id }: Call): Promise<Answer> {
  const delivery = await api.store.delivery(id);
  if (delivery === null) throw notFound("delivery", id);
  const blockerId = delivery.order?.blocked === true ? await api.store.blockerOf(delivery.id) : null;
  const attempts = await api.store.attempts({ deliveryId: delivery.id, limit: LIST_LIMIT_MAX, cursor: null, since: null, until: null });
  const body: DeliveryDetailView = { ...deliveryView(delivery, api, blockerId), attempts: attempts.data.map(attemptView).toReversed() };
  return json(200, body);
}
