// Which of the known names somebody may have meant.

const SUGGESTIONS_MAX = 3;

/** The nearest first: those that contain the word or are contained in it, then those a few letters away. Empty when nothing is near. */
export function closestNames(word: string, names: readonly string[]): string[] {
  const wanted = word.toLowerCase();
  const scored = names.flatMap((name) => {
    const known = name.toLowerCase();
    const contains = wanted.length >= 3 && (known.includes(wanted) || (known.length >= 3 && wanted.includes(known)));
    const distance = editDistance(wanted, known);
    // A third of the letters may be wrong, and one in a short word.
    return contains || distance <= Math.max(1, Math.floor(known.length / 3)) ? [{ name, score: contains ? 0 : distance }] : [];
  });
  return scored
    .toSorted((a, b) => a.score - b.score || (a.name < b.name ? -1 : 1))
    .slice(0, SUGGESTIONS_MAX)
    .map(({ name }) => name);
}

/** The known name closest to a mistyped one; null when none is close. */
export function closestName(given: string, known: readonly string[]): string | null {
  let best: string | null = null;
  let bestDistance = Math.max(2, Math.floor(given.length / 4)) + 1;
  for (const candidate of known) {
    const distance = editDistance(given, candidate);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** Letters to insert, remove, change, or swap with their neighbour. */
function editDistance(from: string, to: string): number {
  let before: number[] = [];
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const same = from[i - 1] === to[j - 1];
      let least = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]) least = Math.min(least, (before[j - 2] ?? 0) + 1);
      next.push(least);
    }
    before = row;
    row = next;
  }
  return row[to.length] ?? 0;
}
