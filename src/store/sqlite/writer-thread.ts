// The writer's thread: takes every message that is waiting, runs them in one transaction, answers after the commit.
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import type { AcceptBatch } from "./accept.ts";
import { openWriter } from "./connection.ts";
import { createCommits, createWrites, type WriteCall, type WriterAnswer } from "./writes.ts";

const port = parentPort as MessagePort;
const { file, requestsKeptMax } = workerData as { file: string; requestsKeptMax: number };
const database = openWriter(file);
const commit = createCommits(database, createWrites(database, { requestsKeptMax }));

// A batch this large already amortises its fsync; a larger one would only make the first caller wait.
const CALLS_PER_COMMIT_MAX = 512;

port.on("message", (first: WriteCall[] | "close" | "reset-log") => {
  let message: WriteCall[] | "close" | "reset-log" | undefined = first;
  while (message !== undefined) {
    if (message === "close") {
      database.close();
      port.close();
      return;
    }
    if (message === "reset-log") {
      resetLog();
      message = next();
      continue;
    }
    const calls: WriteCall[] = message;
    message = undefined;
    while (calls.length < CALLS_PER_COMMIT_MAX && (message = next()) !== undefined) {
      if (typeof message === "string") break;
      calls.push(...message);
      message = undefined;
    }
    const replies = commit(calls);
    const buffers = calls.filter((call) => call.name === "accept").map((call) => (call.args[0] as AcceptBatch).bodies);
    const answer: WriterAnswer = { replies, buffers };
    port.postMessage(answer, buffers);
    message ??= next();
  }
});

function next(): WriteCall[] | "close" | "reset-log" | undefined {
  return receiveMessageOnPort(port)?.message as WriteCall[] | "close" | "reset-log" | undefined;
}

/** The checkpoint thread has copied nearly all frames; copying the rest here lets the next commit start the log anew. */
function resetLog(): void {
  try {
    database.exec("PRAGMA wal_checkpoint(RESTART)");
  } catch {
    // On a full disk there is no room for the copy. Nothing is lost: the log stays as it is, and the next reset tries again.
  }
}
