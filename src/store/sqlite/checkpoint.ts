// Decides when the log is copied into the database file, and when it may start anew.
import type { Clock } from "../../system/clock.ts";
import { startThread } from "./threads.ts";

const INTERVAL_MS = 500;
// 4 KiB pages: beyond 64 MiB the writer is asked to finish the copy, so that the log file stops growing.
const LOG_PAGES_MAX = 16_384;

export function startCheckpoints(file: string, clock: Clock, resetLog: () => void): { close(): Promise<void> } {
  const thread = startThread("checkpoint-thread", { file });
  let closing = false;
  const exited = new Promise<void>((resolve) => {
    thread.on("exit", () => resolve());
  });
  const plan = () =>
    clock.after(INTERVAL_MS, () => {
      if (!closing) thread.postMessage("run");
    });
  let timer = plan();
  thread.on("message", (report: { logPages: number; checkpointedPages: number }) => {
    if (report.logPages > LOG_PAGES_MAX) resetLog();
    if (!closing) timer = plan();
  });
  // A checkpoint that failed is only a longer log; the next one tries again.
  thread.on("error", () => undefined);
  return {
    async close() {
      closing = true;
      timer.cancel();
      thread.postMessage("close");
      await exited;
    },
  };
}
