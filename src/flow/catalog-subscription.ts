// Turns a subscription into what dispatch asks of it, and says what is wrong with one before it is saved.
import { compileEventTypePatterns, validateEventTypePattern } from "../core/event-type.ts";
import { compileFilter, type CompiledFilter } from "../core/filter.ts";
import type { Destination } from "../core/destination.ts";
import { namesOperational } from "../core/operational.ts";
import type { Subscription } from "../core/subscription.ts";
import type { FieldProblem } from "../errors.ts";

export interface LiveSubscription {
  readonly subscription: Subscription;
  matchesType(type: string): boolean;
  /** Takes operational events by the patterns that name them; null when none does. */
  readonly operationalTypes: ((type: string) => boolean) | null;
  readonly filter: CompiledFilter | null;
}

/** Also for an earlier version of a subscription, to explain what it did then. Throws on one that could not be saved. */
export function compileSubscription(subscription: Subscription): LiveSubscription {
  let filter: CompiledFilter | null = null;
  if (subscription.filter !== null) {
    const compiled = compileFilter(subscription.filter);
    if (!compiled.ok) throw new Error(`the filter of ${subscription.id} does not compile`);
    filter = compiled.filter;
  }
  const { eventTypes } = subscription;
  const operational = eventTypes.filter(namesOperational);
  const operationalTypes = operational.length === 0 ? null : compileEventTypePatterns(operational);
  return { subscription, matchesType: compileEventTypePatterns(eventTypes), operationalTypes, filter };
}

export function checkSubscription(
  subscription: Subscription,
  known: { hasSource(id: string): boolean; destination(id: string): Destination | undefined },
): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const destination = known.destination(subscription.destinationId);
  if (destination === undefined) problems.push({ path: "destinationId", message: "There is no destination with this id." });
  else problems.push(...checkTenant(subscription, destination));
  if (subscription.sourceId !== null && !known.hasSource(subscription.sourceId)) {
    problems.push({ path: "sourceId", message: "There is no source with this id." });
  }
  for (const [index, pattern] of subscription.eventTypes.entries()) {
    const verdict = validateEventTypePattern(pattern);
    if (!verdict.ok) problems.push({ path: `eventTypes[${index}]`, message: verdict.message });
  }
  if (subscription.filter !== null) problems.push(...checkFilter(subscription.filter, "filter"));
  return problems;
}

/**
 * Nothing of one tenant may reach another. What belongs to no tenant is the operator's, and may go to anybody: received
 * events have no tenant, and an operator may watch a tenant's events.
 */
function checkTenant({ tenantId, eventTypes }: Subscription, destination: Destination): FieldProblem[] {
  if (destination.tenantId === null || destination.tenantId === tenantId) return [];
  if (tenantId !== null) return [{ path: "destinationId", message: "This destination belongs to another tenant." }];
  // Only these are taken from every tenant.
  if (!eventTypes.some(namesOperational)) return [];
  return [
    {
      path: "tenantId",
      message: "The destination belongs to a tenant, and would be sent the posthorn.* events of all others. Give its tenant here too.",
    },
  ];
}

/** `path` is where the filter stands in what the caller sent. */
export function checkFilter(filter: unknown, path: string): FieldProblem[] {
  const compiled = compileFilter(filter);
  if (compiled.ok) return [];
  return compiled.problems.map((problem) => ({
    path: problem.path === "" ? path : `${path}${problem.path.startsWith("[") ? "" : "."}${problem.path}`,
    message: problem.message,
  }));
}
