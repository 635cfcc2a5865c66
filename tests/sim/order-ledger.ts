// What arrived in a simulation of order, and the rules that must hold of it: per line, in which order and how many at once.
import { expect } from "vitest";
import type { Delivery } from "../../src/core/delivery.ts";
import type { DestinationOrdering } from "../../src/core/destination.ts";
import type { TestFlow } from "../kit/flow.ts";
import type { Script, Sent } from "../kit/scripted-transport.ts";
import { allPages } from "../kit/store.ts";

export interface OrderLedger {
  arrived(sent: Sent, script: Script): void;
  commanded(kind: "cancel" | "retry", deliveryId: string): void;
  /** What was under way is gone with its process, and may come again. */
  crashed(): void;
  check(): Promise<void>;
}

interface Arrival {
  /** One event is one delivery here. */
  eventId: string;
  at: number;
  /** When the program heard how it ended. */
  until: number;
}

/** One that arrived, with where it belongs. */
interface Member {
  delivery: Delivery;
  /** By acceptance. */
  accepted: number;
  /** The provider's place; null for none. */
  place: number | null;
  receivedAt: number;
  arrivals: Arrival[];
}

type Ordered = Exclude<DestinationOrdering, { kind: "unordered" }>;

export function createOrderLedger(flow: TestFlow, ordering: Ordered, deadlineMs: number): OrderLedger {
  const arrivals: Arrival[] = [];
  const hurried = new Set<string>();
  const cancelled = new Set<string>();

  async function membersByLine(): Promise<Map<string, Member[]>> {
    const events = await flow.store.eventsBySeq((await allPages(flow.store.events, {})).map((event) => event.seq));
    const eventById = new Map(events.map((event) => [event.id, event]));
    const lines = new Map<string, Member[]>();
    for (const delivery of await flow.deliveries()) {
      const event = eventById.get(delivery.eventId)!;
      const key = ordering.kind === "fifo" ? "" : event.key;
      expect(delivery.order?.key ?? null, `key of ${delivery.id}`).toBe(key);
      if (key === null) continue;
      const { place } = JSON.parse(Buffer.from(event.request.body).toString()) as { place: unknown };
      const member: Member = {
        delivery,
        accepted: event.seq,
        place: ordering.holdBack !== null && typeof place === "number" ? place : null,
        receivedAt: event.receivedAt,
        arrivals: arrivals.filter((arrival) => arrival.eventId === event.id),
      };
      lines.set(key, [...(lines.get(key) ?? []), member]);
    }
    return lines;
  }

  /** Without hold-back, first arrivals are in the order of acceptance. */
  function checkAccepted(name: string, members: Member[]): void {
    const arrived = members.filter((member) => member.arrivals.length > 0);
    const inOrder = arrived.toSorted((a, b) => a.accepted - b.accepted);
    const asTheyCame = arrived.toSorted((a, b) => arrivals.indexOf(a.arrivals[0]!) - arrivals.indexOf(b.arrivals[0]!));
    expect(
      asTheyCame.map((member) => member.delivery.id),
      `order of line ${name}`,
    ).toEqual(inOrder.map((member) => member.delivery.id));
  }

  /** With hold-back: of those that are not late, none comes after one with a higher place, and none before its wait is over. */
  function checkPlaces(name: string, members: Member[]): void {
    const placed = members.filter(({ arrivals: own, place, delivery }) => own.length > 0 && place !== null && !delivery.order!.late);
    // While one without a place waits, those behind it go in the order of acceptance.
    const isPure = members.every(({ place }) => place !== null);
    const asTheyCame = placed.toSorted((a, b) => arrivals.indexOf(a.arrivals[0]!) - arrivals.indexOf(b.arrivals[0]!));
    const inOrder = placed.toSorted((a, b) => a.place! - b.place! || a.accepted - b.accepted);
    if (isPure) {
      expect(
        asTheyCame.map((member) => `${member.place} ${member.delivery.id}`),
        `order of line ${name}`,
      ).toEqual(inOrder.map((member) => `${member.place} ${member.delivery.id}`));
    }
    const waitMs = ordering.holdBack!.waitMs;
    for (const { delivery, receivedAt, arrivals: own } of placed) {
      if (!hurried.has(delivery.id)) expect(own[0]!.at - receivedAt, `wait of ${delivery.id}`).toBeGreaterThanOrEqual(waitMs);
    }
  }

  /** One after another: when one arrives, all that arrived before it have ended, and none of those comes again. */
  function checkOneByOne(name: string, members: Member[]): void {
    // What was cancelled or retried after its turn is out of the line, and what failed where failures are skipped too.
    const inLine = members.filter(
      ({ delivery }) =>
        !cancelled.has(delivery.id) &&
        !(hurried.has(delivery.id) && delivery.order!.late) &&
        !(ordering.onFailure === "skip" && delivery.attempts > 1),
    );
    const own = inLine.flatMap((member) => member.arrivals).toSorted((a, b) => arrivals.indexOf(a) - arrivals.indexOf(b));
    const gone = new Set<string>();
    for (const [index, arrival] of own.entries()) {
      const before = own[index - 1];
      if (before === undefined || before.eventId === arrival.eventId) continue;
      gone.add(before.eventId);
      expect(gone.has(arrival.eventId), `${arrival.eventId} of line ${name} came again after ${before.eventId}`).toBe(false);
      expect(arrival.at, `${arrival.eventId} of line ${name} beside ${before.eventId}`).toBeGreaterThanOrEqual(before.until);
    }
  }

  return {
    arrived(sent, script) {
      const afterMs = script === "hang" ? deadlineMs : Math.min(deadlineMs, script.afterMs ?? 0);
      arrivals.push({ eventId: sent.eventId, at: sent.at, until: sent.at + afterMs });
    },
    commanded(kind, deliveryId) {
      (kind === "retry" ? hurried : cancelled).add(deliveryId);
    },
    crashed() {
      for (const arrival of arrivals) arrival.until = Math.min(arrival.until, flow.clock.now());
    },
    async check() {
      for (const [name, members] of await membersByLine()) {
        if (ordering.holdBack !== null) checkPlaces(name, members);
        else checkAccepted(name, members);
        checkOneByOne(name, members);
      }
    },
  };
}
