// The contract of the archive port: one suite that every adapter passes.
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import type { Delivery } from "../../src/core/delivery.ts";
import { CLASSES } from "../../src/core/lane.ts";
import { type AnyRecord, type ImportMark, type Section, SECTION_ORDER, type StoreArchive } from "../../src/store/archive.ts";
import type { OrderPlace, Store } from "../../src/store/store.ts";
import { linesOf, randomRecords, type Records } from "../kit/archive-records.ts";
import { draft } from "../kit/store.ts";
import { dispatch, newDelivery, START_MS } from "./store-bench.ts";

export interface ArchiveHarness {
  newPlace(): Promise<string>;
  /** The same place opened again has what was kept there. */
  open(place: string): Promise<StoreArchive>;
  removePlace(place: string): Promise<void>;
  /** A server's store on what is there; the caller closes it. */
  serve(place: string): Promise<Store>;
  /** False where a half of a surrogate pair comes back as U+FFFD. */
  keepsLoneSurrogates: boolean;
  /** False where a delivery that stands in no line any more has no place, and only `frontiers` say how far the order has come. */
  keepsPlacesOfEnded: boolean;
}

const KEY = new Uint8Array(32).fill(9);
const ARCHIVE = "0123456789abcdef0123456789abcdef";

export function describeArchive(name: string, harness: ArchiveHarness): void {
  const opened: { store: StoreArchive; place: string }[] = [];
  const places = new Set<string>();

  async function open(place?: string): Promise<{ store: StoreArchive; place: string }> {
    const at = place ?? (await harness.newPlace());
    places.add(at);
    const one = { store: await harness.open(at), place: at };
    opened.push(one);
    return one;
  }

  afterEach(async () => {
    for (const { store } of opened.splice(0)) await store.close();
    for (const place of places) await harness.removePlace(place);
    places.clear();
  });

  /** For the next run of a property, which may take it again. */
  async function giveBack(place: string): Promise<void> {
    for (const { store } of opened.splice(0)) await store.close();
    places.delete(place);
    await harness.removePlace(place);
  }

  const records = (seed: number, events = 12): Records =>
    randomRecords(seed, { events, bodyBytesMax: 400, loneSurrogates: true, places: seed % 2 === 0, dispatchedAnyhow: true, key: KEY });

  /** At least so many events, from the first seed that has them. */
  function someEvents(count: number): AnyRecord[] {
    for (let seed = 1; ; seed += 1) {
      const { events } = records(seed);
      if (events.length >= count) return events;
    }
  }

  const comparable = (all: Records): Records =>
    Object.fromEntries(SECTION_ORDER.map((section) => [section, all[section].map(comparableRecord(section))])) as Records;

  const comparableRecord = (section: Section) => (record: AnyRecord) => {
    const entries = Object.entries(record).map(([field, value]) => [
      field,
      typeof value === "string" && !harness.keepsLoneSurrogates
        ? value.toWellFormed()
        : value instanceof Uint8Array
          ? Buffer.from(value).toString("hex")
          : value,
    ]);
    const plain = Object.fromEntries(entries) as AnyRecord;
    // What an adapter has none of, it may leave or make up.
    if (section === "events") delete plain["position"];
    if (section !== "deliveries") return plain;
    if (plain["state"] !== 0) delete plain["lane"];
    for (const field of ["orderPlace", "orderTie"]) delete plain[field];
    if (plain["inLine"] === true || harness.keepsPlacesOfEnded) return plain;
    for (const field of ["orderBy", "orderAt", "released"]) delete plain[field];
    return plain;
  };

  const byContent = (all: Records): Records =>
    Object.fromEntries(
      SECTION_ORDER.map((section) => [section, section === "marks" ? versionOf(all) : all[section].toSorted(byJson)]),
    ) as Records;

  describe(`the archive contract on ${name}`, () => {
    it("a new store is empty, is no half import, and reads as nothing", async () => {
      const { store } = await open();
      expect(await store.isEmpty()).toBe(true);
      expect(await store.importMark()).toBeNull();
      await store.assertUnused();
      const all = await readAll(store, 10);
      expect(byContent(all)).toEqual(byContent({ ...emptyRecords(), marks: [{ name: "configVersion", value: 0 }] }));
    });

    it("gives back every record of every section as it was given, in pages of any size", { timeout: 120_000 }, async () => {
      await fc.assert(
        fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 2_000 }), async (seed, limit, bytesMax) => {
          const { store, place } = await open();
          const given = records(seed);
          await writeAll(store, given, 3);
          expect(byContent(comparable(await readAll(store, limit, bytesMax)))).toEqual(byContent(comparable(given)));
          expect(await store.isEmpty()).toBe(SECTION_ORDER.every((section) => section === "marks" || given[section].length === 0));
          await giveBack(place);
        }),
        { numRuns: 25 },
      );
    });

    it("lines go on in their order: the first of each is due, and the others wait", { timeout: 120_000 }, async () => {
      await fc.assert(
        fc.asyncProperty(fc.nat(), async (seed) => {
          const { store, place } = await open();
          const given = records(seed, 120);
          await writeAll(store, given, 60);
          await store.finishImport();
          await store.close();
          const lines = linesOf(given.deliveries);
          const served = await harness.serve(place);
          try {
            expect(await turnsOf(served, given.deliveries)).toEqual(turnsIn(lines));
          } finally {
            await served.close();
          }
          await giveBack(place);
        }),
        { numRuns: 8 },
      );
    });

    it("how far an order has come is known: what belongs before that is late", { timeout: 60_000 }, async () => {
      for (const [seed, ofAnotherKind] of [
        [20, false],
        [21, true],
      ] as const) {
        const { store, place } = await open();
        const given = records(seed, 120);
        expect(given.frontiers.length).toBeGreaterThan(3);
        if (ofAnotherKind) for (const delivery of given.deliveries) if (delivery["inLine"] !== true) Object.assign(delivery, NO_PLACE);
        // The walk of SQLite would find them first.
        for (const event of given.events) event["dispatched"] = true;
        await writeAll(store, given, 60);
        await store.finishImport();
        await store.close();
        const served = await harness.serve(place);
        try {
          for (const { destinationId, orderKey, orderBy, at } of given.frontiers as Record<string, string & number>[]) {
            const by = orderBy === 1 ? "timestamp" : "sequence";
            const late = [await lateAt(-1), await lateAt(0)];
            expect(late, JSON.stringify([seed, destinationId, orderKey])).toEqual([true, false]);

            async function lateAt(offset: number): Promise<boolean | undefined> {
              const accepted = await served.accept(draft(START_MS));
              if (accepted.kind !== "accepted") throw new Error("a duplicate");
              const order: OrderPlace = { key: orderKey!, position: { by, at: at! + offset } };
              const made = await dispatch(
                served,
                [accepted.event],
                [newDelivery(accepted.event, { destinationId: destinationId!, order })],
              );
              return made[0]!.order?.late;
            }
          }
        } finally {
          await served.close();
        }
        await giveBack(place);
      }
    });

    it("tables keyed by seq come ascending, and revisions of a document in the order they were kept", async () => {
      const { store } = await open();
      const given = records(7);
      await writeAll(store, given, 50);
      const all = await readAll(store, 4);
      for (const section of ["events", "requests", "deliveries", "attempts", "jobs"] as const) {
        const seqs = all[section].map(({ seq }) => seq as number);
        expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
      }
      expect(all.revisions.map(({ replacedAt }) => replacedAt)).toEqual(given.revisions.map(({ replacedAt }) => replacedAt));
    });

    it("a page ends with the record whose bytes fill it", async () => {
      const { store } = await open();
      const [event] = someEvents(1);
      const events = Array.from({ length: 5 }, (_, at) => ({
        ...event!,
        seq: (event!["seq"] as number) + at,
        dedupeKey: null,
        body: new Uint8Array(1000).fill(at),
      }));
      await store.write({ archive: ARCHIVE, chunk: 1 }, "events", events);
      const page = await store.read({ section: "events", cursor: null, limit: 100, bytesMax: 1001 });
      expect(page.records.length).toBeLessThanOrEqual(2);
      expect(page.next).not.toBeNull();
      const rest = await store.read({ section: "events", cursor: page.next, limit: 100, bytesMax: 1_000_000 });
      expect([...page.records, ...rest.records].map(({ seq }) => seq)).toEqual(events.map(({ seq }) => seq));
      expect(rest.next).toBeNull();
    });

    it("a call whose mark is committed already does nothing, whatever it carries", async () => {
      const { store, place } = await open();
      const events = someEvents(6);
      const mark = (chunk: number): ImportMark => ({ archive: ARCHIVE, chunk });
      await store.write(mark(1), "events", events.slice(0, 2));
      await store.write(mark(1), "events", events.slice(0, 2));
      await store.write(mark(1), "events", events.slice(2, 4));
      expect((await readAll(store, 100)).events).toHaveLength(2);
      await store.write(mark(2), "events", events.slice(2, 4));
      await store.write(mark(1), "events", events.slice(0, 2));
      expect((await readAll(store, 100)).events).toHaveLength(4);
      await store.close();
      const again = await open(place);
      expect(await again.store.importMark()).toEqual({ ...mark(2), finished: false });
      await again.store.write(mark(2), "events", events.slice(4, 6));
      expect((await readAll(again.store, 100)).events).toHaveLength(4);
    });

    it("records and mark commit together or not at all", async () => {
      const { store } = await open();
      const events = someEvents(6);
      await store.write({ archive: ARCHIVE, chunk: 1 }, "events", events.slice(0, 2));
      await expect(store.write({ archive: ARCHIVE, chunk: 2 }, "events", [events[2]!, events[0]!])).rejects.toThrow();
      expect(await store.importMark()).toEqual({ archive: ARCHIVE, chunk: 1, finished: false });
      expect((await readAll(store, 100)).events).toHaveLength(2);
    });

    it("another archive is refused, the end may be said twice, and after it nothing is written", async () => {
      const { store } = await open();
      await store.write({ archive: ARCHIVE, chunk: 0 }, "config", []);
      expect(await store.importMark()).toEqual({ archive: ARCHIVE, chunk: 0, finished: false });
      await expect(store.write({ archive: "f".repeat(32), chunk: 9 }, "config", [])).rejects.toThrow(/^Another archive was imported here/);
      await store.finishImport();
      await store.finishImport();
      expect(await store.importMark()).toEqual({ archive: ARCHIVE, chunk: 0, finished: true });
      const [event] = someEvents(1);
      await store.write({ archive: ARCHIVE, chunk: 5 }, "events", [event!]);
      expect(await store.isEmpty()).toBe(true);
    });
  });
}

/** Takes what is due and cancels it, again and again: the seqs of the lines' deliveries, by turn. */
async function turnsOf(store: Store, deliveries: readonly AnyRecord[]): Promise<number[][]> {
  const waiting = deliveries.filter(({ state }) => state === 0);
  const inLine = new Set(waiting.filter((record) => record["inLine"] === true).map(({ seq }) => seq));
  const destinations = [...new Set(waiting.map(({ destinationId }) => destinationId as string))];
  const turns: number[][] = [];
  for (;;) {
    const due: Delivery[] = [];
    for (const destinationId of destinations) {
      for (const workClass of CLASSES) {
        const query = { destinationId, class: workClass, now: Number.MAX_SAFE_INTEGER, limit: 1_000, skipSeqs: [] };
        due.push(...(await store.dueDeliveries(query)).deliveries);
      }
    }
    if (due.length === 0) return turns.filter((turn) => turn.length > 0);
    turns.push(
      due
        .map(({ seq }) => seq)
        .filter((seq) => inLine.has(seq))
        .toSorted(byNumber),
    );
    const ids = due.map(({ id }) => id);
    await store.commandDeliveries(ids, { kind: "cancel", at: 1 }, null);
  }
}

/** All first ones, then all second ones, and so on. */
function turnsIn(lines: readonly AnyRecord[][]): number[][] {
  const longest = Math.max(0, ...lines.map((line) => line.length));
  return Array.from({ length: longest }, (_, turn) =>
    lines.flatMap((line) => (line[turn] === undefined ? [] : [line[turn]["seq"] as number])).toSorted(byNumber),
  );
}

const NO_PLACE = { orderBy: 0, orderAt: null, released: false };

const byNumber = (a: number, b: number) => a - b;

function versionOf({ marks }: Records): AnyRecord[] {
  return marks.filter(({ name }) => name === "configVersion");
}

function emptyRecords(): Records {
  return Object.fromEntries(SECTION_ORDER.map((section) => [section, [] as AnyRecord[]])) as Records;
}

function byJson(a: AnyRecord, b: AnyRecord): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}

export async function readAll(store: StoreArchive, limit: number, bytesMax = 1_000_000): Promise<Records> {
  const all = emptyRecords();
  for (const section of SECTION_ORDER) {
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<StoreArchive["read"]>> = await store.read({ section, cursor, limit, bytesMax });
      all[section].push(...page.records);
      cursor = page.next;
    } while (cursor !== null);
  }
  return all;
}

export async function writeAll(store: StoreArchive, records: Records, perCall: number): Promise<void> {
  let chunk = 0;
  for (const section of SECTION_ORDER) {
    for (let at = 0; at < records[section].length; at += perCall) {
      chunk += 1;
      await store.write({ archive: ARCHIVE, chunk }, section, records[section].slice(at, at + perCall));
    }
  }
}
