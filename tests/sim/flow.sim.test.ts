// A seeded simulation of the whole flow: random worlds, receivers, commands, crashes and clocks against plain rules.
// SIM_SEED=<seed> repeats one run, SIM_RUNS=<count> makes more of them.
import { describe, expect, it } from "vitest";
import { processEnvironment } from "../../src/config.ts";
import { createTestFlow, type TestFlow } from "../kit/flow.ts";
import { type SeededRandom, seededRandom } from "../kit/random.ts";
import { createLedger, type Ledger } from "./ledger.ts";
import { buildWorld, randomBody, randomType, type World } from "./world.ts";

const { SIM_SEED, SIM_RUNS } = processEnvironment();
const seeds = SIM_SEED === undefined ? Array.from({ length: Number(SIM_RUNS ?? 5) }, (_, i) => `run ${i + 1}`) : [SIM_SEED];
const STEPS = 60;

interface Sim {
  t: TestFlow;
  random: SeededRandom;
  world: World;
  ledger: Ledger;
  /** Numbers given to events so far. */
  count: number;
  /** Dedupe ids that were acknowledged, with the event they became. */
  known: Map<string, string>;
}

/** Does something that a crash may leave unanswered for ever; undefined when it did. */
async function answered<T>({ t }: Sim, work: () => Promise<T>): Promise<T | undefined> {
  let outcome: { value: T } | { error: unknown } | null = null;
  work().then(
    (value) => (outcome = { value }),
    (error: unknown) => (outcome = { error }),
  );
  await t.clock.settle();
  for (let waited = 0; outcome === null && !t.watched.isDead && waited < 2000; waited += 1) await t.clock.advance(1);
  const ended = outcome as { value: T } | { error: unknown } | null;
  if (ended === null) return undefined;
  if ("error" in ended) throw ended.error;
  return ended.value;
}

const actions: [weight: number, act: (sim: Sim) => Promise<unknown>][] = [
  [8, publishSome],
  [5, postSome],
  [8, ({ t, random }) => t.clock.advance(random.pick([1, 15, 200, 1_000, 4_000]))],
  [3, ({ t, random }) => t.clock.jump(random.pick([30_000, 61_000, 400_000]))],
  [2, (sim) => answered(sim, () => sim.t.pause(sim.random.pick(sim.world.destinations).id))],
  [3, (sim) => answered(sim, () => sim.t.resume(sim.random.pick(sim.world.destinations).id))],
  [2, cancelOne],
  [3, retryOne],
  [1, replaySome],
  [
    2,
    ({ t, random }) =>
      Promise.resolve(
        t.watched.crashAt({
          method: random.pick(["any", "settle", "commitDispatch", "accept", "dueDeliveries"]),
          when: random.pick(["before", "after"]),
          nth: 1 + random.int(4),
        }),
      ),
  ],
  [1, ({ t }) => Promise.resolve(t.watched.die())],
  [1, stopAndStart],
  [
    1,
    ({ t, random }) =>
      Promise.resolve(
        t.watched.fail(
          random.pick(["settle", "commitDispatch", "dueDeliveries", "eventsBySeq", "stepJob"]),
          new Error("scripted"),
          1 + random.int(3),
        ),
      ),
  ],
];
const clockAction = ({ t, random, ledger }: Sim) => {
  ledger.clockWasSet();
  t.clock.setWall(t.clock.now() + random.pick([-3_600_000, -5_000, 3_600_000]));
};

async function publishSome(sim: Sim): Promise<void> {
  const { t, random, ledger } = sim;
  await Promise.all(
    Array.from({ length: 1 + random.int(8) }, () => {
      const body = randomBody(random, (sim.count += 1));
      return answered(sim, async () => ledger.acknowledge((await t.publish({ type: randomType(random), body })).id, body));
    }),
  );
}

async function postSome(sim: Sim): Promise<void> {
  const { t, random, ledger, world, known } = sim;
  const source = random.pick(world.sources);
  const id = `${source.id}-${random.int(1000)}`;
  const type = randomType(random);
  const body = randomBody(random, (sim.count += 1))
    .toString()
    .replace("{", `{"type":"${type}",`);
  await Promise.all(
    Array.from({ length: 1 + random.int(3) }, async () => {
      const answer = await answered(sim, () => t.post(source, { headers: ["x-id", id], body }));
      if (answer?.kind !== "accepted") return;
      expect(answer.eventId, `a repeat of ${id}`).toBe(known.get(id) ?? answer.eventId);
      known.set(id, answer.eventId);
      if (!answer.duplicate) ledger.acknowledge(answer.eventId, Buffer.from(body));
    }),
  );
}

async function anyDelivery({ t, random }: Sim) {
  const { data } = await t.store.deliveries({ limit: 50, cursor: null, since: null, until: null });
  return data.length === 0 ? null : random.pick(data);
}

async function cancelOne(sim: Sim): Promise<void> {
  const delivery = await anyDelivery(sim);
  if (delivery === null) return;
  const changed = await answered(sim, () => sim.t.cancel(delivery.id));
  for (const one of changed ?? []) sim.ledger.cancelled(one);
}

async function retryOne(sim: Sim): Promise<void> {
  const delivery = await anyDelivery(sim);
  if (delivery === null || delivery.state === "cancelled") return;
  sim.ledger.allowMore(delivery.eventId, delivery.destinationId);
  await answered(sim, () => sim.t.retry(delivery.id));
}

async function replaySome(sim: Sim): Promise<void> {
  const { t, random, ledger, world } = sim;
  const { data } = await t.store.events({ limit: 20, cursor: null, since: null, until: null });
  const eventIds = data.filter(() => random.chance(0.3)).map((event) => event.id);
  if (eventIds.length === 0) return;
  for (const id of eventIds) for (const destination of world.destinations) ledger.allowMore(id, destination.id);
  await answered(sim, () => t.replay({ eventIds }, random.pick([null, 5])));
}

/** A process that died is started again; what it had sent and not recorded is in doubt. */
async function revive({ t, ledger }: Sim): Promise<void> {
  if (!t.watched.isDead) return;
  await ledger.crashed();
  await t.restart("crash");
}

/** What does not end within the grace of a stop is in doubt too. */
async function stopAndStart({ t, ledger }: Sim): Promise<void> {
  await t.stop();
  await ledger.crashed();
  await t.restart("crash");
}

async function drain(sim: Sim): Promise<void> {
  const { t, world, random } = sim;
  await stopAndStart(sim);
  for (const { id } of world.destinations) if (random.chance(0.7)) await t.resume(id);
  for (let turns = 0; turns < 500; turns += 1) {
    await t.rest(600_000);
    const active = (id: string) => t.catalog.destination(id)?.state.kind === "active";
    const next = (await t.store.waitingDestinations())
      .filter(({ destinationId }) => active(destinationId))
      .map(({ destinationId, nextDueAt }) => Math.max(nextDueAt, t.running.flow.destinationHealth(destinationId)?.probeAt ?? 0));
    if (next.length === 0 && (await t.store.unfinishedJobs()).length === 0) return;
    await t.clock.jump(next.length === 0 ? 100 : Math.max(0, Math.min(...next) - t.clock.now()));
  }
  throw new Error("the flow did not drain");
}

async function simulate(seed: string): Promise<void> {
  const random = seededRandom(seed);
  const t = await createTestFlow({ seed, inFlightMax: random.pick([3, 10, 64]) });
  try {
    const world = await buildWorld(t, random);
    const ledger = createLedger(t, world);
    const sim: Sim = { t, random, world, ledger, count: 0, known: new Map() };
    t.transport.respond = (sent) => {
      const script = world.respond(sent);
      ledger.arrived(sent, script);
      return script;
    };
    const clocksRun = random.chance(0.3);
    const bag = actions.flatMap(([weight, act]) => Array.from({ length: weight }, () => act));
    for (let step = 0; step < STEPS; step += 1) {
      await random.pick(bag)(sim);
      if (clocksRun && random.chance(0.05)) clockAction(sim);
      await t.clock.settle();
      await revive(sim);
      if (step % 10 === 9) await ledger.check();
    }
    await drain(sim);
    await ledger.check();
    await ledger.checkDrained();
    expect(sim.count).toBeGreaterThan(20);
  } finally {
    await t.dispose();
  }
}

describe("simulation", () => {
  it.each(seeds)("seed %s", async (seed) => {
    const failure = await simulate(seed).then(
      () => null,
      (error: unknown) => error,
    );
    if (failure !== null) throw new Error(`The simulation failed. Repeat it with SIM_SEED="${seed}".`, { cause: failure });
    expect(failure).toBeNull();
  });
});
