// Transports around another one: one whose process can die, and one that the test clock waits for.
import type { Transport } from "../../src/outbound/transport.ts";
import type { TestClock } from "./clock.ts";
import type { WatchedStore } from "./store.ts";

/** A process that died sends nothing any more, and hears nothing of what it sent. */
export function mortal(transport: Transport, life: WatchedStore): Transport {
  const silence = new Promise<never>(() => undefined);
  return {
    checkUrl: (url) => transport.checkUrl(url),
    close: () => transport.close(),
    async exchange(request, signal) {
      if (life.isDead) return silence;
      const exchange = await transport.exchange(request, signal);
      return life.isDead ? silence : exchange;
    },
  };
}

/** Settle waits for what is under way on real sockets. */
export function counted(transport: Transport, clock: TestClock): Transport {
  let inFlight = 0;
  clock.watch(() => inFlight > 0);
  return {
    checkUrl: (url) => transport.checkUrl(url),
    close: () => transport.close(),
    async exchange(request, signal) {
      inFlight += 1;
      try {
        return await transport.exchange(request, signal);
      } finally {
        inFlight -= 1;
      }
    },
  };
}
