// One way of a connection through the toxic proxy: chunks leave in order, late and thin as told, and no more of them are kept than fit.
import type { Socket } from "node:net";

export interface Pipe {
  push(chunk: Buffer, delayMs: number, bytesPerSecond: number): void;
  /** Ends the other side once everything before it is out. */
  end(delayMs: number): void;
  /** Forgets what waits. */
  stop(): void;
}

/** What waits to leave, above which the sender is made to wait too. */
const WAITING_BYTES_MAX = 256 * 1024;
/** A thin line carries small pieces steadily; one large one would come all at once and late. */
const PIECES_PER_SECOND = 20;

interface Waiting {
  /** Null is the end. */
  bytes: Buffer | null;
  dueAt: number;
}

export function createPipe(to: Socket, sender: { pause(): void; resume(): void }): Pipe {
  const waiting: Waiting[] = [];
  let waitingBytes = 0;
  let freeAt = 0;
  let timer: NodeJS.Timeout | null = null;
  let stopped = false;

  function add(bytes: Buffer | null, delayMs: number, costMs: number): void {
    // Later than what came before, whatever the jitter: TCP keeps order.
    freeAt = Math.max(freeAt, performance.now() + delayMs) + costMs;
    waiting.push({ bytes, dueAt: freeAt });
    waitingBytes += bytes?.byteLength ?? 0;
  }

  function run(): void {
    timer = null;
    while (!stopped && waiting.length > 0) {
      const waitMs = waiting[0]!.dueAt - performance.now();
      if (waitMs > 0) {
        timer = setTimeout(run, waitMs);
        return;
      }
      const { bytes } = waiting.shift()!;
      if (bytes === null) to.end();
      else if (to.writable) {
        waitingBytes -= bytes.byteLength;
        to.write(bytes);
      }
    }
    if (waitingBytes + to.writableLength <= WAITING_BYTES_MAX) sender.resume();
  }

  to.on("drain", () => {
    if (timer === null) run();
  });

  return {
    push(chunk, delayMs, bytesPerSecond) {
      const piece = Math.max(1, Math.ceil(Math.min(chunk.byteLength, bytesPerSecond / PIECES_PER_SECOND)));
      for (let at = 0; at < chunk.byteLength; at += piece) {
        const bytes = chunk.subarray(at, at + piece);
        add(bytes, at === 0 ? delayMs : 0, (bytes.byteLength * 1000) / bytesPerSecond);
      }
      if (waitingBytes + to.writableLength > WAITING_BYTES_MAX) sender.pause();
      if (timer === null) run();
    },
    end(delayMs) {
      add(null, delayMs, 0);
      if (timer === null) run();
    },
    stop() {
      stopped = true;
      waiting.length = 0;
      if (timer !== null) clearTimeout(timer);
    },
  };
}
