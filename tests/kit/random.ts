// Randomness that a seed repeats: for ids and jitter of a test, and for the choices of a simulation.
import type { Random } from "../../src/system/random.ts";

export interface SeededRandom extends Random {
  /** A whole number from 0 up to, not including, `below`. */
  int(below: number): number;
  pick<T>(items: readonly T[]): T;
  chance(probability: number): boolean;
  /** An independent stream for one purpose: its numbers do not depend on how often others were drawn. */
  derive(label: string): SeededRandom;
}

export function seededRandom(seed: number | string): SeededRandom {
  const name = String(seed);
  let state = hashText(name);

  // mulberry32: 32 bits of state, full period, and good enough to explore with.
  function next(): number {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  const float = () => next() / 2 ** 32;
  const int = (below: number) => Math.floor(float() * below);
  return {
    fill(target) {
      for (let i = 0; i < target.length; i += 1) target[i] = next() >>> 24;
      return target;
    },
    float,
    int,
    pick: (items) => items[int(items.length)]!,
    chance: (probability) => float() < probability,
    derive: (label) => seededRandom(`${name}/${label}`),
  };
}

/** FNV-1a, so that seeds may be texts. */
function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
