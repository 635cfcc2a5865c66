// A source: where events come in, and every rule a request must pass before it becomes an event.

export interface SourceSecret {
  value: string;
  /** Milliseconds since the Unix epoch after which this secret no longer verifies; null never. */
  expiresAt: number | null;
  /** true: the provider brought it in a handshake; it may be shown to the owner, who needs it at the provider. */
  learned?: true;
}

/** A credential beside the provider's signature. `required` adds to the signature, otherwise one of them is enough. */
export type SourceAuth =
  | { kind: "none" }
  | { kind: "basic"; username: string; password: string; required: boolean }
  | { kind: "bearer"; token: string; required: boolean }
  | { kind: "apiKey"; header: string; value: string; required: boolean };

/** What makes two requests the same event. */
export type DedupeRule =
  | { by: "none" }
  | { by: "providerEventId"; windowMs: number }
  | { by: "header"; name: string; windowMs: number }
  | { by: "jsonPath"; path: string; windowMs: number }
  | { by: "body"; windowMs: number };

export interface SourceResponse {
  status: number;
  headers: Record<string, string>;
  body: string;
}

export interface RateLimit {
  perSecond: number;
  burst: number;
}

export interface Source {
  id: string;
  name: string;
  enabled: boolean;
  /** The last part of the ingest URL. Unguessable; knowing it is what lets a caller in at all. */
  token: string;
  /** A provider of the SDK's catalogue: `github`, `stripe`, `standard-webhooks`, `hmac`, `token`, `basic`, `none`. */
  provider: string;
  params: Record<string, unknown>;
  secrets: SourceSecret[];
  publicKey: string | null;
  toleranceSeconds: number | null;
  auth: SourceAuth;
  allowedMethods: string[];
  /** Media types without parameters; empty allows every one. */
  allowedContentTypes: string[];
  /** CIDR ranges; empty allows every address. */
  allowedIps: string[];
  rateLimit: RateLimit | null;
  dedupe: DedupeRule;
  response: SourceResponse;
  /** `json:data.object.id`, `header:x-key`: where the ordering key of an event is found; null for none. */
  keyFrom: string | null;
  /** One event per item of a batched body; the request is kept whole. */
  split: boolean;
  bodyBytesMax: number | null;
  retentionDays: number | null;
  createdAt: number;
  updatedAt: number;
}

/** Every cause a request can be refused for. The caller sees the status only; the store keeps the cause. */
export const REJECTION_STATUS = {
  unknown_source: 404,
  source_disabled: 404,
  method_not_allowed: 405,
  content_type_not_allowed: 415,
  ip_not_allowed: 403,
  rate_limited: 429,
  too_large: 413,
  missing_header: 401,
  duplicate_header: 401,
  bad_signature: 401,
  stale_timestamp: 401,
  wrong_credentials: 401,
  // A provider's subscription check that is not ours to answer, such as one with the wrong verify token.
  handshake_refused: 403,
  incomplete_body: 400,
  overloaded: 503,
  // The key that the provider signs with could not be fetched: it sends again, and by then it may be there.
  key_unavailable: 503,
  store_unavailable: 503,
} as const;

export type RejectionCause = keyof typeof REJECTION_STATUS;
