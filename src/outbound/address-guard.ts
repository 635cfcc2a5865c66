// Decides which URLs and addresses Posthorn may call; the same rules at save, at every attempt and in every side door.
import { networkInterfaces } from "node:os";
import { type BlockReason, classifyBytes, parseAddress } from "./address.ts";
import { type AllowList, createAllowList, isLocalhostName, isLoopback, readHost } from "./allow-list.ts";
import type { UrlVerdict } from "./transport.ts";

export interface AddressGuardOptions {
  /** The operator's exceptions: ranges, addresses, host names, `loopback`. A tenant can never set them. */
  allow: readonly string[];
  allowPlainHttp: boolean;
  /** Ports Posthorn listens on: never called on this machine's own addresses, so that no event feeds itself. */
  ownPorts?: () => readonly number[];
  /** How the world reaches this server: what is posted to its ingest under that name comes back to it. */
  publicUrl?: string | null;
  /** Addresses of this machine's network interfaces; asked at every connect because they change. */
  localAddresses?: () => readonly string[];
}

export type AddressVerdict = { ok: true } | { ok: false; reason: BlockReason | "own_address"; message: string };

export interface AddressGuard {
  checkUrl(url: string): UrlVerdict;
  /** Judges an address a name resolved to, or a socket got connected to. The message never contains the address. */
  checkAddress(ip: string, host: string, port: number): AddressVerdict;
  /** True for a host the operator listed by name: such a name may come from the hosts file and search domains. */
  isTrustedName(host: string, port: number): boolean;
}

const URL_LENGTH_MAX = 4_096;

// Services that take a line of HTTP as a command, or that nobody serves webhooks on.
const DENIED_PORTS = new Set([
  19, 22, 23, 25, 53, 69, 110, 111, 119, 135, 137, 139, 143, 161, 389, 445, 465, 514, 587, 636, 873, 993, 995, 1433, 1521, 2049, 2375, 2376,
  2379, 2380, 3306, 3389, 4369, 5432, 5672, 5900, 5984, 6000, 6379, 6380, 6667, 8500, 9042, 9092, 9200, 9300, 10250, 10255, 11211, 15672,
  27017, 27018, 27019,
]);

// Names that only ever mean something inside somebody's network.
const PRIVATE_SUFFIXES = [
  "localhost",
  "localdomain",
  "local",
  "internal",
  "intranet",
  "private",
  "lan",
  "home",
  "corp",
  "home.arpa",
  "onion",
];

const RESOLVED_MESSAGE =
  "The host name points at an address that may not be called. Use a host on the public internet, or ask the operator to allow this one.";
const OWN_MESSAGE = "This destination points back at Posthorn itself, which would deliver its own events in a circle.";

const REASON_WORDS: Record<BlockReason, string> = {
  unparsable: "an address that cannot be read",
  unspecified: "the unspecified address of this machine",
  loopback: "a loopback address",
  private: "a private address",
  link_local: "a link-local address",
  shared: "an address shared inside a carrier's network",
  metadata: "a cloud metadata address",
  multicast: "a multicast address",
  documentation: "an address reserved for documentation",
  benchmarking: "an address reserved for benchmarks",
  translation: "an IPv6 address that embeds an IPv4 one",
  reserved: "a reserved address",
};

function invalid(message: string): UrlVerdict {
  return { ok: false, cause: "invalid_url", message };
}

function blocked(message: string): UrlVerdict {
  return { ok: false, cause: "blocked_address", message };
}

function interfaceAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map((entry) => entry.address));
}

/** The port a URL means: URL leaves the default ports out. */
export function portOf(url: URL): number {
  if (url.port !== "") return Number(url.port);
  return url.protocol === "https:" ? 443 : 80;
}

type Parsed = { ok: true; url: URL } | { ok: false; message: string };

function parseUrl(text: string): Parsed {
  if (text.length > URL_LENGTH_MAX) return { ok: false, message: `The URL is longer than ${URL_LENGTH_MAX} characters.` };
  // URL.parse answers null where `new URL` throws; it strips tabs and newlines and rewrites every spelling of an address.
  const url = URL.parse(text);
  if (url === null) return { ok: false, message: "This is not a URL. Write it as https://host/path." };
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    return { ok: false, message: "Only https:// URLs can be called." };
  }
  if (url.username !== "" || url.password !== "") {
    return { ok: false, message: "The URL contains a user name or password. Send credentials in a header instead." };
  }
  if (url.port === "0") return { ok: false, message: "Port 0 cannot be called." };
  url.hash = "";
  return { ok: true, url };
}

function isHostName(host: string): boolean {
  return host.length <= 253 && host.split(".").every((label) => label !== "" && label.length <= 63);
}

function isPrivateName(host: string): boolean {
  return !host.includes(".") || host === "home.arpa" || PRIVATE_SUFFIXES.some((suffix) => host.endsWith(`.${suffix}`));
}

/** Host, port and path of a URL, to compare by. */
function ingestText(url: URL): string {
  return `${readHost(url.hostname).host}:${portOf(url)}${url.pathname}`;
}

function ingestPrefix(publicUrl: string): string {
  return ingestText(new URL(`${publicUrl.replace(/\/+$/, "")}/in/`));
}

/** The IPv4 address that a mapped or compatible IPv6 one carries in its last four bytes, which the kernel dials as that. */
function embeddedV4(bytes: Uint8Array): Uint8Array | null {
  if (bytes.length !== 16 || bytes.subarray(0, 10).some((byte) => byte !== 0)) return null;
  const marker = ((bytes[10] ?? 0) << 8) | (bytes[11] ?? 0);
  return marker === 0 || marker === 0xffff ? bytes.subarray(12) : null;
}

export function createAddressGuard(options: AddressGuardOptions): AddressGuard {
  return new ListedAddressGuard(options);
}

class ListedAddressGuard implements AddressGuard {
  readonly #allow: AllowList;
  readonly #allowPlainHttp: boolean;
  readonly #ownPorts: () => readonly number[];
  readonly #localAddresses: () => readonly string[];
  readonly #publicIngest: string | null;

  constructor(options: AddressGuardOptions) {
    this.#allow = createAllowList(options.allow);
    this.#allowPlainHttp = options.allowPlainHttp;
    this.#ownPorts = options.ownPorts ?? (() => []);
    this.#localAddresses = options.localAddresses ?? interfaceAddresses;
    const publicUrl = options.publicUrl ?? null;
    this.#publicIngest = publicUrl === null ? null : ingestPrefix(publicUrl);
  }

  checkUrl(text: string): UrlVerdict {
    const parsed = parseUrl(text);
    if (!parsed.ok) return invalid(parsed.message);
    if (this.#publicIngest !== null && ingestText(parsed.url).startsWith(this.#publicIngest)) return blocked(OWN_MESSAGE);
    const port = portOf(parsed.url);
    const { host, bytes } = readHost(parsed.url.hostname);
    return bytes === null ? this.#checkName(parsed.url, host, port) : this.#checkLiteral(parsed.url, bytes, port);
  }

  checkAddress(ip: string, host: string, port: number): AddressVerdict {
    const bytes = parseAddress(ip);
    if (bytes === null) return { ok: false, reason: "unparsable", message: RESOLVED_MESSAGE };
    const reason = this.#refusal(bytes, port, this.isTrustedName(host, port));
    if (reason === null) return { ok: true };
    return { ok: false, reason, message: reason === "own_address" ? OWN_MESSAGE : RESOLVED_MESSAGE };
  }

  isTrustedName(host: string, port: number): boolean {
    return this.#allow.allowsName(readHost(host).host, port);
  }

  #checkLiteral(url: URL, bytes: Uint8Array, port: number): UrlVerdict {
    const reason = this.#refusal(bytes, port, false);
    if (reason === "own_address") return blocked(OWN_MESSAGE);
    if (reason !== null) return blocked(`The URL names ${REASON_WORDS[reason]}, which may not be called.`);
    return this.#checkPort(url, port, this.#allow.allowsAddress(bytes, port), isLoopback(bytes));
  }

  #checkName(url: URL, host: string, port: number): UrlVerdict {
    if (!isHostName(host)) return invalid("The host name is not valid.");
    const trusted = this.#allow.allowsName(host, port);
    if (!trusted && isPrivateName(host)) {
      return blocked("The host name only exists inside a private network. Use a host on the public internet.");
    }
    if (isLocalhostName(host) && this.#ownPorts().includes(port)) return blocked(OWN_MESSAGE);
    return this.#checkPort(url, port, trusted, isLocalhostName(host));
  }

  /** The denied ports hold for public hosts only: what the operator listed may listen where it likes. */
  #checkPort(url: URL, port: number, listed: boolean, local: boolean): UrlVerdict {
    if (!listed && DENIED_PORTS.has(port)) {
      return invalid(`Port ${port} belongs to another kind of service and cannot be called.`);
    }
    // Plain http to this very machine crosses no network, so allowing loopback is enough.
    if (url.protocol === "http:" && !this.#allowPlainHttp && !(local && this.#allow.allowsLoopback)) {
      return invalid("Plain http is not allowed here. Use https.");
    }
    return { ok: true, url };
  }

  /** Null when the address may be called. `trusted` is set when the operator listed the host by name. */
  #refusal(bytes: Uint8Array, port: number, trusted: boolean): BlockReason | "own_address" | null {
    const own = isLoopback(bytes) || this.#isOwnInterface(bytes);
    if ((own || this.#reachesOwn(bytes)) && this.#ownPorts().includes(port)) return "own_address";
    const verdict = classifyBytes(bytes);
    // A range or a name never opens a metadata address: one mistake there gives away the machine's credentials.
    if (verdict !== "public" && verdict.blocked === "metadata") {
      return this.#allow.allowsSingle(bytes, port) ? null : "metadata";
    }
    if (trusted || this.#allow.allowsAddress(bytes, port)) return null;
    if (verdict !== "public") return verdict.blocked;
    return own ? "own_address" : null;
  }

  /** Other spellings of this machine: the unspecified address, and an IPv4 address of ours inside an IPv6 one. */
  #reachesOwn(bytes: Uint8Array): boolean {
    if (bytes.every((byte) => byte === 0)) return true;
    const inner = embeddedV4(bytes);
    return inner !== null && (isLoopback(inner) || inner.every((byte) => byte === 0) || this.#isOwnInterface(inner));
  }

  #isOwnInterface(bytes: Uint8Array): boolean {
    return this.#localAddresses().some((text) => {
      const local = parseAddress(text);
      return local !== null && local.length === bytes.length && local.every((byte, i) => byte === bytes[i]);
    });
  }
}
