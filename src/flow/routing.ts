// Whether a subscription takes an event, and why not: asked by dispatch, by replay, and by people afterwards.
import { type Event, headerValue } from "../core/event.ts";
import { type FilterInput, headerRecord, type ParsedBody, parseBody, queryRecord } from "../core/filter-input.ts";
import { isOperational } from "../core/operational.ts";
import type { MatchVerdict, MismatchCause, Subscription } from "../core/subscription.ts";
import type { LiveSubscription } from "./catalog-subscription.ts";

const MATCHED: MatchVerdict = { matched: true };

function mismatch(cause: MismatchCause, message: string, path: string | null = null): MatchVerdict {
  return { matched: false, cause, path, message };
}

/** An event as filters see it. Parts are made on first use: most subscriptions never look past the type. */
export class EventInput implements FilterInput {
  readonly #event: Event;
  #headers: FilterInput["headers"] | undefined;
  #query: FilterInput["query"] | undefined;
  #facts: FilterInput["event"] | undefined;
  #body: ParsedBody | undefined;

  constructor(event: Event) {
    this.#event = event;
  }

  get body(): unknown {
    const parsed = this.parsedBody;
    return parsed.ok ? parsed.value : undefined;
  }

  /** The body with the reason why there is none, when it cannot be looked into. */
  get parsedBody(): ParsedBody {
    const { body, headers } = this.#event.request;
    this.#body ??= parseBody(body, headerValue(headers, "content-type"));
    return this.#body;
  }

  get headers(): FilterInput["headers"] {
    this.#headers ??= headerRecord(this.#event.request.headers);
    return this.#headers;
  }

  get query(): FilterInput["query"] {
    this.#query ??= queryRecord(this.#event.request.query);
    return this.#query;
  }

  get path(): string {
    return this.#event.request.pathTail;
  }

  get event(): FilterInput["event"] {
    this.#facts ??= factsOf(this.#event);
    return this.#facts;
  }
}

export function createFilterInput(event: Event): EventInput {
  return new EventInput(event);
}

function factsOf(event: Event): FilterInput["event"] {
  return {
    id: event.id,
    type: event.type,
    source: event.sourceId,
    tenant: event.tenantId,
    key: event.key,
    providerEventId: event.providerEventId,
    time: new Date(event.receivedAt).toISOString(),
  };
}

const NOT_NAMED = mismatch(
  "type_not_subscribed",
  "Operational events go only to subscriptions that name them, as in posthorn.destination.*; a catch-all does not.",
);

function notAmong({ type }: Event, { subscription }: LiveSubscription): string {
  return `Type ${type} matches none of ${subscription.eventTypes.join(", ")}.`;
}

/** What happens to tenants' destinations is the operator's business too, and a subscription of no tenant is the operator's. */
function watchesAllTenants({ tenantId }: Subscription, event: Event): boolean {
  return tenantId === null && isOperational(event);
}

function otherTenant(subscription: Subscription, event: Event): string {
  if (event.tenantId === null) return "The subscription is of a tenant, and the event of none.";
  return subscription.tenantId === null
    ? "The event is of a tenant, and the subscription of none."
    : "The event belongs to another tenant.";
}

/** Everything but `filter` first: those checks are cheaper, and name the plainer reason. */
export function matchSubscription(live: LiveSubscription, event: Event, input: EventInput): MatchVerdict {
  const { subscription } = live;
  if (!subscription.enabled) return mismatch("disabled", "The subscription is disabled.");
  if (subscription.sourceId !== null && subscription.sourceId !== event.sourceId) {
    return mismatch("other_source", "The subscription takes events of another source.");
  }
  if (subscription.tenantId !== event.tenantId && !watchesAllTenants(subscription, event)) {
    return mismatch("other_tenant", otherTenant(subscription, event));
  }
  if (isOperational(event)) {
    if (live.operationalTypes === null) return NOT_NAMED;
    if (!live.operationalTypes(event.type)) return mismatch("type_not_subscribed", notAmong(event, live));
  } else if (!live.matchesType(event.type)) {
    return mismatch("type_not_subscribed", notAmong(event, live));
  }
  if (subscription.channels.length > 0 && !subscription.channels.some((channel) => event.channels.includes(channel))) {
    return mismatch("channel_not_subscribed", `The event is on none of the channels ${subscription.channels.join(", ")}.`);
  }
  if (live.filter === null) return MATCHED;
  // A body that cannot be parsed is shown as such: as an absent one it would match what asks for absence.
  if (live.filter.needsBody && !input.parsedBody.ok) return mismatch("filter_error", input.parsedBody.message, "body");
  const verdict = live.filter.evaluate(input);
  switch (verdict.matched) {
    case true:
      return MATCHED;
    case false:
      return mismatch("filtered", verdict.reason.message, verdict.reason.path);
    case "error":
      return mismatch("filter_error", verdict.error.message, verdict.error.path);
  }
}
