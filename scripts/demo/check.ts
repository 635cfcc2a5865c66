// Holds what was sent against what the server says and what the receiver got.
import type { Answered, Planned } from "./sender.ts";
import type { DemoReceiver } from "./receiver.ts";
import type { DemoServer } from "./server.ts";
import type { TableRow } from "./table.ts";

interface Delivery {
  status: string;
  attemptCount: number;
}

interface Rejected {
  cause: string;
}

export interface DemoOutcome {
  rows: TableRow[];
  problems: string[];
}

export async function checkDemo(run: {
  server: DemoServer;
  receiver: DemoReceiver;
  plan: Planned[];
  answers: Answered[];
}): Promise<DemoOutcome> {
  const { server, receiver, plan, answers } = run;
  const count = (kind: Planned["kind"]) => plan.filter((planned) => planned.kind === kind).length;
  const [events, duplicates, rejected] = await Promise.all([
    server.all<{ id: string }>("/v1/events"),
    server.all<{ id: string }>("/v1/requests?outcome=duplicate"),
    settledRejections(server, count("forged")),
  ]);
  const deliveries = await settledDeliveries(server);
  const retried = deliveries.filter((delivery) => delivery.attemptCount > 1).length;
  const rows: TableRow[] = [
    { what: "accepted", expected: count("genuine"), found: events.length },
    { what: "duplicates", expected: count("duplicate"), found: duplicates.length },
    ...causeRows(plan, rejected),
    { what: "delivered", expected: count("genuine"), found: deliveries.filter((delivery) => delivery.status === "delivered").length },
    { what: "retried", expected: receiver.failedOnPurpose.size, found: retried },
    { what: "signatures verified by the receiver", expected: count("genuine"), found: receiver.accepted.size },
    { what: "bodies equal byte for byte", expected: count("genuine"), found: equalBodies(plan, receiver) },
    {
      what: "one event id per GitHub delivery",
      expected: count("genuine"),
      found: new Set([...receiver.accepted.values()].map((one) => one.eventId)).size,
    },
  ];
  const problems = rows
    .filter((row) => row.expected !== row.found)
    .map((row) => `${row.what}: expected ${row.expected}, found ${row.found}`);
  problems.push(...receiver.badSignatures.map((text) => `bad signature at the receiver: ${text}`));
  problems.push(...receiver.repeats.map((id) => `delivered more than once: ${id}`));
  problems.push(...wrongAnswers(answers));
  return { rows: [...rows, ...latencyRows(answers, receiver)], problems };
}

function causeRows(plan: Planned[], rejected: Rejected[]): TableRow[] {
  const causes = [...new Set(plan.map((planned) => planned.cause).filter((cause) => cause !== null))].toSorted();
  return causes.map((cause) => ({
    what: `rejected: ${cause}`,
    expected: plan.filter((planned) => planned.cause === cause).length,
    found: rejected.filter((one) => one.cause === cause).length,
  }));
}

function equalBodies(plan: Planned[], receiver: DemoReceiver): number {
  return plan.filter(
    (planned) => planned.kind === "genuine" && receiver.accepted.get(planned.deliveryId)?.body.equals(planned.body) === true,
  ).length;
}

const STATUS_OF_CAUSE: Record<string, number> = { bad_signature: 401, missing_header: 401, too_large: 413 };

function wrongAnswers(answers: Answered[]): string[] {
  return answers
    .filter(({ planned, status }) => status !== (planned.cause === null ? 200 : STATUS_OF_CAUSE[planned.cause]))
    .map(({ planned, status }) => `a ${planned.kind} request (${planned.cause ?? "fine"}) was answered ${status}`);
}

/** Rejections are recorded in batches a moment after their answer. */
async function settledRejections(server: DemoServer, expected: number): Promise<Rejected[]> {
  return untilStable(
    () => server.all<Rejected>("/v1/requests?outcome=rejected"),
    (found) => found.length >= expected,
  );
}

/** An attempt is recorded a moment after the receiver answered it. */
async function settledDeliveries(server: DemoServer): Promise<Delivery[]> {
  return untilStable(
    () => server.all<Delivery>("/v1/deliveries"),
    (found) => found.every((delivery) => delivery.status === "delivered"),
  );
}

async function untilStable<T>(read: () => Promise<T>, done: (found: T) => boolean): Promise<T> {
  let found = await read();
  for (let tries = 0; tries < 100 && !done(found); tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    found = await read();
  }
  return found;
}

function latencyRows(answers: Answered[], receiver: DemoReceiver): TableRow[] {
  const first = answers.filter(({ planned }) => planned.kind === "genuine" && !receiver.failedOnPurpose.has(planned.deliveryId));
  const times = first
    .map(({ planned, sentAt }) => (receiver.accepted.get(planned.deliveryId)?.arrivedAt ?? Number.POSITIVE_INFINITY) - sentAt)
    .toSorted((a, b) => a - b);
  const at = (share: number) => `${(times[Math.floor((times.length - 1) * share)] ?? 0).toFixed(1)} ms`;
  return [
    { what: "request to delivery, p50", expected: null, found: at(0.5) },
    { what: "request to delivery, p99", expected: null, found: at(0.99) },
  ];
}
