// Fairness: what a receiver that hangs, one black hole among a thousand, and ten thousand that come back at once do to the others.
import type { FairnessResults, Waits } from "./fairness-posthorn.ts";
import { runJson, startScript } from "./processes.ts";
import { milliseconds, verdict } from "./report.ts";
import { benchScheduleCost, type ScheduleCost } from "./schedule-cost.ts";

export interface FairnessReport extends FairnessResults {
  cost: ScheduleCost[];
}

const PENDING = [1_000, 10_000, 100_000, 1_000_000];
/** A commit that waits for a busy disk takes this long: twice of less says more about the machine than about the schedule. */
const WAIT_FLOOR_MS = 10;

export async function benchFairness({ seconds }: { seconds: number }): Promise<FairnessReport> {
  const run = async <K extends keyof FairnessResults>(scenario: K): Promise<FairnessResults[K]> => {
    const receiver = await startScript("fairness-receiver.ts");
    const result = await runJson<FairnessResults[K]>("fairness-posthorn.ts", {
      scenario,
      url: `http://127.0.0.1:${receiver.port}`,
      seconds,
    });
    await receiver.stop();
    return result;
  };
  const results = { hangs: await run("hangs"), "black-hole": await run("black-hole"), herd: await run("herd"), boot: await run("boot") };
  return { ...results, cost: await benchScheduleCost(PENDING) };
}

export function fairnessLines(report: FairnessReport): string[] {
  const { hangs, "black-hole": hole, herd, boot, cost } = report;
  const holeMax = Math.max(2 * hole.calm.p99Ms, WAIT_FLOOR_MS);
  const slowest = Math.max(...cost.map(({ scheduleMicros }) => scheduleMicros));
  const quickest = Math.min(...cost.map(({ scheduleMicros }) => scheduleMicros));
  return [
    verdict(
      `wait beside ${hangs.pending.toLocaleString("en")} that hang, p99`,
      milliseconds(hangs.stormy.p99Ms),
      "<= 2 s",
      hangs.stormy.p99Ms <= 2000,
    ),
    `        calm ${shown(hangs.calm)}; beside them ${shown(hangs.stormy)}; ${hangs.hangingInFlight} slots held by what hangs`,
    verdict(
      `wait beside 1 black hole among ${hole.destinations - 1}, p99`,
      milliseconds(hole.holed.p99Ms),
      `<= ${milliseconds(holeMax)}`,
      hole.holed.p99Ms <= holeMax,
    ),
    `        calm ${shown(hole.calm)}; beside it ${shown(hole.holed)}`,
    verdict(
      `fresh attempts while ${herd.destinations} come back`,
      `${(herd.freshShare * 100).toFixed(0)} %`,
      "> 50 %",
      herd.freshShare > 0.5,
    ),
    verdict("most attempts at once then", String(herd.mostInFlight), `<= ${herd.slots}`, herd.mostInFlight <= herd.slots),
    `        ${herd.attempts} attempts; fresh events waited ${shown(herd.fresh)}`,
    verdict(
      `${boot.destinations} destinations with ${boot.pendingEach} pending, all begin after boot`,
      milliseconds(boot.allMs),
      "< 1 s",
      boot.allMs < 1000,
    ),
    verdict("scheduling, 10^6 pending against the least", `${(slowest / quickest).toFixed(1)}x`, "<= 3x", slowest / quickest <= 3),
    ...cost.map(
      ({ pending, scheduleMicros, storeMicros }) =>
        `        ${pending.toLocaleString("en").padStart(9)} pending: ${scheduleMicros.toFixed(2)} µs a delivery in the schedule, ${storeMicros.toFixed(1)} µs out of the store`,
    ),
  ];
}

function shown({ events, p50Ms, p99Ms }: Waits): string {
  return `p50 ${milliseconds(p50Ms)}, p99 ${milliseconds(p99Ms)} of ${events}`;
}
