// A random store as records of the archive: every section, every state, and values that are hard to keep.
import { formatId } from "../../src/core/id.ts";
import type { AnyRecord, Section } from "../../src/store/archive.ts";
import { createSealer } from "../../src/store/sealer.ts";
import { type SeededRandom, seededRandom } from "./random.ts";

export type Records = Record<Section, AnyRecord[]>;

export interface RecordOptions {
  /** Events, about; everything else follows. */
  events: number;
  /** Bodies are up to so large. */
  bodyBytesMax: number;
  /** Texts with halves of surrogate pairs, which UTF-8 can't hold. */
  loneSurrogates: boolean;
  /** Lines go by numbers of their own, as several nodes give them, and not by seq. */
  places: boolean;
  /** Events that wait for dispatch stand anywhere, not only at the end. */
  dispatchedAnyhow: boolean;
  /** Seals what is secret. */
  key: Uint8Array;
}

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const START_SEQ = 444_000_000_000_000;
const AWKWARD = [
  "",
  "a",
  "\0",
  "x\0y",
  "\u001a",
  "\u001a0000",
  "\ufeff",
  "ä ß 漢字",
  "🦊",
  "' \" \\",
  "\r\n\t",
  "\u2028",
  "{}",
  "NULL",
  "\\x00",
];
const ORDER_KEYS = ["", "customer-1", "x\0y", "ä 🦊"];
const LONE = ["\ud800", "x\udfffy", "\ud83d", "\udc00\ud800"];
const COUNTS = [0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 53 - 2, 2 ** 53 - 1];

export function randomRecords(seed: number, options: RecordOptions): Records {
  const random = seededRandom(seed);
  const sealer = createSealer(options.key, random.derive("sealer"));
  const made = makers(random, options);
  const { id, count, jsonText, text } = made;
  const events = made.events();
  const configs = Array.from({ length: random.int(6) }, (_, at) => ({
    kind: random.pick(["source", "destination"]),
    id: id("dst", START_SEQ + at),
  }));
  const revised = configs.flatMap((of) => Array.from({ length: random.int(3) }, () => ({ ...of, replacedAt: count(), doc: jsonText() })));
  const { deliveries, attempts, frontiers } = made.deliveries(events);
  const through = events.findLast(({ dispatched }) => dispatched === true)?.["seq"] ?? 0;
  return {
    config: sorted(
      configs.map((of) => ({
        ...of,
        doc: jsonText(),
        sealed: random.chance(0.2) ? null : sealer.seal(`${of.kind}:${of.id}`, { secret: text() }),
      })),
      ({ kind, id: own }) => `${String(kind)} ${String(own)}`,
    ),
    revisions: revised,
    marks: [
      { name: "configVersion", value: random.int(1000) },
      ...(options.dispatchedAnyhow ? [] : [{ name: "dispatchedThrough", value: through }]),
    ],
    health: sorted(
      Array.from({ length: random.int(3) }, (_, at) => ({ destinationId: id("dst", START_SEQ + at), breaker: jsonText() })),
      ({ destinationId }) => String(destinationId),
    ),
    events,
    dedupe: sorted(
      events.flatMap(({ dedupeKey, seq, tail }) =>
        dedupeKey === null ? [] : [{ key: dedupeKey!, eventSeq: seq!, eventTail: tail!, at: count() }],
      ),
      ({ key }) => String(key),
    ),
    requests: made.requests(events),
    deliveries,
    frontiers,
    attempts,
    jobs: Array.from({ length: random.int(3) }, (_, at) => {
      const seq = START_SEQ + at * 7;
      return { seq, id: id("job", seq), status: random.pick(["running", "finished"]), doc: jsonText() };
    }),
    idempotency: sorted(
      Array.from({ length: random.int(4) }, (_, at) => {
        const key = `key_1:${at}-${random.int(1000)}`;
        return { key, fingerprint: text(), response: sealer.seal(`idempotency:${key}`, { status: 201, body: text() }), createdAt: count() };
      }),
      ({ key }) => String(key),
    ),
  };
}

function makers(random: SeededRandom, options: RecordOptions) {
  const texts = options.loneSurrogates ? [...AWKWARD, ...LONE] : AWKWARD;
  const tail = () => Array.from({ length: 13 }, () => ALPHABET.charAt(random.int(ALPHABET.length))).join("");
  const id = (prefix: "dst" | "job", seq: number) => formatId(prefix, { seq, tail: tail() });
  const text = () => `${random.pick(texts)}${random.chance(0.5) ? random.pick(texts) : ""}`;
  const maybe = <T>(value: () => T): T | null => (random.chance(0.3) ? null : value());
  const count = () => (random.chance(0.5) ? random.pick(COUNTS) : random.int(1_000_000));
  const jsonText = () => JSON.stringify({ [text()]: text(), n: count() });
  const bytes = (max: number) => random.fill(new Uint8Array(random.int(max + 1)));
  const destinations = [1, 2].map((at) => formatId("dst", { seq: START_SEQ + at, tail: "0000000000000" }));
  let tie = 0;
  let seq = START_SEQ;
  const next = () => (seq += 1 + (random.chance(0.04) ? random.int(100_000_000_000) : random.int(5)));

  function events(): AnyRecord[] {
    const amount = random.int(options.events + 1);
    const firstWaiting = random.chance(0.5) ? amount : random.int(amount + 1);
    return Array.from({ length: amount }, (_, at) => ({
      seq: next(),
      tail: tail(),
      sourceId: maybe(() => `src_${random.int(3)}`),
      tenantId: maybe(text),
      type: text(),
      key: maybe(text),
      providerEventId: maybe(text),
      channels: maybe(jsonText),
      deliverAt: maybe(count),
      receivedAt: count(),
      dedupeKey: maybe(() => `src_1 ${at} ${text()}`),
      envelope: JSON.stringify(["POST", text(), text(), "192.0.2.1", [text(), text()]]),
      requestSeq: maybe(count),
      position: null,
      dispatched: options.dispatchedAnyhow ? random.chance(0.6) : at < firstWaiting,
      body: bytes(options.bodyBytesMax),
    }));
  }

  function requests(of: readonly AnyRecord[]): AnyRecord[] {
    return Array.from({ length: random.int(5) }, () => {
      const event = random.chance(0.5) || of.length === 0 ? null : random.pick(of);
      return {
        seq: next(),
        tail: tail(),
        sourceId: maybe(() => `src_${random.int(3)}`),
        outcome: random.pick(["rejected", "duplicate", "accepted", "handshake"]),
        cause: maybe(text),
        message: maybe(text),
        eventSeq: event?.["seq"] ?? null,
        eventTail: event?.["tail"] ?? null,
        receivedAt: count(),
        bodyBytes: count(),
        envelope: jsonText(),
        items: maybe(() => JSON.stringify([[START_SEQ, tail()]])),
        body: bytes(options.bodyBytesMax),
      };
    });
  }

  function deliveryOf(event: AnyRecord): AnyRecord {
    const state = random.int(4);
    const destinationId = random.chance(0.7) ? random.pick(destinations) : id("dst", START_SEQ + random.int(3));
    return {
      seq: next(),
      tail: tail(),
      eventSeq: event["seq"]!,
      eventTail: event["tail"]!,
      destinationId,
      subscriptionId: maybe(() => `sub_${random.int(9)}`),
      state,
      lane: state === 0 ? random.int(3) : null,
      attempts: random.int(20),
      nextAt: state === 0 ? count() : null,
      reason: maybe(text),
      trigger: random.pick(["event", "replay", "manual"]),
      jobId: random.chance(0.7) ? null : `job_${random.int(3)}`,
      attemptsBefore: random.int(5),
      expiresAt: maybe(count),
      finishedAt: state === 0 ? null : count(),
      ...orderOf(destinationId, state === 0),
    };
  }

  /** Of one order all have their places from the same. */
  function orderOf(destinationId: string, waits: boolean): AnyRecord {
    const orderKey = maybe(() => random.pick(ORDER_KEYS));
    const inLine = orderKey !== null && waits && random.chance(0.8);
    const kept = inLine || (orderKey !== null && random.chance(0.5));
    const orderBy = kept && orderKey !== null ? (orderKey.length + destinationId.charCodeAt(10)) % 3 : 0;
    return {
      orderKey,
      late: random.chance(0.3),
      inLine,
      orderBy,
      orderAt: kept ? (orderBy === 2 ? random.int(6) - 3 : random.int(4)) : null,
      orderPlace: options.places && inLine ? random.int(3) : null,
      orderTie: options.places && inLine ? (tie += 1 + random.int(3)) % 1_009 : null,
      released: orderBy > 0 && random.chance(0.4),
    };
  }

  function attemptOf({ seq: deliverySeq, tail: deliveryTail, eventSeq, eventTail, destinationId }: AnyRecord, number: number): AnyRecord {
    const answered = random.chance(0.5);
    return {
      seq: next(),
      tail: tail(),
      deliverySeq: deliverySeq!,
      deliveryTail: deliveryTail!,
      eventSeq: eventSeq!,
      eventTail: eventTail!,
      destinationId: destinationId!,
      number,
      startedAt: count(),
      durationMs: count(),
      request: jsonText(),
      status: answered ? 100 + random.int(500) : null,
      failure: answered ? null : text(),
      message: answered ? null : text(),
      responseHeaders: answered ? JSON.stringify([text(), text()]) : null,
      responseBody: answered ? maybe(() => bytes(options.bodyBytesMax)) : null,
      truncated: random.chance(0.5),
    };
  }

  return {
    id,
    count,
    text,
    jsonText,
    events,
    requests,
    deliveries(of: readonly AnyRecord[]) {
      const deliveries = of.flatMap((event) => Array.from({ length: random.int(3) }, () => deliveryOf(event)));
      const attempts = deliveries.flatMap((delivery) => Array.from({ length: random.int(3) }, (_, at) => attemptOf(delivery, at + 1)));
      for (const line of linesOf(deliveries)) for (const behind of line.slice(1)) behind["lane"] = (behind["lane"] as number) + 3;
      return { deliveries, attempts, frontiers: frontiersOf(deliveries) };
    },
  };
}

/** The lines that wait, each from its first to its last. */
export function linesOf(deliveries: readonly AnyRecord[]): AnyRecord[][] {
  const lines = Map.groupBy(
    deliveries.filter(({ state, inLine }) => state === 0 && inLine === true),
    ({ destinationId, orderKey, jobId }) => JSON.stringify([destinationId, orderKey, jobId]),
  );
  const place = ({ orderAt, orderPlace, orderTie, seq }: AnyRecord) => [orderAt ?? 0, orderPlace ?? 0, orderTie ?? 0, seq] as number[];
  const byPlace = (a: AnyRecord, b: AnyRecord) => {
    const [left, right] = [place(a), place(b)];
    const at = left.findIndex((value, index) => value !== right[index]);
    return left[at]! - right[at]!;
  };
  return [...lines.values()].map((line) => line.toSorted(byPlace));
}

function frontiersOf(deliveries: readonly AnyRecord[]): AnyRecord[] {
  const released = deliveries.filter((delivery) => delivery["released"] === true);
  const groups = Map.groupBy(released, ({ destinationId, orderKey, orderBy }) => JSON.stringify([destinationId, orderKey, orderBy]));
  return [...groups.values()].map((group) => {
    const { destinationId, orderKey, orderBy } = group[0]!;
    const highest = (field: string) => Math.max(...group.map((record) => record[field] as number));
    return { destinationId: destinationId!, orderKey: orderKey!, orderBy: orderBy!, at: highest("orderAt"), eventSeq: highest("eventSeq") };
  });
}

/** Order is the adapter's own; here it is only the same in every comparison. */
function sorted(records: AnyRecord[], key: (record: AnyRecord) => string): AnyRecord[] {
  return records.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** Sealed parts as what they hold: sealing the same twice gives different bytes. */
export function withOpenSecrets(all: Records, key: Uint8Array): Record<Section, object[]> {
  const sealer = createSealer(key, seededRandom("open"));
  const open = (context: string, sealed: AnyRecord[string]) => (sealed === null ? null : sealer.open(context, sealed as Uint8Array));
  return {
    ...all,
    config: all.config.map((record) => ({
      ...record,
      sealed: open(`${String(record["kind"])}:${String(record["id"])}`, record["sealed"]!),
    })),
    idempotency: all.idempotency.map((record) => ({
      ...record,
      response: open(`idempotency:${String(record["key"])}`, record["response"]!),
    })),
  };
}
