// Decides when the log is copied into the database file, and when it may start anew.
import type { Worker } from "node:worker_threads";
import type { Clock } from "../../system/clock.ts";
import { startThread } from "./threads.ts";

const INTERVAL_MS = 500;
// 4 KiB pages: beyond 64 MiB the writer is asked to finish the copy, so that the log file stops growing.
const LOG_PAGES_MAX = 16_384;

interface CheckpointThread {
  readonly thread: Worker;
  readonly exited: Promise<void>;
}

export function startCheckpoints(file: string, clock: Clock, resetLog: () => void): { close(): Promise<void> } {
  // Not before the first copy is due: a start has enough to do with the threads that it waits for.
  let begun: CheckpointThread | null = null;
  let closing = false;
  const plan = () =>
    clock.after(INTERVAL_MS, () => {
      if (!closing) (begun ??= begin()).thread.postMessage("run");
    });
  let timer = plan();

  function begin(): CheckpointThread {
    const thread = startThread("checkpoint-thread", { file });
    thread.on("message", (report: { logPages: number; checkpointedPages: number }) => {
      if (report.logPages > LOG_PAGES_MAX) resetLog();
      if (!closing) timer = plan();
    });
    // A checkpoint that failed is only a longer log; the next one tries again.
    thread.on("error", () => undefined);
    const exited = new Promise<void>((resolve) => {
      thread.on("exit", () => resolve());
    });
    return { thread, exited };
  }

  return {
    async close() {
      closing = true;
      timer.cancel();
      begun?.thread.postMessage("close");
      await begun?.exited;
    },
  };
}
