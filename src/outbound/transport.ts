// The port every outbound HTTP call goes through, and the vocabulary of how an exchange can end.

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
  | "cancelled"
  | "network_error";

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
}

export interface ExchangeTimings {
  /** Milliseconds from the start of the exchange to the response headers; null when none came. */
  firstByteMs: number | null;
  /** Milliseconds of the whole exchange. */
  totalMs: number;
}

export type Exchange =
  | {
      kind: "response";
      status: number;
      /** Flat list as received. */
      headers: string[];
      body: Uint8Array;
      truncated: boolean;
      timings: ExchangeTimings;
    }
  | {
      kind: "failure";
      failure: TransportFailure;
      /** A plain sentence for the owner of the destination: what happened and what to do. */
      message: string;
      timings: ExchangeTimings;
    };

/** What the guard says of a URL before anything is dialled. */
export type UrlVerdict = { ok: true; url: URL } | { ok: false; cause: "invalid_url" | "blocked_address"; message: string };

export interface Transport {
  /** Never rejects for anything the other side does: failures are values. */
  exchange(request: OutboundRequest, signal?: AbortSignal): Promise<Exchange>;
  /** The same guard without dialling: used when a destination is saved. */
  checkUrl(url: string): UrlVerdict;
  close(): Promise<void>;
}
