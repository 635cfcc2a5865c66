// Parses IP addresses to bytes and says which of them belong to the public internet.
import { isIPv4, isIPv6 } from "node:net";

/** Why an address is not public. Shown to the operator; tenants see it only for an address they typed themselves. */
export type BlockReason =
  | "unparsable"
  | "unspecified"
  | "loopback"
  | "private"
  | "link_local"
  | "shared"
  | "metadata"
  | "multicast"
  | "documentation"
  | "benchmarking"
  | "translation"
  | "reserved";

export type AddressClass = "public" | { blocked: BlockReason };

/** A block of addresses: 4 or 16 bytes and how many leading bits count. */
export interface AddressRange {
  bytes: Uint8Array;
  prefixBits: number;
}

/** 4 bytes for IPv4, 16 for IPv6, null for anything else, zone ids included. Only the dotted-decimal spelling of IPv4 is an address. */
export function parseAddress(text: string): Uint8Array | null {
  // The patterns of node:net refuse octal, hex and short forms, so there is one reading of what they accept.
  if (isIPv4(text)) return Uint8Array.from(text.split("."), Number);
  if (!isIPv6(text) || text.includes("%")) return null;
  return parseIPv6(text);
}

function parseIPv6(text: string): Uint8Array {
  const bytes = new Uint8Array(16);
  const [head = "", tail] = text.split("::");
  writeGroups(bytes, 0, head);
  if (tail !== undefined) writeGroups(bytes, 16 - groupBytes(tail), tail);
  return bytes;
}

function groupBytes(groups: string): number {
  if (groups === "") return 0;
  return groups.split(":").length * 2 + (groups.includes(".") ? 2 : 0);
}

function writeGroups(bytes: Uint8Array, start: number, groups: string): void {
  if (groups === "") return;
  let at = start;
  for (const group of groups.split(":")) {
    if (group.includes(".")) {
      for (const part of group.split(".")) bytes[at++] = Number(part);
    } else {
      const value = Number.parseInt(group, 16);
      bytes[at++] = value >> 8;
      bytes[at++] = value & 0xff;
    }
  }
}

/** Reads `10.0.0.0/8`, `fd00::/8` or a bare address, which counts as /32 or /128. */
export function parseRange(text: string): AddressRange | null {
  const [addressText = "", prefixText, ...rest] = text.split("/");
  const bytes = parseAddress(addressText);
  if (bytes === null || rest.length > 0) return null;
  if (prefixText === undefined) return { bytes, prefixBits: bytes.length * 8 };
  if (!/^\d{1,3}$/.test(prefixText) || Number(prefixText) > bytes.length * 8) return null;
  return { bytes, prefixBits: Number(prefixText) };
}

export function rangeContains(range: AddressRange, bytes: Uint8Array): boolean {
  if (range.bytes.length !== bytes.length) return false;
  const whole = range.prefixBits >> 3;
  for (let i = 0; i < whole; i++) if (range.bytes[i] !== bytes[i]) return false;
  const rest = range.prefixBits & 7;
  if (rest === 0) return true;
  const mask = (0xff << (8 - rest)) & 0xff;
  return ((range.bytes[whole] ?? 0) & mask) === ((bytes[whole] ?? 0) & mask);
}

function table(rows: readonly (readonly [string, BlockReason])[]): { range: AddressRange; reason: BlockReason }[] {
  return rows.map(([text, reason]) => {
    const range = parseRange(text);
    if (range === null) throw new Error(`${text} is not an address range`);
    return { range, reason };
  });
}

// Addresses where a cloud hands credentials to whoever asks. First match wins, so they stand before the ranges that hold them.
const METADATA = table([
  ["169.254.169.254", "metadata"], // AWS, GCP, Azure, OpenStack, DigitalOcean, Hetzner
  ["169.254.169.253", "metadata"], // AWS resolver
  ["169.254.170.2", "metadata"], // ECS task credentials
  ["169.254.170.23", "metadata"], // EKS pod identity
  ["169.254.0.23", "metadata"], // Tencent
  ["169.254.42.42", "metadata"], // Scaleway
  ["168.63.129.16", "metadata"], // Azure WireServer: a public address by every registry
  ["100.100.100.200", "metadata"], // Alibaba
  ["192.0.0.192", "metadata"], // Oracle classic
  ["fd00:ec2::254", "metadata"], // AWS
  ["fd00:ec2::253", "metadata"], // AWS resolver
  ["fd00:ec2::23", "metadata"], // EKS pod identity
  ["fd20:ce::254", "metadata"], // GCP
  ["fd00:42::42", "metadata"], // Scaleway
]);

// The IANA IPv4 special-purpose registry, whole: also the rows it calls globally reachable, because no receiver lives there.
const SPECIAL_V4 = table([
  ["0.0.0.0/8", "unspecified"], // Linux connects 0.0.0.0 to loopback
  ["10.0.0.0/8", "private"],
  ["100.64.0.0/10", "shared"],
  ["127.0.0.0/8", "loopback"],
  ["169.254.0.0/16", "link_local"],
  ["172.16.0.0/12", "private"],
  ["192.0.0.0/24", "reserved"],
  ["192.0.2.0/24", "documentation"],
  ["192.31.196.0/24", "reserved"],
  ["192.52.193.0/24", "reserved"],
  ["192.88.99.0/24", "translation"],
  ["192.168.0.0/16", "private"],
  ["192.175.48.0/24", "reserved"],
  ["198.18.0.0/15", "benchmarking"],
  ["198.51.100.0/24", "documentation"],
  ["203.0.113.0/24", "documentation"],
  ["224.0.0.0/4", "multicast"],
  ["240.0.0.0/4", "reserved"],
]);

// IPv6 is an allow-list: 2000::/3 less its special rows. The rest of this table only names the reason.
const GLOBAL_UNICAST_V6: AddressRange = { bytes: Uint8Array.of(0x20, ...new Uint8Array(15)), prefixBits: 3 };
const SPECIAL_V6 = table([
  ["::/128", "unspecified"],
  ["::1/128", "loopback"],
  ["::/96", "translation"], // IPv4-compatible: `[::127.0.0.1]` is rewritten to `[::7f00:1]`
  ["::ffff:0:0/96", "translation"], // IPv4-mapped
  ["::ffff:0:0:0/96", "translation"], // SIIT
  ["64:ff9b::/96", "translation"], // NAT64
  ["64:ff9b:1::/48", "translation"], // local NAT64, RFC 8215
  ["100::/64", "reserved"], // discard only
  ["100:0:0:1::/64", "reserved"], // dummy prefix
  ["2001::/32", "translation"], // Teredo
  ["2001:2::/48", "benchmarking"],
  ["2001::/23", "reserved"], // all IETF protocol assignments
  ["2001:db8::/32", "documentation"],
  ["2002::/16", "translation"], // 6to4
  ["2620:4f:8000::/48", "reserved"],
  ["3fff::/20", "documentation"],
  ["fc00::/7", "private"],
  ["fe80::/10", "link_local"],
  ["fec0::/10", "private"], // the old site-local
  ["ff00::/8", "multicast"],
]);

export function classifyBytes(bytes: Uint8Array): AddressClass {
  for (const row of METADATA) if (rangeContains(row.range, bytes)) return { blocked: row.reason };
  const special = bytes.length === 4 ? SPECIAL_V4 : SPECIAL_V6;
  for (const row of special) if (rangeContains(row.range, bytes)) return { blocked: row.reason };
  if (bytes.length === 16 && !rangeContains(GLOBAL_UNICAST_V6, bytes)) return { blocked: "reserved" };
  return "public";
}

export function classifyAddress(ip: string): AddressClass {
  const bytes = parseAddress(ip);
  return bytes === null ? { blocked: "unparsable" } : classifyBytes(bytes);
}
