// Address ranges and what is built on them: source allow-lists, trusted proxies, the true address of a caller.
import { BlockList, isIP } from "node:net";

export interface Cidr {
  family: "ipv4" | "ipv6";
  address: string;
  /** 0–32 for IPv4, 0–128 for IPv6. */
  prefix: number;
}

export type ParsedCidr = { ok: true; cidr: Cidr } | { ok: false; message: string };

const FORWARDED_CHARACTERS_MAX = 4096;
const FORWARDED_HOPS_MAX = 32;

/**
 * Reads `10.0.0.0/8`, `2001:db8::/32` or a bare address (a range of one). Bits beyond the prefix are ignored.
 * IPv4 ranges in IPv6 clothes (`::ffff:10.0.0.0/104`) come out as IPv4. Zone ids and leading zeros are refused.
 */
export function parseCidr(text: string): ParsedCidr {
  const match = /^([0-9A-Fa-f.:]{2,45})(?:\/(\d{1,3}))?$/.exec(text);
  const address = match?.[1];
  const version = address === undefined ? 0 : isIP(address);
  if (address === undefined || version === 0) {
    return { ok: false, message: `${quote(text)} is not an address range such as 192.0.2.0/24 or 2001:db8::/32.` };
  }
  const bits = version === 4 ? 32 : 128;
  const prefix = match?.[2] === undefined ? bits : Number(match[2]);
  if (prefix > bits) return { ok: false, message: `${quote(text)} has a prefix above /${bits}.` };
  if (version === 4) return { ok: true, cidr: { family: "ipv4", address, prefix } };
  const mapped = mappedIpv4(address);
  if (mapped !== undefined && prefix >= 96) {
    return { ok: true, cidr: { family: "ipv4", address: mapped, prefix: prefix - 96 } };
  }
  return { ok: true, cidr: { family: "ipv6", address, prefix } };
}

/**
 * One predicate for a list of ranges. An empty list contains no address: where it should mean "everyone", the caller
 * says so. Peers in IPv6 clothes (`::ffff:1.2.3.4`, what a dual-stack listener sees) match IPv4 ranges; what is not
 * an address matches nothing. Throws on a range that `parseCidr` refuses: those are stopped when they are saved.
 */
export function createAddressMatcher(cidrs: readonly string[]): (ip: string) => boolean {
  const list = new BlockList();
  for (const text of cidrs) {
    const parsed = parseCidr(text);
    if (!parsed.ok) throw new TypeError(parsed.message);
    list.addSubnet(parsed.cidr.address, parsed.cidr.prefix, parsed.cidr.family);
  }
  return (ip) => {
    const address = normalizeAddress(ip);
    if (address === undefined) return false;
    return list.check(address, isIP(address) === 4 ? "ipv4" : "ipv6");
  };
}

/**
 * The address a request really came from. Walks X-Forwarded-For from the right, where our own proxies write, and stops
 * at the first address that is not a trusted proxy; everything left of it is the caller's own claim. A peer that is no
 * trusted proxy is the answer itself, whatever it sent. Unreadable entries end the walk at the last address known.
 * Several header lines are joined with commas, in order.
 */
export function clientAddress(remoteAddress: string, forwardedForHeader: string | undefined, isTrusted: (ip: string) => boolean): string {
  let current = normalizeAddress(remoteAddress) ?? remoteAddress;
  if (forwardedForHeader === undefined || !isTrusted(current)) return current;
  let rest = forwardedForHeader;
  if (rest.length > FORWARDED_CHARACTERS_MAX) {
    // The right end is the part our proxies wrote; the entry that the cut went through is dropped.
    rest = rest.slice(-FORWARDED_CHARACTERS_MAX);
    rest = rest.slice(rest.indexOf(",") + 1);
  }
  const hops = rest.split(",");
  const last = Math.max(0, hops.length - FORWARDED_HOPS_MAX);
  for (let i = hops.length - 1; i >= last; i -= 1) {
    const hop = forwardedAddress(hops[i]!.trim());
    if (hop === undefined) return current;
    current = hop;
    if (!isTrusted(current)) return current;
  }
  return current;
}

/** An entry without its port and brackets: `1.2.3.4:5678`, `[2001:db8::1]:443`, `"[2001:db8::1]"`. */
function forwardedAddress(entry: string): string | undefined {
  const bare = entry.replace(/^"([^"]*)"$/, "$1");
  const bracketed = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(bare);
  if (bracketed !== null) return isIP(bracketed[1]!) === 6 ? normalizeAddress(bracketed[1]!) : undefined;
  const withPort = /^(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5}$/.exec(bare);
  return normalizeAddress(withPort?.[1] ?? bare);
}

/** An address in one spelling per family of clothes: no zone id, and IPv4 without its IPv6 prefix. */
function normalizeAddress(ip: string): string | undefined {
  const zone = ip.indexOf("%");
  const address = zone === -1 ? ip : ip.slice(0, zone);
  switch (isIP(address)) {
    case 4:
      return address;
    case 6:
      return mappedIpv4(address) ?? address;
    default:
      return undefined;
  }
}

/** The IPv4 address inside `::ffff:0:0/96`, in any spelling of it. */
function mappedIpv4(ipv6: string): string | undefined {
  const groups = ipv6Groups(ipv6);
  if (groups.slice(0, 5).some((group) => group !== 0) || groups[5] !== 0xffff) return undefined;
  const [high, low] = [groups[6]!, groups[7]!];
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
}

/** The eight 16-bit groups of an address that `isIP` has accepted. */
function ipv6Groups(ipv6: string): number[] {
  const hex = ipv6.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a: string, b: string, c: string, d: string) => {
    return `${(Number(a) * 256 + Number(b)).toString(16)}:${(Number(c) * 256 + Number(d)).toString(16)}`;
  });
  const [head = "", tail] = hex.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => "0");
  return [...left, ...zeros, ...right].map((group) => Number.parseInt(group, 16));
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 60));
}
