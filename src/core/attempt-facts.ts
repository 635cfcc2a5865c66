// What is kept of an attempt beside its request and its answer: times, the connection, and which kind of failure it was.

/** The class of the address an attempt got connected to. `public` is the internet; every other one the operator has allowed. */
export type RemoteClass = "public" | "proxy" | "loopback" | "private" | "link_local" | "shared" | "metadata" | "translation" | "reserved";

/** The kinds of a failure that need different advice. */
export type FailureDetail =
  | "dns_not_found"
  | "dns_timeout"
  | "lanes_busy"
  | "connect_phase"
  | "tls_phase"
  | "answer_phase"
  | "body_phase"
  | "kept_open"
  | "tls_closed"
  | "tls_expired"
  | "tls_not_yet_valid"
  | "tls_revoked"
  | "tls_self_signed"
  | "tls_unknown_authority"
  | "tls_incomplete_chain"
  | "tls_wrong_host"
  | "tls_old_version"
  | "tls_not_spoken"
  | "tls_client_certificate"
  | "too_many_interim"
  | "own_address"
  | "proxy_unreachable"
  | "proxy_credentials"
  | "proxy_refused"
  | "proxy_no_route"
  | "token_unreachable"
  | "token_refused"
  | "token_malformed";

/** Times are milliseconds; null where a phase did not take place, as DNS on a connection that was kept open. */
export interface AttemptFacts {
  dnsMs: number | null;
  connectMs: number | null;
  tlsMs: number | null;
  /** From the start of the attempt to the response's headers. */
  firstByteMs: number | null;
  /** From the headers to the end of the body. */
  bodyMs: number | null;
  reused: boolean;
  remote: RemoteClass | null;
  httpVersion: string | null;
  tlsVersion: string | null;
  /** Ms since the Unix epoch. */
  certificateExpiresAt: number | null;
  /** Bytes of the response's body that arrived; more than are kept when it was cut. */
  responseBytes: number | null;
  detail: FailureDetail | null;
}

/** In the order of `AttemptFacts`; a list, because a row of these is written for every attempt. */
export type PackedFacts = [
  number | null,
  number | null,
  number | null,
  number | null,
  number | null,
  0 | 1,
  RemoteClass | null,
  string | null,
  string | null,
  number | null,
  number | null,
  FailureDetail | null,
];

export function packFacts(facts: AttemptFacts): PackedFacts {
  return [
    facts.dnsMs,
    facts.connectMs,
    facts.tlsMs,
    facts.firstByteMs,
    facts.bodyMs,
    facts.reused ? 1 : 0,
    facts.remote,
    facts.httpVersion,
    facts.tlsVersion,
    facts.certificateExpiresAt,
    facts.responseBytes,
    facts.detail,
  ];
}

export function unpackFacts(packed: PackedFacts): AttemptFacts {
  const [
    dnsMs,
    connectMs,
    tlsMs,
    firstByteMs,
    bodyMs,
    reused,
    remote,
    httpVersion,
    tlsVersion,
    certificateExpiresAt,
    responseBytes,
    detail,
  ] = packed;
  return {
    dnsMs,
    connectMs,
    tlsMs,
    firstByteMs,
    bodyMs,
    reused: reused === 1,
    remote,
    httpVersion,
    tlsVersion,
    certificateExpiresAt,
    responseBytes,
    detail,
  };
}
