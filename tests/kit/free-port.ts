// A port to listen on that stays free while its listener is down for a moment.
import { randomInt } from "node:crypto";

/** Below the ports that Linux (32768) and macOS (49152) give to outgoing connections, one of which might sit on it meanwhile. */
const PORTS = [20_000, 32_000] as const;
const TRIES_MAX = 20;

/** Tries ports until `listen` says that one was free, and answers it. */
export async function listenOnFreePort(listen: (port: number) => Promise<boolean>): Promise<number> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const port = randomInt(...PORTS);
    if (await listen(port)) return port;
  }
  throw new Error(`${TRIES_MAX} ports of loopback were all taken.`);
}
