// Suggestions: what a person most likely meant stands first, and nothing is suggested for something else entirely.
import fc from "fast-check";
import { expect, test } from "vitest";
import { closestNames } from "./closest.ts";

const names = [
  "github",
  "gitlab",
  "gitea",
  "stripe",
  "square",
  "slack",
  "shopify",
  "paypal",
  "paystack",
  "box",
  "Meta (WhatsApp, Messenger)",
];

test.each<[string, string[]]>([
  ["gitbub", ["github", "gitlab"]],
  ["GITHUB", ["github", "gitlab"]],
  ["strip", ["stripe"]],
  ["stirpe", ["stripe"]],
  ["pay", ["paypal", "paystack"]],
  ["whatsapp", ["Meta (WhatsApp, Messenger)"]],
  ["github.com", ["github"]],
  ["bax", ["box"]],
  ["xyzzy", []],
  ["", []],
])("%j", (word, expected) => {
  expect(closestNames(word, names)).toEqual(expected);
});

test("a name with one letter wrong, missing, added or swapped is found first", () => {
  const long = names.filter((name) => name.length >= 6);
  fc.assert(
    fc.property(fc.constantFrom(...long), fc.nat(), fc.constantFrom("change", "drop", "add", "swap"), (name, at, how) => {
      const index = at % (name.length - 1);
      const [before, here, next] = [name.slice(0, index), name[index]!, name[index + 1]!];
      const typed = {
        change: `${before}~${name.slice(index + 1)}`,
        drop: before + name.slice(index + 1),
        add: `${before}~${name.slice(index)}`,
        swap: before + next + here + name.slice(index + 2),
      }[how];
      expect(closestNames(typed, names)).toContain(name);
    }),
  );
});
