// A TCP proxy whose faults are switched while it runs: slow, thin, silent, cut, or gone.
import { createConnection, createServer, type Server, type Socket } from "node:net";
import { listenOnFreePort } from "./free-port.ts";
import { createPipe, type Pipe } from "./toxic-pipe.ts";
import { seededRandom, type SeededRandom } from "./random.ts";

export interface Toxics {
  /** Before bytes of the client reach the server, and the other way; each chunk has its own jitter, and order is kept. */
  latencyUpMs: number;
  latencyDownMs: number;
  /** Up to so much more or less than the latency. */
  jitterMs: number;
  /** Each way of each connection by itself. */
  bytesPerSecond: number;
  /** For every chunk that arrives, either way: how likely its connection is reset in its place. From 0 to 1. */
  resetChance: number;
  /**
   * Takes what arrives, passes on nothing, and says nothing, as a network that drops packets: neither side learns of the
   * other's end. What was swallowed is gone, so that connections which lost bytes are reset when this is switched off.
   */
  silent: boolean;
}

/** Text is compared without regard to upper and lower case, bytes exactly. */
export type Needle = string | Uint8Array;

export interface Cut {
  /** What the client says. It reaches the server. */
  sent: Needle;
  /** What the server says after that. Neither this nor what follows reaches the client, and both sides are reset. */
  answered: Needle;
}

/** COMMIT went up, is done and on disk, and its answer gets lost: the client can't know whether it took place. */
export const COMMIT_ANSWER_LOST: Cut = { sent: "COMMIT", answered: "COMMIT\0" };
/** The same for a statement outside a transaction: this says that the server has ended it, and is idle. */
export const POSTGRES_IDLE: Uint8Array = Buffer.from("Z\0\0\0\x05I", "latin1");

export interface ToxicProxy {
  readonly port: number;
  /** How many clients are connected. */
  readonly connections: number;
  /** How many bytes were taken and not passed on while it was silent, since its start. */
  readonly swallowedBytes: number;
  /** The same URL, through the proxy. */
  through(url: string): string;
  /** Changes what is named, for open connections too. */
  set(toxics: Partial<Toxics>): void;
  /** No faults any more. */
  heal(): void;
  /** Resets every connection, both ways. New ones are taken. */
  reset(): void;
  /** Cuts the first connection on which this happens; resolves then. One cut is armed at a time. */
  cutAfter(cut: Cut): Promise<void>;
  /** Resets every connection and refuses new ones. */
  down(): Promise<void>;
  /** Takes connections again, on the same port. */
  up(): Promise<void>;
  close(): Promise<void>;
}

const NO_TOXICS: Toxics = { latencyUpMs: 0, latencyDownMs: 0, jitterMs: 0, bytesPerSecond: Infinity, resetChance: 0, silent: false };

interface Link {
  client: Socket;
  server: Socket;
  pipes: Pipe[];
  /** Whether bytes were swallowed: its two ends no longer agree. */
  lost: boolean;
}

interface ArmedCut extends Cut {
  done: () => void;
}

export async function startToxicProxy(
  target: { host?: string; port: number },
  options: { random?: SeededRandom } = {},
): Promise<ToxicProxy> {
  const random = options.random ?? seededRandom("toxics");
  const toxics: Toxics = { ...NO_TOXICS };
  const links = new Set<Link>();
  let armed: ArmedCut | null = null;
  let server: Server | null = null;
  let swallowedBytes = 0;

  function connect(client: Socket): void {
    const upstream = createConnection({ host: target.host ?? "127.0.0.1", port: target.port, allowHalfOpen: true });
    const link: Link = { client, server: upstream, pipes: [], lost: false };
    links.add(link);
    const watch = createWatch(() => armed);
    const up = pipe(
      link,
      client,
      upstream,
      () => toxics.latencyUpMs,
      (chunk) => (watch.sent(chunk), false),
    );
    const down = pipe(
      link,
      upstream,
      client,
      () => toxics.latencyDownMs,
      (chunk) => watch.answered(chunk),
    );
    link.pipes.push(up, down);
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true);
      socket.on("error", () => endBadly(link));
      socket.on("close", () => void (client.destroyed && upstream.destroyed && links.delete(link)));
    }
  }

  function pipe(link: Link, from: Socket, to: Socket, latencyMs: () => number, isCut: (chunk: Buffer) => boolean): Pipe {
    const made = createPipe(to, { pause: () => from.pause(), resume: () => from.resume() });
    from.on("data", (chunk) => {
      if (toxics.silent) {
        link.lost = true;
        swallowedBytes += chunk.byteLength;
      } else if (toxics.resetChance > 0 && random.chance(toxics.resetChance)) destroy(link);
      else if (isCut(chunk)) {
        const { done } = armed!;
        armed = null;
        destroy(link);
        done();
      } else made.push(chunk, Math.max(0, latencyMs() + toxics.jitterMs * (2 * random.float() - 1)), toxics.bytesPerSecond);
    });
    from.on("end", () => {
      if (toxics.silent) link.lost = true;
      else made.end(latencyMs());
    });
    return made;
  }

  /** What a dropped packet would have told stays untold while the proxy is silent. */
  function endBadly(link: Link): void {
    if (toxics.silent) link.lost = true;
    else destroy(link);
  }

  function destroy(link: Link): void {
    for (const pipe of link.pipes) pipe.stop();
    for (const socket of [link.client, link.server]) socket.resetAndDestroy();
    links.delete(link);
  }

  /** False when another program has the port. */
  async function listen(wanted: number): Promise<boolean> {
    const opened = createServer({ allowHalfOpen: true }, connect);
    try {
      await new Promise<void>((resolve, reject) => {
        opened.once("error", reject);
        opened.listen(wanted, "127.0.0.1", resolve);
      });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") return false;
      throw error;
    }
    server = opened;
    return true;
  }

  async function up(): Promise<void> {
    if (server === null && !(await listen(port))) throw new Error(`Port ${port} was taken by another program while the proxy was down.`);
  }

  async function down(): Promise<void> {
    const closing = server;
    server = null;
    const closed = closing === null ? null : new Promise((resolve) => void closing.close(resolve));
    for (const link of links) destroy(link);
    await closed;
  }

  function set(changes: Partial<Toxics>): void {
    const wasSilent = toxics.silent;
    Object.assign(toxics, changes);
    if (wasSilent && !toxics.silent) for (const link of links) if (link.lost) destroy(link);
  }

  const port = await listenOnFreePort(listen);
  return {
    port,
    get connections() {
      return links.size;
    },
    get swallowedBytes() {
      return swallowedBytes;
    },
    through(url) {
      const changed = new URL(url);
      changed.hostname = "127.0.0.1";
      changed.port = String(port);
      return changed.href;
    },
    set,
    heal: () => set(NO_TOXICS),
    reset() {
      for (const link of links) destroy(link);
    },
    cutAfter(cut) {
      if (armed !== null) throw new Error("a cut is armed already");
      return new Promise((done) => {
        armed = { ...cut, done };
      });
    },
    down,
    up,
    close: down,
  };
}

/** Looks at both ways of one connection for the cut that is armed. */
function createWatch(armed: () => ArmedCut | null) {
  let watching: ArmedCut | null = null;
  let sent: Search | null = null;
  let answered: Search | null = null;

  function follow(): void {
    if (armed() === watching) return;
    watching = armed();
    sent = watching && createSearch(watching.sent);
    answered = null;
  }

  return {
    sent(chunk: Buffer): void {
      follow();
      if (answered === null && sent?.found(chunk) === true) answered = createSearch(watching!.answered);
    },
    answered(chunk: Buffer): boolean {
      follow();
      return answered?.found(chunk) ?? false;
    },
  };
}

interface Search {
  /** Whether the needle is complete with this chunk, also when it began in one before. */
  found(chunk: Buffer): boolean;
}

function createSearch(needle: Needle): Search {
  const isText = typeof needle === "string";
  const fold = (text: string) => (isText ? text.toLowerCase() : text);
  const wanted = fold(isText ? needle : Buffer.from(needle).toString("latin1"));
  let tail = "";
  return {
    found(chunk) {
      const text = tail + fold(chunk.toString("latin1"));
      tail = wanted.length > 1 ? text.slice(1 - wanted.length) : "";
      return text.includes(wanted);
    },
  };
}
