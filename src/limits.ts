// The fixed bounds that several parts share, unit last. What an operator may turn is in config.ts; a bound of one file only stands in it.

const MIB = 1024 ** 2;

/** Receiving: the numbers of Node's own parser, lowered until a slow client cannot hold a socket for long. */
export const HEADERS_TIMEOUT_MS = 10_000;
export const REQUEST_TIMEOUT_MS = 30_000;
export const KEEP_ALIVE_TIMEOUT_MS = 65_000;
export const CONNECTION_CHECK_INTERVAL_MS = 2_000;
export const HEADER_BYTES_MAX = 16 * 1024;
export const HEADERS_MAX = 100;
export const INGEST_PATH_BYTES_MAX = 8 * 1024;
export const REQUESTS_PER_CONNECTION_MAX = 100_000;
/** What `Retry-After` says when the server is overloaded. */
export const OVERLOAD_RETRY_AFTER_SECONDS = 5;

/** Verification: every listed signature is tried with every active secret, so they are few. */
export const SECRETS_PER_SOURCE_MAX = 3;

/** Rejected requests keep a part of their body: enough to see what came, too little to fill a disk with. */
export const REJECTED_BODY_KEPT_BYTES_MAX = 16 * 1024;
export const REJECTED_PER_SOURCE_PER_SECOND_MAX = 20;

/**
 * Items of one split request: they are one transaction, and 5,000 take about 140 ms, in which everybody else's commit
 * waits. The SDK cuts up to 10,000, for programs that commit nothing; a batch of more than ours stays one event.
 */
export const SPLIT_ITEMS_MAX = 5_000;

/** Dedupe and idempotency. */
export const DEDUPE_WINDOW_DEFAULT_MS = 7 * 86_400_000;
export const DEDUPE_WINDOW_MS_MAX = 90 * 86_400_000;
export const IDEMPOTENCY_KEY_CHARACTERS_MAX = 255;

/** Lists of the API. */
export const LIST_LIMIT_DEFAULT = 50;
export const LIST_LIMIT_MAX = 250;
export const COMMAND_IDS_MAX = 250;

/** Names and texts in configuration documents. */
export const NAME_CHARACTERS_MAX = 200;
export const URL_CHARACTERS_MAX = 2_048;
export { EVENT_TYPE_CHARACTERS_MAX } from "./core/event-type.ts";
export const TENANT_ID_CHARACTERS_MAX = 128;
export const EVENT_KEY_CHARACTERS_MAX = 256;
export const CHANNELS_MAX = 10;
export const CHANNEL_CHARACTERS_MAX = 128;
export const EVENT_TYPES_PER_SUBSCRIPTION_MAX = 500;
export const STATIC_HEADERS_MAX = 50;

/** Retry schedules; the reasons stand where the rules do. */
export { ATTEMPTS_MAX, DELAY_MS_MAX, FACTOR_MAX, JITTER_MAX } from "./core/retry-schedule.ts";
export { STATUS_RULES_MAX } from "./core/status-rule.ts";

/** Sending: design defaults per destination, and how far one may turn them. */
export const ATTEMPT_DEADLINE_DEFAULT_MS = 20_000;
export const ATTEMPT_DEADLINE_MS_MAX = 300_000;
export const CONNECT_TIMEOUT_DEFAULT_MS = 5_000;
export const RESPONSE_BYTES_DEFAULT = 16 * 1024;
export const RESPONSE_BYTES_MAX = MIB;

/** Batches of the flow: large enough to amortise a commit, small enough not to stall the next one. */
export const DISPATCH_BATCH_EVENTS_MAX = 500;
/** Bodies that a step reads from the store at once; 500 of 10 MiB would not fit in memory. */
export const STEP_BODY_BYTES_MAX = 16 * MIB;
export const SETTLE_BATCH_ATTEMPTS_MAX = 500;
export const JOB_STEP_MAX = 200;
export const RETENTION_SLICE_EVENTS_MAX = 500;
export const TAIL_BUFFER_ENTRIES_MAX = 1_000;

/** Command line: what it reads into memory, and how long it waits for the server. */
export const CLI_INPUT_BYTES_MAX = 64 * MIB;
export const CLI_REQUEST_TIMEOUT_MS = 30_000;
export const LOG_TEXT_CHARACTERS_MAX = 8 * 1024;

/** How long a destination may hold deliveries back to put them in the provider's order. */
export const HOLD_BACK_MS_MAX = 300_000;
