// Where a command reads and writes: data to stdout, messages to stderr, colours only where a person looks.
import type { Environment } from "../config.ts";

export interface Terminal {
  /** Data. */
  out(text: string): void;
  /** Messages. */
  err(text: string): void;
  stdin(bytesMax: number): Promise<Uint8Array>;
  stdinIsTerminal: boolean;
  outStyle: Style;
  errIsTerminal: boolean;
  /** Width in characters; null without a terminal, where nothing is cut. */
  columns: number | null;
}

export type Paint = (text: string) => string;

export interface Style {
  dim: Paint;
  bold: Paint;
  red: Paint;
  green: Paint;
  yellow: Paint;
  cyan: Paint;
}

const paint =
  (open: number, close: number): Paint =>
  (text) =>
    `\u001b[${open}m${text}\u001b[${close}m`;
const same: Paint = (text) => text;

const COLORED: Style = {
  dim: paint(2, 22),
  bold: paint(1, 22),
  red: paint(31, 39),
  green: paint(32, 39),
  yellow: paint(33, 39),
  cyan: paint(36, 39),
};
export const PLAIN: Style = { dim: same, bold: same, red: same, green: same, yellow: same, cyan: same };

export function styleFor(isTerminal: boolean, environment: Environment): Style {
  return colorsWanted(isTerminal, environment) ? COLORED : PLAIN;
}

/** https://no-color.org: any non-empty value says no. */
export function colorsWanted(isTerminal: boolean, environment: Environment): boolean {
  return isTerminal && (environment["NO_COLOR"] ?? "") === "" && environment["TERM"] !== "dumb";
}

export function processTerminal(environment: Environment): Terminal {
  const { stdin, stdout, stderr } = process;
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    async stdin(bytesMax) {
      const chunks: Uint8Array[] = [];
      let size = 0;
      for await (const chunk of stdin as AsyncIterable<Uint8Array>) {
        size += chunk.byteLength;
        if (size > bytesMax) throw new Error(`stdin holds more than ${bytesMax} bytes`);
        chunks.push(chunk);
      }
      return new Uint8Array(Buffer.concat(chunks));
    },
    stdinIsTerminal: stdin.isTTY,
    outStyle: styleFor(stdout.isTTY, environment),
    errIsTerminal: stderr.isTTY,
    columns: stdout.isTTY ? stdout.columns : null,
  };
}
