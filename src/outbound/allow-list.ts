// The operator's exceptions to the address guard: ranges, addresses and host names, each with an optional port.
import { type AddressRange, parseAddress, parseRange, rangeContains } from "./address.ts";

interface RangeRule {
  kind: "range";
  range: AddressRange;
  /** True for one single address: only such a rule opens a cloud metadata address. */
  single: boolean;
  port: number | null;
}

interface NameRule {
  kind: "name";
  name: string;
  port: number | null;
}

interface LoopbackRule {
  kind: "loopback";
}

export type AllowRule = RangeRule | NameRule | LoopbackRule;

const LOOPBACK_RANGES = ["127.0.0.0/8", "::1/128"].flatMap((text) => parseRange(text) ?? []);
const NAME = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/;

/** Reads `10.0.0.0/8`, `192.168.1.5`, `[::1]:8080`, `payments`, `hooks.internal:8080` or `loopback`; null when it is none of them. */
export function parseAllowRule(text: string): AllowRule | null {
  const entry = text.trim().toLowerCase();
  if (entry === "loopback") return { kind: "loopback" };
  const plain = parseRange(entry);
  if (plain !== null) return rangeRule(plain, null);
  const parts = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(entry);
  if (parts === null) return null;
  const port = parts[3] === undefined ? null : Number(parts[3]);
  if (port !== null && (port < 1 || port > 65_535)) return null;
  const host = parts[1] ?? parts[2] ?? "";
  const range = parseRange(host);
  if (range !== null) return rangeRule(range, port);
  // A name whose last label starts with a digit could be read as an address, so it is a typing mistake.
  if (parts[1] !== undefined || !NAME.test(host) || /(^|\.)[0-9][^.]*$/.test(host)) return null;
  return { kind: "name", name: host, port };
}

function rangeRule(range: AddressRange, port: number | null): RangeRule {
  return { kind: "range", range, single: range.prefixBits === range.bytes.length * 8, port };
}

export function isLoopback(bytes: Uint8Array): boolean {
  return LOOPBACK_RANGES.some((range) => rangeContains(range, bytes));
}

export function isLocalhostName(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost");
}

export interface AllowList {
  /** True when a rule names this host; `host` is lower-case and without a trailing dot. */
  allowsName(host: string, port: number): boolean;
  allowsAddress(bytes: Uint8Array, port: number): boolean;
  /** True when a rule names exactly this address, as a metadata address needs. */
  allowsSingle(bytes: Uint8Array, port: number): boolean;
  allowsLoopback: boolean;
}

function matches(rule: RangeRule, bytes: Uint8Array, port: number): boolean {
  return (rule.port === null || rule.port === port) && rangeContains(rule.range, bytes);
}

export function createAllowList(entries: readonly string[]): AllowList {
  const rules = entries.map((entry) => {
    const rule = parseAllowRule(entry);
    if (rule === null) throw new Error(`"${entry}" is not an address, a range, a host name or "loopback"`);
    return rule;
  });
  const allowsLoopback = rules.some((rule) => rule.kind === "loopback");
  const ranges = rules.filter((rule) => rule.kind === "range");
  const names = rules.filter((rule) => rule.kind === "name");

  return {
    allowsLoopback,
    allowsName(host, port) {
      if (allowsLoopback && isLocalhostName(host)) return true;
      return names.some((rule) => rule.name === host && (rule.port === null || rule.port === port));
    },
    allowsAddress(bytes, port) {
      if (allowsLoopback && isLoopback(bytes)) return true;
      return ranges.some((rule) => matches(rule, bytes, port));
    },
    allowsSingle: (bytes, port) => ranges.some((rule) => rule.single && matches(rule, bytes, port)),
  };
}

/** The host of a URL as the guard compares it: no brackets, no trailing dot. `bytes` is set for an address. */
export function readHost(hostname: string): { host: string; bytes: Uint8Array | null } {
  if (hostname.startsWith("[")) {
    const host = hostname.slice(1, -1);
    return { host, bytes: parseAddress(host) };
  }
  const host = hostname.endsWith(".") ? hostname.slice(0, -1) : hostname;
  return { host, bytes: parseAddress(host) };
}
