// The connections to one origin: each carries one exchange at a time, is kept open between them, and is dropped after a failure.
import type { Socket } from "node:net";
import type { Client, Dispatcher } from "undici";
import { type ConnectContext, type ConnectTarget, Dial } from "./connect.ts";
import type { Deadlines } from "./deadline.ts";
import type { ConnectionFacts, OutboundRequest } from "./transport.ts";

/** What a lane carries: one exchange, which hears from undici itself. */
export interface LaneLoad extends Dispatcher.DispatchHandler {
  readonly request: OutboundRequest;
  readonly dispatchOptions: Dispatcher.DispatchOptions;
  readonly settled: boolean;
  /** Set by the lane that takes it. */
  lane: Lane | null;
  /** So many bytes have come over the wire since the exchange began, framing and all. */
  heardBytes(bytes: number): void;
}

export interface LaneSettings {
  Client: typeof Client;
  connect: ConnectContext;
  deadlines: Deadlines;
  connectionsPerOrigin: number;
  connectionLifeMs: number;
}

const RESPONSE_HEADER_BYTES_MAX = 16 * 1024;
// Shorter than the 5 s after which node:http servers close an idle connection, so that we are the ones who close.
const IDLE_CONNECTION_MS = 4_000;

const SIP_BYTES = 4 * 1024;

const ignore = (): void => {};

/** One undici Client, which holds at most one connection. Built so that cancelling one exchange never touches another. */
export class Lane {
  /** Set while a connection is being made. */
  dial: Dial | null = null;
  /** Responses completed on the present connection. */
  served = 0;
  openedAt = Number.POSITIVE_INFINITY;
  #facts: ConnectionFacts | null = null;
  #reusedFacts: ConnectionFacts | null = null;
  readonly client: Client;
  #run: LaneLoad | null = null;
  #socket: Socket | null = null;
  #bytesBefore = 0;

  constructor(settings: LaneSettings, target: ConnectTarget, origin: string) {
    this.client = new settings.Client(origin, {
      pipelining: 1,
      allowH2: target.profile?.http2 ?? false,
      useMilo: false,
      // Both are per phase or per chunk; the one absolute deadline of the exchange stands for them.
      headersTimeout: 0,
      bodyTimeout: 0,
      maxHeaderSize: RESPONSE_HEADER_BYTES_MAX,
      keepAliveTimeout: IDLE_CONNECTION_MS,
      keepAliveMaxTimeout: Math.max(settings.connectionLifeMs, 1),
      connect: (_options, callback) => {
        const timeoutMs = this.#run?.request.connectTimeoutMs ?? 0;
        this.dial = new Dial(settings.connect, target, timeoutMs, (error, socket) => {
          this.#facts = this.dial?.facts ?? null;
          this.#reusedFacts = null;
          this.served = 0;
          this.dial = null;
          if (error !== null || socket === null) return callback(error ?? new Error("no socket"), null);
          this.openedAt = settings.deadlines.now();
          this.#socket = socket;
          this.#bytesBefore = 0;
          if (this.#facts?.httpVersion === "1.1") readInSips(socket);
          callback(null, socket);
          // What the parser swallows without a word, such as a status line without end, is only seen here.
          if (this.#facts?.httpVersion === "1.1") {
            socket.on("readable", () => this.#run?.heardBytes(socket.bytesRead - this.#bytesBefore));
          }
        });
        this.dial.start();
      },
    });
  }

  /** Of the connection as the present exchange met it. */
  get facts(): ConnectionFacts | null {
    if (this.dial !== null) return this.dial.facts;
    if (this.served === 0 || this.#facts === null) return this.#facts;
    // Shared by all that reuse the connection: a hot destination makes one of these a minute.
    this.#reusedFacts ??= { ...this.#facts, reused: true, dnsMs: null, connectMs: null, tlsMs: null };
    return this.#reusedFacts;
  }

  carry(run: LaneLoad): void {
    this.#run = run;
    this.#bytesBefore = this.#socket?.bytesRead ?? 0;
    run.lane = this;
    this.client.dispatch(run.dispatchOptions, run);
  }

  /** Lets go of the exchange that just ended, so that its request is not kept in memory by an idle connection. */
  finish(): void {
    this.served += 1;
    this.#run = null;
  }

  destroy(): void {
    this.#run = null;
    this.#socket = null;
    this.dial?.cancel();
    this.client.destroy(null, ignore);
  }
}

/**
 * undici reads all that waits, up to 64 KiB, and goes on parsing it after it has given up: 8,000 headers behind the limit
 * cost 160 ms of everybody's time, an error for each. In sips it stops after 4 KiB, which no usual answer exceeds.
 */
function readInSips(socket: Socket): void {
  const read = socket.read.bind(socket);
  socket.read = (size?: number): unknown => {
    if (socket.destroyed) return null;
    return size === undefined && socket.readableLength > SIP_BYTES ? read(SIP_BYTES) : read(size);
  };
}

/** All connections to one scheme, host and port, and the exchanges that wait for one. */
export class Origin {
  readonly key: string;
  /** As in the `host` header. */
  readonly authority: string;
  /** When the last exchange ended; only meaningful while `busy` is 0. */
  quietSince = 0;
  busy = 0;
  readonly #settings: LaneSettings;
  readonly #target: ConnectTarget;
  readonly #idle: Lane[] = [];
  #waiting: LaneLoad[] = [];
  #waitingHead = 0;

  readonly #url: string;

  /** `url` is the origin as URL writes it; `key` tells apart origins that are reached in different ways. */
  constructor(settings: LaneSettings, key: string, url: string, target: ConnectTarget) {
    this.#settings = settings;
    this.key = key;
    this.#url = url;
    this.authority = url.slice(url.indexOf("//") + 2);
    this.#target = target;
  }

  get isQuiet(): boolean {
    return this.busy === 0;
  }

  start(run: LaneLoad): void {
    if (this.busy >= this.#settings.connectionsPerOrigin) {
      this.#waiting.push(run);
      return;
    }
    this.busy += 1;
    this.#takeLane().carry(run);
  }

  /** The connection finished its exchange and is good for another. */
  release(lane: Lane): void {
    lane.finish();
    const next = this.#nextWaiting();
    if (next === null) {
      this.busy -= 1;
      this.quietSince = this.#settings.deadlines.now();
      this.#idle.push(lane);
      return;
    }
    this.#youngEnough(lane).carry(next);
  }

  /** The connection failed or was cut. */
  discard(lane: Lane): void {
    lane.destroy();
    this.busy -= 1;
    this.quietSince = this.#settings.deadlines.now();
    // Not at once: a request that undici refuses fails within `carry`, and a row of those would recurse.
    if (this.#waitingHead < this.#waiting.length) queueMicrotask(() => this.#admit());
  }

  #admit(): void {
    while (this.busy < this.#settings.connectionsPerOrigin) {
      const next = this.#nextWaiting();
      if (next === null) return;
      this.busy += 1;
      this.#takeLane().carry(next);
    }
  }

  /** Closes the kept-open connections; exchanges under way are not touched. */
  closeIdle(): void {
    for (const lane of this.#idle) lane.destroy();
    this.#idle.length = 0;
  }

  /** The last one used is the next one taken, so that connections nobody needs grow idle and close. */
  #takeLane(): Lane {
    const lane = this.#idle.pop();
    return lane === undefined ? this.#newLane() : this.#youngEnough(lane);
  }

  /** A connection skips the name lookup and its checks, so it may only live for a minute. */
  #youngEnough(lane: Lane): Lane {
    if (this.#settings.deadlines.now() - lane.openedAt < this.#settings.connectionLifeMs) return lane;
    // Closing lets undici finish the response it may still be delivering; nothing else is on this connection.
    lane.client.close(ignore);
    return this.#newLane();
  }

  #newLane(): Lane {
    return new Lane(this.#settings, this.#target, this.#url);
  }

  #nextWaiting(): LaneLoad | null {
    while (this.#waitingHead < this.#waiting.length) {
      const run = this.#waiting[this.#waitingHead];
      this.#waitingHead += 1;
      if (run !== undefined && !run.settled) return run;
    }
    this.#waiting = [];
    this.#waitingHead = 0;
    return null;
  }
}
