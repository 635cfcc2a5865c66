// POST /v1/destinations/{id}/rotate-secret: signs with a new secret, and for a while with the one before it too.
import type { Destination } from "../../core/destination.ts";
import { ProblemError } from "../../errors.ts";
import { newSharedSecret, newSigningSecret } from "../../flow/catalog-keys.ts";
import { changeDestination } from "../destination-change.ts";
import { notFound } from "../problem.ts";
import type { Answer, Call } from "../route.ts";
import type { DestinationRotate } from "../schemas/destination.ts";

export function rotateDestinationSecret(call: Call<DestinationRotate>): Promise<Answer> {
  const { api, body, id } = call;
  const kind = api.catalog.destination(id)?.signature.kind;
  if (kind === undefined) throw notFound("destination", id);
  const generated = body?.secret === undefined ? (kind === "hmac" ? newSharedSecret(api.random) : newSigningSecret(api.random)) : null;
  const secret = body?.secret ?? generated ?? "";
  return changeDestination(
    call,
    (current, now) => ({ ...current, signature: rotated(current.signature, secret, body?.dropOld ?? false), updatedAt: now }),
    generated,
  );
}

function rotated(signature: Destination["signature"], secret: string, dropOld: boolean): Destination["signature"] {
  switch (signature.kind) {
    case "none":
      throw new ProblemError("wrong_state", "This destination signs nothing; give it a signature with PATCH first.");
    case "standard-webhooks":
      return { kind: signature.kind, secrets: dropOld ? [secret] : [secret, ...signature.secrets.slice(0, 1)] };
    case "hmac":
      // Its header holds one signature, so there is no time in which both are valid.
      return { ...signature, secret };
  }
}
