// Ids: `prefix_` + 26 characters that sort by time. 48 bits of milliseconds, 15 of counter, 65 of randomness.
import type { Clock } from "../system/clock.ts";
import type { Random } from "../system/random.ts";

export type IdPrefix = "src" | "req" | "evt" | "tnt" | "dst" | "sub" | "dlv" | "att" | "job" | "key";

// Crockford's base32 in lower case: sorts like its value in ASCII and has no letters people mistake for each other.
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const TIME_CHARS = 10;
const COUNTER_CHARS = 3;
const TAIL_CHARS = 13;
const BODY_CHARS = TIME_CHARS + COUNTER_CHARS + TAIL_CHARS;

/**
 * Counters run to 2047 per millisecond so that (milliseconds since 2020) * 2048 + counter is a whole number below
 * 2^53 until the year 2159: the same number is the row id of the time-ordered tables, and no index on ids is needed.
 */
const COUNTER_LIMIT = 2048;
const EPOCH_MS = Date.UTC(2020, 0, 1);

const VALUE_OF = new Map(ALPHABET.split("").map((character, value) => [character, value]));
const PAIRS = Array.from({ length: 1024 }, (_, value) => ALPHABET.charAt(value >> 5) + ALPHABET.charAt(value & 31));
const BODY_PATTERN = new RegExp(`^[0-7][${ALPHABET}]{${BODY_CHARS - 1}}$`);

/** What an id stands for: `seq` orders it, `tail` makes it unguessable. */
export interface IdParts {
  /** Whole number below 2^53, ascending in time. */
  seq: number;
  /** 13 random characters. */
  tail: string;
}

export interface IdSource {
  /** The next id's parts; strictly ascending, also when the clock steps back. */
  next(): IdParts;
}

/** Which numbers are a node's own: those that leave `slot` when divided by `slots`, a power of two that divides 2048. */
export interface IdShare {
  slot: number;
  slots: number;
}

const WHOLE: IdShare = { slot: 0, slots: 1 };

/** With a share, one of several sources that never make the same number; each then has 2048 / slots of them in a millisecond. */
export function createIdSource(clock: Clock, random: Random, afterSeq = 0, { slot, slots }: IdShare = WHOLE): IdSource {
  let lastSeq = afterSeq;
  const pool = new Uint8Array(TAIL_CHARS * 512);
  let used = pool.length;

  function tail(): string {
    if (used === pool.length) {
      random.fill(pool);
      used = 0;
    }
    let text = "";
    for (let i = 0; i < TAIL_CHARS - 1; i += 2) {
      text += PAIRS[((pool[used + i]! & 31) << 5) | (pool[used + i + 1]! & 31)];
    }
    text += ALPHABET.charAt(pool[used + TAIL_CHARS - 1]! & 31);
    used += TAIL_CHARS;
    return text;
  }

  return {
    next() {
      const lowest = Math.max(lastSeq + 1, seqAtTime(clock.now()));
      // The first number of this share from there on; what a full millisecond has no room for goes into the next one.
      lastSeq = lowest + ((slot - (lowest % slots) + slots) % slots);
      return { seq: lastSeq, tail: tail() };
    },
  };
}

/** The smallest seq an id made at `timeMs` can have: turns a time range into a key range. */
export function seqAtTime(timeMs: number): number {
  return Math.max(0, Math.floor(timeMs) - EPOCH_MS) * COUNTER_LIMIT;
}

/** Milliseconds since the Unix epoch at which an id with this seq was made. */
export function timeOfSeq(seq: number): number {
  return Math.floor(seq / COUNTER_LIMIT) + EPOCH_MS;
}

let cachedTimeMs = -1;
let cachedTimeText = "";

export function formatId(prefix: IdPrefix, parts: IdParts): string {
  const timeMs = timeOfSeq(parts.seq);
  if (timeMs !== cachedTimeMs) {
    cachedTimeMs = timeMs;
    cachedTimeText = base32(timeMs, TIME_CHARS);
  }
  const counter = parts.seq % COUNTER_LIMIT;
  return `${prefix}_${cachedTimeText}${ALPHABET.charAt(counter >> 10)}${PAIRS[counter & 1023]}${parts.tail}`;
}

/** The parts of an id with this prefix, or null when the text is not one. */
export function parseId(prefix: IdPrefix, id: string): IdParts | null {
  if (!id.startsWith(`${prefix}_`)) return null;
  const body = id.slice(prefix.length + 1);
  if (body.length !== BODY_CHARS || !BODY_PATTERN.test(body)) return null;
  const timeMs = valueOf(body.slice(0, TIME_CHARS));
  const counter = valueOf(body.slice(TIME_CHARS, TIME_CHARS + COUNTER_CHARS));
  if (counter >= COUNTER_LIMIT || timeMs < EPOCH_MS) return null;
  const seq = (timeMs - EPOCH_MS) * COUNTER_LIMIT + counter;
  return Number.isSafeInteger(seq) ? { seq, tail: body.slice(TIME_CHARS + COUNTER_CHARS) } : null;
}

/** One new id as text. */
export function newId(ids: IdSource, prefix: IdPrefix): string {
  return formatId(prefix, ids.next());
}

function base32(value: number, length: number): string {
  let rest = value;
  let text = "";
  for (let i = 0; i < length; i += 1) {
    text = ALPHABET.charAt(rest % 32) + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}

function valueOf(text: string): number {
  let value = 0;
  for (const character of text) value = value * 32 + (VALUE_OF.get(character) ?? 0);
  return value;
}
