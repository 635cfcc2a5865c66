// The checker of the cluster's proof finds what it is there for: each rule is broken once, in a ledger that is sound otherwise.
import { expect, test } from "vitest";
import {
  type Arrived,
  checkLedger,
  createLedger,
  dwells,
  type Ledger,
  type Line,
  quantile,
  repeatsIn,
  type Rule,
} from "./cluster-ledger.ts";

const ORDERED: Line = { name: "a", destination: "line", ordered: true };
const LOOSE: Line = { name: "b", destination: "free", ordered: false };

/** Three events on each of two lines, acknowledged one second apart and taken 100 ms later. */
function soundLedger(): Ledger {
  const ledger = createLedger();
  for (const line of [ORDERED, LOOSE]) {
    for (let seq = 1; seq <= 3; seq += 1) {
      const name = `${line.name}-${seq}`;
      ledger.posted.set(name, {
        name,
        line,
        seq,
        bodyHash: `hash ${name}`,
        acknowledgedAt: seq * 1_000,
        eventIds: new Set([`evt ${name}`]),
      });
      ledger.arrivals.push(arrival(name, seq * 1_000 + 100));
    }
  }
  return ledger;
}

function arrival(name: string, at: number, changes: Partial<Arrived> = {}): Arrived {
  const destination = name.startsWith("a") ? ORDERED.destination : LOOSE.destination;
  return { name, destination, eventId: `evt ${name}`, bodyHash: `hash ${name}`, at, answered: "taken", ...changes };
}

function remove(ledger: Ledger, name: string): Arrived {
  return ledger.arrivals.splice(
    ledger.arrivals.findIndex((one) => one.name === name),
    1,
  )[0]!;
}

test("a sound ledger breaks no rule, and what was refused may come again", () => {
  const ledger = soundLedger();
  remove(ledger, "b-2");
  ledger.arrivals.push(arrival("b-2", 2_050, { answered: "refused" }), arrival("b-2", 2_060, { answered: "reset" }), arrival("b-2", 2_070));
  expect(checkLedger(ledger)).toEqual([]);
  expect(repeatsIn(ledger)).toBe(0);
});

test("what nobody acknowledged may be missing, and may have arrived", () => {
  const ledger = soundLedger();
  ledger.posted.get("b-1")!.acknowledgedAt = null;
  ledger.posted.get("b-2")!.acknowledgedAt = null;
  remove(ledger, "b-1");
  expect(checkLedger(ledger)).toEqual([]);
});

const PLANTED: [what: string, rule: Rule, plant: (ledger: Ledger) => void, id: string][] = [
  ["a loss", "I1", (ledger) => void remove(ledger, "b-2"), "b-2"],
  ["an event that was refused and given up", "I1", (ledger) => void (ledger.arrivals[5]!.answered = "refused"), "b-3"],
  ["other bytes", "I2", (ledger) => void (ledger.arrivals[4]!.bodyHash = "another"), "b-2"],
  ["an arrival of nothing", "I2", (ledger) => void ledger.arrivals.push(arrival("b-9", 9_000)), "b-9"],
  ["the wrong destination", "I2", (ledger) => void (ledger.arrivals[4]!.destination = "line"), "b-2"],
  ["a copy under another id", "I3", (ledger) => void ledger.posted.get("b-2")!.eventIds.add("evt other"), "evt other"],
  ["a repeat with nothing in doubt", "I3", (ledger) => void ledger.arrivals.push(arrival("b-2", 2_500)), "b-2"],
  ["an arrival while disabled", "I5", (ledger) => void ledger.silences.push({ destination: "free", from: 2_000, until: 2_200 }), "b-2"],
];

test.each(PLANTED)("finds %s", (_what, rule, plant, id) => {
  const ledger = soundLedger();
  plant(ledger);
  const found = checkLedger(ledger);
  expect(found.map((violation) => violation.rule)).toEqual([rule]);
  expect(found[0]!.ids).toContain(id);
});

test("finds a wrong order, also where the later one only did not wait", () => {
  const swapped = soundLedger();
  const [first, second] = [remove(swapped, "a-1"), remove(swapped, "a-2")];
  swapped.arrivals.unshift(second, first);
  expect(checkLedger(swapped).map(({ rule, what }) => `${rule} ${what}`)).toEqual([
    "I4 a #2 came before #1 was taken",
    "I4 a #1 came after #2",
  ]);

  const hasty = soundLedger();
  hasty.arrivals[0]!.answered = "refused";
  hasty.arrivals.push(arrival("a-1", 5_000));
  expect(checkLedger(hasty).map(({ rule, what }) => `${rule} ${what}`)).toEqual(["I4 a #2 came before #1 was taken"]);
});

test("takes a repeat whose first outcome was in doubt, and no other", () => {
  const ledger = soundLedger();
  ledger.arrivals.push(arrival("b-2", 2_500));
  ledger.doubts.push({ from: 2_000, until: 2_400 });
  expect(checkLedger(ledger)).toEqual([]);
  expect(repeatsIn(ledger)).toBe(1);
  // The second copy was taken when the doubt was over: a third has no excuse.
  ledger.arrivals.push(arrival("b-2", 2_600));
  expect(checkLedger(ledger).map(({ rule }) => rule)).toEqual(["I3"]);
});

test("says how long what was acknowledged took to arrive", () => {
  const ledger = soundLedger();
  ledger.arrivals[2]!.at = 3_900;
  expect(dwells(ledger, 2_000).toSorted((a, b) => a - b)).toEqual([100, 100, 100, 900]);
  expect(quantile([5, 1, 3, 2, 4], 0.5)).toBe(3);
  expect(quantile([5, 1, 3, 2, 4], 0.99)).toBe(5);
  expect(quantile([], 0.99)).toBe(0);
});
