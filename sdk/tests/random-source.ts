// Random numbers from a seed, cheap enough for millions of requests. Not for secrets.

export interface RandomSource {
  /** A whole number from 0 up to, not including, `limit`; 0 where `limit` is 0. */
  below(limit: number): number;
  pick<Item>(items: readonly Item[]): Item;
  bytes(lengthMax: number): Buffer;
  /** Printable, or of any code units. */
  text(lengthMax: number): string;
}

/** Mulberry32: 32 bits of state, which is plenty to make inputs and far too little to keep them secret. */
export function randomSource(seed: number): RandomSource {
  let state = seed >>> 0;

  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  const below = (limit: number): number => Math.floor((next() / 2 ** 32) * limit);

  function pick<Item>(items: readonly Item[]): Item {
    if (items.length === 0) throw new Error("nothing to pick from");
    return items[below(items.length)] as Item;
  }

  function text(lengthMax: number): string {
    const [first, count] = pick([
      [0x20, 0x5f],
      [0x20, 0x5f],
      [0x30, 0x0a],
      [0x00, 0x100],
      [0x00, 0x10000],
    ] as const);
    let made = "";
    for (let left = below(lengthMax + 1); left > 0; left--) made += String.fromCharCode(first + below(count));
    return made;
  }

  return { below, pick, text, bytes: (lengthMax) => Buffer.from(Array.from({ length: below(lengthMax + 1) }, () => below(256))) };
}
