// The checkpoint's thread: copies the log into the database file away from the writer, whose commits it would delay.
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { DatabaseSync } from "node:sqlite";

const port = parentPort as MessagePort;
const { file } = workerData as { file: string };
const database = new DatabaseSync(file, { timeout: 0 });
const checkpoint = database.prepare("PRAGMA wal_checkpoint(PASSIVE)");

port.on("message", (message: "run" | "close") => {
  if (message === "close") {
    database.close();
    port.close();
    return;
  }
  port.postMessage(run());
});

function run(): { logPages: number; checkpointedPages: number } {
  try {
    const result = checkpoint.get() as { busy: number; log: number; checkpointed: number };
    return { logPages: result.log, checkpointedPages: result.checkpointed };
  } catch {
    // A full disk has no room for the copy. The log stays as it is, and the next run tries again.
    return { logPages: 0, checkpointedPages: 0 };
  }
}
