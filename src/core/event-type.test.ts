// Which types a list of patterns takes.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileEventTypePatterns, validateEventType, validateEventTypePattern } from "./event-type.ts";

describe("compileEventTypePatterns", () => {
  it.each([
    ["invoice.paid", ["invoice.paid"], ["invoice", "invoice.paid.now", "Invoice.paid"]],
    ["invoice.*", ["invoice.paid", "invoice."], ["invoice", "invoice.paid.now", "xinvoice.paid"]],
    ["*.paid", ["invoice.paid"], ["paid", "a.b.paid"]],
    ["invoice.**", ["invoice", "invoice.paid", "invoice.paid.now"], ["invoices", "x.invoice"]],
    ["**.failed", ["failed", "a.failed", "a.b.failed"], ["failed.a"]],
    ["a.**.z", ["a.z", "a.b.z", "a.b.c.z"], ["a", "z", "a.b"]],
    ["a.*.**", ["a.b", "a.b.c"], ["a"]],
    ["a.**.a", ["a.a"], ["a"]],
    ["*", ["a", "a.b.c", ""], []],
    ["**", ["a", "a.b.c", ""], []],
    ["orders/create", ["orders/create"], ["orders/update"]],
    ["repo:push.*", ["repo:push.main branch"], ["repo:push"]],
  ])("%s", (pattern, taken, left) => {
    const matches = compileEventTypePatterns([pattern]);
    expect(taken.filter((type) => !matches(type))).toEqual([]);
    expect(left.filter(matches)).toEqual([]);
  });

  it("takes every type for no patterns, and any of several", () => {
    expect(compileEventTypePatterns([])("x")).toBe(true);
    const matches = compileEventTypePatterns(["a", "b.*", "c.**"]);
    expect(["a", "b.x", "c", "d", "b"].map(matches)).toEqual([true, true, true, false, false]);
  });

  it("agrees with a regular expression", () => {
    const segment = fc.constantFrom("a", "b", "");
    const pattern = fc
      .array(fc.constantFrom("a", "b", "*", "**"), { minLength: 2, maxLength: 5 })
      .filter((parts) => parts.filter((part) => part === "**").length <= 1);
    fc.assert(
      fc.property(pattern, fc.array(segment, { minLength: 1, maxLength: 6 }), (parts, segments) => {
        const source = parts.map((part) => (part === "**" ? "(?:[^.]*\\.)*" : part === "*" ? "[^.]*\\." : `${part}\\.`)).join("");
        const expected = new RegExp(`^${source}$`).test(`${segments.join(".")}.`);
        expect(compileEventTypePatterns([parts.join(".")])(segments.join("."))).toBe(expected);
      }),
    );
  });

  it("throws on what was never valid", () => {
    expect(() => compileEventTypePatterns(["a.b*"])).toThrow("whole segments");
  });
});

describe("validation", () => {
  it.each(["", "a*", "a.b*.c", "***", "**.a.**", "a\nb", "x".repeat(257)])("refuses the pattern %j", (pattern) => {
    expect(validateEventTypePattern(pattern).ok).toBe(false);
  });

  it("takes odd but printable types", () => {
    for (const type of ["orders/create", "repo:push", "a b", "ünï", "a..b", "x".repeat(256)]) {
      expect(validateEventType(type)).toEqual({ ok: true });
    }
    expect(validateEventType("a\u0000").ok).toBe(false);
  });
});
