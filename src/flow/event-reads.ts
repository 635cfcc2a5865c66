// Reads the events of many looks with one question to the store: a start makes a thousand looks at once, and a question for each
// of them took longer than the looks.
import type { Event } from "../core/event.ts";
import type { Store } from "../store/store.ts";

// One question brings no more than so much at once, beside what a single look is bounded to by the store.
const BATCH_BYTES_MAX = 1024 ** 2;

export interface EventReads {
  /** The events of these numbers, without those that are gone. `bodyBytes` is about how much they weigh together. */
  read(seqs: readonly number[], bodyBytes: number): Promise<ReadonlyMap<number, Event>>;
}

interface Batch {
  readonly seqs: Set<number>;
  bytes: number;
  reads: number;
  readonly events: Promise<ReadonlyMap<number, Event>>;
}

export function createEventReads(store: Pick<Store, "eventsBySeq">): EventReads {
  let open: Batch | null = null;

  function begin(): Batch {
    const batch: Batch = { seqs: new Set(), bytes: 0, reads: 0, events: nextTurn().then(() => ask(batch)) };
    return batch;
  }

  /** In the turn after the store's answers that came in one message were all taken up. */
  async function ask(batch: Batch): Promise<ReadonlyMap<number, Event>> {
    if (open === batch) open = null;
    const events = await store.eventsBySeq([...batch.seqs]);
    return new Map(events.map((event) => [event.seq, batch.reads === 1 ? event : withBodyOfItsOwn(event)]));
  }

  return {
    read(seqs, bodyBytes) {
      if (open !== null && open.bytes + bodyBytes > BATCH_BYTES_MAX) open = null;
      open ??= begin();
      for (const seq of seqs) open.seqs.add(seq);
      open.bytes += bodyBytes;
      open.reads += 1;
      return open.events;
    },
  };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** The bodies of one answer share a buffer: one slow destination would keep those of all others in memory with its own. */
function withBodyOfItsOwn(event: Event): Event {
  return { ...event, request: { ...event.request, body: event.request.body.slice() } };
}
