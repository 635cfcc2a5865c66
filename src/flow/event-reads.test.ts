// Reads of events that are made together: one question, and nothing shared that would keep the others in memory.
import { describe, expect, it } from "vitest";
import type { Event } from "../core/event.ts";
import { createEventReads } from "./event-reads.ts";

/** A store that writes down what it is asked, and answers bodies that share one buffer, as its thread sends them. */
function askedStore() {
  const asked: number[][] = [];
  const eventsBySeq = (seqs: number[]): Promise<Event[]> => {
    asked.push(seqs);
    const shared = new Uint8Array(seqs.length * 4).buffer;
    return Promise.resolve(
      seqs.filter((seq) => seq < 100).map((seq, at) => ({ seq, request: { body: new Uint8Array(shared, at * 4, 4).fill(seq) } }) as Event),
    );
  };
  return { asked, eventsBySeq };
}

describe("reads of events", () => {
  it("of one turn are one question, which names an event once", async () => {
    const store = askedStore();
    const { read } = createEventReads(store);
    const [first, second] = await Promise.all([read([1, 2], 8), read([2, 3], 8)]);
    expect(store.asked).toEqual([[1, 2, 3]]);
    expect(second.get(3)!.request.body).toEqual(new Uint8Array([3, 3, 3, 3]));
    expect(first.get(1)!.request.body).toEqual(new Uint8Array([1, 1, 1, 1]));
  });

  it("of another turn are a question of their own", async () => {
    const store = askedStore();
    const { read } = createEventReads(store);
    await read([1], 4);
    await read([1], 4);
    expect(store.asked).toEqual([[1], [1]]);
  });

  it("begin another question where the bodies would be too much for one", async () => {
    const store = askedStore();
    const { read } = createEventReads(store);
    await Promise.all([read([1], 600 * 1024), read([2], 600 * 1024), read([3], 4)]);
    expect(store.asked).toEqual([[1], [2, 3]]);
  });

  it("keep nobody else's bodies in memory with their own", async () => {
    const { read } = createEventReads(askedStore());
    const [of1] = await Promise.all([read([1], 4), read([2], 4)]);
    expect(of1.get(1)!.request.body.buffer.byteLength).toBe(4);
  });

  it("leave out events that are gone", async () => {
    const { read } = createEventReads(askedStore());
    expect([...(await read([5, 500], 8)).keys()]).toEqual([5]);
  });

  it("fail for everyone who shares a question, and only for them", async () => {
    const store = askedStore();
    let broken = true;
    const { read } = createEventReads({
      eventsBySeq: (seqs) => (broken ? Promise.reject(new Error("the disk is away")) : store.eventsBySeq(seqs)),
    });
    expect((await Promise.allSettled([read([1], 4), read([2], 4)])).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    broken = false;
    expect((await read([1], 4)).size).toBe(1);
  });
});
