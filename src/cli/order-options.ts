// The flags about order of a destination.
import { HOLD_BACK_MS_MAX } from "../limits.ts";
import { choice, count, type OptionValues, text } from "./command.ts";
import { usageError } from "./exit.ts";

export const orderOptions = {
  orderBy: text("key", "Deliver in order: all for one line, or a line per key: event, json:<path> or header:<name>."),
  onFailure: choice(["block", "skip"], "Whether the next in order waits for a failed one, or goes on while that is retried."),
  holdBack: text("place", "Put in the provider's order: timestamp, or where a sequence is, json:<path> or header:<name>."),
  holdBackMs: count("ms", "How long each delivery waits for that.", { min: 1, max: HOLD_BACK_MS_MAX }),
};

/** What the server says no to is left to the server; here only flags that would be lost without a word. */
export function orderingOf({
  orderBy,
  onFailure,
  holdBack,
  holdBackMs,
}: OptionValues<typeof orderOptions>): Record<string, unknown> | undefined {
  if (orderBy === undefined) {
    if ((onFailure ?? holdBack ?? holdBackMs) === undefined) return undefined;
    throw usageError("--on-failure, --hold-back and --hold-back-ms are about an order; say which with --order-by.");
  }
  if ((holdBack === undefined) !== (holdBackMs === undefined)) throw usageError("--hold-back and --hold-back-ms go together.");
  const line = orderBy === "all" ? { kind: "fifo" } : { kind: "fifoByKey", key: orderBy };
  if (holdBack === undefined) return { ...line, onFailure };
  const place = holdBack === "timestamp" ? { by: "timestamp" } : { by: "sequence", from: holdBack };
  return { ...line, onFailure, holdBack: { ...place, waitMs: holdBackMs } };
}
