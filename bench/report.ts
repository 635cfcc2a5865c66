// Small arithmetic and the lines a bench prints.

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

export function ratioRow(name: string, round: number, floorPerSecond: number, posthornPerSecond: number): string {
  const ratio = (posthornPerSecond / floorPerSecond).toFixed(3);
  return `${name.padEnd(9)} round ${round + 1}  floor ${perSecond(floorPerSecond)}  posthorn ${perSecond(posthornPerSecond)}  ratio ${ratio}`;
}

function perSecond(value: number): string {
  return `${Math.round(value).toString().padStart(6)}/s`;
}

export function milliseconds(value: number): string {
  return `${value.toFixed(2)} ms`;
}

/** Lowest and highest of some rounds. */
export function range(values: readonly number[], digits = 2): string {
  return `${Math.min(...values).toFixed(digits)}–${Math.max(...values).toFixed(digits)}`;
}

/** One line of the verdict: a figure beside its target and its stretch. */
export function verdict(name: string, value: string, target: string, met: boolean): string {
  return `${met ? "met   " : "MISSED"}  ${name.padEnd(44)} ${value.padStart(12)}   target ${target}`;
}
