// The steady load of the cluster's proof: lines of senders that pick nodes by chance and repeat what got no 2xx, as providers do.
import { setTimeout as pause } from "node:timers/promises";
import { type SeededRandom, seededRandom } from "../kit/random.ts";
import type { NodeAnswer } from "./cluster-calls.ts";
import { type Composed, compose, type Sender, type Setup } from "./cluster-lines.ts";
import { until } from "./cluster-until.ts";
import type { ClusterNode, World } from "./cluster-world.ts";

/**
 * Between two events of a sender. An ordered line takes a commit for each event after the one before it, which is a fifth of a second
 * on a machine that runs four such processes on two cores: a line that is sent faster only grows. All senders make about 35 a second.
 */
const PACE_MS = { ordered: 900, loose: 250 };
/** A sender's patience; the nodes may take longer to say that the database is away. */
const SENDER_MS_MAX = 4_000;
const AGAIN_MS = [50, 400] as const;
/** So long after it failed somebody, others go to that node more seldom, as a balancer in front of the nodes would have it. */
const SHUNNED_MS = 5_000;
const SHUNNED_SHARE = 0.2;
/** Received events of which each node gets a copy at the same time. */
const COPIES_SHARE = 0.15;
/** Events that are handed in once more long after their 2xx. */
const LATE_SHARE = 0.04;

export interface Load {
  resume(): void;
  /** Lets every sender get its 2xx and stops then; answers those that got none in time. */
  pause(deadlineMs: number): Promise<string[]>;
  /** Ends all senders, also those without a 2xx. */
  stop(): Promise<void>;
  /** Hands in one event at one node, again and again until a 2xx; answers its name, or null when time ran out. */
  probe(node: ClusterNode, deadlineMs: number): Promise<string | null>;
  /** Hands an event in at one node, once. Null when there was no answer. */
  handIn(node: ClusterNode, event: Composed, deadlineMs?: number): Promise<NodeAnswer | null>;
  /** An event that no sender has sent. */
  another(door: Sender["door"]): Composed;
  readonly answers: Readonly<Record<"taken" | "away" | "none", number>>;
}

export function startLoad(world: World, { senders, probe, ingestPath }: Setup): Load {
  const answers = { taken: 0, away: 0, none: 0 };
  const busy = new Set<string>();
  const failedAt = new Map<ClusterNode, number>();
  let isPaused = true;
  let isStopped = false;
  let others = 0;

  async function handIn(node: ClusterNode, event: Composed, deadlineMs = SENDER_MS_MAX): Promise<NodeAnswer | null> {
    world.ledger.posted.set(event.name, event);
    const { outage } = world;
    const options = event.headers === null ? { deadlineMs } : { headers: event.headers, deadlineMs };
    const answer = await node.calls.post<{ id?: string } | null>(event.path, event.text, options);
    judge(world, node, event, answer, outage !== 0 && outage === world.outage);
    if (!isTaken(answer)) failedAt.set(node, Date.now());
    if (answer === null) answers.none += 1;
    else if (!isTaken(answer)) answers.away += 1;
    else {
      answers.taken += 1;
      event.acknowledgedAt ??= Date.now();
      if (event.line.door === "publish" && answer.body?.id !== undefined) event.eventIds.add(answer.body.id);
    }
    return answer;
  }

  function choose(random: SeededRandom): ClusterNode {
    const sound = world.nodes.filter((node) => Date.now() - (failedAt.get(node) ?? 0) > SHUNNED_MS);
    return random.pick(sound.length === 0 || random.chance(SHUNNED_SHARE) ? world.nodes : sound);
  }

  /** One event, until it has its 2xx. */
  async function insist(event: Composed, random: SeededRandom): Promise<void> {
    const copies = event.line.door === "ingest" && random.chance(COPIES_SHARE);
    while (!isStopped) {
      const nodes = copies ? world.nodes : [choose(random)];
      await Promise.all(nodes.map((node) => handIn(node, event)));
      if (event.acknowledgedAt !== null) return;
      await pause(AGAIN_MS[0] + random.int(AGAIN_MS[1]));
    }
  }

  async function run(sender: Sender): Promise<void> {
    const random = seededRandom(`${world.seed}/sender/${sender.name}`);
    const sent: Composed[] = [];
    for (let seq = 1; !isStopped; seq += 1) {
      const event = compose(sender, seq, world.seed, ingestPath);
      // Gathered at the end of a pace, so that a pause lets none begin.
      await until(Infinity, () => !isPaused || isStopped);
      busy.add(sender.name);
      await insist(event, random);
      sent.push(event);
      if (random.chance(LATE_SHARE)) await handIn(choose(random), random.pick(sent));
      busy.delete(sender.name);
      await pause(random.int(2 * PACE_MS[sender.ordered ? "ordered" : "loose"]));
    }
  }

  const running = senders.map(run);
  return {
    answers,
    handIn,
    resume() {
      isPaused = false;
    },
    async pause(deadlineMs) {
      isPaused = true;
      await until(deadlineMs, () => busy.size === 0);
      return [...busy];
    },
    async stop() {
      isStopped = true;
      await Promise.all(running);
    },
    another: (door) => compose({ ...probe, door }, (others += 1), world.seed, ingestPath),
    async probe(node, deadlineMs) {
      const event = compose(probe, (others += 1), world.seed, ingestPath);
      const taken = await until(deadlineMs, async () => isTaken(await handIn(node, event)));
      return taken ? event.name : null;
    },
  };
}

export function isTaken(answer: NodeAnswer | null): boolean {
  return answer !== null && answer.status >= 200 && answer.status <= 299;
}

/** Nobody is told anything but a 2xx, or a 503 that says when to come again; and no 2xx while nothing can be kept. */
function judge(world: World, node: ClusterNode, event: Composed, answer: NodeAnswer | null, wasAway: boolean): void {
  if (answer === null) return;
  const what = `${node.name} answered ${answer.status}`;
  if (isTaken(answer)) {
    if (wasAway) world.breaks("503", `${what} while the database was away`, [event.name]);
  } else if (answer.status !== 503) world.breaks("503", `${what}: ${JSON.stringify(answer.body)}`, [event.name]);
  else if (!/^[1-9]\d*$/.test(answer.retryAfter ?? "")) world.breaks("503", `${what} without Retry-After`, [event.name]);
}
