// Ids: they sort by time, survive a round trip, and go on ascending whatever the clock does.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../../tests/kit/random.ts";
import type { Clock } from "../system/clock.ts";
import { createIdSource, formatId, type IdPrefix, type IdParts, newId, parseId, seqAtTime, timeOfSeq } from "./id.ts";

const PREFIXES: IdPrefix[] = ["src", "req", "evt", "tnt", "dst", "sub", "dlv", "att", "job", "key"];
const prefix = fc.constantFrom(...PREFIXES);
const ALPHABET = Array.from("0123456789abcdefghjkmnpqrstvwxyz");
const NEAR_IT = Array.from("0178zuv_AZ");
const EPOCH_MS = Date.UTC(2020, 0, 1);
const LAST_MS = Date.UTC(2159, 0, 1);
const time = fc.integer({ min: EPOCH_MS, max: LAST_MS });
const tail = fc.string({ unit: fc.constantFrom(...ALPHABET), minLength: 13, maxLength: 13 });
const parts = fc.record({ seq: fc.integer({ min: 0, max: seqAtTime(LAST_MS) }), tail });

/** A clock that says what it is told. */
function manualClock(startMs: number): Clock & { at: number } {
  const clock = { at: startMs, now: () => clock.at, after: () => ({ cancel: () => undefined }) };
  return clock;
}

describe("an id", () => {
  it("is a prefix and 26 characters that are safe in a URL", () => {
    const ids = createIdSource(manualClock(Date.UTC(2026, 5, 1)), seededRandom("shape"));
    for (const each of PREFIXES) expect(newId(ids, each)).toMatch(new RegExp(`^${each}_[0-9a-hjkmnp-tv-z]{26}$`));
  });

  it("parses back into what it was made of", () => {
    fc.assert(
      fc.property(prefix, parts, (each, given) => {
        expect(parseId(each, formatId(each, given))).toEqual(given);
      }),
    );
  });

  it("sorts as text the way its number sorts", () => {
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        const [first, second] = [formatId("evt", a), formatId("evt", b)];
        if (a.seq !== b.seq) expect(first < second).toBe(a.seq < b.seq);
      }),
    );
  });

  it("tells the time it was made", () => {
    fc.assert(
      fc.property(time, (at) => {
        const source = createIdSource(manualClock(at), seededRandom(at));
        expect(timeOfSeq(source.next().seq)).toBe(at);
      }),
    );
  });

  it.each([
    ["the last second of 32 bits", Date.UTC(2038, 0, 19, 3, 14, 7)],
    ["the second after it", Date.UTC(2038, 0, 19, 3, 14, 8)],
    ["the turn of the century", Date.UTC(2100, 0, 1)],
    ["the end of 32 bits without a sign", Date.UTC(2106, 1, 7, 6, 28, 16)],
  ])("made at %s is one like any other", (_, at) => {
    const source = createIdSource(manualClock(at), seededRandom(at));
    const [one, next] = [source.next(), source.next()];
    expect(Number.isSafeInteger(next.seq)).toBe(true);
    expect(parseId("evt", formatId("evt", next))).toEqual(next);
    expect(formatId("evt", one) < formatId("evt", next)).toBe(true);
    expect(timeOfSeq(one.seq)).toBe(at);
  });

  it("is never parsed out of anything else", () => {
    const good = formatId("evt", { seq: seqAtTime(Date.UTC(2026, 0, 1)) + 5, tail: "0123456789abc" });
    expect(parseId("evt", good)).not.toBeNull();
    const bad = [
      "",
      "evt_",
      good.slice(1),
      good.slice(0, -1),
      `${good}0`,
      good.toUpperCase(),
      good.replace("evt_", "dlv_"),
      ` ${good}`,
      `${good}\n`,
      good.replace(/.$/, "u"),
      good.replace("evt_0", "evt_8"),
      "evt_00000000000000000000000000",
    ];
    for (const text of bad) expect(parseId("evt", text), JSON.stringify(text)).toBeNull();
  });

  it("of any text is one or null, and what parses formats back to the same text", () => {
    const near = fc.tuple(fc.string({ unit: fc.constantFrom(...NEAR_IT), minLength: 24, maxLength: 28 })).map(([body]) => `evt_${body}`);
    fc.assert(
      fc.property(fc.oneof(fc.string(), near), (text) => {
        const found = parseId("evt", text);
        if (found !== null) expect(formatId("evt", found)).toBe(text);
      }),
    );
  });
});

describe("a source of ids", () => {
  it("only ascends, whatever the clock does, and leaps to the present when it can", () => {
    const steps = fc.array(fc.oneof(fc.integer({ min: -1e10, max: 1e10 }), fc.constantFrom(0, 1, -1, 0.5)), {
      minLength: 1,
      maxLength: 50,
    });
    fc.assert(
      fc.property(steps, (moves) => {
        const clock = manualClock(Date.UTC(2026, 0, 1));
        const source = createIdSource(clock, seededRandom("steps"));
        let last: IdParts = source.next();
        for (const move of moves) {
          clock.at += move;
          const next = source.next();
          expect(next.seq).toBeGreaterThan(last.seq);
          expect(formatId("evt", next) > formatId("evt", last)).toBe(true);
          expect(next.seq).toBeGreaterThanOrEqual(seqAtTime(clock.at));
          last = next;
        }
      }),
    );
  });

  it("gives more than 2048 in one millisecond by borrowing from the next", () => {
    const source = createIdSource(manualClock(Date.UTC(2026, 0, 1)), seededRandom("burst"));
    const made = Array.from({ length: 10_000 }, () => newId(source, "evt"));
    expect(new Set(made).size).toBe(10_000);
    expect(made).toEqual(made.toSorted());
  });

  it("goes on behind a number it is given, as after a restart", () => {
    const clock = manualClock(Date.UTC(2026, 0, 1));
    const ahead = seqAtTime(clock.at) + 123_456;
    expect(createIdSource(clock, seededRandom("restart"), ahead).next().seq).toBe(ahead + 1);
  });

  it("gives tails that use the whole alphabet and do not repeat", () => {
    const source = createIdSource(manualClock(Date.UTC(2026, 0, 1)), seededRandom("tails"));
    const tails = Array.from({ length: 2000 }, () => source.next().tail);
    expect(new Set(tails).size).toBe(2000);
    for (let place = 0; place < 13; place += 1) expect(new Set(tails.map((text) => text[place])).size, `place ${place}`).toBe(32);
  });

  it("turns a time range into a range of numbers without a gap", () => {
    fc.assert(
      fc.property(time, (at) => {
        expect(timeOfSeq(seqAtTime(at))).toBe(at);
        expect(timeOfSeq(seqAtTime(at) - 1)).toBe(at - 1);
      }),
    );
    expect(seqAtTime(0)).toBe(0);
  });
});

describe("sources that share the numbers", () => {
  it("never make the same one, each ascending, whatever their clocks do", () => {
    const steps = fc.array(fc.record({ slot: fc.integer({ min: 0, max: 3 }), by: fc.integer({ min: -3, max: 3 }) }), { maxLength: 300 });
    fc.assert(
      fc.property(steps, (given) => {
        const clocks = Array.from({ length: 4 }, () => manualClock(Date.UTC(2026, 0, 1)));
        const sources = clocks.map((clock, slot) => createIdSource(clock, seededRandom(slot), 0, { slot: slot * 16, slots: 64 }));
        const made: number[][] = [[], [], [], []];
        for (const { slot, by } of given) {
          clocks[slot]!.at += by;
          made[slot]!.push(sources[slot]!.next().seq);
        }
        for (const [slot, seqs] of made.entries()) {
          expect(seqs).toEqual([...new Set(seqs)].toSorted((a, b) => a - b));
          expect(seqs.every((seq) => seq % 64 === slot * 16)).toBe(true);
        }
      }),
    );
  });

  it("have 32 of 64 shares in a millisecond each, and go on in the next one", () => {
    const start = Date.UTC(2026, 0, 1);
    const ids = createIdSource(manualClock(start), seededRandom("shares"), 0, { slot: 63, slots: 64 });
    const times = Array.from({ length: 33 }, () => timeOfSeq(ids.next().seq) - start);
    expect(times).toEqual([...Array.from({ length: 32 }, () => 0), 1]);
  });
});
