// The main thread's side of the reader.
import { createCalls, startThread } from "./threads.ts";
import type { Reads } from "./reads.ts";
import type { WriteReply } from "./writes.ts";

export interface Reader {
  call<Name extends keyof Reads>(name: Name, ...args: Parameters<Reads[Name]>): Promise<ReturnType<Reads[Name]>>;
  close(): Promise<void>;
}

export function startReader(file: string, onFatal: (error: Error) => void): Reader {
  const thread = startThread("reader-thread", { file });
  const calls = createCalls(onFatal);
  let closing = false;
  const exited = new Promise<void>((resolve) => {
    thread.on("error", (error: Error) => calls.failAll(error));
    thread.on("exit", () => {
      const error = new Error("The store's reader ended.");
      calls.failAll(error);
      if (!closing) onFatal(error);
      resolve();
    });
  });
  thread.on("message", (reply: WriteReply) => calls.settle(reply));
  return {
    call(name, ...args) {
      if (closing) return Promise.reject(new Error("The store is closing."));
      const { id, promise } = calls.open();
      thread.postMessage({ id, name, args });
      return promise as never;
    },
    async close() {
      closing = true;
      thread.postMessage("close");
      await exited;
    },
  };
}
