// POST /v1/destinations: makes a destination; answers the signing secret when we made it.
import type { Destination } from "../../core/destination.ts";
import { newId } from "../../core/id.ts";
import { answerSaved } from "../answers.ts";
import { destinationDefaults, destinationFields } from "../destination-fields.ts";
import type { Answer, Call } from "../route.ts";
import type { DestinationCreate } from "../schemas/destination.ts";
import { destinationView } from "../views/destination.ts";

export async function createDestination(call: Call<DestinationCreate>): Promise<Answer> {
  const { api, body } = call;
  const now = api.clock.now();
  const { type, tenantId = null, ...given } = body;
  const { fields, secret } = destinationFields({ ...given, signature: body.signature ?? { kind: "standard-webhooks" } }, api.random);
  const destination: Destination = {
    ...destinationDefaults(api.destinationConcurrency),
    ...fields,
    id: newId(api.ids, "dst"),
    name: body.name,
    type,
    tenantId,
    url: body.url,
    createdAt: now,
    updatedAt: now,
  };
  const view = (saved: Destination) => destinationView(saved, secret ?? undefined);
  const answer = await answerSaved(call, "destination", 201, view, (remember) => api.catalog.saveDestination(destination, remember));
  api.flow.destinationChanged(destination.id);
  return answer;
}
