// The two ledgers of a simulation, of what was acknowledged and of what arrived, and the rules that must hold between them.
import { expect } from "vitest";
import type { Delivery } from "../../src/core/delivery.ts";
import { isOperational } from "../../src/core/operational.ts";
import type { TestFlow } from "../kit/flow.ts";
import type { Script, Sent } from "../kit/scripted-transport.ts";
import { allPages } from "../kit/store.ts";
import { askedMs, type World } from "./world.ts";

export interface Ledger {
  /** A 2xx went out for this body under this id. */
  acknowledge(eventId: string, body: Buffer): void;
  /** Looks at every arrival as it happens; a broken rule is kept and told by `check`. */
  arrived(sent: Sent, script: Script): void;
  /** A person's retry or replay was asked for: from now on this pair may see more than its schedule. */
  allowMore(eventId: string, destinationId: string): void;
  /** A cancel was answered: no more arrivals for this pair. */
  cancelled(delivery: Delivery): void;
  /** The process has died and is not started again yet: what was sent and not recorded is in doubt and may come again. */
  crashed(): Promise<void>;
  /** The wall clock was set: distances between arrivals mean nothing any more. */
  clockWasSet(): void;
  /** Rules that hold at any time the flow is between two steps. */
  check(): Promise<void>;
  /** Rules that hold once nothing is due any more. */
  checkDrained(): Promise<void>;
}

interface Seen {
  attempt: number;
  at: number;
  script: Script;
}

export function createLedger(flow: TestFlow, world: World): Ledger {
  const acknowledged = new Map<string, Buffer>();
  const lastSeen = new Map<string, Seen>();
  const more = new Map<string, number>();
  const ended = new Set<string>();
  const broken: string[] = [];
  let lost = 0;
  let timesCount = true;
  const idOf = new Map(world.destinations.map(({ url, id }) => [url, id]));

  async function recorded(): Promise<number> {
    return (await allPages(flow.store.attempts, {})).length;
  }

  function checkTiming(pair: string, sent: Sent): void {
    const before = lastSeen.get(pair);
    if (!timesCount || more.has(pair) || before === undefined || sent.attempt !== before.attempt + 1) return;
    const { scheduleMs, jitter } = world.destinations.find(({ url }) => url === sent.url)!.retry;
    const least = Math.max(Math.floor(scheduleMs[before.attempt]! * (1 - jitter)), askedMs(before.script));
    if (sent.at - before.at < least)
      broken.push(`attempt ${sent.attempt} of ${pair} came ${sent.at - before.at} ms after the one before, not ${least}`);
  }

  async function checkDeliveries(): Promise<Delivery[]> {
    const deliveries = await flow.deliveries();
    const attempts = await allPages(flow.store.attempts, {});
    for (const delivery of deliveries) {
      const { scheduleMs } = world.destinations.find(({ id }) => id === delivery.destinationId)!.retry;
      const allowed = scheduleMs.length + (more.get(`${delivery.eventId} ${delivery.destinationId}`) ?? 0);
      expect(delivery.attempts, `attempts of ${delivery.id}`).toBeLessThanOrEqual(allowed);
      const numbers = attempts.filter((attempt) => attempt.deliveryId === delivery.id).map((attempt) => attempt.number);
      expect(
        numbers.toSorted((a, b) => a - b),
        `numbers of ${delivery.id}`,
      ).toEqual(Array.from({ length: delivery.attempts }, (_, i) => i + 1));
      expect(delivery.nextAttemptAt === null, `${delivery.id} is ${delivery.state}`).toBe(delivery.state !== "waiting");
    }
    return deliveries;
  }

  return {
    acknowledge: (eventId, body) => void acknowledged.set(eventId, body),
    arrived(sent, script) {
      const destinationId = idOf.get(sent.url)!;
      const pair = `${sent.eventId} ${destinationId}`;
      const state = flow.catalog.destination(destinationId)?.state.kind;
      if (state !== "active") broken.push(`an attempt went to a ${state} destination: ${pair}`);
      if (ended.has(pair)) broken.push(`an attempt was made after its cancel: ${pair}`);
      const body = acknowledged.get(sent.eventId);
      if (body !== undefined && !body.equals(sent.body)) broken.push(`other bytes arrived for ${pair}`);
      checkTiming(pair, sent);
      lastSeen.set(pair, { attempt: sent.attempt, at: sent.at, script });
    },
    allowMore(eventId, destinationId) {
      const pair = `${eventId} ${destinationId}`;
      more.set(pair, (more.get(pair) ?? 0) + 1);
      ended.delete(pair);
    },
    cancelled({ eventId, destinationId }) {
      const pair = `${eventId} ${destinationId}`;
      if (!more.has(pair)) ended.add(pair);
    },
    async crashed() {
      // What was on its way to the disk arrives there or not; after this the count is final.
      await flow.store.ping();
      lost = flow.transport.sent.length - (await recorded());
    },
    clockWasSet() {
      timesCount = false;
    },
    async check() {
      expect(broken.join("\n")).toBe("");
      const found = await flow.store.eventsBySeq((await allPages(flow.store.events, {})).map((event) => event.seq));
      const byId = new Map(found.map((event) => [event.id, event]));
      for (const [id, body] of acknowledged) {
        expect(byId.has(id), `${id} was acknowledged and is gone`).toBe(true);
        expect(body.equals(byId.get(id)!.request.body), `bytes of ${id}`).toBe(true);
      }
      await checkDeliveries();
    },
    async checkDrained() {
      const deliveries = await checkDeliveries();
      for (const event of await allPages(flow.store.events, {})) {
        if (isOperational(event)) {
          // Nobody in this world names them, and a subscription to everything does not mean them.
          expect(deliveries.filter((delivery) => delivery.eventId === event.id)).toEqual([]);
          continue;
        }
        const { n } = JSON.parse(Buffer.from((await flow.store.event(event.id))!.request.body).toString()) as { n: number };
        const own = deliveries.filter((delivery) => delivery.eventId === event.id && delivery.jobId === null);
        const expected = world.receiversOf({ sourceId: event.sourceId, type: event.type, n });
        expect(own.map((delivery) => delivery.destinationId).toSorted(), `receivers of ${event.id}`).toEqual(expected.toSorted());
      }
      for (const { state, destinationId, id } of deliveries) {
        if (state === "waiting") expect(flow.catalog.destination(destinationId)?.state.kind, `${id} waits`).not.toBe("active");
      }
      // An attempt per arrival, but for those whose outcome died with a process.
      expect(await recorded()).toBe(flow.transport.sent.length - lost);
      expect(flow.running.worker.stats()).toEqual({ inFlight: 0, queued: 0, unsettled: 0 });
      expect(flow.transport.sent.every((sent) => sent.eventId.startsWith("evt_"))).toBe(true);
    },
  };
}
