// Waiting for a state of processes elsewhere: looks again and again until it is there, or its deadline has passed.
import { setTimeout as pause } from "node:timers/promises";

const LOOK_MS = 50;

/** Whether it came about. A look that throws has not found it. */
export async function until(deadlineMs: number, isThere: () => Promise<boolean> | boolean): Promise<boolean> {
  const giveUpAt = performance.now() + deadlineMs;
  for (;;) {
    if (await look(isThere)) return true;
    if (performance.now() >= giveUpAt) return false;
    await pause(LOOK_MS);
  }
}

async function look(isThere: () => Promise<boolean> | boolean): Promise<boolean> {
  try {
    return await isThere();
  } catch {
    return false;
  }
}
