// Ends a test's PostgreSQL and removes its directory when whoever started it is gone, however that happened.
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

const [directory = ""] = process.argv.slice(2);
const POLL_MS = 20;
/** An immediate shutdown takes milliseconds; PostgreSQL itself kills what has not ended after 5 s. */
const POLLS_MAX = 500;

// The other end of this pipe is held by the starter: a `kill -9` closes it as surely as a goodbye.
process.stdin.resume();
process.stdin.once("close", () => void clean());

async function clean(): Promise<void> {
  const pid = serverPid();
  if (pid !== null) {
    signal(pid, "SIGQUIT");
    // A server that a test has stopped with SIGSTOP hears nothing before this.
    signal(pid, "SIGCONT");
    for (let polls = 0; polls < POLLS_MAX && isAlive(pid); polls += 1) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    if (isAlive(pid)) signal(pid, "SIGKILL");
  }
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
}

/** From the lock file of the data directory, which PostgreSQL removes when it ends in order. */
function serverPid(): number | null {
  const file = join(directory, "data", "postmaster.pid");
  if (!existsSync(file)) return null;
  const pid = Number(readFileSync(file, "utf8").split("\n")[0]);
  return Number.isInteger(pid) && pid > 1 ? pid : null;
}

function isAlive(pid: number): boolean {
  return signal(pid, 0);
}

function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}
