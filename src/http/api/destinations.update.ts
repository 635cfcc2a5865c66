// PATCH /v1/destinations/{id}: changes the given fields and leaves the rest; applies from the next attempt on.
import { changeDestination } from "../destination-change.ts";
import { destinationFields } from "../destination-fields.ts";
import type { Answer, Call } from "../route.ts";
import type { DestinationUpdate } from "../schemas/destination.ts";

export function updateDestination(call: Call<DestinationUpdate>): Promise<Answer> {
  const { fields, secret } = destinationFields(call.body, call.api.random);
  const { connectTimeoutMs, ...rest } = fields;
  return changeDestination(
    call,
    (current, now) => {
      // The connect timeout follows a shorter deadline, but a deadline alone never lengthens it.
      const connect = call.body.connectTimeoutMs ?? Math.min(current.connectTimeoutMs, connectTimeoutMs ?? Infinity);
      return { ...current, ...rest, connectTimeoutMs: connect, updatedAt: now };
    },
    secret,
  );
}
