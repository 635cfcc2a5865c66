// Address ranges, and who a request came from behind proxies.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clientAddress, createAddressMatcher, parseCidr } from "./cidr.ts";

describe("parseCidr", () => {
  it.each([
    ["10.0.0.0/8", { family: "ipv4", address: "10.0.0.0", prefix: 8 }],
    ["192.0.2.7", { family: "ipv4", address: "192.0.2.7", prefix: 32 }],
    ["2001:db8::/32", { family: "ipv6", address: "2001:db8::", prefix: 32 }],
    ["::1", { family: "ipv6", address: "::1", prefix: 128 }],
    ["::ffff:10.0.0.0/104", { family: "ipv4", address: "10.0.0.0", prefix: 8 }],
    ["::ffff:a00:1", { family: "ipv4", address: "10.0.0.1", prefix: 32 }],
  ])("%s", (text, cidr) => {
    expect(parseCidr(text)).toEqual({ ok: true, cidr });
  });

  it.each([
    "",
    "10.0.0.0/33",
    "::/129",
    "10.0.0/8",
    "010.0.0.1",
    "10.0.0.1/",
    "10.0.0.1/-1",
    "10.0.0.1/ 8",
    "fe80::1%eth0",
    "example.com",
    " 10.0.0.1",
    "1.2.3.4/8/8",
  ])("refuses %j", (text) => {
    expect(parseCidr(text)).toMatchObject({ ok: false });
  });
});

describe("createAddressMatcher", () => {
  const matches = createAddressMatcher(["10.0.0.0/8", "192.0.2.7", "2001:db8::/32"]);

  it.each([
    "10.1.2.3",
    "192.0.2.7",
    "::ffff:10.1.2.3",
    "::ffff:a01:203",
    "0:0:0:0:0:FFFF:10.1.2.3",
    "2001:db8::1",
    "2001:0db8:0:0::1%eth0",
  ])("%s is inside", (ip) => {
    expect(matches(ip)).toBe(true);
  });

  it.each(["11.0.0.1", "192.0.2.8", "::10.1.2.3", "2001:db9::1", "", "10.1.2", "localhost"])("%s is outside", (ip) => {
    expect(matches(ip)).toBe(false);
  });

  it("holds nobody when empty, all of a family at /0, and throws on what was never valid", () => {
    expect(createAddressMatcher([])("10.0.0.1")).toBe(false);
    expect(createAddressMatcher(["0.0.0.0/0"])("::ffff:9.9.9.9")).toBe(true);
    expect(createAddressMatcher(["0.0.0.0/0"])("2001:db8::1")).toBe(false);
    expect(() => createAddressMatcher(["nonsense"])).toThrow("nonsense");
  });

  it("agrees with arithmetic on IPv4", () => {
    const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
    const dotted = (n: number) => [24, 16, 8, 0].map((shift) => (n >>> shift) & 255).join(".");
    fc.assert(
      fc.property(uint32, fc.integer({ min: 0, max: 32 }), uint32, fc.boolean(), (base, prefix, other, near) => {
        const ip = near ? (base ^ (other >>> prefix)) >>> 0 : other;
        const mask = prefix === 0 ? 0 : (-1 << (32 - prefix)) >>> 0;
        const expected = ((base ^ ip) & mask) === 0;
        const matcher = createAddressMatcher([`${dotted(base)}/${prefix}`]);
        expect(matcher(dotted(ip))).toBe(expected);
        expect(matcher(`::ffff:${dotted(ip)}`)).toBe(expected);
      }),
    );
  });
});

describe("clientAddress", () => {
  const trusted = createAddressMatcher(["10.0.0.0/8", "2001:db8::/32"]);

  it.each([
    ["203.0.113.9", "1.1.1.1", "203.0.113.9"],
    ["10.0.0.1", undefined, "10.0.0.1"],
    ["10.0.0.1", "", "10.0.0.1"],
    ["10.0.0.1", "198.51.100.1", "198.51.100.1"],
    ["::ffff:10.0.0.1", "198.51.100.1, 10.0.0.2", "198.51.100.1"],
    ["10.0.0.1", "6.6.6.6, 198.51.100.1 ,10.0.0.2", "198.51.100.1"],
    ["10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"],
    ["10.0.0.1", "198.51.100.1:4711", "198.51.100.1"],
    ["10.0.0.1", "[2606:4700::1]:443, [2001:db8::7]", "2606:4700::1"],
    ["10.0.0.1", '"[2606:4700::1]:443"', "2606:4700::1"],
    ["10.0.0.1", "6.6.6.6, unknown, 10.0.0.2", "10.0.0.2"],
    ["10.0.0.1", "6.6.6.6, [1.2.3.4]", "10.0.0.1"],
    ["::ffff:203.0.113.9", undefined, "203.0.113.9"],
    ["2001:db8::1", "::ffff:198.51.100.1", "198.51.100.1"],
  ])("%s with %j is %s", (peer, header, expected) => {
    expect(clientAddress(peer, header, trusted)).toBe(expected);
  });

  it("bounds what it reads of the header, and cuts at the caller's end", () => {
    expect(clientAddress("10.0.0.1", `${"6.6.6.6,".repeat(2000)}198.51.100.1`, trusted)).toBe("198.51.100.1");
    expect(clientAddress("10.0.0.1", `6.6.6.6,${"10.0.0.2,".repeat(40)}10.0.0.3`, trusted)).toBe("10.0.0.2");
    expect(clientAddress("10.0.0.1", "1".repeat(100_000), trusted)).toBe("10.0.0.1");
  });

  it("never believes a peer that is no proxy", () => {
    fc.assert(
      fc.property(fc.string(), (header) => {
        expect(clientAddress("203.0.113.9", header, trusted)).toBe("203.0.113.9");
      }),
    );
  });
});
