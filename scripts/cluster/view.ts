// The cluster as text: a table that is redrawn in place on a terminal, and one line a look elsewhere.
import type { NodeFigures } from "./figures.ts";
import type { NodeState } from "./node.ts";
import type { TrafficTotals } from "./traffic.ts";

export interface Snapshot {
  nodes: readonly NodeFigures[];
  database: "up" | "restarting";
  /** Null with --quiet. */
  traffic: TrafficTotals | null;
  /** What a key that wants a number waits for. */
  question: string | null;
  /** Newest last. */
  said: readonly string[];
}

const COLUMNS: readonly [heading: string, width: number][] = [
  ["NODE", -8],
  ["STATE", -9],
  ["SHARDS", 6],
  ["IN FLIGHT", 10],
  ["QUEUED", 7],
  ["ACCEPTED/S", 11],
  ["DELIVERED/S", 12],
  ["P50 WAIT", 10],
  ["P99 WAIT", 10],
  ["LAST BEAT", 11],
];
const COLORS: Record<NodeState, number> = { ready: 32, starting: 33, unfit: 33, stopping: 33, paused: 36, gone: 31 };
const KEYS = "k kill -9   r restart   p pause/continue   d restart the database   q quit";
const SAID_LINES = 8;

/** Lines of the table, cut to the width of the terminal, none with more than it. */
export function drawTable(snapshot: Snapshot, { columns, colors }: { columns: number; colors: boolean }): string[] {
  const { nodes, database, traffic, question, said } = snapshot;
  const cut = (line: string) => (line.length <= columns ? line : `${line.slice(0, Math.max(0, columns - 1))}…`);
  const painted = (line: string, code: number) => (colors ? `\u001b[${code}m${line}\u001b[0m` : line);
  return [
    painted(cut(row(COLUMNS.map(([heading]) => heading))), 1),
    ...nodes.map((node) => painted(cut(row(cellsOf(node))), COLORS[node.state])),
    "",
    cut(`PostgreSQL is ${database}. ${traffic === null ? "No traffic (--quiet)." : trafficText(traffic)}`),
    painted(cut(question ?? KEYS), question === null ? 2 : 1),
    "",
    ...said.slice(-SAID_LINES).map((line) => painted(cut(line), 2)),
  ];
}

/** One line for a log. */
export function drawLine({ nodes, database, traffic }: Snapshot): string {
  const parts = nodes.map(
    (node) =>
      `${node.name} ${node.state} shards=${shown(node.shards)} accepted/s=${rate(node.acceptedPerSecond)} delivered/s=${rate(node.deliveredPerSecond)} p99=${milliseconds(node.p99Ms)}`,
  );
  return [...parts, `database ${database}`, ...(traffic === null ? [] : [trafficText(traffic)])].join(" | ");
}

function trafficText({ acknowledged, resent, arrived, repeats }: TrafficTotals): string {
  const left = acknowledged - arrived;
  return `${acknowledged} acknowledged, ${arrived} delivered, ${left} under way; ${resent} sent again, ${repeats} delivered twice`;
}

function cellsOf(node: NodeFigures): string[] {
  return [
    node.name,
    node.state,
    shown(node.shards),
    shown(node.inFlight),
    shown(node.queued),
    rate(node.acceptedPerSecond),
    rate(node.deliveredPerSecond),
    milliseconds(node.p50Ms),
    milliseconds(node.p99Ms),
    node.beatAgoMs === null ? "–" : `${(node.beatAgoMs / 1_000).toFixed(1)} s ago`,
  ];
}

function row(cells: readonly string[]): string {
  return cells
    .map((cell, index) => (COLUMNS[index]![1] < 0 ? cell.padEnd(-COLUMNS[index]![1]) : cell.padStart(COLUMNS[index]![1])))
    .join(" ");
}

const shown = (value: number | null) => (value === null ? "–" : String(value));
const rate = (value: number | null) => (value === null ? "–" : value.toFixed(1));
const milliseconds = (value: number | null) => (value === null ? "–" : `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`);
