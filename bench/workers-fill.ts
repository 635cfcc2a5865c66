// Deliveries that wait, as a dispatch before this start left them: events of 1 KiB, the same number for each destination.
import { openPostgresStore } from "../src/store/postgres/index.ts";
import { systemClock as clock } from "../src/system/clock.ts";
import { systemRandom as random } from "../src/system/random.ts";
import { benchEvent } from "./fixtures.ts";

export interface FillPlan {
  database: string;
  destinations: { id: string; subscriptionId: string }[];
  each: number;
  bodyBytes: number;
}

const plan = JSON.parse(process.argv[2] ?? "{}") as FillPlan;
const fail = (error: Error) => {
  throw error;
};
const log = { warn: (facts: object, message: string) => console.warn(message, facts) };
const options = { url: plan.database, clock, random, requestsKeptMax: 1_000, poolMax: 4, dispatches: true, log, onFatal: fail };
const { store } = await openPostgresStore(options);
const body = Buffer.alloc(plan.bodyBytes, "x");

// One event for each destination in turn, as they would come in.
for (let made = 0; made < plan.each; made += 1) {
  const outcomes = await Promise.all(plan.destinations.map(() => store.accept(benchEvent(clock.now(), body, { sourceId: "src_bench" }))));
  const events = outcomes.flatMap((outcome) => (outcome.kind === "accepted" ? [outcome.event] : []));
  const deliveries = events.map((event, index) => ({
    eventId: event.id,
    eventSeq: event.seq,
    destinationId: plan.destinations[index]!.id,
    subscriptionId: plan.destinations[index]!.subscriptionId,
    nextAttemptAt: event.receivedAt,
    expiresAt: null,
    trigger: "event" as const,
    jobId: null,
    bodyBytes: event.bodyBytes,
  }));
  await store.commitDispatch(events, deliveries);
}
await store.close();
process.stdout.write(JSON.stringify({ filled: plan.each * plan.destinations.length }));
