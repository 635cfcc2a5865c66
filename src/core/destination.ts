// A destination: where deliveries go, and everything about how they are sent there.

export type DestinationAuth =
  | { kind: "none" }
  | { kind: "basic"; username: string; password: string }
  | { kind: "bearer"; token: string }
  | { kind: "apiKey"; header: string; value: string }
  /** OAuth 2.0 client credentials: a token is fetched from `tokenUrl` and sent as Bearer. */
  | {
      kind: "oauth2";
      tokenUrl: string;
      clientId: string;
      clientSecret: string;
      scope: string | null;
      audience: string | null;
      /** Where the client's own credentials stand in the request for a token. */
      style: "basic" | "body";
    }
  /** AWS Signature Version 4. */
  | {
      kind: "aws-sigv4";
      region: string;
      service: string;
      accessKeyId: string;
      secretAccessKey: string;
      sessionToken: string | null;
    };

/** What a receiver's TLS needs beyond the public authorities; everything in PEM. */
export interface DestinationTls {
  /** Authorities that count in place of the public ones. */
  caPem: string | null;
  clientCertPem: string | null;
  /** A secret, unlike the rest. */
  clientKeyPem: string | null;
  /** Asked for, and what the certificate must be for, in place of the URL's host. */
  serverName: string | null;
}

/** How a delivery is signed so that the receiver can trust it. */
export type DestinationSignature =
  | { kind: "none" }
  /** Standard Webhooks 1.0, `v1` with `whsec_` secrets and `v1a` with `whsk_` ones; several during rotation. */
  | { kind: "standard-webhooks"; secrets: string[] }
  | {
      kind: "hmac";
      algorithm: "sha1" | "sha256" | "sha512";
      header: string;
      prefix: string;
      encoding: "hex" | "base64" | "base64url";
      /** Template over `{body}` and `{ts}`. */
      content: string;
      timestampHeader: string | null;
      secret: string;
    };

export type DestinationState =
  | { kind: "active" }
  /** Parked by a person: deliveries wait and nothing is lost. */
  | { kind: "paused"; since: number }
  /** Switched off with a reason, by a person or by the receiver's own answer (410, `webhook-delivery: disable`). */
  | { kind: "disabled"; since: number; reason: string };

export interface RetryPolicy {
  /** Delay before each attempt in milliseconds; its length is the number of attempts. Worked out where `schedule` is given. */
  scheduleMs: number[];
  /** Fraction by which a delay varies: 0.2 is ±20 %. */
  jitter: number;
  /** What `scheduleMs` was worked out from; absent for a list that was written as one. */
  schedule?: ExponentialSchedule;
  /** Rules by status, as in `429`, `500-599`, `!401`; the first that matches counts. Absent for none. */
  statuses?: string[];
}

/** Each wait is `factor` times the one before it. */
export interface ExponentialSchedule {
  kind: "exponential";
  /** Wait before the second attempt. */
  firstMs: number;
  factor: number;
  /** No wait is longer than this. */
  maxDelayMs: number;
  attempts: number;
  /** Attempts that the waits alone put later than this after the first are left out. */
  maxElapsedMs?: number;
}

/** No more attempts than this; a fraction of the unit is given a fraction of the count. */
export interface DestinationRate {
  count: number;
  per: "second" | "minute" | "hour";
}

/** Which deliveries wait for each other: one is attempted only when no earlier one of its line waits any more. */
export type DestinationOrdering =
  | { kind: "unordered" }
  /** One line of everything: one attempt at a time. */
  | { kind: "fifo"; onFailure: OrderOnFailure; holdBack: HoldBack | null }
  /** A line per key. `key` is `event` for the event's own, `header:<name>` or `json:<path>`; an event without it goes in no order. */
  | { kind: "fifoByKey"; key: string; onFailure: OrderOnFailure; holdBack: HoldBack | null };

/** `block`: the next one waits until this one is delivered, dead or cancelled. `skip`: until it has failed once. */
export type OrderOnFailure = "block" | "skip";

/** Deliveries wait `waitMs` from their reception, and go in the provider's own order of those that came meanwhile. */
export type HoldBack =
  | { by: "timestamp"; waitMs: number }
  /** `from` is `header:<name>` or `json:<path>` of a whole number that grows. */
  | { by: "sequence"; from: string; waitMs: number };

export interface Destination {
  id: string;
  name: string;
  type: "http";
  /** Never changes: what is under way is counted to its tenant. Null for the operator's own. */
  tenantId: string | null;
  url: string;
  /** Null keeps the event's own method. */
  method: string | null;
  /** Append the request's path tail and query to `url`. */
  forwardPath: boolean;
  forwardQuery: boolean;
  /** Send the original request's headers along, less the ones that belong to a connection. */
  forwardHeaders: boolean;
  headers: Record<string, string>;
  auth: DestinationAuth;
  signature: DestinationSignature;
  tls: DestinationTls | null;
  /** Offer HTTP/2 to the receiver and use it when it is taken. */
  http2: boolean;
  retry: RetryPolicy;
  deadlineMs: number;
  connectTimeoutMs: number;
  responseBytesMax: number;
  concurrencyMax: number;
  /** Whether fewer than `concurrencyMax` are tried while the receiver answers 429 or 5xx or not in time. */
  adaptiveConcurrency: boolean;
  /** Null for none. */
  rateLimit: DestinationRate | null;
  ordering: DestinationOrdering;
  state: DestinationState;
  createdAt: number;
  updatedAt: number;
}
