// Operational events: what happens to destinations, told as events of our own that people subscribe to like to any other.
import type { EventHead } from "./event.ts";

/** Nobody else may publish types that begin so. */
export const OPERATIONAL_PREFIX = "posthorn.";

/** What can happen to a destination; its event's type is `posthorn.destination.` and this. */
export type DestinationTransition = "opened" | "half_opened" | "closed" | "disabled" | "enabled" | "paused" | "resumed";

/** A provider may name its types as it likes: only what came in through no source is ours. */
export function isOperational({ type, sourceId }: Pick<EventHead, "type" | "sourceId">): boolean {
  return sourceId === null && type.startsWith(OPERATIONAL_PREFIX);
}

/**
 * Whether a pattern asks for operational events in so many words: `posthorn.**`, `posthorn.destination.opened`.
 * A catch-all does not. Else a broken receiver of everything would be sent the news of its own failures, each of which
 * fails and is news again.
 */
export function namesOperational(pattern: string): boolean {
  return pattern.startsWith(OPERATIONAL_PREFIX);
}
