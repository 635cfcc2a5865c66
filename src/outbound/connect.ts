// Opens one guarded connection: look up, check every answer, dial only those, check the peer, then TLS.
import { connect as netConnect, isIP, type LookupFunction, type Socket } from "node:net";
import type { SecureContext, TLSSocket } from "node:tls";
import type { RemoteClass } from "../core/attempt-facts.ts";
import type { Clock, Timer } from "../system/clock.ts";
import { type BlockReason, classifyAddress, parseAddress } from "./address.ts";
import type { AddressGuard } from "./address-guard.ts";
import { isLocalhostName } from "./allow-list.ts";
import {
  connectTimeout,
  describeConnectError,
  describeLookupError,
  describeTlsError,
  type ExchangePhase,
  FailureError,
  type FailureText,
  handshakeTimeout,
  lookupTimeout,
} from "./failure.ts";
import { certificateExpiry, hasOwnCertificates, makeSecureContext, startHandshake } from "./handshake.ts";
import { type ForwardProxy, openTunnel, unreachable } from "./proxy.ts";
import { type Resolver, systemResolver } from "./resolve.ts";
import type { ConnectionFacts, ConnectionProfile } from "./transport.ts";

export interface ConnectContext {
  guard: AddressGuard;
  clock: Clock;
  resolver: Resolver;
  /** True when the resolver was given from outside: then it answers for trusted names too. */
  resolverGiven: boolean;
  /** Where everything goes that the operator's exceptions do not name; null for straight out. */
  proxy: ForwardProxy | null;
  /** Made with the first https connection and shared by all that bring no certificates of their own. */
  secureContext: SecureContext | null;
}

/** Where a connection goes. Shared by all connections of one origin, so lookups and TLS sessions are shared too. */
export interface ConnectTarget {
  /** Without brackets and trailing dot. */
  host: string;
  port: number;
  secure: boolean;
  profile: ConnectionProfile | null;
  /** Set when this target is reached through the proxy. */
  proxy: ForwardProxy | null;
  /** Of a profile with certificates; made with its first connection. */
  secureContext: SecureContext | null;
  /** A lookup under way: 64 connections opened at once ask DNS once. */
  lookup: Promise<string[]> | null;
  tlsSession: Buffer | null;
}

const LOOKUP_TIMEOUT_MS = 5_000;
const ANSWERS_MAX = 32;
const DIALLED_MAX = 8;
// Node's default of 250 ms gives up on addresses that are merely on another continent.
const NEXT_ADDRESS_MS = 1_000;
const KEEP_ALIVE_PROBE_MS = 60_000;

export type ConnectDone = (error: FailureError | null, socket: Socket | null) => void;

/** One attempt to connect. It ends exactly once: with a socket, a FailureError, or silently by `cancel`. */
export class Dial {
  phase: ExchangePhase = "lookup";
  readonly facts: ConnectionFacts = {
    reused: false,
    dnsMs: null,
    connectMs: null,
    tlsMs: null,
    remote: null,
    tlsVersion: null,
    certificateExpiresAt: null,
    httpVersion: null,
  };
  readonly #context: ConnectContext;
  readonly #target: ConnectTarget;
  readonly #timeoutMs: number;
  readonly #done: ConnectDone;
  #socket: Socket | null = null;
  #timer: Timer | null = null;
  #phaseStartedAt = 0;
  #ended = false;

  constructor(context: ConnectContext, target: ConnectTarget, timeoutMs: number, done: ConnectDone) {
    this.#context = context;
    this.#target = target;
    this.#timeoutMs = timeoutMs;
    this.#done = done;
  }

  start(): void {
    this.#phaseStartedAt = this.#context.clock.now();
    if (this.#target.proxy !== null) return this.#dialProxy(this.#target.proxy);
    this.#arm(LOOKUP_TIMEOUT_MS, () => lookupTimeout);
    lookUp(this.#context, this.#target)
      .then(
        (addresses) => this.#dial(addresses),
        (error: unknown) => this.#fail(describeLookupError(error)),
      )
      .catch((error: unknown) => this.#fail(describeConnectError(error)));
  }

  cancel(): void {
    if (!this.#end()) return;
    this.#socket?.destroy();
  }

  #end(): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    this.#timer?.cancel();
    return true;
  }

  #fail(text: FailureText): void {
    if (!this.#end()) return;
    // A lookup that hangs is not offered to the next connection.
    if (this.phase === "lookup") this.#target.lookup = null;
    this.#socket?.destroy();
    this.#done(new FailureError(text), null);
  }

  #arm(delayMs: number, text: () => FailureText): void {
    this.#timer?.cancel();
    this.#timer = this.#context.clock.after(delayMs, () => this.#fail(text()));
  }

  /** Milliseconds of the phase that ends here. */
  #lap(): number {
    const now = this.#context.clock.now();
    const spent = Math.max(0, now - this.#phaseStartedAt);
    this.#phaseStartedAt = now;
    return spent;
  }

  /** Null when the address may be dialled. */
  #refusal(address: string): FailureText | null {
    const verdict = this.#context.guard.checkAddress(address, this.#target.host, this.#target.port);
    if (verdict.ok) return null;
    return {
      failure: "blocked_address",
      message: verdict.message,
      ...(verdict.reason === "own_address" ? { detail: "own_address" as const } : {}),
    };
  }

  #dial(addresses: string[]): void {
    if (this.#ended) return;
    const looked = this.#lap();
    // For an address nothing was asked; what has passed is only our own turn of the event loop.
    this.facts.dnsMs = isIP(this.#target.host) === 0 ? looked : 0;
    if (addresses.length === 0) return this.#fail(describeLookupError(null));
    // One bad answer fails the attempt: dropping it would let a mixed answer be tried until it wins.
    for (const address of addresses) {
      const refusal = this.#refusal(address);
      if (refusal !== null) return this.#fail(refusal);
    }
    this.phase = "connect";
    this.#arm(this.#timeoutMs, () => (this.phase === "handshake" ? handshakeTimeout : connectTimeout));
    const socket = netConnect({
      host: this.#target.host,
      port: this.#target.port,
      // Node asks this in place of DNS, so nothing but the checked addresses can be dialled; literals never ask.
      lookup: pinned(addresses.slice(0, DIALLED_MAX)),
      ...SOCKET_OPTIONS,
    });
    this.#socket = socket;
    socket.once("connect", () => this.#connected(socket));
    // Stays for the life of the socket: after the hand-over undici listens as well, and this one has nothing left to do.
    socket.on("error", (error) => {
      this.#fail(this.phase === "handshake" ? describeTlsError(error) : describeConnectError(error));
    });
  }

  /** The proxy is the operator's word, so its address is not judged; the URL that goes through it was, before. */
  #dialProxy(proxy: ForwardProxy): void {
    this.phase = "proxy";
    this.#arm(this.#timeoutMs, () =>
      this.phase === "handshake" ? handshakeTimeout : unreachable("The outbound proxy made no connection to the destination in time."),
    );
    const raw = netConnect({ host: proxy.host, port: proxy.port, ...SOCKET_OPTIONS });
    const failed = (): void => this.#fail(unreachable("The outbound proxy could not be reached."));
    const tunnel = (socket: Socket): void => {
      if (this.#ended) return;
      const { host, port } = this.#target;
      openTunnel(socket, proxy, `${host.includes(":") ? `[${host}]` : host}:${port}`, (failure) => {
        if (this.#ended) return;
        if (failure !== null) return this.#fail(failure);
        this.facts.connectMs = this.#lap();
        this.facts.remote = "proxy";
        this.#proceed(socket);
      });
    };
    this.#socket = raw;
    raw.on("error", (error) => (this.phase === "handshake" ? this.#fail(describeTlsError(error)) : failed()));
    if (!proxy.secure) return void raw.once("connect", () => tunnel(raw));
    this.#context.secureContext ??= makeSecureContext(null);
    const { secureContext } = this.#context;
    const socket = startHandshake(raw, { host: proxy.host, secureContext, serverName: null, http2: false, session: null });
    this.#socket = socket;
    socket.once("secureConnect", () => tunnel(socket));
    socket.on("error", (error) => (this.phase === "handshake" ? this.#fail(describeTlsError(error)) : failed()));
  }

  #connected(socket: Socket): void {
    if (this.#ended) return;
    const address = socket.remoteAddress ?? "";
    const refusal = this.#refusal(address);
    if (refusal !== null) return this.#fail(refusal);
    this.facts.connectMs = this.#lap();
    this.facts.remote = remoteClass(address);
    this.#proceed(socket);
  }

  #proceed(socket: Socket): void {
    if (this.#target.secure) return this.#handshake(socket);
    this.facts.httpVersion = "1.1";
    this.#succeed(socket);
  }

  #handshake(raw: Socket): void {
    this.phase = "handshake";
    const target = this.#target;
    const secureContext = secureContextOf(this.#context, target);
    if (secureContext === null) return this.#fail(UNUSABLE_CERTIFICATES);
    const { host, profile, tlsSession: session } = target;
    const serverName = profile?.serverName ?? null;
    const socket = startHandshake(raw, { host, secureContext, serverName, http2: profile?.http2 ?? false, session });
    this.#socket = socket;
    socket.on("session", (given) => {
      target.tlsSession = given;
    });
    socket.once("secureConnect", () => this.#secured(socket));
    socket.on("error", (error) => {
      // A session that spoilt a handshake is not offered again; later errors, our own cuts among them, say nothing about it.
      if (!this.#ended) target.tlsSession = null;
      this.#fail(describeTlsError(error));
    });
  }

  #secured(socket: TLSSocket): void {
    this.facts.tlsMs = this.#lap();
    this.facts.tlsVersion = socket.getProtocol();
    this.facts.certificateExpiresAt = certificateExpiry(socket);
    this.facts.httpVersion = socket.alpnProtocol === "h2" ? "2" : "1.1";
    this.#succeed(socket);
  }

  #succeed(socket: Socket): void {
    if (this.#end()) this.#done(null, socket);
  }
}

const SOCKET_OPTIONS = {
  autoSelectFamily: true,
  autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_MS,
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: KEEP_ALIVE_PROBE_MS,
};

const UNUSABLE_CERTIFICATES: FailureText = {
  failure: "invalid_request",
  message: "The certificates or the key in the TLS settings of the destination cannot be used.",
};

function secureContextOf(context: ConnectContext, target: ConnectTarget): SecureContext | null {
  if (!hasOwnCertificates(target.profile)) return (context.secureContext ??= makeSecureContext(null));
  try {
    return (target.secureContext ??= makeSecureContext(target.profile));
  } catch {
    return null;
  }
}

const REMOTE_CLASS: Readonly<Record<BlockReason, RemoteClass>> = {
  unparsable: "reserved",
  unspecified: "loopback",
  loopback: "loopback",
  private: "private",
  link_local: "link_local",
  shared: "shared",
  metadata: "metadata",
  multicast: "reserved",
  documentation: "reserved",
  benchmarking: "reserved",
  translation: "translation",
  reserved: "reserved",
};

function remoteClass(address: string): RemoteClass {
  const verdict = classifyAddress(address);
  return verdict === "public" ? verdict : REMOTE_CLASS[verdict.blocked];
}

function pinned(addresses: readonly string[]): LookupFunction {
  const answers = addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
  return (_host, options, callback) => {
    const first = answers[0];
    if (options.all === true || first === undefined) callback(null, answers);
    else callback(null, first.address, first.family);
  };
}

/** All addresses of the target, at most 32. Literals and localhost never reach a resolver. */
function lookUp(context: ConnectContext, target: ConnectTarget): Promise<string[]> {
  if (parseAddress(target.host) !== null) return Promise.resolve([target.host]);
  if (isLocalhostName(target.host)) return Promise.resolve(["127.0.0.1", "::1"]);
  if (target.lookup !== null) return target.lookup;
  const trusted = !context.resolverGiven && context.guard.isTrustedName(target.host, target.port);
  const resolver = trusted ? systemResolver : context.resolver;
  const lookup = resolver(target.host).then((addresses) => addresses.slice(0, ANSWERS_MAX));
  target.lookup = lookup;
  const forget = (): void => {
    if (target.lookup === lookup) target.lookup = null;
  };
  lookup.then(forget, forget);
  return lookup;
}
