// A random world for the simulation: sources, destinations with their moods, and a plain model of who should get what.
import type { Destination } from "../../src/core/destination.ts";
import type { Source } from "../../src/core/source.ts";
import type { Subscription } from "../../src/core/subscription.ts";
import type { TestFlow } from "../kit/flow.ts";
import type { SeededRandom } from "../kit/random.ts";
import type { Script, Sent } from "../kit/scripted-transport.ts";

export interface World {
  sources: Source[];
  destinations: Destination[];
  /** One per destination, so that an arrival tells its delivery. */
  subscriptionOf: Map<string, Subscription>;
  /** What a receiver answers; depends on nothing but the seed, the event and the attempt. */
  respond(sent: Sent): Script;
  /** Ids of the destinations that must get this event. */
  receiversOf(event: { sourceId: string | null; type: string; n: number }): string[];
}

const TYPES = ["order.made", "order.paid", "order.line.added", "user.left"];
const MOODS = ["healthy", "flaky", "broken", "slow", "busy", "leaving"] as const;
type Mood = (typeof MOODS)[number];

const SLOW_DOWN = new Set([429, 502, 503, 504]);

export function randomType(random: SeededRandom): string {
  return random.pick(TYPES);
}

/** `{"n":7,"pad":…}` with a tail of bytes that no parser would keep. */
export function randomBody(random: SeededRandom, n: number): Buffer {
  return Buffer.from(`{"n":${n},"pad":"${"\\u00e9".repeat(random.int(5))}"}${" ".repeat(random.int(20))}`);
}

export async function buildWorld(flow: TestFlow, random: SeededRandom): Promise<World> {
  const sources: Source[] = [];
  const dedupe = { by: "header" as const, name: "x-id", windowMs: 86_400_000 };
  for (let i = 0; i < 1 + random.int(3); i += 1) sources.push(await flow.addSource({ dedupe }));
  const world: World = {
    sources,
    destinations: [],
    subscriptionOf: new Map(),
    respond: () => ({ status: 200 }),
    receiversOf: ({ sourceId, type, n }) =>
      world.destinations.map(({ id }) => id).filter((id) => takes(world.subscriptionOf.get(id)!, sourceId, type, n)),
  };
  const moods = new Map<string, Mood>();
  for (let i = 0; i < 2 + random.int(4); i += 1) {
    const destination = await flow.addDestination(randomDestination(random, i));
    moods.set(destination.url, random.pick(MOODS));
    world.destinations.push(destination);
    world.subscriptionOf.set(destination.id, await flow.addSubscription(destination, randomSubscription(random, sources)));
  }
  const answers = random.derive("answers");
  world.respond = (sent) => answerOf(moods.get(sent.url)!, answers.derive(`${sent.url} ${sent.body.toString()} ${sent.attempt}`));
  return world;
}

function randomDestination(random: SeededRandom, index: number): Partial<Destination> {
  const delays = [0, 1, 5_000, 60_000, 300_000];
  const scheduleMs = [0, ...Array.from({ length: random.int(5) }, () => random.pick(delays))];
  return {
    url: `https://receiver-${index}.example/`,
    concurrencyMax: 1 + random.int(5),
    deadlineMs: 3_000,
    connectTimeoutMs: 1_000,
    retry: { scheduleMs, jitter: random.pick([0, 0.2]) },
  };
}

function randomSubscription(random: SeededRandom, sources: Source[]): Partial<Subscription> {
  return {
    sourceId: random.chance(0.5) ? random.pick(sources).id : null,
    eventTypes: random.pick([[], [], ["order.*"], ["order.**"], ["user.left", "order.paid"]]),
    filter: random.chance(0.4) ? { body: { n: { $lt: random.int(200) } } } : null,
    delayMs: random.pick([0, 0, 0, 700, 20_000]),
  };
}

/** The routing rules again, as plainly as they can be said. */
function takes(subscription: Subscription, sourceId: string | null, type: string, n: number): boolean {
  if (subscription.sourceId !== null && subscription.sourceId !== sourceId) return false;
  const { eventTypes, filter } = subscription;
  const byType = (pattern: string) => {
    if (pattern === "order.*") return ["order.made", "order.paid"].includes(type);
    if (pattern === "order.**") return type.startsWith("order.");
    return pattern === type;
  };
  if (eventTypes.length > 0 && !eventTypes.some(byType)) return false;
  const limit = (filter as { body: { n: { $lt: number } } } | null)?.body.n.$lt;
  return limit === undefined || n < limit;
}

function answerOf(mood: Mood, random: SeededRandom): Script {
  const afterMs = random.pick([0, 3, 40, 400]);
  switch (mood) {
    case "healthy":
      return { status: 200, afterMs };
    case "flaky":
      return random.chance(0.6) ? { status: random.pick([200, 202, 204]), afterMs } : randomFailure(random, afterMs);
    case "broken":
      return randomFailure(random, afterMs);
    case "slow":
      return random.chance(0.5) ? "hang" : { status: 200, afterMs: random.pick([1_000, 2_900, 5_000]) };
    case "busy":
      return { status: random.pick([429, 503, 500]), afterMs, headers: ["retry-after", random.pick(["1", "90", "garbage", "600"])] };
    case "leaving":
      return random.chance(0.25) ? { status: 410, afterMs } : { status: 200, afterMs };
  }
}

function randomFailure(random: SeededRandom, afterMs: number): Script {
  const abort = { status: 400, afterMs, headers: ["webhook-delivery", "abort-message"] };
  const refused = { failure: "connect_refused" as const, afterMs };
  return random.pick<Script>([{ status: 500, afterMs }, { status: 503, afterMs }, { status: 302, afterMs }, abort, refused]);
}

/** The least time that must pass after such an answer, whatever the schedule says. */
export function askedMs(script: Script): number {
  if (script === "hang") return 60_000;
  if ("failure" in script) return 0;
  if ((script.afterMs ?? 0) > 3_000) return 60_000;
  const seconds = Number(script.headers?.[script.headers.indexOf("retry-after") + 1]);
  const asked = Number.isFinite(seconds) ? seconds * 1000 : 0;
  return Math.max(SLOW_DOWN.has(script.status) ? 60_000 : 0, asked);
}
