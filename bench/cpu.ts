// CPU time of processes and of the children they have waited for, from /proc (Linux); elsewhere nothing is known.
import { existsSync, readdirSync, readFileSync } from "node:fs";

const TICKS_PER_SECOND = 100;

/** Seconds of CPU since a process began, its threads with it; null where nobody tells. */
export function cpuSeconds(pid: number): number | null {
  const times = timesOf(pid);
  return times === null ? null : times.own / TICKS_PER_SECOND;
}

/** The same of a process and of everything that it has started: a PostgreSQL with its sessions, also those that have ended. */
export function familyCpuSeconds(pid: number): number | null {
  const times = timesOf(pid);
  if (times === null) return null;
  const children = readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? [timesOf(Number(name))] : []));
  const alive = children.reduce((sum, child) => sum + (child?.parent === pid ? child.own : 0), 0);
  return (times.own + times.waited + alive) / TICKS_PER_SECOND;
}

function timesOf(pid: number): { parent: number; own: number; waited: number } | null {
  const file = `/proc/${pid}/stat`;
  if (!existsSync(file)) return null;
  try {
    // The name may hold anything, also spaces and parentheses: the fields begin after the last one.
    const stat = readFileSync(file, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const ticks = fields.slice(11, 15).map(Number);
    return { parent: Number(fields[1]), own: ticks[0]! + ticks[1]!, waited: ticks[2]! + ticks[3]! };
  } catch {
    // It ended between the two looks.
    return null;
  }
}
