// Ends the nodes of `npm run cluster` and removes their files when the script is gone, however that happened.
import { rmSync } from "node:fs";
import { createInterface } from "node:readline";

const [directory = ""] = process.argv.slice(2);
/** Each line on stdin is the pid of a node that began, or its negative when it has ended. */
const pids = new Set<number>();
const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  const pid = Number(line);
  if (pid > 0) pids.add(pid);
  else pids.delete(-pid);
});
// The other end of this pipe is held by the script: a `kill -9` closes it as surely as a goodbye.
lines.once("close", () => {
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
});
