// The one way routes command a delivery: check its state, commit, tell the worker.
import type { Delivery } from "../core/delivery.ts";
import { ProblemError } from "../errors.ts";
import type { DeliveryCommand } from "../store/store.ts";
import { notFound } from "./problem.ts";
import { type Answer, type Call, json } from "./route.ts";
import { deliveryView } from "./views/records.ts";

export interface Command {
  command: DeliveryCommand;
  allows(delivery: Delivery): boolean;
  /** The delivery as it will be, for the answer that commits with the command. */
  after(delivery: Delivery): Delivery;
  refusal: string;
}

export async function commandDelivery(call: Call<unknown, unknown>, { command, allows, after, refusal }: Command): Promise<Answer> {
  const { api, id } = call;
  const delivery = await api.store.delivery(id);
  if (delivery === null) throw notFound("delivery", id);
  if (!allows(delivery)) throw new ProblemError("wrong_state", refusal);
  const body = deliveryView(after(delivery), api);
  const outcome = await api.store.commandDeliveries([delivery.id], command, call.remember(202, body));
  if (outcome.kind === "repeated") return call.repeat(outcome.record);
  // It changed its state between the look and the command.
  if (outcome.result.length === 0) throw new ProblemError("wrong_state", refusal);
  api.flow.deliveriesChanged(outcome.result);
  return json(202, body);
}
