// A binary heap of who has been served least: its members know their place, so that one can leave or pay in O(log n).

export interface Served {
  /** Service received so far, in milliseconds of slot time over the weight; the least served is first. */
  service: number;
  /** Place in the heap; -1 outside. The heap's own. */
  place: number;
  /** Breaks ties: who came first goes first. The heap's own. */
  order: number;
}

export interface ServiceHeap<T extends Served> {
  readonly size: number;
  first(): T | undefined;
  /** Does nothing for a member. */
  add(item: T): void;
  /** Does nothing for a stranger. */
  remove(item: T): void;
  /** The member's service has changed. Does nothing for a stranger. */
  changed(item: T): void;
}

/** By service, unless `key` says otherwise. */
export function createServiceHeap<T extends Served>(key: (item: T) => number = (item) => item.service): ServiceHeap<T> {
  const items: T[] = [];
  let arrivals = 0;

  const before = (a: T, b: T): boolean => key(a) < key(b) || (key(a) === key(b) && a.order < b.order);

  function put(item: T, place: number): void {
    items[place] = item;
    item.place = place;
  }

  function rise(item: T): void {
    let at = item.place;
    while (at > 0) {
      const parent = items[(at - 1) >> 1]!;
      if (!before(item, parent)) break;
      put(parent, at);
      at = (at - 1) >> 1;
    }
    put(item, at);
  }

  function sink(item: T): void {
    let at = item.place;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && before(items[child + 1]!, items[child]!)) child += 1;
      if (!before(items[child]!, item)) break;
      put(items[child]!, at);
      at = child;
    }
    put(item, at);
  }

  function changed(item: T): void {
    if (item.place < 0) return;
    rise(item);
    sink(item);
  }

  return {
    get size() {
      return items.length;
    },
    first: () => items[0],
    add(item) {
      if (item.place >= 0) return;
      arrivals += 1;
      item.order = arrivals;
      items.push(item);
      item.place = items.length - 1;
      rise(item);
    },
    remove(item) {
      const { place } = item;
      if (place < 0) return;
      const last = items.pop()!;
      item.place = -1;
      if (last === item) return;
      put(last, place);
      changed(last);
    },
    changed(item) {
      if (item.place < 0) return;
      arrivals += 1;
      // Equals take turns: who has just paid stands behind those who wait with the same bill.
      item.order = arrivals;
      changed(item);
    },
  };
}
