// Turns the errors of sockets, TLS and the HTTP parser into a class and a sentence for the owner of a destination.
import type { FailureDetail } from "../core/attempt-facts.ts";
import type { TransportFailure } from "./transport.ts";

/** A failure of ours travelling through undici, which only knows errors. */
export class FailureError extends Error {
  readonly code = "POSTHORN_FAILURE";
  readonly failure: TransportFailure;
  readonly detail: FailureDetail | undefined;

  constructor({ failure, message, detail }: FailureText) {
    super(message);
    this.failure = failure;
    this.detail = detail;
  }
}

export interface FailureText {
  failure: TransportFailure;
  message: string;
  /** Which kind of that failure, where there are several. */
  detail?: FailureDetail;
}

/** How far an exchange had come. */
export type ExchangePhase = "queue" | "lookup" | "proxy" | "connect" | "handshake" | "request" | "response";

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

const UNKNOWN_AUTHORITY = "The TLS certificate of the destination is signed by an unknown authority.";
const OLD_VERSION = "The destination only offers an outdated TLS version. At least TLS 1.2 is needed.";
const CLIENT_CERTIFICATE = "The destination refused the client certificate, or asks for one.";
const HANDSHAKE_REFUSED = "The destination ended the TLS handshake: it asks for a client certificate, or shares no cipher with us.";

const TLS_MESSAGES: Readonly<Record<string, readonly [FailureDetail, string]>> = {
  CERT_HAS_EXPIRED: ["tls_expired", "The TLS certificate of the destination has expired. Renew it."],
  CERT_NOT_YET_VALID: ["tls_not_yet_valid", "The TLS certificate of the destination is not valid yet. Check its dates."],
  CERT_REVOKED: ["tls_revoked", "The TLS certificate of the destination has been revoked."],
  DEPTH_ZERO_SELF_SIGNED_CERT: [
    "tls_self_signed",
    "The TLS certificate of the destination is self-signed. Use one from a public authority.",
  ],
  SELF_SIGNED_CERT_IN_CHAIN: ["tls_unknown_authority", UNKNOWN_AUTHORITY],
  UNABLE_TO_GET_ISSUER_CERT: ["tls_unknown_authority", UNKNOWN_AUTHORITY],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: [
    "tls_incomplete_chain",
    "The TLS certificate of the destination cannot be checked: send the whole chain, or use a public authority.",
  ],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: [
    "tls_incomplete_chain",
    "The TLS certificate of the destination cannot be checked: the server does not send its intermediate certificates.",
  ],
  ERR_TLS_CERT_ALTNAME_INVALID: ["tls_wrong_host", "The TLS certificate of the destination is for another host name."],
  ERR_SSL_WRONG_VERSION_NUMBER: ["tls_not_spoken", "The destination does not speak TLS on this port."],
  ERR_SSL_PACKET_LENGTH_TOO_LONG: ["tls_not_spoken", "The destination does not speak TLS on this port."],
  ERR_SSL_HTTP_REQUEST: ["tls_not_spoken", "The destination does not speak TLS on this port."],
  ERR_SSL_UNSUPPORTED_PROTOCOL: ["tls_old_version", OLD_VERSION],
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: ["tls_old_version", "The destination refused TLS 1.2 and 1.3. At least TLS 1.2 is needed."],
};

// Alerts about our certificate, in the names of OpenSSL 3, which differ by the version that first had the alert.
const CERTIFICATE_ALERT =
  /_ALERT_(CERTIFICATE_REQUIRED|BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_\w+|UNKNOWN_CA|NO_CERTIFICATE)$/;

function knownTlsError(code: string): readonly [FailureDetail, string] | undefined {
  if (CERTIFICATE_ALERT.test(code)) return ["tls_client_certificate", CLIENT_CERTIFICATE];
  if (code.endsWith("_ALERT_HANDSHAKE_FAILURE")) return ["tls_client_certificate", HANDSHAKE_REFUSED];
  return TLS_MESSAGES[code];
}

export function describeTlsError(error: unknown): FailureText {
  const code = codeOf(error);
  if (code === "ECONNRESET" || code === "EPIPE") {
    return {
      failure: "connection_reset",
      message: "The destination closed the connection during the TLS handshake.",
      detail: "tls_closed",
    };
  }
  const known = knownTlsError(code);
  if (known === undefined) return { failure: "tls_error", message: "A secure connection to the destination could not be made." };
  return { failure: "tls_error", message: known[1], detail: known[0] };
}

/** For errors before a connection stands. An AggregateError means that every address was tried. */
export function describeConnectError(error: unknown): FailureText {
  switch (codeOf(error)) {
    case "ECONNREFUSED":
      return { failure: "connect_refused", message: "The destination refused the connection. Is it running on this port?" };
    case "ETIMEDOUT":
      return connectTimeout;
    case "ECONNRESET":
      return { failure: "connection_reset", message: "The destination closed the connection while it was being made." };
    default:
      return { failure: "network_error", message: "The destination could not be reached over the network." };
  }
}

export function describeLookupError(error: unknown): FailureText {
  switch (codeOf(error)) {
    case "ENOTFOUND":
    case "ENODATA":
      return { failure: "dns_error", message: "The host name of the destination does not exist in DNS.", detail: "dns_not_found" };
    case "ETIMEOUT":
    case "EAI_AGAIN":
      return lookupTimeout;
    default:
      return { failure: "dns_error", message: "The host name of the destination could not be looked up in DNS." };
  }
}

export const lookupTimeout: FailureText = {
  failure: "dns_error",
  message: "DNS did not answer for the host name of the destination in time.",
  detail: "dns_timeout",
};

export const connectTimeout: FailureText = {
  failure: "connect_timeout",
  message: "The destination did not accept the connection in time.",
  detail: "connect_phase",
};

export const handshakeTimeout: FailureText = {
  failure: "connect_timeout",
  message: "The destination did not finish the TLS handshake in time.",
  detail: "tls_phase",
};

export const cancelled: FailureText = { failure: "cancelled", message: "The attempt was cancelled." };

export const tooManyInterim: FailureText = {
  failure: "malformed_response",
  message: "The destination sent too many 1xx responses and no final one.",
  detail: "too_many_interim",
};

export const tooManyBytes: FailureText = {
  failure: "malformed_response",
  message: "The destination kept sending bytes that were no part of an answer.",
};

const BEFORE_CONNECT = "The deadline passed before a connection to the destination stood.";

/** What the passing of the absolute deadline is called, by how far the exchange had come. */
export function describeDeadline(phase: ExchangePhase, deadlineMs: number): FailureText {
  const seconds = deadlineMs / 1_000;
  switch (phase) {
    case "queue":
      return {
        failure: "connect_timeout",
        message: `All connections to the destination were busy for ${seconds} s. It answers more slowly than events arrive.`,
        detail: "lanes_busy",
      };
    case "lookup":
      return lookupTimeout;
    case "connect":
      return { failure: "connect_timeout", message: BEFORE_CONNECT, detail: "connect_phase" };
    case "proxy":
      return { failure: "proxy_error", message: "The outbound proxy did not answer in time.", detail: "proxy_unreachable" };
    case "handshake":
      return handshakeTimeout;
    case "request":
      return {
        failure: "response_timeout",
        message: `The destination did not answer within ${seconds} s.`,
        detail: "answer_phase",
      };
    case "response":
      return {
        failure: "response_timeout",
        message: `The destination began to answer but did not finish within ${seconds} s.`,
        detail: "body_phase",
      };
  }
}

const MALFORMED: FailureText = {
  failure: "malformed_response",
  message: "The destination did not answer in valid HTTP.",
};

export const headersTooLarge: FailureText = {
  failure: "response_headers_too_large",
  message: "The response headers of the destination are larger than 16 KiB.",
};

/**
 * For errors once a request was handed over. A POST is never sent twice by the transport: a kept-open connection that
 * the receiver closes just as we write gives `connection_reset`, and whoever called decides about the next attempt.
 */
export function describeExchangeError(error: unknown, reused: boolean): FailureText {
  if (error instanceof FailureError) return { failure: error.failure, message: error.message, detail: error.detail };
  const code = codeOf(error);
  switch (code) {
    case "UND_ERR_HEADERS_OVERFLOW":
      return headersTooLarge;
    case "UND_ERR_INVALID_ARG":
    case "UND_ERR_NOT_SUPPORTED":
      return { failure: "invalid_request", message: "The request has a header, method or path that HTTP cannot carry." };
    case "UND_ERR_RES_CONTENT_LENGTH_MISMATCH":
      return MALFORMED;
    case "UND_ERR_SOCKET":
      // undici has one class for both: a 100 or an upgrade nobody asked for, and a connection that ended.
      return error instanceof Error && error.message.startsWith("bad ") ? MALFORMED : reset(reused);
    case "UND_ERR_DESTROYED":
    case "UND_ERR_CLOSED":
    case "UND_ERR_ABORTED":
      return cancelled;
    case "ECONNRESET":
    case "EPIPE":
    case "ECONNABORTED":
    case "ETIMEDOUT":
    // HTTP/2: the peer ended the stream or the session without an answer.
    case "UND_ERR_INFO":
    case "ERR_HTTP2_STREAM_CANCEL":
    case "ERR_HTTP2_SESSION_ERROR":
    case "ERR_HTTP2_GOAWAY_SESSION":
      return reset(reused);
    case "ERR_HTTP2_STREAM_ERROR":
      return isProtocolError(error) ? MALFORMED : reset(reused);
    case "ERR_HTTP2_ERROR":
      return MALFORMED;
  }
  // The parser's errors often come without a code.
  if (error instanceof Error && error.name === "HTTPParserError") return MALFORMED;
  if (code === "EPROTO" || code.startsWith("ERR_SSL_") || code.startsWith("ERR_TLS_")) return describeTlsError(error);
  return { failure: "network_error", message: "The connection to the destination failed." };
}

// The codes of RFC 9113 that say one side broke the protocol, 1 PROTOCOL_ERROR to 9 COMPRESSION_ERROR, less those of a plain end.
const HTTP2_PROTOCOL_ERRORS: ReadonlySet<unknown> = new Set([1, 3, 5, 6, 9]);

function isProtocolError(error: unknown): boolean {
  return error instanceof Error && "http2ErrorCode" in error && HTTP2_PROTOCOL_ERRORS.has(error.http2ErrorCode);
}

function reset(reused: boolean): FailureText {
  const message = reused
    ? "The destination closed a kept-open connection before it answered. It may or may not have read the request."
    : "The destination closed the connection before it answered completely.";
  return { failure: "connection_reset", message, ...(reused ? { detail: "kept_open" as const } : {}) };
}
