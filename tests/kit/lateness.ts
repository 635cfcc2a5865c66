// How late this process ran while something was awaited: a busy machine's part in a time that was measured here.

const TICK_MS = 5;
// Timers of an idle machine are this late at most.
const USUAL_MS = 2;

export interface Timed<T> {
  result: T;
  /** Time that the event loop was held up or not given the processor, in milliseconds. */
  lateMs: number;
}

/** Awaits it beside a timer of 5 ms, and adds up by how much that one came late. */
export async function withLateness<T>(work: Promise<T>): Promise<Timed<T>> {
  let lateMs = 0;
  let due = performance.now() + TICK_MS;
  const look = () => {
    const now = performance.now();
    if (now - due > USUAL_MS) lateMs += now - due;
    due = now + TICK_MS;
  };
  const ticking = setInterval(look, TICK_MS);
  try {
    const result = await work;
    // What held up the answer itself has not been seen by a tick yet.
    look();
    return { result, lateMs };
  } finally {
    clearInterval(ticking);
  }
}
