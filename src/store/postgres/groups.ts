// Gathers drafts into groups, so that many requests share one statement and one commit.
import type { IdParts, IdSource } from "../../core/id.ts";
import { type Pending, settleDrafts, splitItemsOf } from "../drafts.ts";
import { type AcceptDraft, type AcceptOutcome, type SplitDraft, type SplitOutcome, StoreUnavailableError } from "../store.ts";
import type { Accepted } from "./accept.ts";

// While some are under way others gather. More at once would only make groups smaller, and take connections from everything else.
const GROUPS_UNDER_WAY_MAX = 3;
const GROUP_EVENTS_MAX = 256;
const GROUP_BYTES_MAX = 16 * 1024 ** 2;

export interface Groups {
  accept(draft: AcceptDraft): Promise<AcceptOutcome>;
  acceptSplit(draft: SplitDraft): Promise<SplitOutcome>;
}

/** `commit` is called again with new ids in the drafts when one of theirs was taken: that is its own affair. */
export function createGroups(ids: IdSource, commit: (group: readonly Pending[]) => Promise<Accepted>): Groups {
  let gathered: Pending[] = [];
  let underWay = 0;
  let planned = false;

  function plan(): void {
    if (planned || underWay >= GROUPS_UNDER_WAY_MAX) return;
    planned = true;
    // The check phase comes right after all sockets of this turn were read: their requests go together.
    setImmediate(() => {
      planned = false;
      while (gathered.length > 0 && underWay < GROUPS_UNDER_WAY_MAX) void send();
    });
  }

  async function send(): Promise<void> {
    const count = groupSize(gathered);
    const group = gathered.slice(0, count);
    gathered = gathered.slice(count);
    underWay += 1;
    try {
      await settle(group);
    } finally {
      underWay -= 1;
      if (gathered.length > 0) plan();
    }
  }

  /** When a group fails by itself, each of it is tried alone, so that one bad draft can't take others with it. */
  async function settle(group: readonly Pending[]): Promise<void> {
    try {
      const { marks } = await commit(group);
      settleDrafts(group, marks);
    } catch (error) {
      if (group.length > 1 && !(error instanceof StoreUnavailableError)) for (const one of group) await settle([one]);
      else for (const one of group) one.reject(error);
    }
  }

  function gather(one: Pending): void {
    gathered.push(one);
    plan();
  }

  return {
    accept(draft) {
      const id = ids.next();
      return new Promise((resolve, reject) => gather({ kind: "draft", draft, id, resolve, reject }));
    },
    acceptSplit(draft) {
      const id = ids.next();
      const items = splitItemsOf(draft, ids.next);
      return new Promise((resolve, reject) => gather({ kind: "split", draft, id, items, resolve, reject }));
    },
  };
}

/** Gives every draft of a group new ids: one of them was taken by a node with the same share of the numbers. */
export function renumber(group: readonly Pending[], next: () => IdParts): void {
  for (const one of group) {
    one.id = next();
    if (one.kind === "split") for (const item of one.items) item.id = next();
  }
}

/** How many of the first drafts share a statement: at least one, within the bounds, and with no doubt about equal keys. */
function groupSize(gathered: readonly Pending[]): number {
  const keys = new Map<string, { receivedAt: number; windowMs: number }>();
  let [events, bytes, size] = [0, 0, 0];
  for (const one of gathered) {
    const drafts = one.kind === "draft" ? [one.draft] : one.draft.items;
    const { receivedAt } = one.draft;
    events += drafts.length;
    bytes += bytesOf(one);
    if (size > 0 && (events > GROUP_EVENTS_MAX || bytes > GROUP_BYTES_MAX)) return size;
    for (const { dedupe } of drafts) {
      if (dedupe === null) continue;
      const first = keys.get(dedupe.key);
      if (first === undefined) keys.set(dedupe.key, { receivedAt, windowMs: dedupe.windowMs });
      // The first copy speaks for the others of its group; one that may be another event than it waits for the next group.
      else if (size > 0 && (first.windowMs !== dedupe.windowMs || first.receivedAt <= receivedAt - dedupe.windowMs)) return size;
    }
    size += 1;
  }
  return size;
}

function bytesOf({ kind, draft }: Pending): number {
  let bytes = draft.request.body.byteLength;
  if (kind === "split") for (const { body } of draft.items) bytes += body.byteLength;
  return bytes;
}
