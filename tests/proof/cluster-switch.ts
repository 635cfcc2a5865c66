// Disables a destination of the cluster's proof again and again, and writes down when nothing may reach it.
import { randomUUID } from "node:crypto";
import { type SeededRandom, seededRandom } from "../kit/random.ts";
import { isTaken } from "./cluster-load.ts";
import { until } from "./cluster-until.ts";
import { LEASE_MS, RECOVERY_MS_MAX, type World } from "./cluster-world.ts";

/** For an attempt that began at the last moment of the lease. */
const ARRIVAL_MS_MAX = 1_000;
const ENABLED_MS = [500, 3_000] as const;
const SILENT_MS = [1_500, 4_000] as const;

export interface Switch {
  resume(): void;
  /** Leaves it enabled. */
  pause(): Promise<void>;
}

export function createSwitch(world: World, { name, id }: { name: string; id: string }): Switch {
  const random = seededRandom(`${world.seed}/switch`);
  let isPaused = true;
  let running = Promise.resolve();

  /** Waits, or as long as it takes until a pause is wanted. */
  const wait = (ms: number) => until(ms, () => isPaused);

  async function run(): Promise<void> {
    while (!isPaused) {
      await wait(between(random, ENABLED_MS));
      if (isPaused || !(await ask("disable"))) continue;
      const silence = { destination: name, from: Date.now() + LEASE_MS + ARRIVAL_MS_MAX, until: Infinity };
      world.ledger.silences.push(silence);
      await wait(LEASE_MS + ARRIVAL_MS_MAX + between(random, SILENT_MS));
      silence.until = Date.now();
      await ask("resume");
    }
  }

  /** Any node may be asked, and each may be down just now; the key makes all of it one request. */
  async function ask(command: "disable" | "resume"): Promise<boolean> {
    const idempotencyKey = randomUUID();
    const headers = { ...world.nodes[0]!.calls.authorized, "idempotency-key": idempotencyKey };
    const done = await until(RECOVERY_MS_MAX, async () => {
      const node = random.pick(world.nodes);
      return isTaken(await node.calls.post(`/v1/destinations/${id}/${command}`, "{}", { headers, deadlineMs: 5_000 }));
    });
    if (!done) world.breaks("I7", `no node took ${command} of ${name} within ${RECOVERY_MS_MAX} ms`);
    return done;
  }

  return {
    resume() {
      if (!isPaused) return;
      isPaused = false;
      running = run();
    },
    async pause() {
      isPaused = true;
      await running;
    },
  };
}

function between(random: SeededRandom, [least, most]: readonly [number, number]): number {
  return least + random.int(most - least);
}
