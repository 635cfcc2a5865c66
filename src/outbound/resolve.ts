// Name lookup: every A and AAAA record, without a thread that a dead name server could hold.
import { promises as dns } from "node:dns";

/** All addresses of a host name. Rejects when there is none. */
export type Resolver = (host: string) => Promise<string[]>;

const QUERY_TIMEOUT_MS = 2_000;
const QUERY_TRIES = 2;

/**
 * Asks DNS itself. `dns.lookup` would run getaddrinfo on one of the four threads that the file system and zlib share,
 * where four destinations with a dead name server stop everybody.
 */
export function createDnsResolver(options: { servers?: readonly string[] } = {}): Resolver {
  const resolver = new dns.Resolver({ timeout: QUERY_TIMEOUT_MS, tries: QUERY_TRIES });
  if (options.servers !== undefined) resolver.setServers(options.servers);
  return async (host) => {
    const [v4, v6] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
    const addresses = [...(v4.status === "fulfilled" ? v4.value : []), ...(v6.status === "fulfilled" ? v6.value : [])];
    if (addresses.length === 0 && v4.status === "rejected") throw v4.reason;
    return addresses;
  };
}

/** For hosts the operator listed by name: knows the hosts file, search domains and container names. */
export const systemResolver: Resolver = async (host) => {
  const answers = await dns.lookup(host, { all: true });
  return answers.map((answer) => answer.address);
};
