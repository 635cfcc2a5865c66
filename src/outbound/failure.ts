// Turns the errors of sockets, TLS and the HTTP parser into a class and a sentence for the owner of a destination.
import type { TransportFailure } from "./transport.ts";

/** A failure of ours travelling through undici, which only knows errors. */
export class FailureError extends Error {
  readonly code = "POSTHORN_FAILURE";
  readonly failure: TransportFailure;

  constructor(failure: TransportFailure, message: string) {
    super(message);
    this.failure = failure;
  }
}

export interface FailureText {
  failure: TransportFailure;
  message: string;
}

/** How far an exchange had come. */
export type ExchangePhase = "queue" | "lookup" | "connect" | "handshake" | "request" | "response";

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

const CERTIFICATE_MESSAGES: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "The TLS certificate of the destination has expired. Renew it.",
  CERT_NOT_YET_VALID: "The TLS certificate of the destination is not valid yet. Check its dates.",
  CERT_REVOKED: "The TLS certificate of the destination has been revoked.",
  DEPTH_ZERO_SELF_SIGNED_CERT: "The TLS certificate of the destination is self-signed. Use one from a public authority.",
  SELF_SIGNED_CERT_IN_CHAIN: "The TLS certificate of the destination is signed by an unknown authority.",
  UNABLE_TO_GET_ISSUER_CERT: "The TLS certificate of the destination is signed by an unknown authority.",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    "The TLS certificate of the destination cannot be checked: send the whole chain, or use a public authority.",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    "The TLS certificate of the destination cannot be checked: the server does not send its intermediate certificates.",
  ERR_TLS_CERT_ALTNAME_INVALID: "The TLS certificate of the destination is for another host name.",
  ERR_SSL_WRONG_VERSION_NUMBER: "The destination does not speak TLS on this port.",
  ERR_SSL_UNSUPPORTED_PROTOCOL: "The destination only offers an outdated TLS version. At least TLS 1.2 is needed.",
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: "The destination refused TLS 1.2 and 1.3. At least TLS 1.2 is needed.",
};

export function describeTlsError(error: unknown): FailureText {
  const code = codeOf(error);
  if (code === "ECONNRESET" || code === "EPIPE") {
    return { failure: "connection_reset", message: "The destination closed the connection during the TLS handshake." };
  }
  const message = CERTIFICATE_MESSAGES[code] ?? "A secure connection to the destination could not be made.";
  return { failure: "tls_error", message };
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
      return { failure: "dns_error", message: "The host name of the destination does not exist in DNS." };
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
};

export const connectTimeout: FailureText = {
  failure: "connect_timeout",
  message: "The destination did not accept the connection in time.",
};

export const cancelled: FailureText = { failure: "cancelled", message: "The attempt was cancelled." };

export const tooManyInterim: FailureText = {
  failure: "malformed_response",
  message: "The destination sent too many 1xx responses and no final one.",
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
      };
    case "lookup":
      return lookupTimeout;
    case "connect":
      return { failure: "connect_timeout", message: BEFORE_CONNECT };
    case "handshake":
      return { failure: "connect_timeout", message: "The destination did not finish the TLS handshake in time." };
    case "request":
      return { failure: "response_timeout", message: `The destination did not answer within ${seconds} s.` };
    case "response":
      return {
        failure: "response_timeout",
        message: `The destination began to answer but did not finish within ${seconds} s.`,
      };
  }
}

const MALFORMED: FailureText = {
  failure: "malformed_response",
  message: "The destination did not answer in valid HTTP/1.1.",
};

/**
 * For errors once a request was handed over. A POST is never sent twice by the transport: a kept-open connection that
 * the receiver closes just as we write gives `connection_reset`, and whoever called decides about the next attempt.
 */
export function describeExchangeError(error: unknown, reused: boolean): FailureText {
  if (error instanceof FailureError) return { failure: error.failure, message: error.message };
  const code = codeOf(error);
  switch (code) {
    case "UND_ERR_HEADERS_OVERFLOW":
      return {
        failure: "response_headers_too_large",
        message: "The response headers of the destination are larger than 16 KiB.",
      };
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
      return reset(reused);
  }
  // The parser's errors often come without a code.
  if (error instanceof Error && error.name === "HTTPParserError") return MALFORMED;
  if (code === "EPROTO" || code.startsWith("ERR_SSL_") || code.startsWith("ERR_TLS_")) return describeTlsError(error);
  return { failure: "network_error", message: "The connection to the destination failed." };
}

function reset(reused: boolean): FailureText {
  const message = reused
    ? "The destination closed a kept-open connection before it answered. It may or may not have read the request."
    : "The destination closed the connection before it answered completely.";
  return { failure: "connection_reset", message };
}
