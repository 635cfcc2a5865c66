// Arbitraries for fast-check: addresses in blocked ranges, and every way of writing them into a URL.
import fc from "fast-check";

/** Ranges of IPv4 that nobody may be sent to. */
const BLOCKED_V4 = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
  "127.0.0.1/32",
  "169.254.169.254/32",
  "168.63.129.16/32",
  "100.100.100.200/32",
];

/** Leading groups of IPv6 ranges that nobody may be sent to; the rest of the address is free. */
const BLOCKED_V6 = [
  "fc00",
  "fd12:3456",
  "fd00:ec2",
  "fe80",
  "febf",
  "fec0",
  "ff02",
  "100:0:0:0",
  "100:0:0:1",
  "2001:db8",
  "3fff:0",
  "4000",
  "e000",
  "5f00",
  "1",
];

type V4 = readonly [number, number, number, number];

const blockedV4: fc.Arbitrary<V4> = fc.tuple(fc.constantFrom(...BLOCKED_V4), fc.nat({ max: 2 ** 32 - 1 })).map(([range, noise]) => {
  const [address = "", bits = "32"] = range.split("/");
  const base = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  const size = 2 ** (32 - Number(bits));
  const value = base - (base % size) + (noise % size);
  return [Math.floor(value / 2 ** 24) % 256, Math.floor(value / 2 ** 16) % 256, Math.floor(value / 256) % 256, value % 256];
});

const number = (parts: readonly number[]): number => parts.reduce((sum, part) => sum * 256 + part, 0);

/** One number of an address in decimal, octal or hex, with leading zeros where they change nothing. */
function inBase(value: number): fc.Arbitrary<string> {
  return fc.constantFrom(
    String(value),
    `0${value.toString(8)}`,
    `000${value.toString(8)}`,
    `0x${value.toString(16)}`,
    `0X${value.toString(16).toUpperCase()}`,
    `0x0000${value.toString(16)}`,
  );
}

/** 1 to 4 parts: the last one takes all the bytes that are left. */
const spelledV4: fc.Arbitrary<string> = fc
  .tuple(blockedV4, fc.constantFrom(1, 2, 3, 4))
  .chain(([bytes, parts]) => fc.tuple(...[...bytes.slice(0, parts - 1), number(bytes.slice(parts - 1))].map(inBase)))
  .chain((parts) => fc.constantFrom(parts.join("."), `${parts.join(".")}.`));

const FULL_WIDTH = (text: string): string => text.replaceAll(/[0-9a-zA-Z]/g, (c) => String.fromCharCode(c.charCodeAt(0) + 0xfee0));
const CIRCLED = (text: string): string =>
  text.replaceAll(/[1-9]/g, (c) => String.fromCharCode(0x2460 + Number(c) - 1)).replaceAll("0", "\u24ea");
const PERCENT = (text: string): string => [...Buffer.from(text, "utf8")].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");

/** Disguises that the URL standard undoes. */
function disguised(host: string): fc.Arbitrary<string> {
  return fc.constantFrom(
    host,
    FULL_WIDTH(host),
    CIRCLED(host),
    PERCENT(host),
    PERCENT(FULL_WIDTH(host)),
    host.replaceAll(".", "\u3002"),
    host.replaceAll(".", "\uff0e"),
    host.replaceAll(".", "\uff61"),
    host.replaceAll(".", "%2e"),
    `${host.slice(0, 1)}\u00ad${host.slice(1)}`,
    `${host.slice(0, 1)}\u200b${host.slice(1)}`,
    `${host.slice(0, 1)}\t${host.slice(1)}`,
    `${host.slice(0, 1)}\r\n${host.slice(1)}`,
  );
}

const hex = (high: number, low: number): string => (high * 256 + low).toString(16);

/** IPv4 inside IPv6: mapped, compatible, SIIT, NAT64 of both kinds, 6to4 and Teredo. */
function embeddings([a, b, c, d]: V4): string[] {
  const groups = `${hex(a, b)}:${hex(c, d)}`;
  const dotted = `${a}.${b}.${c}.${d}`;
  const inverted = `${hex(255 - a, 255 - b)}:${hex(255 - c, 255 - d)}`;
  const padded = groups
    .split(":")
    .map((group) => group.padStart(4, "0"))
    .join(":");
  return [
    `::ffff:${dotted}`,
    `::ffff:${groups}`,
    `0000:0000:0000:0000:0000:ffff:${padded}`,
    `0:0:0:0:0:FFFF:${dotted}`,
    `::${dotted}`,
    `::${groups}`,
    `::ffff:0:${dotted}`,
    `64:ff9b::${dotted}`,
    `64:ff9b::${groups}`,
    `64:ff9b:1::${groups}`,
    `2002:${groups}::`,
    `2002:${groups}::1`,
    `2001:0:${groups}::${inverted}`,
    `2001::${inverted}`,
  ];
}

const blockedV6: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom("::", "::1", "0:0:0:0:0:0:0:1", "fd00:ec2::254", "fd20:ce::254"),
  blockedV4.chain((bytes) => fc.constantFrom(...embeddings(bytes))),
  fc.tuple(fc.constantFrom(...BLOCKED_V6), fc.array(fc.nat({ max: 0xffff }), { minLength: 8, maxLength: 8 })).map(([prefix, noise]) => {
    const head = prefix.split(":");
    return [...head, ...noise.slice(head.length).map((group) => group.toString(16))].join(":");
  }),
);

const spelledV6: fc.Arbitrary<string> = blockedV6.chain((text) => fc.constantFrom(`[${text}]`, `[${text.toUpperCase()}]`));

const spelledName: fc.Arbitrary<string> = fc
  .constantFrom(
    "localhost",
    "LocalHost",
    "a.localhost",
    "localhost.",
    "metadata.google.internal",
    "db.internal",
    "printer.local",
    "x.home.arpa",
    "intranet",
  )
  .chain(disguised);

const spelledHost: fc.Arbitrary<string> = fc.oneof(spelledV4.chain(disguised), spelledV6, spelledName);

/** A URL that leads to a blocked address or to nothing callable, with `port` where a port is given. */
export function blockedUrl(port: number): fc.Arbitrary<string> {
  return spelledHost.chain((host) =>
    fc.constantFrom(
      `http://${host}:${port}/`,
      `https://${host}:${port}/hook?x=1`,
      `HTTP://${host}:${port}`,
      ` http://${host}:${port}/ `,
      `ht\ntp://${host}:${port}/`,
      `http:${host}:${port}/`,
      `http:/${host}:${port}/`,
      `http:////${host}:${port}/`,
      `http:\\\\${host}:${port}\\`,
      `http://${host}:${port}\\@example.com/`,
      `http://${host}:${port}#@example.com/`,
      `http://${host}:${port}?@example.com/`,
      `http://example.com@${host}:${port}/`,
      `http://example.com:80@${host}:${port}/`,
      `http://user:pass@${host}:${port}/`,
      `http://@${host}:${port}/`,
      `http://:@${host}:${port}/`,
      `http://${host}:0${port}/`,
    ),
  );
}

/** What a name server may answer: a blocked address as resolvers write it. */
export const blockedAnswer: fc.Arbitrary<string> = fc.oneof(
  blockedV4.map((bytes) => bytes.join(".")),
  blockedV6,
);
