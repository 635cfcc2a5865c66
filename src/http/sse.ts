// Server-sent events for one listener: heartbeats, a bounded buffer while it is slow, and how many entries it lost.
import { TAIL_BUFFER_ENTRIES_MAX } from "../limits.ts";
import type { Clock, Timer } from "../system/clock.ts";
import type { AnswerStream } from "./route.ts";

// Shorter than the idle timeouts of common proxies (60 s), and how soon a vanished listener is noticed.
const HEARTBEAT_MS = 15_000;

export interface EventStream {
  /** `data` is only made when it is going to be sent. */
  send(event: string, data: () => string): void;
}

export function openEventStream(stream: AnswerStream, clock: Clock): EventStream {
  let buffer: string[] = [];
  let dropped = 0;
  let flowing = true;
  let timer: Timer | null = null;

  function beat(): void {
    timer = clock.after(HEARTBEAT_MS, () => {
      // A full socket needs no heartbeat: it tells by itself whether somebody still reads.
      if (flowing) flowing = stream.write(": still here\n\n");
      beat();
    });
  }

  function drain(): void {
    flowing = true;
    const waiting = buffer;
    buffer = [];
    for (const text of waiting) flowing = stream.write(text) && flowing;
    if (dropped > 0) {
      flowing = stream.write(formatEvent("dropped", JSON.stringify({ count: dropped }))) && flowing;
      dropped = 0;
    }
  }

  stream.onDrain(drain);
  stream.onClose(() => timer?.cancel());
  flowing = stream.write(": connected\n\n");
  beat();
  return {
    send(event, data) {
      if (flowing) flowing = stream.write(formatEvent(event, data()));
      else if (buffer.length < TAIL_BUFFER_ENTRIES_MAX) buffer.push(formatEvent(event, data()));
      else dropped += 1;
    },
  };
}

/** JSON has no line breaks of its own, so `data` is one line. */
function formatEvent(event: string, data: string): string {
  return `event: ${event}\ndata: ${data}\n\n`;
}
