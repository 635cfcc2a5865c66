// A closed-loop HTTP load generator on raw sockets, run as a process of its own: it must cost less than what it measures.
import { Buffer } from "node:buffer";
import { connect, type Socket } from "node:net";

export interface LoadPlan {
  host: string;
  port: number;
  path: string;
  /** Header lines without the ones added here (host, content-length, x-github-delivery). */
  headers: string[];
  body: string;
  connections: number;
  requests: number;
  /** Requests per second over all connections; 0 for as fast as answers come. */
  ratePerSecond: number;
  /** Makes the delivery ids of this run distinct from every other run's. */
  idBase: number;
}

export interface LoadResult {
  seconds: number;
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  statuses: Record<string, number>;
}

const ID_WIDTH = 36;

/** Runs the plan to its end: every request answered, or the first broken connection thrown. */
export async function runLoad(plan: LoadPlan): Promise<LoadResult> {
  const latencies = new Float64Array(plan.requests);
  const statuses: Record<string, number> = {};
  let sent = 0;
  let answered = 0;
  const started = performance.now();
  const { promise, resolve, reject } = Promise.withResolvers<void>();

  function takeTicket(): number | null {
    if (sent >= plan.requests) return null;
    sent += 1;
    return sent - 1;
  }

  function finish(ticketStartedAt: number, status: string): void {
    latencies[answered] = performance.now() - ticketStartedAt;
    answered += 1;
    statuses[status] = (statuses[status] ?? 0) + 1;
    if (answered === plan.requests) resolve();
  }

  const sockets = Array.from({ length: plan.connections }, () => drive(plan, started, takeTicket, finish, reject));
  await promise;
  const seconds = (performance.now() - started) / 1000;
  for (const socket of sockets) socket.destroy();
  latencies.sort();
  const at = (share: number) => latencies[Math.min(answered - 1, Math.floor(answered * share))] ?? 0;
  return { seconds, perSecond: answered / seconds, p50Ms: at(0.5), p99Ms: at(0.99), statuses };
}

/** One connection: send, wait for the whole answer, send the next. */
function drive(
  plan: LoadPlan,
  loadStarted: number,
  takeTicket: () => number | null,
  finish: (startedAt: number, status: string) => void,
  fail: (error: Error) => void,
): Socket {
  const template = requestTemplate(plan);
  const socket = connect({ host: plan.host, port: plan.port, noDelay: true });
  let startedAt = 0;
  let waiting = false;
  let pending = "";

  function send(): void {
    const ticket = takeTicket();
    if (ticket === null) return;
    const dueAt = plan.ratePerSecond === 0 ? 0 : loadStarted + (ticket * 1000) / plan.ratePerSecond;
    const wait = dueAt - performance.now();
    if (plan.ratePerSecond !== 0 && wait > 1) setTimeout(() => write(ticket, dueAt), wait);
    else write(ticket, dueAt);
  }

  function write(ticket: number, dueAt: number): void {
    template.bytes.write(String(plan.idBase + ticket).padStart(ID_WIDTH, "0"), template.idOffset, "latin1");
    // An open-loop request is late from when it was due, not from when a connection was free for it.
    startedAt = dueAt === 0 ? performance.now() : dueAt;
    waiting = true;
    socket.write(Buffer.from(template.bytes));
  }

  socket.on("connect", send);
  socket.on("data", (chunk) => {
    pending = pending === "" ? chunk.toString("latin1") : pending + chunk.toString("latin1");
    const headEnd = pending.indexOf("\r\n\r\n");
    if (headEnd < 0) return;
    const length = /content-length: (\d+)/i.exec(pending)?.[1] ?? "0";
    if (pending.length < headEnd + 4 + Number(length)) return;
    const status = pending.slice(9, 12);
    pending = "";
    waiting = false;
    finish(startedAt, status);
    send();
  });
  socket.on("error", fail);
  socket.on("close", () => {
    if (waiting) fail(new Error("The server closed a connection that waited for its answer."));
  });
  return socket;
}

function requestTemplate(plan: LoadPlan): { bytes: Buffer; idOffset: number } {
  const marker = "#".repeat(ID_WIDTH);
  const head = [
    `POST ${plan.path} HTTP/1.1`,
    `host: ${plan.host}:${plan.port}`,
    ...plan.headers,
    `x-github-delivery: ${marker}`,
    `content-length: ${Buffer.byteLength(plan.body)}`,
    "",
    "",
  ].join("\r\n");
  return { bytes: Buffer.from(head + plan.body), idOffset: head.indexOf(marker) };
}

// Run as a child: the plan comes in as JSON, the result goes out as JSON.
if (process.argv[1] === import.meta.filename && process.argv[2] !== undefined) {
  const result = await runLoad(JSON.parse(process.argv[2]) as LoadPlan);
  process.stdout.write(JSON.stringify(result));
}
