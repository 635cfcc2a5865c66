// The one HTTP client of Posthorn: guarded addresses, absolute deadlines, bounded responses, kept-open connections.
import type { Dispatcher } from "undici";
import type { Clock } from "../system/clock.ts";
import { type AddressGuard, portOf } from "./address-guard.ts";
import { readHost } from "./allow-list.ts";
import type { ConnectContext } from "./connect.ts";
import { Deadlines } from "./deadline.ts";
import { ExchangeRun } from "./exchange-run.ts";
import { cancelled, type FailureText } from "./failure.ts";
import { classifyAddress, parseAddress } from "./address.ts";
import { isTransportHeader } from "./header-policy.ts";
import { type LaneSettings, Origin } from "./lanes.ts";
import { type ForwardProxy, parseForwardProxy } from "./proxy.ts";
import { createDnsResolver, type Resolver } from "./resolve.ts";
import type { ConnectionProfile, Exchange, OutboundRequest, Transport, UrlVerdict } from "./transport.ts";

export interface HttpTransportOptions {
  guard: AddressGuard;
  clock: Clock;
  /** Connections to one origin, so also exchanges with it at a time; further ones wait within their deadline. */
  connectionsPerOrigin?: number;
  /** After this time a connection is replaced, and with it the name lookup and its checks are repeated. */
  connectionLifeMs?: number;
  /** Answers for every name except localhost; tests give one that rebinds. */
  resolver?: Resolver;
  userAgent?: string;
  /** URL of the forward proxy, with its credentials. What the operator's exceptions name is called without it. */
  proxy?: string | null;
}

const CONNECTIONS_PER_ORIGIN = 64;
const CONNECTION_LIFE_MS = 60_000;
const ORIGINS_MAX = 1_024;
// One parsed URL takes about 1 KiB; destinations are called over and over with the same one.
const PLANS_MAX = 4_096;
const PLANNED_URL_LENGTH_MAX = 1_024;

/** What one URL comes down to, kept so that a hot destination is parsed and judged once. */
type Plan = { ok: true; originKey: string; host: string; port: number; secure: boolean; path: string } | { ok: false; text: FailureText };

interface PreparedHeaders {
  ok: boolean;
  headers: string[];
}

export function createHttpTransport(options: HttpTransportOptions): HttpTransport {
  return new HttpTransport(options);
}

export class HttpTransport implements Transport {
  readonly #guard: AddressGuard;
  readonly #clock: Clock;
  readonly #deadlines: Deadlines;
  readonly #connect: ConnectContext;
  readonly #userAgent: string;
  readonly #connectionsPerOrigin: number;
  readonly #connectionLifeMs: number;
  readonly #origins = new Map<string, Origin>();
  readonly #plans = new Map<string, Plan>();
  #settings: LaneSettings | null = null;
  #loading: Promise<LaneSettings> | null = null;
  #sweeping = false;
  #closed = false;

  constructor(options: HttpTransportOptions) {
    this.#guard = options.guard;
    this.#clock = options.clock;
    this.#deadlines = new Deadlines(options.clock);
    this.#connect = {
      guard: options.guard,
      clock: options.clock,
      resolver: options.resolver ?? createDnsResolver(),
      resolverGiven: options.resolver !== undefined,
      proxy: proxyOf(options.proxy ?? null),
      secureContext: null,
    };
    this.#userAgent = options.userAgent ?? "Posthorn";
    this.#connectionsPerOrigin = options.connectionsPerOrigin ?? CONNECTIONS_PER_ORIGIN;
    this.#connectionLifeMs = options.connectionLifeMs ?? CONNECTION_LIFE_MS;
  }

  checkUrl(url: string): UrlVerdict {
    return this.#guard.checkUrl(url);
  }

  exchange(request: OutboundRequest, signal?: AbortSignal): Promise<Exchange> {
    if (this.#closed || signal?.aborted === true) {
      return Promise.resolve(refused(cancelled));
    }
    // NaN would sit in front of every later deadline of its length and never pass.
    if (!(request.deadlineMs > 0)) throw new RangeError("deadlineMs must be above 0");
    const plan = this.#planFor(request.url);
    if (!plan.ok) return Promise.resolve(refused(plan.text));
    const prepared = prepareHeaders(request.headers, this.#userAgent);
    if (!prepared.ok) return Promise.resolve(refused(TRANSPORT_HEADER));
    if (this.#settings !== null) return this.#start(this.#settings, request, plan, prepared.headers, signal);
    return this.#load().then((settings) => this.#start(settings, request, plan, prepared.headers, signal));
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#deadlines.close();
    for (const origin of this.#origins.values()) origin.closeIdle();
    this.#origins.clear();
  }

  /** Loads what the first exchange would wait for. */
  async warmUp(): Promise<void> {
    await this.#load();
  }

  /** undici costs 65 ms of start-up, so it is loaded with the first exchange or `warmUp`, whichever comes first. */
  #load(): Promise<LaneSettings> {
    this.#loading ??= import("undici").then(({ Client }) => {
      this.#settings = {
        Client,
        connect: this.#connect,
        deadlines: this.#deadlines,
        connectionsPerOrigin: this.#connectionsPerOrigin,
        connectionLifeMs: this.#connectionLifeMs,
      };
      return this.#settings;
    });
    return this.#loading;
  }

  #start(
    settings: LaneSettings,
    request: OutboundRequest,
    plan: Plan & { ok: true },
    headers: string[],
    signal: AbortSignal | undefined,
  ): Promise<Exchange> {
    if (this.#closed) return Promise.resolve(refused(cancelled));
    return new Promise((resolve) => {
      const origin = this.#originFor(settings, plan, request.profile ?? null);
      const dispatchOptions: Dispatcher.DispatchOptions = {
        path: plan.path,
        method: request.method,
        headers,
        body: request.body,
      };
      const run = new ExchangeRun(request, origin, dispatchOptions, this.#deadlines, resolve);
      if (signal !== undefined) run.watch(signal);
      if (!run.settled) origin.start(run);
    });
  }

  #planFor(url: string): Plan {
    const known = this.#plans.get(url);
    if (known !== undefined) return known;
    const plan = makePlan(this.#guard.checkUrl(url));
    if (url.length <= PLANNED_URL_LENGTH_MAX) {
      if (this.#plans.size >= PLANS_MAX) deleteFirst(this.#plans);
      this.#plans.set(url, plan);
    }
    return plan;
  }

  #originFor(settings: LaneSettings, plan: Plan & { ok: true }, profile: ConnectionProfile | null): Origin {
    const key = profile === null ? plan.originKey : `${plan.originKey} ${profile.key}`;
    const known = this.#origins.get(key);
    if (known !== undefined) return known;
    if (this.#origins.size >= ORIGINS_MAX) this.#evictQuietest();
    const origin = new Origin(settings, key, plan.originKey, {
      host: plan.host,
      port: plan.port,
      secure: plan.secure,
      profile,
      proxy: this.#isException(plan) ? null : this.#connect.proxy,
      secureContext: null,
      lookup: null,
      tlsSession: null,
    });
    this.#origins.set(key, origin);
    this.#sweepLater();
    return origin;
  }

  /** What only the operator's exceptions let through is inside the network, where a proxy for the outside does not reach. */
  #isException({ host, port }: Plan & { ok: true }): boolean {
    return parseAddress(host) === null ? this.#guard.isTrustedName(host, port) : classifyAddress(host) !== "public";
  }

  /** Looks at all 1,024 origins, but only when a new one is made, which costs a connection anyway. */
  #evictQuietest(): void {
    let oldest: Origin | null = null;
    for (const origin of this.#origins.values()) {
      if (origin.isQuiet && (oldest === null || origin.quietSince < oldest.quietSince)) oldest = origin;
    }
    if (oldest !== null) this.#forget(oldest);
  }

  #forget(origin: Origin): void {
    origin.closeIdle();
    this.#origins.delete(origin.key);
  }

  #sweepLater(): void {
    if (this.#sweeping) return;
    this.#sweeping = true;
    this.#clock.after(this.#connectionLifeMs, () => {
      this.#sweeping = false;
      if (this.#closed) return;
      const before = this.#deadlines.now() - this.#connectionLifeMs;
      for (const origin of this.#origins.values()) {
        if (origin.isQuiet && origin.quietSince <= before) this.#forget(origin);
      }
      if (this.#origins.size > 0) this.#sweepLater();
    });
  }
}

const TRANSPORT_HEADER: FailureText = {
  failure: "invalid_request",
  message: "The request sets a header that belongs to the connection, such as host or content-length.",
};

function refused(text: FailureText): Exchange {
  return {
    kind: "failure",
    failure: text.failure,
    message: text.message,
    timings: { firstByteMs: null, totalMs: 0 },
  };
}

function proxyOf(url: string | null): ForwardProxy | null {
  const proxy = url === null ? null : parseForwardProxy(url);
  if (url !== null && proxy === null) throw new TypeError("the proxy is not an http(s) URL");
  return proxy;
}

function makePlan(verdict: UrlVerdict): Plan {
  if (!verdict.ok) return { ok: false, text: { failure: verdict.cause, message: verdict.message } };
  const { url } = verdict;
  return {
    ok: true,
    originKey: url.origin,
    host: readHost(url.hostname).host,
    port: portOf(url),
    secure: url.protocol === "https:",
    path: url.pathname + url.search,
  };
}

/** Adds what every request carries unless it is given, and refuses what only the transport may write. */
function prepareHeaders(given: readonly string[], userAgent: string): PreparedHeaders {
  let hasEncoding = false;
  let hasAgent = false;
  for (let i = 0; i < given.length; i += 2) {
    const name = given[i] ?? "";
    if (isTransportHeader(name)) return { ok: false, headers: [] };
    if (name.length === 15 && name.toLowerCase() === "accept-encoding") hasEncoding = true;
    else if (name.length === 10 && name.toLowerCase() === "user-agent") hasAgent = true;
  }
  const headers = given.slice();
  if (!hasAgent) headers.push("user-agent", userAgent);
  // A compressed response would be kept undecoded: asking for none is the only way to show its text.
  if (!hasEncoding) headers.push("accept-encoding", "identity");
  return { ok: true, headers };
}

function deleteFirst(map: Map<string, unknown>): void {
  for (const key of map.keys()) {
    map.delete(key);
    return;
  }
}
