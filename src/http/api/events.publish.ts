// POST /v1/events: hands in an event; the 202 leaves after it is committed.
import { type Event, headerValue } from "../../core/event.ts";
import { OPERATIONAL_PREFIX } from "../../core/operational.ts";
import { ProblemError } from "../../errors.ts";
import type { PublishDraft } from "../../flow/flow.ts";
import { DEDUPE_WINDOW_DEFAULT_MS } from "../../limits.ts";
import { sliceField } from "../json-slice.ts";
import { invalid } from "../problem.ts";
import { type Answer, type Call, json } from "../route.ts";
import type { EventPublish } from "../schemas/event.ts";

export async function publishEvent(call: Call<EventPublish>): Promise<Answer> {
  const { api, body } = call;
  if (body.type.startsWith(OPERATIONAL_PREFIX)) {
    throw invalid([
      { path: "type", message: `Types that begin with ${OPERATIONAL_PREFIX} are of Posthorn's own events; choose another one.` },
    ]);
  }
  if ((body.deliverAt ?? -Infinity) >= (body.deliverBefore ?? Infinity)) {
    throw invalid([{ path: "deliverBefore", message: "This must be later than deliverAt." }]);
  }
  const draft: PublishDraft = {
    type: body.type,
    tenantId: body.tenantId ?? null,
    key: body.key ?? null,
    channels: body.channels ?? [],
    deliverAt: body.deliverAt ?? null,
    deliverBefore: body.deliverBefore ?? null,
    contentType: body.contentType ?? (body.body === undefined ? "application/json" : "text/plain; charset=utf-8"),
    body: bodyBytes(call),
    remoteAddress: call.remoteAddress,
    idempotency: idempotencyOf(call),
  };
  const outcome = await api.flow.publish(draft);
  switch (outcome.kind) {
    case "accepted":
      return json(202, { id: outcome.event.id, duplicate: false });
    case "duplicate":
      await refuseOtherEvent(call, outcome.of, draft);
      return json(202, { id: outcome.of, duplicate: true });
  }
}

/** `data` as it stands in the request: parsing and writing it again would change large numbers. */
function bodyBytes({ body, rawBody }: Call<EventPublish>): Uint8Array {
  if (body.body !== undefined) return Buffer.from(body.body, "utf8");
  const slice = sliceField(Buffer.from(rawBody.buffer, rawBody.byteOffset, rawBody.byteLength).toString("utf8"), "data");
  if (slice === null) throw new Error("a validated body has lost its data");
  return Buffer.from(slice, "utf8");
}

function idempotencyOf({ body, key, idempotencyKey }: Call<EventPublish>): PublishDraft["idempotency"] {
  const given = body.idempotencyKey ?? idempotencyKey;
  if (given === null) return null;
  if (idempotencyKey !== null && given !== idempotencyKey) {
    throw invalid([{ path: "idempotencyKey", message: "This is not the key of the Idempotency-Key header; give one of them." }]);
  }
  // Scoped to the API key, so that two publishers that count from 1 do not swallow each other's events.
  return { key: `${key.id}:${given}`, windowMs: DEDUPE_WINDOW_DEFAULT_MS };
}

/** The first event may have left with its retention; then there is nothing to compare with, and its id is the answer. */
async function refuseOtherEvent({ api }: Call<EventPublish>, id: string, draft: PublishDraft): Promise<void> {
  const first = await api.store.event(id);
  if (first !== null && !isSame(first, draft)) {
    throw new ProblemError("idempotency_conflict", `This idempotency key was used for the event ${id}, which is another one.`);
  }
}

function isSame(event: Event, draft: PublishDraft): boolean {
  return (
    event.type === draft.type &&
    event.tenantId === draft.tenantId &&
    event.key === draft.key &&
    event.deliverAt === draft.deliverAt &&
    event.deliverBefore === draft.deliverBefore &&
    event.channels.join("\n") === draft.channels.join("\n") &&
    headerValue(event.request.headers, "content-type") === draft.contentType &&
    Buffer.compare(event.request.body, draft.body) === 0
  );
}
