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
  /** Places of ordered deliveries, and their expiry. */
  orders: boolean;
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
  const { deliveries, attempts } = made.deliveries(events);
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
  let seq = START_SEQ;
  const next = () => (seq += 1 + (random.chance(0.2) ? random.int(200_000_000_000) : random.int(5)));

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
    const ordered = options.orders && random.chance(0.5);
    return {
      seq: next(),
      tail: tail(),
      eventSeq: event["seq"]!,
      eventTail: event["tail"]!,
      destinationId: id("dst", START_SEQ + random.int(3)),
      subscriptionId: maybe(() => `sub_${random.int(9)}`),
      state,
      lane: state === 0 ? random.int(3) : null,
      attempts: random.int(20),
      nextAt: state === 0 ? count() : null,
      reason: maybe(text),
      trigger: random.pick(["event", "replay", "manual"]),
      jobId: maybe(() => `job_${random.int(9)}`),
      orderKey: ordered ? text() : null,
      orderAt: ordered ? count() : null,
      late: options.orders && random.chance(0.3),
      expiresAt: options.orders ? maybe(count) : null,
      finishedAt: state === 0 ? null : count(),
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
      return { deliveries, attempts };
    },
  };
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
