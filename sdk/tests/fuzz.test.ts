// A million forged requests over all providers: none throws, none verifies. FUZZ_RUNS sets the count, FUZZ_SEED repeats a run.
import { randomInt } from "node:crypto";
import { expect, test } from "vitest";
import type { HeadersInput, VerifyCause, WebhookRequest } from "../src/index.ts";
import { everyProvider, type Genuine, type Subject } from "./every-provider.ts";
import { randomSource, type RandomSource } from "./random-source.ts";

const runs = Number(process.env["FUZZ_RUNS"] ?? 1_000_000);
const seed = Number(process.env["FUZZ_SEED"] ?? randomInt(2 ** 31));
// The seed repeats every choice. Key pairs are made anew, so a failure prints its whole request. A million takes 12 s on a core of 2026.
const TIMEOUT_MS = 300_000;

type Pairs = (readonly [name: string, value: string])[];

/** Material made once, because a random text for each request would cost more than its verification. */
interface Pool {
  readonly names: readonly string[];
  readonly values: readonly string[];
  readonly bodies: readonly (Uint8Array | string)[];
  readonly urls: readonly (string | undefined)[];
}

const HOSTILE_NAMES = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "", " ", "get", "forEach", "length", "0"];
const HOSTILE_VALUES = [
  "",
  " ",
  ",",
  "=",
  "t=,v1=",
  "t=1,t=2,v1=",
  "v1,",
  "v1a,",
  "sha256=",
  "Basic ",
  "Bearer ",
  "JWT ",
  "..",
  "e30.e30.",
  "eyJhbGciOiJub25lIn0.e30.",
  "null",
  "undefined",
  "NaN",
  "Infinity",
  "-0",
  "1e999",
  "9".repeat(400),
  "-9007199254740993",
  "0x7fffffff",
  "\0",
  "\u{1f600}",
  "\ud800",
  "%00",
  "a".repeat(20_000),
  ",".repeat(2000),
  "v1,AAAA ".repeat(500),
  "t=1,".repeat(500),
];
const HOSTILE_BODIES = [
  "",
  "{}",
  "[]",
  "null",
  "[null]",
  '{"__proto__":{"id":1}}',
  '{"notificationItems":[null]}',
  '{"notificationItems":[{"NotificationRequestItem":{"__proto__":null}}]}',
  '{"signature":{"timestamp":1e999,"token":[],"signature":{}}}',
  '{"Type":"__proto__","Signature":"AA==","SignatureVersion":"1"}',
  "a=%",
  "=&=&=",
  "payload=%7B%22a%22",
  "[".repeat(5000),
  "\ud800",
];

function poolOf(random: RandomSource, subjects: readonly Subject[]): Pool {
  const genuine = subjects.flatMap((subject) => subject.genuine);
  const names = new Set(genuine.flatMap(({ headers }) => headers.map(([name]) => name)));
  return {
    names: [...names],
    values: [
      ...Array.from({ length: 2000 }, () => random.text(80)),
      ...genuine.flatMap(({ headers }) => headers.map(([, value]) => value)),
    ],
    bodies: [...Array.from({ length: 500 }, () => random.bytes(300)), ...genuine.map(({ body }) => body)],
    urls: [
      undefined,
      "",
      "/",
      "/in?a=1",
      "https://",
      "https://hooks.example.test/in/abc?a=1",
      "http://[::1",
      "https://a.test/?bodySHA256=00",
      "\ud800",
      "?".repeat(2000),
    ],
  };
}

// A quarter is hostile on purpose: among thousands of random texts those would be too rare.
const hostile = (random: RandomSource): boolean => random.below(4) === 0;
const nameOf = (random: RandomSource, pool: Pool): string => random.pick(hostile(random) ? HOSTILE_NAMES : pool.names);
const valueOf = (random: RandomSource, pool: Pool): string => random.pick(hostile(random) ? HOSTILE_VALUES : pool.values);
const bodyOf = (random: RandomSource, pool: Pool): Uint8Array | string => random.pick(hostile(random) ? HOSTILE_BODIES : pool.bodies);

/** Where a value is changed, and into what: anything from one letter to something else altogether. */
function changedText(random: RandomSource, pool: Pool, value: string): string {
  const at = random.below(value.length + 1);
  switch (random.below(9)) {
    case 0:
      return valueOf(random, pool);
    case 1:
      return value.slice(0, at);
    case 2:
      return value.slice(at);
    case 3:
      return `${value.slice(0, at)}${String.fromCharCode(random.below(256))}${value.slice(at + 1)}`;
    case 4:
      return `${value.slice(0, at)}${valueOf(random, pool)}${value.slice(at)}`;
    case 5:
      return value.replace(/\d+/, () => String(random.below(2 ** 31)).repeat(random.below(4)));
    case 6:
      return random.below(2) === 0 ? value.toUpperCase() : value.toLowerCase();
    case 7:
      return `${value}${random.pick([",", " ", ";", "=", "\n", ", "])}${value}`;
    default:
      return `${random.pick([" ", "\t", ",", "="])}${value}`;
  }
}

function changeHeaders(random: RandomSource, pool: Pool, headers: Pairs): void {
  const at = random.below(headers.length);
  const header = headers[at];
  if (header === undefined) {
    headers.push([nameOf(random, pool), valueOf(random, pool)]);
    return;
  }
  const [name, value] = header;
  switch (random.below(8)) {
    case 0:
      headers.splice(at, 1);
      break;
    case 1:
      headers.push([name, random.below(2) === 0 ? value : valueOf(random, pool)]);
      break;
    case 2:
      headers[at] = [name.toUpperCase(), value];
      break;
    case 3:
      headers[at] = [nameOf(random, pool), value];
      break;
    default:
      headers[at] = [name, changedText(random, pool, value)];
  }
}

function changedBody(random: RandomSource, pool: Pool, body: Buffer): Uint8Array | string {
  const kind = random.below(6);
  if (kind === 0) return bodyOf(random, pool);
  if (kind === 1) return changedText(random, pool, body.toString("latin1"));
  if (kind > 2 || body.length === 0) return body;
  const flipped = Buffer.from(body);
  const at = random.below(body.length);
  flipped[at] = (flipped[at] ?? 0) ^ (1 << random.below(8));
  return flipped;
}

// Every shape in which a runtime hands headers over.
function shaped(random: RandomSource, pairs: Pairs): HeadersInput {
  switch (random.below(5)) {
    case 0:
      return pairs.flat();
    case 1:
      return Object.fromEntries(pairs);
    case 2:
      return Object.fromEntries(pairs.map(([name, value]) => [name, random.below(8) === 0 ? [value, value] : value]));
    default:
      return pairs;
  }
}

/** A genuine request of another key with some of it changed, or nothing; or a request of random parts. */
function forged(random: RandomSource, pool: Pool, genuine: Genuine): { request: WebhookRequest; nowMs: number } {
  const pairs: Pairs = [];
  const scratch = random.below(8) === 0;
  if (scratch) {
    const own = genuine.headers.map(([name]) => name);
    for (let count = random.below(6); count > 0; count--)
      pairs.push([own.length === 0 || hostile(random) ? nameOf(random, pool) : random.pick(own), valueOf(random, pool)]);
  } else {
    pairs.push(...genuine.headers);
    for (let count = random.below(3); count > 0; count--) changeHeaders(random, pool, pairs);
  }
  const odd = random.below(16) === 0;
  const request = {
    method: odd ? random.pick(["GET", "", "post", "__proto__"]) : genuine.method,
    url: odd ? random.pick(pool.urls) : genuine.url,
    headers: shaped(random, pairs),
    body: scratch ? bodyOf(random, pool) : changedBody(random, pool, genuine.body),
  };
  const nowMs = random.below(16) === 0 ? random.pick([0, Number.NaN, Number.POSITIVE_INFINITY, -1, genuine.nowMs + 1e9]) : genuine.nowMs;
  return { request, nowMs };
}

test(
  `${runs} forged requests, seed ${seed}`,
  () => {
    console.log(`fuzz: FUZZ_SEED=${seed} FUZZ_RUNS=${runs}`);
    const random = randomSource(seed);
    const subjects = everyProvider();
    const pool = poolOf(random, subjects);
    const causes = new Map<VerifyCause, number>();
    const compared = new Set<string>();
    for (let run = 0; run < runs; run++) {
      const subject = random.pick(subjects);
      const { request, nowMs } = forged(random, pool, random.pick(subject.genuine));
      const result = subject.stranger.verify(request, nowMs);
      // The verifier turns what is thrown inside it into this failure: for a request of the right types, nothing may be.
      if (result.ok || result.message.startsWith("The request could not be read"))
        expect.fail(`${subject.provider.id} in run ${run} of seed ${seed}: ${JSON.stringify({ result, request, nowMs })}`);
      causes.set(result.cause, (causes.get(result.cause) ?? 0) + 1);
      if (result.cause === "signature_mismatch" || result.cause.startsWith("wrong_")) compared.add(subject.provider.id);
    }
    // The forgeries reach every stage of verification, up to the comparison of signatures, for every provider.
    const reached: VerifyCause[] = [
      "missing_header",
      "duplicate_header",
      "malformed_signature",
      "malformed_timestamp",
      "timestamp_too_old",
    ];
    for (const cause of reached) expect(causes.get(cause) ?? 0).toBeGreaterThan(runs / 1000);
    expect(causes.get("signature_mismatch") ?? 0).toBeGreaterThan(runs / 5);
    if (runs >= 100_000) expect(subjects.map(({ provider }) => provider.id).filter((id) => !compared.has(id))).toEqual([]);
  },
  TIMEOUT_MS,
);
