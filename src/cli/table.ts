// Aligned text for people: tables for lists, name and value pairs for one thing, and times as they are said.
import { printable } from "../printable.ts";
import type { Paint, Terminal } from "./terminal.ts";

export interface Cell {
  text: string;
  paint?: Paint;
}

const COLUMN_GAP = "  ";
const CELL_WIDTH_MIN = 8;

/** Rows under a heading, each column as wide as its widest cell; on a terminal the last column is cut to its width. */
export function renderTable(terminal: Terminal, headings: string[], rows: Cell[][]): string {
  const safe = rows.map((row) => row.map((cell) => ({ ...cell, text: printable(cell.text) })));
  const widths = headings.map((heading, column) => Math.max(textWidth(heading), ...safe.map((row) => textWidth(row[column]?.text ?? ""))));
  const last = headings.length - 1;
  const before = widths.slice(0, last).reduce((sum, width) => sum + width + COLUMN_GAP.length, 0);
  const lastMax = terminal.columns === null ? Number.POSITIVE_INFINITY : Math.max(CELL_WIDTH_MIN, terminal.columns - before);
  const line = (cells: Cell[]): string =>
    cells
      .map((cell, column) => {
        const text = column === last ? cut(cell.text, lastMax) : cell.text;
        const padding = column === last ? "" : " ".repeat(Math.max(0, (widths[column] ?? 0) - textWidth(text)));
        return (cell.paint?.(text) ?? text) + padding;
      })
      .join(COLUMN_GAP)
      .trimEnd();
  const head = line(headings.map((heading) => ({ text: heading, paint: terminal.outStyle.dim })));
  return `${[head, ...safe.map(line)].join("\n")}\n`;
}

/** `name  value` lines; pairs without a value are left out. */
export function renderPairs(terminal: Terminal, pairs: [string, string | null | undefined | Cell][]): string {
  const shown = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
  const width = Math.max(0, ...shown.map(([name]) => name.length));
  return shown
    .map(([name, value]) => {
      const cell = typeof value === "object" && value !== null ? value : { text: value ?? "" };
      const text = printable(cell.text);
      return `${terminal.outStyle.dim(name.padEnd(width))}${COLUMN_GAP}${cell.paint?.(text) ?? text}\n`;
    })
    .join("");
}

const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;

/** Columns on a terminal: CJK and emoji take two, combining marks none. */
function textWidth(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += /\p{Mark}/u.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return width;
}

function cut(text: string, widthMax: number): string {
  if (textWidth(text) <= widthMax) return text;
  let kept = "";
  let width = 1;
  for (const character of text) {
    width += textWidth(character);
    if (width > widthMax) break;
    kept += character;
  }
  return `${kept}…`;
}

const UNITS: [string, number][] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
];

/** `3m ago`, `in 2h`, `now`: the largest unit that fits once. */
export function relativeTime(timeMs: number, nowMs: number): string {
  const distance = Math.abs(timeMs - nowMs);
  for (const [unit, size] of UNITS) {
    if (distance < size) continue;
    const text = `${Math.floor(distance / size)}${unit}`;
    return timeMs > nowMs ? `in ${text}` : `${text} ago`;
  }
  return "now";
}

/** An RFC 3339 time of the API as `3m ago`; text that is no time stays as it is. */
export function relativeText(time: string | null | undefined, nowMs: number): string {
  if (time === null || time === undefined) return "";
  const timeMs = Date.parse(time);
  return Number.isNaN(timeMs) ? time : relativeTime(timeMs, nowMs);
}

/** `12 B`, `3.4 KiB`, `10 MiB`. */
export function byteText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const units = ["KiB", "MiB", "GiB", "TiB"];
  let value = bytes / 1024;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}
