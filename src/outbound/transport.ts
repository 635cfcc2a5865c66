// The port every outbound HTTP call goes through, and the vocabulary of how an exchange can end.

import type { FailureDetail, RemoteClass } from "../core/attempt-facts.ts";

/** Why an exchange gave no HTTP response, as shown to users. Never carries an internal address. */
export type TransportFailure =
  | "blocked_address"
  | "invalid_url"
  | "invalid_request"
  | "dns_error"
  | "connect_refused"
  | "connect_timeout"
  | "connection_reset"
  | "tls_error"
  | "response_timeout"
  | "malformed_response"
  | "response_headers_too_large"
  /** The operator's forward proxy failed: no fault of the receiver. */
  | "proxy_error"
  | "cancelled"
  | "network_error";

/** How connections to a destination differ from the usual ones. One object per version of a destination: pools are kept per `key`. */
export interface ConnectionProfile {
  /** Requests share connections only where this is the same; made from everything below. */
  key: string;
  /** Offer HTTP/2 in the TLS handshake and use it when the receiver takes it. */
  http2: boolean;
  /** Certificates in PEM. `ca` replaces the public authorities. */
  ca: string | null;
  clientCertificate: string | null;
  clientKey: string | null;
  /** Asked for in the handshake, and what the certificate must be for, in place of the URL's host. */
  serverName: string | null;
}

export interface OutboundRequest {
  method: string;
  /** Absolute http(s) URL. */
  url: string;
  /** Flat list: name, value, name, value, in wire order. `host`, `content-length` and connection headers are the transport's own. */
  headers: readonly string[];
  body: Uint8Array | null;
  /** One absolute budget for the whole exchange: name lookup, connect, TLS, headers and body. */
  deadlineMs: number;
  connectTimeoutMs: number;
  /** Response bytes kept; when more arrive the connection is cut and `truncated` is set. */
  responseBytesMax: number;
  /** Null or left out for connections like everybody's. */
  profile?: ConnectionProfile | null;
}

export interface ExchangeTimings {
  /** Milliseconds from the start of the exchange to the response headers; null when none came. */
  firstByteMs: number | null;
  /** Milliseconds of the whole exchange. */
  totalMs: number;
}

/** What is known of the connection an exchange used or tried to make. Each phase that did not take place or did not end is null. */
export interface ConnectionFacts {
  /** True when the connection was kept open from an exchange before; its phases are null then. */
  reused: boolean;
  /** Milliseconds each. `dnsMs` is 0 for an address. */
  dnsMs: number | null;
  connectMs: number | null;
  tlsMs: number | null;
  /** The class of the address the socket got connected to, never the address; null when none was. */
  remote: RemoteClass | null;
  /** As in `TLSv1.3`; null for plain http. */
  tlsVersion: string | null;
  /** End of the receiver's certificate, in ms since the Unix epoch. */
  certificateExpiresAt: number | null;
  httpVersion: "1.1" | "2" | null;
}

/** What an exchange leaves for the record of an attempt, beside its end. */
export interface ExchangeTrace {
  /** Headers as they were written, in wire order, the transport's own included. Absent when nothing was. */
  sentHeaders?: string[];
  /** Absent when no connection was asked for. */
  connection?: ConnectionFacts;
}

export type Exchange = ExchangeTrace &
  (
    | {
        kind: "response";
        status: number;
        /** Flat list as received. */
        headers: string[];
        body: Uint8Array;
        truncated: boolean;
        /** Bytes of body that arrived, the cut ones included; absent means all of `body`. */
        bytesReceived?: number;
        timings: ExchangeTimings;
      }
    | {
        kind: "failure";
        failure: TransportFailure;
        /** A plain sentence for the owner of the destination: what happened and what to do. */
        message: string;
        /** Which kind of that failure it was, where there are several. */
        detail?: FailureDetail;
        timings: ExchangeTimings;
      }
  );

/** What the guard says of a URL before anything is dialled. */
export type UrlVerdict = { ok: true; url: URL } | { ok: false; cause: "invalid_url" | "blocked_address"; message: string };

export interface Transport {
  /** Never rejects for anything the other side does: failures are values. */
  exchange(request: OutboundRequest, signal?: AbortSignal): Promise<Exchange>;
  /** The same guard without dialling: used when a destination is saved. */
  checkUrl(url: string): UrlVerdict;
  close(): Promise<void>;
}
