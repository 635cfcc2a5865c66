// A second look at the configuration for something that is not known here and may have been made on another node just now.
import { type Clock, sleep } from "../system/clock.ts";

// A flood of unknown ingest URLs or API keys costs five small reads a second, however many come.
const LOOKS_EVERY_MS = 200;
// And holds up no more than so many requests at once; the others are answered from what is known.
const WAITING_MAX = 1_000;

/** Resolves after a look that began after the call, at most 200 ms later. Throws when the store can't be reached. */
export type SecondLook = () => Promise<void>;

export function createSecondLook({ clock, refresh }: { clock: Clock; refresh: () => Promise<void> }): SecondLook {
  let nextAt = -Infinity;
  let waiting = 0;
  let next: Promise<void> | null = null;

  async function look(): Promise<void> {
    const now = clock.now();
    // A clock that was set back must not make the pause longer than it is.
    if (nextAt > now) await sleep(clock, Math.min(nextAt - now, LOOKS_EVERY_MS));
    else await Promise.resolve();
    next = null;
    waiting = 0;
    nextAt = clock.now() + LOOKS_EVERY_MS;
    await refresh();
  }

  return () => {
    if (next !== null && waiting >= WAITING_MAX) return Promise.resolve();
    waiting += 1;
    next ??= look();
    return next;
  };
}
