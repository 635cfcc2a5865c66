// Holds a process to a part of one core, so that a small machine has cores for everybody who works together (Linux cgroups, as root).
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const PERIOD_US = 20_000;
const ROOT = "/sys/fs/cgroup";

/** Answers how to let it go again; null where the machine lets nobody hold it. */
export function holdToCores(pid: number, cores: number): (() => void) | null {
  const isOne = existsSync(join(ROOT, "cgroup.controllers"));
  const parent = isOne ? ROOT : join(ROOT, "cpu");
  const group = join(parent, `posthorn-bench-${pid}`);
  const quotaUs = Math.round(cores * PERIOD_US);
  try {
    mkdirSync(group);
  } catch {
    return null;
  }
  const letGo = () => {
    // A group goes when nobody is in it any more.
    if (existsSync(`/proc/${pid}`)) writeFileSync(join(parent, "cgroup.procs"), String(pid));
    rmdirSync(group);
  };
  try {
    if (isOne) writeFileSync(join(group, "cpu.max"), `${quotaUs} ${PERIOD_US}`);
    else {
      writeFileSync(join(group, "cpu.cfs_period_us"), String(PERIOD_US));
      writeFileSync(join(group, "cpu.cfs_quota_us"), String(quotaUs));
    }
    writeFileSync(join(group, "cgroup.procs"), String(pid));
    return letGo;
  } catch {
    letGo();
    return null;
  }
}
