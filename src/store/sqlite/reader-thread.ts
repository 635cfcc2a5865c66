// The reader's thread: one question, one answer, on a read-only connection beside the writer.
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { openReader } from "./connection.ts";
import { createReads } from "./reads.ts";

const port = parentPort as MessagePort;
const database = openReader((workerData as { file: string }).file);
const reads = createReads(database);

port.on("message", (call: { id: number; name: keyof typeof reads; args: unknown[] } | "close") => {
  if (call === "close") {
    database.close();
    port.close();
    return;
  }
  try {
    const read = reads[call.name] as (...args: unknown[]) => unknown;
    const result = read(...call.args);
    port.postMessage({ id: call.id, ok: true, result }, transferable(result));
  } catch (error) {
    port.postMessage({ id: call.id, ok: false, message: error instanceof Error ? error.message : String(error), code: null });
  }
});

/** The shared buffer of packed events changes hands instead of being copied. */
function transferable(result: unknown): ArrayBuffer[] {
  return typeof result === "object" && result !== null && "bodies" in result && result.bodies instanceof ArrayBuffer ? [result.bodies] : [];
}
