// The faults of the cluster's proof that befall nodes and their networks; those of the database are in cluster-database.ts.
import { setTimeout as pause } from "node:timers/promises";
import type { SeededRandom } from "../kit/random.ts";
import { COMMIT_ANSWER_LOST, type Cut, POSTGRES_IDLE } from "../kit/toxic-proxy.ts";
import { DATABASE_PHASES } from "./cluster-database.ts";
import { dwells, quantile } from "./cluster-ledger.ts";
import { isTaken, type Load } from "./cluster-load.ts";
import { until } from "./cluster-until.ts";
import { type ClusterNode, LEASE_MS, recover, RECOVERY_MS_MAX, sharedOut, shardsHeld, type World } from "./cluster-world.ts";

export interface PhaseRun {
  world: World;
  load: Load;
  /** Of this phase alone. */
  random: SeededRandom;
  /** How long the fault lasts, or how long faults go on. */
  ms: number;
  /** Restarts of the database, or whatever else is counted. */
  times: number;
}

export interface Phase {
  name: string;
  what: string;
  seconds: number;
  times?: number;
  /** Answers what was measured, for the verdict's line. */
  run(run: PhaseRun): Promise<string>;
}

/** From a fault until the others hold everything: a lease, a beat of 2 s, and as much again for a busy machine. */
const TAKEOVER_MS_MAX = LEASE_MS + 2 * 2_000 + 4_000;
/** So long the others are looked at after they took over. */
const WORK_MS_MIN = 2_000;
const COPIES = 100;

export const PHASES: readonly Phase[] = [
  {
    name: "steady",
    what: "no fault",
    seconds: 10,
    async run({ world, ms }) {
      const begun = Date.now();
      await pause(ms);
      return `arrival after the 2xx p50 ${quantile(dwells(world.ledger, begun), 0.5)} ms, p99 ${quantile(dwells(world.ledger, begun), 0.99)} ms`;
    },
  },
  { name: "kill", what: "kill -9 of a random node every few seconds", seconds: 60, run: killNodes },
  { name: "cut-off", what: "one node cut off from the database, in silence", seconds: 60, run: (run) => away(run, ["cut off"]) },
  { name: "stopped", what: "SIGSTOP of one node, then SIGCONT", seconds: 60, run: (run) => away(run, ["stopped"]) },
  {
    name: "cut-off-and-stopped",
    what: "one node cut off and another stopped at the same time",
    seconds: 12,
    run: (run) => away(run, ["cut off", "stopped"]),
  },
  { name: "commit-lost", what: "connections cut after the commit, before its answer", seconds: 20, times: 30, run: loseAnswers },
  { name: "slow", what: "database 200 ms away, and 1 % of chunks reset their connection", seconds: 40, run: slowDown },
  ...DATABASE_PHASES,
  { name: "copies", what: `${COPIES} copies of one event at once over three nodes, and after restarts`, seconds: 0, run: sendCopies },
];

async function killNodes({ world, random, ms }: PhaseRun): Promise<string> {
  const until = Date.now() + ms;
  let kills = 0;
  let slowestMs = 0;
  while (Date.now() < until || kills === 0) {
    await pause(500 + random.int(Math.max(1, Math.min(ms, 4_000))));
    const node = random.pick(world.nodes);
    await world.doubt(async () => {
      await world.kill(node);
      kills += 1;
      await pause(random.int(1_500));
      const begun = Date.now();
      await world.start(node);
      slowestMs = Math.max(slowestMs, Date.now() - begun);
    });
  }
  return `${kills} kills, slowest start ${slowestMs} ms`;
}

type Absence = "cut off" | "stopped";

/** Different nodes go away in different ways for a while; the others take over and go on. */
async function away({ world, load, random, ms }: PhaseRun, absences: readonly Absence[]): Promise<string> {
  const chosen = shuffled(world.nodes, random).slice(0, absences.length);
  await sharedOut(world);
  const facts = await world.doubt(async () => {
    const begun = Date.now();
    chosen.forEach((node, at) => leave(node, absences[at]!));
    const held = chosen.map((node, at) => (absences[at] === "cut off" ? letsGo(world, node, begun) : Promise.resolve("")));
    const others = takenOver(world, chosen, begun);
    const refused = absences.includes("cut off") ? refuses(world, load, chosen[absences.indexOf("cut off")]!) : Promise.resolve();
    const said = await Promise.all([...held, others, refused.then(() => "")]);
    const sinceTakeover = Date.now();
    await pause(Math.max(WORK_MS_MIN, ms - (Date.now() - begun)));
    // The load may stand before a node that answers nothing, until it gives up on it: the others have the time of a recovery.
    const wentOn = await until(RECOVERY_MS_MAX, () => dwells(world.ledger, sinceTakeover).length > 0);
    const went = dwells(world.ledger, sinceTakeover).length;
    if (!wentOn) world.breaks("I7", "nothing was accepted and delivered while others were away");
    chosen.forEach((node, at) => comeBack(node, absences[at]!));
    return [...said.filter((text) => text !== ""), `${went} events went on`];
  });
  return [`${chosen.map(({ name }, at) => `${name} ${absences[at]}`).join(", ")} for ${ms / 1_000} s`, ...facts].join(", ");
}

function leave({ program, proxy }: ClusterNode, absence: Absence): void {
  if (absence === "cut off") proxy.set({ silent: true });
  else process.kill(program!.pid, "SIGSTOP");
}

function comeBack({ program, proxy }: ClusterNode, absence: Absence): void {
  if (absence === "cut off") proxy.heal();
  else process.kill(program!.pid, "SIGCONT");
}

/** A node without the database works on nothing once its leases are over. */
async function letsGo(world: World, { calls, name }: ClusterNode, begun: number): Promise<string> {
  const held = () => calls.metric("posthorn_shards_held");
  const gone = await until(LEASE_MS + 1_000 - (Date.now() - begun), async () => (await held()) === 0);
  if (!gone) world.breaks("I4", `${name} holds ${await held()} shards ${Date.now() - begun} ms after it was cut off`);
  return gone ? `it let go after ${Date.now() - begun} ms` : "it did not let go";
}

async function takenOver(world: World, absent: readonly ClusterNode[], begun: number): Promise<string> {
  const taken = await until(TAKEOVER_MS_MAX, async () => (await shardsHeld(world, absent)) === 64);
  const tookMs = Date.now() - begun;
  if (!taken)
    world.breaks("I7", `the others do not hold all shards ${tookMs} ms after ${absent.map(({ name }) => name).join(" and ")} went`);
  return `the others held all after ${tookMs} ms`;
}

/** Whoever can't reach the database says so, and takes nothing. */
async function refuses(world: World, load: Load, node: ClusterNode): Promise<void> {
  for (const door of ["publish", "ingest"] as const) {
    const answer = await load.handIn(node, load.another(door), 15_000);
    if (answer === null || isTaken(answer))
      world.breaks("503", `${node.name}, cut off, answered ${answer?.status ?? "nothing"} to ${door}`);
  }
}

/** Cuts connections in the moment when a commit is done and nobody has heard of it: of groups, and of single statements. */
async function loseAnswers({ world, random, ms, times }: PhaseRun): Promise<string> {
  const cuts: Cut[] = [COMMIT_ANSWER_LOST, { sent: "accept", answered: POSTGRES_IDLE }, { sent: "unnest", answered: POSTGRES_IDLE }];
  const until = Date.now() + ms;
  let done = 0;
  await world.doubt(async () => {
    while (done < times && Date.now() < until) {
      const { proxy } = random.pick(world.nodes);
      const cut = proxy.cutAfter(random.pick(cuts)).then(() => true);
      // One is armed at a time: the next waits for this, however long the load takes to bring it about.
      if (await Promise.race([cut, pause(RECOVERY_MS_MAX, false)])) done += 1;
      else world.breaks("I7", "no commit came by to be cut");
    }
  });
  return `${done} cuts`;
}

async function slowDown({ world, ms }: PhaseRun): Promise<string> {
  const begun = Date.now();
  await world.doubt(async () => {
    for (const { proxy } of world.nodes) proxy.set({ latencyDownMs: 200, jitterMs: 20, resetChance: 0.01 });
    await pause(ms);
    for (const { proxy } of world.nodes) proxy.heal();
  });
  return `arrival after the 2xx p99 ${quantile(dwells(world.ledger, begun), 0.99)} ms`;
}

/** All copies get a 2xx in the end, before and after everything was restarted, and all are one event. */
async function sendCopies({ world, load }: PhaseRun): Promise<string> {
  const event = load.another("ingest");
  const send = async () => {
    const one = async (index: number) =>
      until(RECOVERY_MS_MAX, async () => isTaken(await load.handIn(world.nodes[index % world.nodes.length]!, event, 15_000)));
    const taken = await Promise.all(Array.from({ length: COPIES }, (_, index) => one(index)));
    if (taken.includes(false)) world.breaks("I7", `${taken.filter((each) => !each).length} of ${COPIES} copies got no 2xx`, [event.name]);
  };
  await send();
  await world.doubt(async () => {
    await Promise.all(world.nodes.map((node) => world.kill(node)));
    await world.postgres.restart("immediate");
    await Promise.all(world.nodes.map((node) => world.start(node)));
  });
  await recover(world, "the restart of everything");
  await send();
  return `${2 * COPIES} copies`;
}

function shuffled<T>(items: readonly T[], random: SeededRandom): T[] {
  const left = [...items];
  return items.map(() => left.splice(random.int(left.length), 1)[0]!);
}
