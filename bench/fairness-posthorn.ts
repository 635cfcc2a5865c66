// One scenario of the fairness bench in a process of its own; prints its figures as JSON.
import { setTimeout as pause } from "node:timers/promises";
import { createRig, type Rig } from "./fairness-rig.ts";
import { percentile } from "./report.ts";

export interface Waits {
  events: number;
  p50Ms: number;
  p99Ms: number;
}

export interface FairnessResults {
  hangs: { pending: number; calm: Waits; stormy: Waits; hangingInFlight: number };
  "black-hole": { destinations: number; calm: Waits; holed: Waits };
  herd: { destinations: number; slots: number; mostInFlight: number; attempts: number; freshShare: number; fresh: Waits };
  boot: { destinations: number; pendingEach: number; firstMs: number; allMs: number };
}

const plan = JSON.parse(process.argv[2] ?? "{}") as { scenario: keyof FairnessResults; url: string; seconds: number };
const at = (path: string) => `${plan.url}${path}`;

/** Publishes evenly for so many seconds; answers how long each event waited for its first attempt. */
async function stream(
  rig: Rig,
  perSecond: number,
  seconds: number,
  type: (n: number) => string,
  tenantId: string | null = null,
): Promise<Waits> {
  const published: Promise<{ id: string; at: number }>[] = [];
  const started = performance.now();
  for (let n = 0; n < perSecond * seconds; n += 1) {
    const wait = started + (n * 1000) / perSecond - performance.now();
    if (wait > 1) await pause(wait);
    published.push(rig.publish(type(n), tenantId));
  }
  const events = await Promise.all(published);
  const ended = performance.now();
  // Whoever has not left two seconds after the last was published counts with what it has waited by then.
  await pause(2000);
  const leftAt = new Map<string, number>();
  for (const { eventId, at: left } of rig.departures) if (!leftAt.has(eventId)) leftAt.set(eventId, left);
  const waits = events.map((event) => Math.max(0, (leftAt.get(event.id) ?? ended + 2000) - event.at));
  return { events: waits.length, p50Ms: percentile(waits, 0.5), p99Ms: percentile(waits, 0.99) };
}

const scenarios: { [K in keyof FairnessResults]: (rig: Rig) => Promise<FairnessResults[K]> } = {
  /** Tenant A has 100,000 deliveries for receivers that hang until the deadline of 20 s; tenant B publishes 10 a second. */
  async hangs(rig) {
    const hanging = await rig.destinations(20, (n) => ({ url: at(`/hang/${n}`), tenantId: "a", concurrencyMax: 20 }));
    const quick = await rig.destinations(1, () => ({ url: at("/quick"), tenantId: "b" }));
    await rig.subscribe(quick, () => "live");
    await rig.start({ inFlightMax: 256, perHostMax: 256 });
    const calm = await stream(rig, 10, plan.seconds, () => "live", "b");
    await rig.end();
    const stormyRig = await createRig();
    const again = await stormyRig.destinations(20, (n) => ({ ...hanging[n]! }));
    await stormyRig.subscribe(await stormyRig.destinations(1, () => ({ ...quick[0]! })), () => "live");
    await stormyRig.backlog(again, 5000);
    await stormyRig.start({ inFlightMax: 256, perHostMax: 256 });
    await pause(1000);
    const stormy = await stream(stormyRig, 10, plan.seconds, () => "live", "b");
    const hangingInFlight = stormyRig.departures.filter(({ url }) => url.includes("/hang")).length;
    await stormyRig.end();
    return { pending: 100_000, calm, stormy, hangingInFlight };
  },

  async "black-hole"(rig) {
    const count = 1000;
    const all = await rig.destinations(count, (n) => ({ url: at(`/r/${n}`) }));
    await rig.subscribe(all, (n) => `to.${n}`);
    const holes = await rig.destinations(1, () => ({ url: at("/hang/hole") }));
    await rig.subscribe(holes, () => "to.hole");
    await rig.start({ inFlightMax: 64, perHostMax: 64 });
    await stream(rig, 500, 2, (n) => `to.${n % count}`);
    const calm = await stream(rig, 500, plan.seconds, (n) => `to.${n % count}`);
    for (let n = 0; n < 500; n += 1) await rig.publish("to.hole");
    const holed = await stream(rig, 500, plan.seconds, (n) => `to.${n % count}`);
    await rig.end();
    return { destinations: count + 1, calm, holed };
  },

  /** Everything of 10,000 destinations is due at one moment, their breakers are open until then, and live events go on. */
  async herd(rig) {
    const slots = 64;
    const back = await rig.destinations(10_000, (n) => ({ url: at(`/back/${n}?ms=50`) }));
    const live = await rig.destinations(16, (n) => ({ url: at(`/live/${n}?ms=50`) }));
    await rig.subscribe(live, () => "live");
    await rig.backlog(back, 3);
    const comeBackAt = Date.now() + 3000;
    await rig.open(back, comeBackAt);
    await rig.start({ inFlightMax: slots, perHostMax: slots });
    const from = rig.departures.length;
    // 60 events a second for 16 destinations are 960 attempts: three quarters of what 64 slots of 50 ms can do.
    const streaming = stream(rig, 60, plan.seconds + 3, () => "live");
    await pause(Math.max(0, comeBackAt - Date.now()));
    const begin = performance.now();
    await pause(plan.seconds * 1000);
    const sent = rig.departures.slice(from).filter((each) => each.at >= begin && each.at < begin + plan.seconds * 1000);
    const fresh = await streaming;
    await rig.end();
    const freshShare = sent.filter(({ url }) => url.includes("/live")).length / sent.length;
    return { destinations: back.length, slots, mostInFlight: rig.mostInFlight, attempts: sent.length, freshShare, fresh };
  },

  async boot(rig) {
    const all = await rig.destinations(1000, (n) => ({ url: at(`/r/${n}`) }));
    await rig.backlog(all, 100);
    const started = performance.now();
    await rig.start({ inFlightMax: 256, perHostMax: 256 });
    const first = new Map<string, number>();
    for (let seen = 0; first.size < all.length && performance.now() - started < 20_000;) {
      await pause(5);
      for (; seen < rig.departures.length; seen += 1) {
        const { url, at: left } = rig.departures[seen]!;
        if (!first.has(url)) first.set(url, left - started);
      }
    }
    const times = [...first.values()];
    await rig.end();
    return {
      destinations: all.length,
      pendingEach: 100,
      firstMs: Math.min(...times),
      allMs: first.size === all.length ? Math.max(...times) : Infinity,
    };
  },
};

process.stdout.write(JSON.stringify(await scenarios[plan.scenario](await createRig())));
process.exit(0);
