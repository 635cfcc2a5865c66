// `posthorn tail`: what happens, as it happens, one line per step of the flow.
import type { TailEntry } from "../flow/tail.ts";
import { printable, printableJson } from "../printable.ts";
import { choice, type Context, defineCommand, text } from "./command.ts";
import { type Connection, connectionOptions, findConnection } from "./connection.ts";
import { CliError, EXIT } from "./exit.ts";
import { createServerClient, type Query } from "./server-client.ts";
import { byteText, relativeTime } from "./table.ts";
import type { Style } from "./terminal.ts";

const KINDS: readonly TailEntry["kind"][] = [
  "request.rejected",
  "request.handshake",
  "request.duplicate",
  "event.accepted",
  "event.dispatched",
  "delivery.attempted",
];

export const tail = defineCommand({
  name: "tail",
  summary: "Show what happens, as it happens.",
  description:
    "Requests that come in, the events they become and every delivery attempt. Ctrl-C ends it. With --json each line is one JSON object.",
  options: {
    source: text("id|name", "Only requests and events of this source."),
    kind: choice(KINDS, "Only entries of this kind."),
    ...connectionOptions,
  },
  examples: [
    ["posthorn tail", "follow everything"],
    ["posthorn tail --kind request.rejected", "only what is turned away"],
    ["posthorn tail --json | jq -r .eventId", "JSON lines, for programs"],
  ],
  async run(context, { options }) {
    const connection = await findConnection(context.environment, options);
    const stop = new AbortController();
    const forget = context.onStop(() => stop.abort());
    try {
      if (context.terminal.errIsTerminal) context.terminal.err(`Following ${connection.url}. Ctrl-C ends it.\n`);
      await followTail(context, connection, {
        json: options.json,
        query: { source: options.source, kind: options.kind },
        signal: stop.signal,
      });
    } finally {
      forget();
    }
    if (!stop.signal.aborted) throw new CliError(EXIT.failure, `${connection.url} closed the stream. Is the server stopping?`);
    return EXIT.ok;
  },
});

export interface FollowOptions {
  json: boolean;
  query: Query;
  signal: AbortSignal;
}

/** Prints every entry until `signal` says stop or the server goes. */
export async function followTail(
  { terminal, clock }: Context,
  connection: Connection,
  { json, query, signal }: FollowOptions,
): Promise<void> {
  try {
    for await (const { event, data } of createServerClient(connection).stream("/v1/tail", query, signal)) {
      const sent = JSON.parse(data) as object;
      // A gap in the stream is a message of its own event, without a kind inside.
      const entry = event === "dropped" ? { kind: "dropped", ...sent } : sent;
      if (json) terminal.out(`${printableJson(JSON.stringify(entry))}\n`);
      else terminal.out(`${tailLine(entry as WireEntry, terminal.outStyle, clock.now())}\n`);
    }
  } catch (error) {
    // Stopping while the stream waits is how it normally ends.
    if (!signal.aborted) throw error;
  }
}

/** An entry as it crosses the wire: times are RFC 3339. */
type WireEntry = Timed<TailEntry> | { kind: "dropped"; count: number };
type Timed<E> = E extends TailEntry
  ? { [K in keyof E]: K extends "at" ? string : K extends "nextAttemptAt" ? string | null : E[K] }
  : never;

function tailLine(entry: WireEntry, style: Style, nowMs: number): string {
  if (entry.kind === "dropped") return style.yellow(`… ${entry.count} entries were too many to follow`);
  const time = style.dim(clockTime(entry.at));
  switch (entry.kind) {
    case "request.rejected":
      return `${time}  ${style.red("rejected ")}  ${printable(entry.method)} ${printable(entry.cause)}  ${dimId(style, entry.sourceId)}`.trimEnd();
    case "request.handshake":
      return `${time}  ${style.green("handshake")}  ${printable(entry.method)} ${printable(entry.message)}  ${dimId(style, entry.sourceId)}`.trimEnd();
    case "request.duplicate":
      return `${time}  ${style.yellow("duplicate")}  of ${printable(entry.eventId)}  ${dimId(style, entry.sourceId)}`.trimEnd();
    case "event.accepted":
      return `${time}  ${style.green("accepted ")}  ${style.bold(printable(entry.type))}  ${printable(entry.eventId)}  ${style.dim(byteText(entry.bodyBytes))}`;
    case "event.dispatched":
      return `${time}  ${style.cyan("routed   ")}  ${printable(entry.eventId)}  ${deliveriesText(entry.deliveries)}`;
    case "delivery.attempted":
      return `${time}  ${attemptText(entry, style, nowMs)}`;
    default:
      // A newer server may tell of things this version does not know: the kind alone still says something.
      return `${time}  ${printable((entry as { kind: string }).kind)}`;
  }
}

function attemptText(entry: Extract<WireEntry, { kind: "delivery.attempted" }>, style: Style, nowMs: number): string {
  const answer = entry.status === null ? printable(entry.failure ?? "no answer") : String(entry.status);
  const head = entry.state === "delivered" ? style.green("delivered") : style.red("failed   ");
  const wait = entry.nextAttemptAt === null ? "" : `, next ${relativeTime(Date.parse(entry.nextAttemptAt), nowMs)}`;
  const state = entry.state === "delivered" ? "" : `  ${style.dim(`attempt ${entry.number}, ${printable(entry.state)}${wait}`)}`;
  return `${head}  [${answer}] ${printable(entry.destinationId)}  ${printable(entry.eventId)}  ${style.dim(`${Math.round(entry.durationMs)} ms`)}${state}`;
}

function deliveriesText(deliveries: number): string {
  switch (deliveries) {
    case 0:
      return "to no destination: no subscription takes it";
    case 1:
      return "to 1 destination";
    default:
      return `to ${deliveries} destinations`;
  }
}

function dimId(style: Style, id: string | null): string {
  return id === null ? "" : style.dim(printable(id));
}

/** The reader's own time of day. */
function clockTime(time: string): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? printable(time) : date.toTimeString().slice(0, 8);
}
