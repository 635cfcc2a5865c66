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
  const result = checkpoint.get() as { busy: number; log: number; checkpointed: number };
  port.postMessage({ logPages: result.log, checkpointedPages: result.checkpointed });
});
