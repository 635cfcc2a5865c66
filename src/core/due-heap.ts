// A binary heap of "who is due when": one timer serves every destination, and finding the next is O(log n).

export interface DueHeap<T> {
  readonly size: number;
  push(dueAt: number, item: T): void;
  /** When the earliest item is due; null when empty. */
  earliest(): number | null;
  /** Takes the earliest item that is due at `now`; undefined when none is. */
  popDue(now: number): T | undefined;
}

interface Entry<T> {
  dueAt: number;
  item: T;
}

export function createDueHeap<T>(): DueHeap<T> {
  const entries: Entry<T>[] = [];

  function rise(index: number): void {
    const entry = entries[index]!;
    let at = index;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (entries[parent]!.dueAt <= entry.dueAt) break;
      entries[at] = entries[parent]!;
      at = parent;
    }
    entries[at] = entry;
  }

  function sink(): void {
    const entry = entries[0]!;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= entries.length) break;
      if (child + 1 < entries.length && entries[child + 1]!.dueAt < entries[child]!.dueAt) child += 1;
      if (entries[child]!.dueAt >= entry.dueAt) break;
      entries[at] = entries[child]!;
      at = child;
    }
    entries[at] = entry;
  }

  return {
    get size() {
      return entries.length;
    },
    push(dueAt, item) {
      entries.push({ dueAt, item });
      rise(entries.length - 1);
    },
    earliest: () => entries[0]?.dueAt ?? null,
    popDue(now) {
      const first = entries[0];
      if (first === undefined || first.dueAt > now) return undefined;
      const last = entries.pop()!;
      if (entries.length > 0) {
        entries[0] = last;
        sink();
      }
      return first.item;
    },
  };
}
