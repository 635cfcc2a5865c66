// The one table of errors a caller can meet: what each code means and what to do about it.

export interface ErrorEntry {
  status: number;
  title: string;
  /** What to do, in one or two sentences; becomes the entry's text in docs/errors.md. */
  doc: string;
}

export const ERRORS = {
  invalid_json: {
    status: 400,
    title: "The body is not JSON",
    doc: "Send one JSON object, encoded as UTF-8 without a byte order mark.",
  },
  invalid_cursor: {
    status: 400,
    title: "The cursor is not one of ours",
    doc: "Pass `nextCursor` of the previous page unchanged, to the same list; leave it out for the first page.",
  },
  invalid_idempotency_key: {
    status: 400,
    title: "The Idempotency-Key cannot be used",
    doc: "Use 1 to 255 printable ASCII characters, for example a UUID made once per operation.",
  },
  malformed_request: {
    status: 400,
    title: "The request is not valid HTTP",
    doc: "The parser refused the request line, a header or the framing of the body. Check the client or the proxy in between.",
  },
  missing_key: {
    status: 401,
    title: "An API key is needed",
    doc: "Send `Authorization: Bearer <key>`. `posthorn dev` prints a key when it starts.",
  },
  wrong_key: {
    status: 401,
    title: "The API key is unknown or has expired",
    doc: "Check for a missing character, or create a new key with an admin key at `POST /v1/api-keys`.",
  },
  scope_missing: {
    status: 403,
    title: "The API key may not do this",
    doc: "`read` keys may GET, `publish` keys may `POST /v1/events`, `admin` keys may do everything. Use a key with the right scope.",
  },
  not_found: {
    status: 404,
    title: "Nothing is here",
    doc: "Check the path and the id. Events and what belongs to them are deleted when their retention ends.",
  },
  method_not_allowed: {
    status: 405,
    title: "This path has no such method",
    doc: "The `Allow` header of the answer lists the methods of this path.",
  },
  request_timeout: {
    status: 408,
    title: "The request took too long to arrive",
    doc: "Headers must arrive within 10 seconds and the whole request within 30.",
  },
  idempotency_conflict: {
    status: 409,
    title: "The idempotency key was used for another request",
    doc: "Repeat the first request unchanged to get its answer again, or use a new key for a new operation.",
  },
  in_use: {
    status: 409,
    title: "Something else still refers to this",
    doc: "Delete or change what `errors` lists first, or disable it instead of deleting it.",
  },
  wrong_state: {
    status: 409,
    title: "Its state does not allow this",
    doc: "Fetch the resource to see its present state; the detail says which states allow the operation.",
  },
  body_too_large: {
    status: 413,
    title: "The body is too large",
    doc: "Nothing was stored. Send less, or raise the limit in the settings.",
  },
  unsupported_media_type: {
    status: 415,
    title: "The body has the wrong content type",
    doc: "Send `Content-Type: application/json`, without `Content-Encoding`.",
  },
  wrong_role: {
    status: 421,
    title: "This node does not do that",
    doc: "The node runs without the role for it (`POSTHORN_ROLES`). Send webhooks to nodes with the role `ingest` and API requests to nodes with the role `api`.",
  },
  invalid_request: {
    status: 422,
    title: "Some fields are not valid",
    doc: "`errors` lists every offending field with its path and what is wrong with it.",
  },
  headers_too_large: {
    status: 431,
    title: "The headers are too large",
    doc: "Keep all headers together under 16 KiB and their number at 100 or fewer.",
  },
  internal: {
    status: 500,
    title: "Something failed inside Posthorn",
    doc: "The log holds the cause beside the `requestId` of the answer. Repeating a POST with its `Idempotency-Key` is safe.",
  },
  store_unavailable: {
    status: 503,
    title: "The store cannot commit now",
    doc: "Nothing was kept. Free disk space or bring the database back, then repeat the request.",
  },
  too_many_listeners: {
    status: 503,
    title: "Too many live listeners",
    doc: "Close other `tail` connections first, or use the lists.",
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;

/** One offending field. `path` is written as in the body or query: `secrets[0].value`. */
export interface FieldProblem {
  path: string;
  message: string;
}

const ERROR_DOCS = "/docs/errors.md";

/** RFC 9457, as sent. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  code: ErrorCode;
  detail: string;
  errors?: FieldProblem[];
  requestId?: string;
}

/** An error with a public half (code, detail, fields) and an internal one (`cause`), which only the log sees. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  readonly code: ErrorCode;
  readonly fields: FieldProblem[];

  constructor(code: ErrorCode, detail?: string, more: { errors?: FieldProblem[]; cause?: unknown } = {}) {
    super(detail ?? ERRORS[code].title, { cause: more.cause });
    this.code = code;
    this.fields = more.errors ?? [];
  }
}

/** The public half of an error. */
export function problemOf(code: ErrorCode, detail: string, errors: FieldProblem[] = []): Problem {
  const { status, title } = ERRORS[code];
  const problem: Problem = { type: `${ERROR_DOCS}#${code}`, title, status, code, detail };
  if (errors.length > 0) problem.errors = errors;
  return problem;
}
