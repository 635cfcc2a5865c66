// What stands between a process and the world while the process is stopped: timers that do not fire, answers that do not arrive.
import type { Clock } from "../../src/system/clock.ts";

export interface Gate {
  readonly isClosed: boolean;
  close(): void;
  /** Everything held back happens now; timers that fell due come first unless told otherwise. */
  open(first?: "timers" | "answers"): void;
  /** A clock whose timers wait while the gate is closed. */
  clock(inner: Clock): Clock;
  /** An object whose promises wait while the gate is closed. */
  wrap<T extends object>(target: T): T;
}

export function createGate(): Gate {
  let timers: (() => void)[] = [];
  let answers: (() => void)[] = [];
  let closed = false;

  async function passed(): Promise<void> {
    while (closed) await new Promise<void>((resolve) => answers.push(resolve));
  }

  async function through(call: () => unknown): Promise<unknown> {
    await passed();
    try {
      return await call();
    } finally {
      await passed();
    }
  }

  return {
    get isClosed() {
      return closed;
    },
    close() {
      closed = true;
    },
    open(first = "timers") {
      closed = false;
      const held = first === "timers" ? [...timers, ...answers] : [...answers, ...timers];
      [timers, answers] = [[], []];
      for (const go of held) go();
    },
    clock: (inner) => ({
      now: inner.now,
      after(delayMs, callback, options) {
        let cancelled = false;
        const fire = () => {
          if (cancelled) return;
          if (closed) timers.push(fire);
          else callback();
        };
        const timer = inner.after(delayMs, fire, options);
        return {
          cancel() {
            cancelled = true;
            timer.cancel();
          },
        };
      },
    }),
    wrap<T extends object>(target: T): T {
      const wrapped: Record<string, unknown> = {};
      for (const [name, value] of Object.entries(target)) {
        const isCall = typeof value === "function" && name !== "checkUrl";
        wrapped[name] = isCall ? (...args: unknown[]) => through(() => (value as (...args: unknown[]) => unknown)(...args)) : value;
      }
      return wrapped as T;
    },
  };
}
