// What the operator's exceptions open, and what they never open.
import { describe, expect, test } from "vitest";
import { type AddressGuard, createAddressGuard } from "./address-guard.ts";
import { parseAllowRule } from "./allow-list.ts";

function guardOf(allow: string[], more: Partial<Parameters<typeof createAddressGuard>[0]> = {}): AddressGuard {
  return createAddressGuard({ allow, allowPlainHttp: true, localAddresses: () => [], ...more });
}

function allows(guard: AddressGuard, url: string): boolean {
  return guard.checkUrl(url).ok;
}

describe("a range", () => {
  const guard = guardOf(["10.0.0.0/8", "fd12::/16"]);
  test("opens its addresses and no others", () => {
    expect(allows(guard, "http://10.1.2.3/")).toBe(true);
    expect(allows(guard, "http://[fd12::7]/")).toBe(true);
    expect(allows(guard, "http://11.0.0.1:6379/")).toBe(false);
    expect(allows(guard, "http://172.16.0.1/")).toBe(false);
    expect(allows(guard, "http://[::ffff:10.1.2.3]/")).toBe(false);
  });
  test("opens every port of its addresses", () => expect(allows(guard, "http://10.1.2.3:9200/")).toBe(true));
  test("opens names that resolve into it", () => {
    expect(guard.checkAddress("10.9.9.9", "hooks.example.com", 443).ok).toBe(true);
    expect(guard.checkAddress("192.168.0.1", "hooks.example.com", 443).ok).toBe(false);
  });
  test("does not open names that only mean something inside", () => expect(allows(guard, "http://payments:8080/")).toBe(false));
});

describe("a host name", () => {
  const guard = guardOf(["payments", "hooks.corp.internal:8443"]);
  test("opens the name and whatever it resolves to", () => {
    expect(allows(guard, "http://payments:8080/")).toBe(true);
    expect(allows(guard, "http://PAYMENTS.:8080/")).toBe(true);
    expect(guard.checkAddress("172.18.0.4", "payments", 8080).ok).toBe(true);
    expect(guard.isTrustedName("payments.", 1)).toBe(true);
  });
  test("with a port opens that port only", () => {
    expect(allows(guard, "https://hooks.corp.internal:8443/")).toBe(true);
    expect(allows(guard, "https://hooks.corp.internal/")).toBe(false);
    expect(guard.checkAddress("10.0.0.1", "hooks.corp.internal", 443).ok).toBe(false);
  });
  test("opens neither other names nor the address by itself", () => {
    expect(allows(guard, "http://billing/")).toBe(false);
    expect(allows(guard, "http://172.18.0.4:8080/")).toBe(false);
    expect(allows(guard, "http://payments.example.com:6379/")).toBe(false);
  });
  test("never opens a metadata address", () => {
    expect(guard.checkAddress("169.254.169.254", "payments", 80)).toMatchObject({ ok: false, reason: "metadata" });
  });
});

describe("a metadata address", () => {
  test.each([["169.254.0.0/16"], ["0.0.0.0/0"], ["169.254.169.254/31"], ["metadata.google.internal"]])("stays closed under %s", (entry) => {
    const guard = guardOf([entry]);
    expect(allows(guard, "http://169.254.169.254/")).toBe(false);
    expect(guard.checkAddress("169.254.169.254", "metadata.google.internal", 80).ok).toBe(false);
  });
  test.each([["169.254.169.254"], ["169.254.169.254/32"], ["169.254.169.254:80"]])("opens by %s", (entry) => {
    expect(allows(guardOf([entry]), "http://169.254.169.254/")).toBe(true);
  });
  test("leaves the rest of a listed range open", () => expect(allows(guardOf(["169.254.0.0/16"]), "http://169.254.9.9/")).toBe(true));
});

describe("loopback", () => {
  const guard = guardOf(["loopback"], { allowPlainHttp: false });
  test.each([
    "http://127.0.0.1:9000/",
    "http://127.9.9.9/",
    "http://[::1]:9000/",
    "http://localhost:6379/",
    "http://app.localhost/",
    "https://localhost/",
  ])("opens %s, plain http included", (url) => expect(allows(guard, url)).toBe(true));
  test.each(["http://10.0.0.1/", "http://0.0.0.0/", "http://[::ffff:127.0.0.1]/", "http://example.com/", "https://localhost.local/"])(
    "does not open %s",
    (url) => expect(allows(guard, url)).toBe(false),
  );
  test("does not let a public name point at it and use a denied port", () => {
    expect(allows(guard, "https://rebind.example.com:6379/")).toBe(false);
  });
});

describe("Posthorn's own addresses", () => {
  const guard = guardOf(["loopback", "203.0.113.9"], { ownPorts: () => [4400], localAddresses: () => ["203.0.113.9", "8.8.4.4"] });
  test("are closed on its own ports even when they are allowed", () => {
    for (const url of ["http://127.0.0.1:4400/in/x", "http://localhost:4400/", "http://[::1]:4400/", "http://203.0.113.9:4400/"]) {
      expect(guard.checkUrl(url), url).toMatchObject({ ok: false, cause: "blocked_address" });
    }
    expect(guard.checkAddress("127.0.0.1", "hooks.example.com", 4400)).toMatchObject({ ok: false, reason: "own_address" });
  });
  test.each([
    ["the unspecified address", "0.0.0.0/0", "http://0.0.0.0:4400/"],
    ["the unspecified address of IPv6", "::/0", "http://[::]:4400/"],
    ["a mapped loopback", "::/0", "http://[::ffff:127.0.0.1]:4400/"],
    ["a compatible loopback", "::/0", "http://[::127.0.0.9]:4400/"],
    ["a mapped interface", "::/0", "http://[::ffff:203.0.113.9]:4400/"],
  ])("are closed on its own ports as %s too, however wide the exceptions", (_what, allow, url) => {
    const wide = guardOf([allow], { ownPorts: () => [4400], localAddresses: () => ["203.0.113.9"] });
    expect(wide.checkUrl(url)).toMatchObject({ ok: false, cause: "blocked_address", message: expect.stringContaining("in a circle") });
    expect(allows(wide, url.replace("4400", "4401"))).toBe(true);
  });
  test("are open on other ports when they are allowed", () => {
    expect(allows(guard, "http://127.0.0.1:4401/")).toBe(true);
    expect(allows(guard, "http://203.0.113.9:80/")).toBe(true);
  });
  test("are closed altogether when they are public and not allowed", () => {
    expect(guard.checkAddress("8.8.4.4", "own.example.com", 443)).toMatchObject({ ok: false, reason: "own_address" });
    expect(guard.checkAddress("8.8.8.8", "dns.example.com", 443).ok).toBe(true);
  });
});

describe("Posthorn's own public URL", () => {
  const guard = guardOf(["hooks.corp.internal"], { publicUrl: "https://Hooks.Corp.Internal/base" });
  test.each([
    "https://hooks.corp.internal/base/in/abc",
    "https://hooks.corp.internal.:443/base//../in/x?y=1",
    "https://HOOKS.corp.internal/base/./in/",
  ])("is closed for its ingest, even to an exception: %s", (url) =>
    expect(guard.checkUrl(url)).toMatchObject({ ok: false, cause: "blocked_address", message: expect.stringContaining("in a circle") }),
  );
  test.each(["https://hooks.corp.internal/base/v1", "https://hooks.corp.internal/in/abc", "https://hooks.corp.internal:8443/base/in/abc"])(
    "is open beside it: %s",
    (url) => expect(allows(guard, url)).toBe(true),
  );
});

describe("an entry of the allow-list", () => {
  test.each(["", "10.0.0.0/33", "1.2.3", "1.2.3.4.5", "host:0", "host:70000", "a b", "*", "http://x", "[host]", "-a", "::1]:4"])(
    "%j is refused",
    (entry) => {
      expect(parseAllowRule(entry)).toBeNull();
      expect(() => guardOf([entry])).toThrow(/is not an address/);
    },
  );
  test.each(["loopback", "LOOPBACK", "10.0.0.0/8", "10.0.0.1", "10.0.0.1:80", "::1", "[::1]:80", "[fd00::]", "host", "a.b-c.d_e:8080"])(
    "%j is read",
    (entry) => {
      expect(parseAllowRule(entry)).not.toBeNull();
    },
  );
});
