// announcements: what happens to a destination becomes an event, through the same door as anything that is published.
import type { Destination } from "../core/destination.ts";
import { type DestinationTransition, OPERATIONAL_PREFIX } from "../core/operational.ts";
import { DEDUPE_WINDOW_DEFAULT_MS } from "../limits.ts";
import type { Logger } from "../log.ts";
import { type Clock, createPauses } from "../system/clock.ts";
import type { Catalog } from "./catalog.ts";
import type { PublishDraft } from "./flow.ts";

const RETRY_WAIT_MS = 1_000;
// A store that is away for hours while thousands of destinations come and go must not fill the memory with old news.
const WAITING_MAX = 10_000;
// News of thousands of destinations at once goes in a few at a time: what is published beside it shares the commits.
const UNDER_WAY_MAX = 32;

/** One thing that happened to a destination. */
export interface Announcement {
  kind: DestinationTransition;
  destination: Destination;
  /** One sentence; null when a person did it or all is well again. */
  reason: string | null;
  at: number;
  /** While its breaker is open: when the next attempt tests it. */
  probeAt: number | null;
}

export interface Announcements {
  tell(announcement: Announcement): void;
  /** Resolves when everything told is committed, or has failed once more. */
  stop(): Promise<void>;
}

export interface AnnouncementsOptions {
  catalog: Catalog;
  clock: Clock;
  log: Logger;
  publish: (draft: PublishDraft) => Promise<unknown>;
}

export function createAnnouncements({ catalog, clock, log, publish }: AnnouncementsOptions): Announcements {
  const pauses = createPauses(clock);
  let waiting: Announcement[] = [];
  const underWay = new Set<Promise<void>>();
  let stopping = false;

  async function commit(draft: PublishDraft): Promise<void> {
    for (;;) {
      try {
        await publish(draft);
        return;
      } catch (error) {
        // Its key makes the event one event, also when the commit stood and only its answer was lost.
        log.error({ error, type: draft.type, destinationId: draft.key }, "an operational event could not be committed");
        if (stopping) return;
        await pauses.pause(RETRY_WAIT_MS);
      }
    }
  }

  function next(): void {
    while (underWay.size < UNDER_WAY_MAX && waiting.length > 0) {
      const batch = waiting.slice(0, UNDER_WAY_MAX - underWay.size);
      waiting = waiting.slice(batch.length);
      for (const announcement of batch) {
        const telling: Promise<void> = commit(draftOf(announcement)).finally(() => {
          underWay.delete(telling);
          next();
        });
        underWay.add(telling);
      }
    }
  }

  return {
    tell(announcement) {
      const { id } = announcement.destination;
      // A receiver of these events is not news itself: it would get the news of its own failures, and fail at those.
      if (stopping || catalog.receivesOperational(id)) return;
      if (waiting.length >= WAITING_MAX) {
        log.error({ destinationId: id, kind: announcement.kind }, "an operational event was dropped: too many wait for the store");
        return;
      }
      waiting.push(announcement);
      next();
    },
    async stop() {
      stopping = true;
      pauses.end();
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}

function draftOf({ kind, destination, reason, at, probeAt }: Announcement): PublishDraft {
  const { id, name, tenantId } = destination;
  const time = (ms: number) => new Date(ms).toISOString();
  const data = { destinationId: id, name, reason, at: time(at), probeAt: probeAt === null ? null : time(probeAt) };
  return {
    type: `${OPERATIONAL_PREFIX}destination.${kind}`,
    tenantId,
    key: id,
    channels: [],
    deliverAt: null,
    deliverBefore: null,
    contentType: "application/json",
    body: Buffer.from(JSON.stringify(data)),
    remoteAddress: "",
    idempotency: { key: `posthorn:${id}:${kind}:${at}`, windowMs: DEDUPE_WINDOW_DEFAULT_MS },
  };
}
