// Contract of accept: what was accepted is there, once, in order, byte for byte.
import { describe, expect } from "vitest";
import { parseId, timeOfSeq } from "../../src/core/id.ts";
import type { AcceptOutcome } from "../../src/store/store.ts";
import { seededRandom } from "../kit/random.ts";
import { allPages, draft } from "../kit/store.ts";
import type { ContractTest, OpenBench } from "./store-bench.ts";

const DAY_MS = 86_400_000;

export function describeAccept(open: OpenBench, test: ContractTest): void {
  describe("accept", () => {
    test("an accepted event reads back equal in every field, also after reopening", async () => {
      const bench = await open();
      const headers = [
        "X-Dup",
        "one",
        "x-dup",
        "two",
        "X-DUP",
        "",
        "Content-Type",
        "text/plain; charset=latin1",
        "X-Odd",
        "\u00ff\t\u0080",
      ];
      const event = await bench.accept({
        sourceId: "src_1",
        tenantId: "tnt_1",
        type: "invoice.paid",
        key: "k\u0000ey \u{1f409}",
        providerEventId: "p-1",
        channels: ["a", "b c"],
        deliverAt: bench.now + 5000,
        request: {
          method: "PATCH",
          pathTail: "/a%2Fb//c",
          query: "x=1&x=%zz&&y",
          headers,
          remoteAddress: "2001:db8::1",
          body: Buffer.from("body"),
        },
      });
      const expected = { ...event, request: { ...event.request, body: new Uint8Array(event.request.body) } };
      expect(await bench.store.event(event.id)).toEqual(expected);
      await bench.reopen();
      expect(await bench.store.event(event.id)).toEqual(expected);
      expect(expected).toMatchObject({
        type: "invoice.paid",
        key: "k\u0000ey \u{1f409}",
        bodyBytes: 4,
        channels: ["a", "b c"],
        request: { headers },
      });
    });

    const bodies: [string, () => Uint8Array][] = [
      ["no bytes", () => new Uint8Array(0)],
      ["every byte value", () => Uint8Array.from({ length: 256 }, (_, i) => i)],
      ["bytes that are no UTF-8", () => Uint8Array.of(0xff, 0xfe, 0xc0, 0x80, 0x00, 0xed, 0xa0, 0x80)],
      ["25 MiB", () => seededRandom("large").fill(new Uint8Array(25 * 1024 ** 2))],
    ];
    for (const [what, make] of bodies) {
      test(`a body of ${what} comes back unchanged`, async () => {
        const bench = await open();
        const body = make();
        const event = await bench.accept({ body });
        const kept = await bench.store.event(event.id);
        expect(Buffer.compare(kept!.request.body, body)).toBe(0);
        expect(kept!.bodyBytes).toBe(body.byteLength);
      });
    }

    test("bodies of one commit are not mixed up", async () => {
      const bench = await open();
      const random = seededRandom("bodies");
      const bodies = Array.from({ length: 200 }, () => random.fill(new Uint8Array(random.int(2000))));
      const events = await Promise.all(bodies.map((body) => bench.accept({ body })));
      const kept = await bench.store.eventsBySeq(events.map((event) => event.seq));
      expect(kept.map((event) => Buffer.from(event.request.body).toString("hex"))).toEqual(
        bodies.map((body) => Buffer.from(body).toString("hex")),
      );
    });

    test("events are ordered as accept was called, with ids that sort by it", async () => {
      const bench = await open();
      const events = await Promise.all(Array.from({ length: 500 }, (_, i) => bench.accept({ key: String(i) })));
      const listed = await allPages(bench.store.events, { ascending: true }, 77);
      expect(listed.map((event) => event.key)).toEqual(events.map((_, i) => String(i)));
      expect(listed.map((event) => event.id)).toEqual(events.map((event) => event.id).toSorted());
    });

    test("ids go on ascending when the clock steps back, also over a reopening", async () => {
      const bench = await open();
      const first = await bench.accept();
      bench.now -= 3 * DAY_MS;
      const second = await bench.accept();
      await bench.reopen();
      const third = await bench.accept();
      expect([first.id, second.id, third.id]).toEqual([first.id, second.id, third.id].toSorted());
      expect(new Set([first.seq, second.seq, third.seq]).size).toBe(3);
      expect(timeOfSeq(parseId("evt", third.id)!.seq)).toBeGreaterThan(bench.now);
    });

    test("an id with the right number and another tail finds nothing", async () => {
      const bench = await open();
      const { id } = await bench.accept();
      const guessed = id.slice(0, -1) + (id.endsWith("0") ? "1" : "0");
      expect([await bench.store.event(guessed), await bench.store.request(guessed.replace("evt", "req"))]).toEqual([null, null]);
    });
  });

  describe("dedupe", () => {
    const dedupe = (key: string, windowMs = DAY_MS) => ({ key, windowMs });

    test("100 copies of one key at once are one event, and every copy names it", async () => {
      const bench = await open();
      const outcomes = await Promise.all(
        Array.from({ length: 100 }, (_, i) =>
          bench.store.accept(draft(bench.now, { sourceId: "src_1", dedupe: dedupe("k"), body: Buffer.from(`copy ${i}`) })),
        ),
      );
      const accepted = outcomes.filter((outcome) => outcome.kind === "accepted");
      expect(accepted).toHaveLength(1);
      const id = accepted[0]!.event.id;
      expect(new Set(outcomes.map((outcome) => (outcome.kind === "duplicate" ? outcome.of : outcome.event.id)))).toEqual(new Set([id]));
      expect(await allPages(bench.store.events, {})).toHaveLength(1);
      expect(await allPages(bench.store.requests, { outcome: "duplicate" })).toHaveLength(99);
    });

    test("a repeat is the same event inside the window, and a new one at its end", async () => {
      const bench = await open();
      const first = await bench.accept({ dedupe: dedupe("k", 1000) });
      const repeat = async () => idOf(await bench.store.accept(draft(bench.now, { dedupe: dedupe("k", 1000) })));
      bench.now += 999;
      expect(await repeat()).toBe(first.id);
      bench.now += 1;
      const second = await repeat();
      expect(second).not.toBe(first.id);
      // The window now counts from the newer event.
      bench.now += 999;
      expect(await repeat()).toBe(second);
    });

    test("a repeat after the clock stepped back is a duplicate", async () => {
      const bench = await open();
      const first = await bench.accept({ dedupe: dedupe("k", 1000) });
      bench.now -= 10 * DAY_MS;
      expect(await bench.store.accept(draft(bench.now, { dedupe: dedupe("k", 1000) }))).toMatchObject({ kind: "duplicate", of: first.id });
    });

    test("the memory of keys survives a reopening", async () => {
      const bench = await open();
      const first = await bench.accept({ dedupe: dedupe("k") });
      await bench.reopen();
      expect(await bench.store.accept(draft(bench.now, { dedupe: dedupe("k") }))).toMatchObject({ kind: "duplicate", of: first.id });
    });

    test("other keys and drafts without one are events of their own", async () => {
      const bench = await open();
      const keys = ["src_1:a", "src_2:a", "src_1:A", "src_1:a\u0000", "src_1:a ", null, null];
      const outcomes = await Promise.all(
        keys.map((key) => bench.store.accept(draft(bench.now, { dedupe: key === null ? null : dedupe(key) }))),
      );
      expect(outcomes.map((outcome) => outcome.kind)).toEqual(keys.map(() => "accepted"));
      expect(new Set(outcomes.map(idOf)).size).toBe(keys.length);
    });

    test("a duplicate's own request can be looked up, with the start of its body", async () => {
      const bench = await open();
      const first = await bench.accept({ sourceId: "src_1", dedupe: dedupe("k") });
      const body = seededRandom("dup").fill(new Uint8Array(100_000));
      const outcome = await bench.store.accept(draft(bench.now, { sourceId: "src_1", dedupe: dedupe("k"), body }));
      if (outcome.kind !== "duplicate") throw new Error("the copy became an event");
      const record = await bench.store.request(outcome.requestId);
      expect(record).toMatchObject({
        id: outcome.requestId,
        outcome: "duplicate",
        eventId: first.id,
        sourceId: "src_1",
        bodyBytes: 100_000,
        cause: null,
      });
      const kept = record!.request.body;
      expect(kept.byteLength).toBeGreaterThanOrEqual(1024);
      expect(kept.byteLength).toBeLessThan(body.byteLength);
      expect(Buffer.compare(kept, body.subarray(0, kept.byteLength))).toBe(0);
    });

    test("an accepted event is also the record of its request", async () => {
      const bench = await open();
      const event = await bench.accept({ sourceId: "src_1", body: Buffer.from("whole") });
      const record = await bench.store.request(event.id.replace("evt_", "req_"));
      expect(record).toMatchObject({ outcome: "accepted", eventId: event.id, bodyBytes: 5, receivedAt: bench.now });
      expect(Buffer.from(record!.request.body).toString()).toBe("whole");
    });
  });

  describe("closing", () => {
    test("what was called before close is kept, and what is called after it is refused", async () => {
      const bench = await open();
      const early = bench.accept({ type: "before" });
      const closing = bench.store.close();
      await expect(early).resolves.toMatchObject({ type: "before" });
      await closing;
      await expect(bench.store.accept(draft(bench.now))).rejects.toThrow(/clos/i);
      await expect(bench.store.settle([])).rejects.toThrow(/clos/i);
      await expect(bench.store.events({ limit: 1, cursor: null, since: null, until: null })).rejects.toThrow(/clos/i);
      await bench.reopen();
      expect(await allPages(bench.store.events, { type: "before" })).toHaveLength(1);
    });

    test("ping resolves on a store that can commit", async () => {
      const bench = await open();
      await expect(bench.store.ping()).resolves.toBeUndefined();
    });
  });
}

function idOf(outcome: AcceptOutcome): string {
  return outcome.kind === "accepted" ? outcome.event.id : outcome.of;
}
