// Opens one guarded connection: look up, check every answer, dial only those, check the peer, then TLS.
import { connect as netConnect, type LookupFunction, type Socket } from "node:net";
import { connect as tlsConnect, createSecureContext, type SecureContext } from "node:tls";
import type { Clock, Timer } from "../system/clock.ts";
import { parseAddress } from "./address.ts";
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
  lookupTimeout,
} from "./failure.ts";
import { type Resolver, systemResolver } from "./resolve.ts";

export interface ConnectContext {
  guard: AddressGuard;
  clock: Clock;
  resolver: Resolver;
  /** True when the resolver was given from outside: then it answers for trusted names too. */
  resolverGiven: boolean;
  /** Made with the first https connection and shared by all. */
  secureContext: SecureContext | null;
}

/** Where a connection goes. Shared by all connections of one origin, so lookups and TLS sessions are shared too. */
export interface ConnectTarget {
  /** Without brackets and trailing dot. */
  host: string;
  port: number;
  secure: boolean;
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
  readonly #context: ConnectContext;
  readonly #target: ConnectTarget;
  readonly #timeoutMs: number;
  readonly #done: ConnectDone;
  #socket: Socket | null = null;
  #timer: Timer | null = null;
  #ended = false;

  constructor(context: ConnectContext, target: ConnectTarget, timeoutMs: number, done: ConnectDone) {
    this.#context = context;
    this.#target = target;
    this.#timeoutMs = timeoutMs;
    this.#done = done;
  }

  start(): void {
    this.#arm(LOOKUP_TIMEOUT_MS, lookupTimeout);
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
    this.#done(new FailureError(text.failure, text.message), null);
  }

  #arm(delayMs: number, text: FailureText): void {
    this.#timer?.cancel();
    this.#timer = this.#context.clock.after(delayMs, () => this.#fail(text));
  }

  /** Null when the address may be dialled. */
  #refusal(address: string): FailureText | null {
    const verdict = this.#context.guard.checkAddress(address, this.#target.host, this.#target.port);
    return verdict.ok ? null : { failure: "blocked_address", message: verdict.message };
  }

  #dial(addresses: string[]): void {
    if (this.#ended) return;
    if (addresses.length === 0) return this.#fail(describeLookupError(null));
    // One bad answer fails the attempt: dropping it would let a mixed answer be tried until it wins.
    for (const address of addresses) {
      const refusal = this.#refusal(address);
      if (refusal !== null) return this.#fail(refusal);
    }
    this.phase = "connect";
    this.#arm(this.#timeoutMs, connectTimeout);
    const socket = netConnect({
      host: this.#target.host,
      port: this.#target.port,
      // Node asks this in place of DNS, so nothing but the checked addresses can be dialled; literals never ask.
      lookup: pinned(addresses.slice(0, DIALLED_MAX)),
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_MS,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_PROBE_MS,
    });
    this.#socket = socket;
    socket.once("connect", () => this.#connected(socket));
    // Stays for the life of the socket: after the hand-over undici listens as well, and this one has nothing left to do.
    socket.on("error", (error) => {
      this.#fail(this.phase === "handshake" ? describeTlsError(error) : describeConnectError(error));
    });
  }

  #connected(socket: Socket): void {
    if (this.#ended) return;
    const refusal = this.#refusal(socket.remoteAddress ?? "");
    if (refusal !== null) return this.#fail(refusal);
    if (this.#target.secure) this.#handshake(socket);
    else this.#succeed(socket);
  }

  #handshake(raw: Socket): void {
    this.phase = "handshake";
    const target = this.#target;
    this.#context.secureContext ??= createSecureContext({ minVersion: "TLSv1.2" });
    const literal = parseAddress(target.host) !== null;
    const socket = tlsConnect({
      socket: raw,
      host: target.host,
      // Server names are host names by RFC 6066; for an address the certificate is checked against `host`.
      servername: literal ? "" : target.host,
      ALPNProtocols: ["http/1.1"],
      secureContext: this.#context.secureContext,
      // Said aloud because NODE_TLS_REJECT_UNAUTHORIZED=0 in the environment would win over the default.
      rejectUnauthorized: true,
      ...(target.tlsSession === null ? {} : { session: target.tlsSession }),
    });
    this.#socket = socket;
    socket.on("session", (session) => {
      target.tlsSession = session;
    });
    socket.once("secureConnect", () => this.#succeed(socket));
    socket.on("error", (error) => {
      // A session that spoilt a handshake is not offered again; later errors, our own cuts among them, say nothing about it.
      if (!this.#ended) target.tlsSession = null;
      this.#fail(describeTlsError(error));
    });
  }

  #succeed(socket: Socket): void {
    if (this.#end()) this.#done(null, socket);
  }
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
