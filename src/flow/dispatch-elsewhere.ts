// Dispatch on a node that does none: it tells the others what it accepted.
import { shardOf } from "../core/shard.ts";
import type { Dispatcher } from "./dispatch.ts";
import type { Signals } from "./signals.ts";

export function createElsewhereDispatcher(signals: Pick<Signals, "accepted">): Dispatcher {
  return {
    committed: (event) => signals.accepted(shardOf(event.sourceId ?? event.id)),
    lookAt: () => undefined,
    start: () => undefined,
    stop: () => Promise.resolve(),
  };
}
