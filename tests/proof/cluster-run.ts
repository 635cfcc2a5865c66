// Runs the phases of the cluster's proof one after the other over one world, and judges each.
import { seededRandom } from "../kit/random.ts";
import { audit, countsAgree, drain } from "./cluster-audit.ts";
import { checkLedger, repeatsIn, type Violation } from "./cluster-ledger.ts";
import { setUp } from "./cluster-lines.ts";
import { type Load, startLoad } from "./cluster-load.ts";
import { type Phase, PHASES } from "./cluster-phases.ts";
import { createSwitch, type Switch } from "./cluster-switch.ts";
import { createWorld, recover, RECOVERY_MS_MAX, type World } from "./cluster-world.ts";
import { until } from "./cluster-until.ts";

export interface PhaseChoice {
  name: string;
  /** The phase's own when left out. */
  seconds?: number;
  times?: number;
}

export interface ClusterOptions {
  seed: string;
  phases: readonly PhaseChoice[];
  /**
   * False looks for what was lost, repeated or out of order at the end only: it saves the time in which nothing is sent.
   * What it then finds it can't ascribe to a phase.
   */
  restsBetween: boolean;
  log: (line: string) => void;
  /** Called as soon as a phase is judged. */
  judged: (verdict: PhaseVerdict) => void;
}

export interface PhaseVerdict {
  name: string;
  what: string;
  /** Of this phase alone; derived from that of the run. */
  seed: string;
  seconds: number;
  facts: string;
  /** From the end of the fault until everything worked by itself. */
  recoveredMs: number;
  /** Until nothing waited any more without load; null where nobody looked. */
  drainedMs: number | null;
  acknowledged: number;
  arrived: number;
  repeats: number;
  violations: Violation[];
}

export interface ClusterReport {
  seed: string;
  phases: PhaseVerdict[];
  handedIn: number;
  acknowledged: number;
  arrivals: number;
  repeats: number;
  answers: Load["answers"];
  /** How often a destination was disabled long enough to see that nothing reaches it. */
  silences: number;
  violations: Violation[];
}

/** Every invariant is looked at after the last phase, whatever came before. */
export async function runClusterProof(options: ClusterOptions): Promise<ClusterReport> {
  const chosen = options.phases.map((choice) => ({ choice, phase: phaseNamed(choice.name) }));
  const begun = Date.now();
  const world = await createWorld(options.seed);
  let load: Load | null = null;
  try {
    const setup = await setUp(world);
    load = startLoad(world, setup);
    options.log(`three nodes on one PostgreSQL after ${seconds(begun)} s, ${setup.senders.length} senders`);
    const parts = { world, load, switched: createSwitch(world, setup.switched), told: new Set<string>() };
    const verdicts: PhaseVerdict[] = [];
    for (const [at, { choice, phase }] of chosen.entries()) {
      const rests = options.restsBetween || at === chosen.length - 1;
      const verdict = await runPhase(parts, phase, choice, { rests, isLast: at === chosen.length - 1, log: options.log });
      verdicts.push(verdict);
      options.judged(verdict);
    }
    return reportOf(world, load, verdicts);
  } finally {
    await world.close();
    await load?.stop();
  }
}

function phaseNamed(name: string): Phase {
  const phase = PHASES.find((one) => one.name === name);
  if (phase === undefined) throw new Error(`There is no phase ${name}. There are: ${PHASES.map((one) => one.name).join(", ")}.`);
  return phase;
}

interface Parts {
  world: World;
  load: Load;
  switched: Switch;
  /** Violations that an earlier phase was told of. */
  told: Set<string>;
}

interface PhaseOptions {
  rests: boolean;
  isLast: boolean;
  log: (line: string) => void;
}

async function runPhase(parts: Parts, phase: Phase, choice: PhaseChoice, { rests, isLast, log }: PhaseOptions): Promise<PhaseVerdict> {
  const { world, load, switched, told } = parts;
  const { name, what } = phase;
  const begun = Date.now();
  const before = countsOf(world);
  const seed = `${world.seed}/${name}`;
  log(`… ${name}: ${what}`);
  load.resume();
  switched.resume();
  const ms = (choice.seconds ?? phase.seconds) * 1_000;
  const facts = await phase
    .run({ world, load, random: seededRandom(seed), ms, times: choice.times ?? phase.times ?? 0 })
    .catch((error: unknown) => {
      // A node that does not start, a database that does not come back: what holds all the same is still worth knowing.
      world.breaks("I7", `the phase ended early: ${error instanceof Error ? error.message : String(error)}`);
      return "ended early";
    });
  const recoveredMs = await recovered(world, load, name);
  const drainedMs = rests ? await rest(parts) : null;
  const found = [...world.broken.splice(0), ...(rests ? [...checkLedger(world.ledger), ...(await audit(world))] : [])];
  if (isLast) found.push(...(await countsAgree(world)));
  const violations = found.filter(({ rule, what, ids }) => isNew(told, `${rule} ${what} ${ids.join()}`));
  const after = countsOf(world);
  return {
    name,
    what,
    seed,
    seconds: seconds(begun),
    facts,
    recoveredMs,
    drainedMs,
    acknowledged: after.acknowledged - before.acknowledged,
    arrived: after.arrivals - before.arrivals,
    repeats: after.repeats - before.repeats,
    violations,
  };
}

/** All nodes are joined and hold all shards, and what is handed in at each of them arrives. */
async function recovered(world: World, load: Load, name: string): Promise<number> {
  const begun = Date.now();
  await recover(world, name);
  await Promise.all(
    world.nodes.map(async (node) => {
      const leftMs = () => RECOVERY_MS_MAX - (Date.now() - begun);
      const probe = await load.probe(node, leftMs());
      const arrived = probe !== null && (await until(leftMs(), () => world.ledger.arrivals.some((arrival) => arrival.name === probe)));
      if (!arrived)
        world.breaks("I7", `what was handed in at ${node.name} after ${name} did not arrive in time`, probe === null ? [] : [probe]);
    }),
  );
  return Date.now() - begun;
}

/** Stops the load, and waits until everything is done. */
async function rest({ world, load, switched }: Parts): Promise<number> {
  await switched.pause();
  const unanswered = await load.pause(RECOVERY_MS_MAX);
  if (unanswered.length > 0) world.breaks("I7", `${unanswered.length} senders got no 2xx within ${RECOVERY_MS_MAX} ms`, unanswered);
  return drain(world);
}

function isNew(told: Set<string>, text: string): boolean {
  if (told.has(text)) return false;
  told.add(text);
  return true;
}

function countsOf({ ledger }: World) {
  const posted = [...ledger.posted.values()];
  const acknowledged = posted.filter(({ acknowledgedAt }) => acknowledgedAt !== null).length;
  return { handedIn: posted.length, acknowledged, arrivals: ledger.arrivals.length, repeats: repeatsIn(ledger) };
}

function reportOf(world: World, load: Load, phases: PhaseVerdict[]): ClusterReport {
  const { seed, ledger } = world;
  const silences = ledger.silences.filter(({ from, until }) => from < until).length;
  return { seed, phases, ...countsOf(world), answers: load.answers, silences, violations: phases.flatMap(({ violations }) => violations) };
}

function seconds(since: number): number {
  return Math.round((Date.now() - since) / 100) / 10;
}
