// The classes of addresses, checked against node's own range matching, and every spelling of a blocked IPv4 address.
import { BlockList } from "node:net";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { classifyAddress, parseAddress, parseRange, rangeContains } from "./address.ts";
import { createAddressGuard } from "./address-guard.ts";

const BLOCKED_V4: readonly (readonly [string, number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.31.196.0", 24],
  ["192.52.193.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["192.175.48.0", 24],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
  ["168.63.129.16", 32],
];

const blockedV4 = new BlockList();
for (const [net, prefix] of BLOCKED_V4) blockedV4.addSubnet(net, prefix, "ipv4");

const anyV4 = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255)).map((parts) => parts.join("."));
const anyV6 = fc.ipV6();

/** An address inside one of the blocked ranges. */
const insideV4 = fc.tuple(fc.constantFrom(...BLOCKED_V4), fc.nat(0xffff_ffff)).map(([[net, prefix], random]) => {
  const base = (parseAddress(net) ?? new Uint8Array()).reduce((sum, byte) => sum * 256 + byte, 0);
  return base + (random % 2 ** (32 - prefix));
});

function dotted(value: number): string {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff).join(".");
}

type Notation = "decimal" | "hex" | "HEX" | "octal" | "padded";

function write(value: number, notation: Notation): string {
  switch (notation) {
    case "decimal":
      return String(value);
    case "hex":
      return `0x${value.toString(16)}`;
    case "HEX":
      return `0X00${value.toString(16).toUpperCase()}`;
    case "octal":
      return `0${value.toString(8)}`;
    case "padded":
      return `000${value.toString(8)}`;
  }
}

const notation = fc.constantFrom<Notation>("decimal", "hex", "HEX", "octal", "padded");

/** One to four parts, each in a notation of its own; the last part fills the rest, as inet_aton reads it. */
function spell(value: number, parts: number, notations: readonly Notation[]): string {
  const numbers: number[] = [];
  for (let i = 0; i < parts - 1; i++) numbers.push((value >>> (24 - 8 * i)) & 0xff);
  numbers.push(value % 2 ** (8 * (5 - parts)));
  return numbers.map((number, i) => write(number, notations[i] ?? "decimal")).join(".");
}

function disguise(host: string, kind: "plain" | "fullwidth" | "circled" | "ideographic" | "percent" | "dot"): string {
  switch (kind) {
    case "plain":
      return host;
    case "fullwidth":
      return host.replaceAll(/[0-9a-fxA-FX]/g, (letter) => String.fromCodePoint(letter.charCodeAt(0) + 0xfee0));
    case "circled":
      return host.replaceAll(/[0-9]/g, (digit) => (digit === "0" ? "⓪" : String.fromCodePoint(0x245f + Number(digit))));
    case "ideographic":
      return host.replaceAll(".", "。");
    case "percent":
      return host.replaceAll(/./g, (letter) => `%${letter.charCodeAt(0).toString(16)}`);
    case "dot":
      return `${host}.`;
  }
}

const disguised = fc.constantFrom("plain", "fullwidth", "circled", "ideographic", "percent", "dot");
const spelling = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.array(notation, { minLength: 4, maxLength: 4 }), disguised);
const guard = createAddressGuard({ allow: [], allowPlainHttp: true, localAddresses: () => [] });

/** IPv6 addresses that carry an IPv4 one inside. */
function embeddings(value: number): string[] {
  const high = (value >>> 16).toString(16);
  const low = (value & 0xffff).toString(16);
  const groups = `${high}:${low}`;
  return [
    `::ffff:${dotted(value)}`,
    `::ffff:${groups}`,
    `0:0:0:0:0:FFFF:${groups}`,
    `::${groups}`,
    `::${dotted(value)}`,
    `::ffff:0:${groups}`,
    `64:ff9b::${groups}`,
    `64:ff9b::${dotted(value)}`,
    `64:ff9b:1::${groups}`,
    `2002:${groups}::`,
    `2001:0:${groups}::1`,
  ];
}

describe("every spelling of a blocked IPv4 address", () => {
  test("is refused as a URL", () => {
    fc.assert(
      fc.property(insideV4, spelling, (value, [parts, notations, kind]) => {
        const host = disguise(spell(value, parts, notations), kind);
        expect(guard.checkUrl(`http://${host}/`), `${host} is ${dotted(value)}`).toMatchObject({ ok: false, cause: "blocked_address" });
      }),
      { numRuns: 2_000 },
    );
  });

  test("is refused inside an IPv6 address", () => {
    fc.assert(
      fc.property(fc.nat(0xffff_ffff), (value) => {
        for (const host of embeddings(value)) {
          expect(guard.checkUrl(`https://[${host}]/`), host).toMatchObject({ ok: false, cause: "blocked_address" });
          expect(classifyAddress(host), host).not.toBe("public");
        }
      }),
      { numRuns: 500 },
    );
  });

  test("is only refused because of the address: a public one passes in the same spelling", () => {
    const outside = fc.nat(0xffff_ffff).filter((value) => !blockedV4.check(dotted(value), "ipv4") && value !== 0x6464_64c8);
    fc.assert(
      fc.property(outside, spelling, (value, [parts, notations, kind]) => {
        const verdict = guard.checkUrl(`http://${disguise(spell(value, parts, notations), kind)}/`);
        expect(verdict.ok && verdict.url.hostname).toBe(dotted(value));
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("classifyAddress", () => {
  test("agrees with node's BlockList on IPv4", () => {
    fc.assert(
      fc.property(fc.oneof(anyV4, insideV4.map(dotted)), (ip) => {
        expect(classifyAddress(ip) !== "public", ip).toBe(blockedV4.check(ip, "ipv4"));
      }),
      { numRuns: 3_000 },
    );
  });

  test("calls nothing outside 2000::/3 public", () => {
    const global = new BlockList();
    global.addSubnet("2000::", 3, "ipv6");
    fc.assert(
      fc.property(anyV6, (ip) => {
        if (!global.check(ip, "ipv6")) expect(classifyAddress(ip), ip).not.toBe("public");
      }),
      { numRuns: 3_000 },
    );
  });

  test.each([
    ["8.8.8.8", "public"],
    ["1.1.1.1", "public"],
    ["2606:4700:4700::1111", "public"],
    ["2a00:1450:4001:800::200e", "public"],
    ["169.254.169.254", "metadata"],
    ["168.63.129.16", "metadata"],
    ["192.0.0.192", "metadata"],
    ["169.254.170.2", "metadata"],
    ["fd00:ec2::254", "metadata"],
    ["fd20:ce::254", "metadata"],
    ["100.100.100.200", "metadata"],
    ["169.254.1.1", "link_local"],
    ["127.0.0.1", "loopback"],
    ["::1", "loopback"],
    ["::", "unspecified"],
    ["::ffff:8.8.8.8", "translation"],
    ["fe80::1", "link_local"],
    ["fe80::1%eth0", "unparsable"],
    ["127.1", "unparsable"],
    ["0x7f000001", "unparsable"],
    ["010.0.0.1", "unparsable"],
    ["", "unparsable"],
  ])("%s is %s", (ip, expected) => {
    const verdict = classifyAddress(ip);
    expect(verdict === "public" ? verdict : verdict.blocked).toBe(expected);
  });
});

describe("parsing", () => {
  test("an IPv6 address gives the bytes that node compares", () => {
    fc.assert(
      fc.property(anyV6, (ip) => {
        const bytes = parseAddress(ip);
        expect(bytes?.length).toBe(16);
        const long = Array.from({ length: 8 }, (_, i) => (((bytes?.[2 * i] ?? 0) << 8) | (bytes?.[2 * i + 1] ?? 0)).toString(16)).join(":");
        const list = new BlockList();
        list.addAddress(ip, "ipv6");
        expect(list.check(long, "ipv6"), `${ip} against ${long}`).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  test("a range holds what node's BlockList says it holds", () => {
    fc.assert(
      fc.property(anyV4, fc.integer({ min: 1, max: 32 }), anyV4, (net, prefix, ip) => {
        const list = new BlockList();
        list.addSubnet(net, prefix, "ipv4");
        const range = parseRange(`${net}/${prefix}`);
        const bytes = parseAddress(ip);
        expect(range !== null && bytes !== null && rangeContains(range, bytes)).toBe(list.check(ip, "ipv4"));
      }),
    );
  });

  test.each(["10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8/8", "10.0.0.0/-1", "::/129", "10.0.0/8", "a/8", ""])("%s is no range", (text) => {
    expect(parseRange(text)).toBeNull();
  });
});
