// The only door to randomness, so that simulations can be replayed from a seed.
import { randomFillSync } from "node:crypto";

export interface Random {
  /** Fills and returns `target` with random bytes. */
  fill(target: Uint8Array): Uint8Array;
  /** A float in [0, 1). Not for secrets: ids, tokens and keys use `fill`. */
  float(): number;
}

export const systemRandom: Random = {
  fill: (target) => randomFillSync(target),
  float: () => Math.random(),
};
