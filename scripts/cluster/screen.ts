// Where the cluster shows itself: a part of the terminal that is redrawn in place, or lines one after another.
import { drawLine, drawTable, type Snapshot } from "./view.ts";

export interface Screen {
  /** Whether a person can press keys. */
  readonly isTerminal: boolean;
  /** A sentence with its time; on a terminal it goes below the table. */
  say(text: string): void;
  /** Replaces what was drawn last. Elsewhere than on a terminal it is one line. */
  draw(snapshot: Omit<Snapshot, "said">): void;
  onKey(press: (key: string) => void): void;
  /** Gives the terminal back; what is said after that comes line by line. */
  close(): void;
}

const SAID_MAX = 50;
const HIDE_CURSOR = "\u001b[?25l";
const SHOW_CURSOR = "\u001b[?25h";

export function openScreen(): Screen {
  const isTerminal = process.stdin.isTTY && process.stdout.isTTY;
  const colors = isTerminal && process.env["NO_COLOR"] === undefined;
  const said: string[] = [];
  /** Lines of the last drawing, which the next one goes over. */
  let height = 0;
  let open = isTerminal;

  return {
    isTerminal,
    say(text) {
      const line = `${new Date().toISOString().slice(11, 19)} ${text}`;
      said.push(line);
      if (said.length > SAID_MAX) said.shift();
      if (!open || height === 0) console.log(line);
    },
    draw(snapshot) {
      if (!open) {
        if (!isTerminal) console.log(drawLine({ ...snapshot, said }));
        return;
      }
      const lines = drawTable({ ...snapshot, said }, { columns: process.stdout.columns, colors });
      // One write, and each line erased to its end: nothing flickers, and nothing of a longer line stays.
      const up = height === 0 ? HIDE_CURSOR : `\u001b[${height}A\r`;
      process.stdout.write(`${up}${lines.map((line) => `${line}\u001b[K\n`).join("")}\u001b[J`);
      height = lines.length;
    },
    onKey(press) {
      if (!isTerminal) return;
      process.stdin.setRawMode(true).setEncoding("utf8").resume();
      process.stdin.on("data", (keys: string) => keys.split("").forEach(press));
      process.once("exit", () => process.stdout.write(SHOW_CURSOR));
    },
    close() {
      open = false;
    },
  };
}
