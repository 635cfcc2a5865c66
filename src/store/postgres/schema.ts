// The tables, as numbered forward-only migrations; each is kept with its checksum and never changes once released.

export interface Migration {
  /** Counts from 1 without gaps. */
  version: number;
  name: string;
  /**
   * `expand`: what runs on the schema before it also runs on the one after it, so that a rolling upgrade has both at once.
   * `contract`: takes away what earlier versions need, and comes a version later than what made it dispensable.
   */
  kind: "expand" | "contract";
  /** Run in one transaction, with the search path set to Posthorn's own schema. */
  sql: string;
}

/**
 * Tables that grow with traffic are partitioned by ranges of `seq`, which is time: a day each, made ahead and dropped by
 * retention (src/store/postgres/partitions.ts). What waits stands in `deliveries`, small and hot; what has ended stands in
 * `deliveries_done`. Rows of both, and attempts, carry the shard of their destination; events and what hangs on them carry
 * the shard of their source, so that every hot statement can name one (decision 7).
 */
export const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    name: "tables",
    kind: "expand",
    sql: `
  -- Order of acceptance over all nodes: a number is taken inside the transaction that commits the event.
  CREATE SEQUENCE positions AS bigint;

  CREATE TABLE events (
    seq bigint NOT NULL,
    tail text NOT NULL,
    shard smallint NOT NULL,
    position bigint NOT NULL,
    source_id text,
    tenant_id text,
    type text NOT NULL,
    key text,
    provider_event_id text,
    channels text,
    deliver_at bigint,
    received_at bigint NOT NULL,
    dedupe_key text,
    envelope text NOT NULL,
    request_seq bigint,
    body bytea NOT NULL,
    PRIMARY KEY (seq)
  ) PARTITION BY RANGE (seq);
  -- Compressing every body costs more than the disk it saves, and reading a part of one would unpack all of it.
  ALTER TABLE events ALTER COLUMN body SET STORAGE EXTERNAL;
  CREATE INDEX events_request ON events (request_seq) WHERE request_seq IS NOT NULL;

  -- Events that no dispatch has covered; a row lives for milliseconds.
  CREATE TABLE undispatched (
    seq bigint PRIMARY KEY,
    shard smallint NOT NULL,
    position bigint NOT NULL,
    received_at bigint NOT NULL
  ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
  CREATE INDEX undispatched_shard ON undispatched (shard, seq);
  CREATE INDEX undispatched_position ON undispatched (position);

  CREATE TABLE dedupe (
    key text PRIMARY KEY,
    event_seq bigint NOT NULL,
    event_tail text NOT NULL,
    at bigint NOT NULL,
    -- Of the last copy, which is what decides: where the statement that claims a key can see it.
    window_ms bigint NOT NULL DEFAULT 0
  );
  CREATE INDEX dedupe_event ON dedupe (event_seq);

  -- Requests that became no event of their own: rejected ones, handshakes, duplicates, split ones.
  CREATE TABLE requests (
    seq bigint NOT NULL,
    tail text NOT NULL,
    source_id text,
    outcome text NOT NULL,
    cause text,
    message text,
    event_seq bigint,
    event_tail text,
    received_at bigint NOT NULL,
    body_bytes bigint NOT NULL,
    envelope text NOT NULL,
    body bytea NOT NULL,
    items text,
    PRIMARY KEY (seq)
  ) PARTITION BY RANGE (seq);
  ALTER TABLE requests ALTER COLUMN body SET STORAGE EXTERNAL;
  CREATE INDEX requests_outcome ON requests (outcome, seq);
  CREATE INDEX requests_event ON requests (event_seq) WHERE event_seq IS NOT NULL;

  -- Deliveries that wait. lane: 0 fresh, 1 retry, 2 replay; + 3 while an earlier one of its line waits.
  CREATE TABLE deliveries (
    seq bigint PRIMARY KEY,
    tail text NOT NULL,
    shard smallint NOT NULL,
    event_seq bigint NOT NULL,
    event_tail text NOT NULL,
    destination_id text NOT NULL,
    subscription_id text,
    lane smallint NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    next_at bigint NOT NULL,
    reason text,
    trigger text NOT NULL,
    job_id text,
    order_key text,
    late boolean NOT NULL DEFAULT false,
    -- Of its attempts, those from before its present schedule: recovering it starts a fresh one.
    attempts_before integer NOT NULL DEFAULT 0,
    expires_at bigint,
    -- Of its event: what is due is bounded by it, and the partitions of events need no part in that.
    body_bytes integer NOT NULL DEFAULT 0,
    -- Order (src/store/postgres/order.ts). line: a number for the destination, key and job whose line it stands in; null for
    -- one that waits for nobody. A line goes by order_at, order_place and order_tie. Its first row has its lane as above and
    -- the others have it + 3, where what is due does not look.
    line bigint,
    -- What its place comes from: 0 the order of acceptance, 1 the provider's time, 2 its sequence.
    order_by smallint NOT NULL DEFAULT 0,
    order_at bigint NOT NULL DEFAULT 0,
    order_place bigint NOT NULL DEFAULT 0,
    order_tie bigint NOT NULL DEFAULT 0,
    -- Of 1 and 2: which row of frontiers it moves.
    frontier bigint,
    -- It was answered as due: nothing may be put before it any more.
    released boolean NOT NULL DEFAULT false
  ) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000);
  CREATE INDEX deliveries_due ON deliveries (shard, destination_id, lane, next_at, seq);
  CREATE INDEX deliveries_event ON deliveries (event_seq);
  CREATE INDEX deliveries_line ON deliveries (shard, line, order_at, order_place, order_tie) WHERE line IS NOT NULL;
  -- First ones that an event which no dispatch has covered may still come before.
  CREATE INDEX deliveries_gate ON deliveries (shard, destination_id, lane, order_place)
    WHERE line IS NOT NULL AND order_by = 0 AND order_place > 0 AND NOT released;
  CREATE INDEX deliveries_expiry ON deliveries (expires_at, seq) WHERE expires_at IS NOT NULL;

  -- The furthest of the provider's places that was answered as due, for each destination and key: kept after its delivery has
  -- ended, and forgotten with the events before it.
  CREATE TABLE frontiers (
    line bigint NOT NULL,
    order_by smallint NOT NULL,
    at bigint NOT NULL,
    event_seq bigint NOT NULL,
    PRIMARY KEY (line, order_by)
  ) WITH (fillfactor = 80);

  -- Deliveries that have ended. state: 1 delivered, 2 dead, 3 cancelled.
  CREATE TABLE deliveries_done (
    seq bigint NOT NULL,
    tail text NOT NULL,
    shard smallint NOT NULL,
    event_seq bigint NOT NULL,
    event_tail text NOT NULL,
    destination_id text NOT NULL,
    subscription_id text,
    state smallint NOT NULL,
    attempts integer NOT NULL,
    reason text,
    trigger text NOT NULL,
    job_id text,
    order_key text,
    late boolean NOT NULL DEFAULT false,
    attempts_before integer NOT NULL DEFAULT 0,
    expires_at bigint,
    body_bytes integer NOT NULL DEFAULT 0,
    finished_at bigint NOT NULL,
    PRIMARY KEY (seq)
  ) PARTITION BY RANGE (seq);
  CREATE INDEX deliveries_done_event ON deliveries_done (event_seq);
  CREATE INDEX deliveries_done_dead ON deliveries_done (seq) WHERE state = 2;

  CREATE TABLE attempts (
    seq bigint NOT NULL,
    tail text NOT NULL,
    shard smallint NOT NULL,
    delivery_seq bigint NOT NULL,
    delivery_tail text NOT NULL,
    event_seq bigint NOT NULL,
    event_tail text NOT NULL,
    destination_id text NOT NULL,
    number integer NOT NULL,
    started_at bigint NOT NULL,
    duration_ms bigint NOT NULL,
    request text NOT NULL,
    status integer,
    failure text,
    message text,
    response_headers text,
    response_body bytea,
    truncated boolean NOT NULL DEFAULT false,
    PRIMARY KEY (seq)
  ) PARTITION BY RANGE (seq);
  ALTER TABLE attempts ALTER COLUMN response_body SET STORAGE EXTERNAL;
  -- Those of an event are found by its deliveries: an index for them as well was a tenth of what settling costs.
  CREATE INDEX attempts_delivery ON attempts (delivery_seq);

  CREATE TABLE config (
    kind text NOT NULL,
    id text NOT NULL,
    doc text NOT NULL,
    sealed bytea,
    PRIMARY KEY (kind, id)
  );
  CREATE TABLE config_revisions (
    kind text NOT NULL,
    id text NOT NULL,
    replaced_at bigint NOT NULL,
    doc text NOT NULL
  );
  CREATE INDEX config_revisions_of ON config_revisions (kind, id, replaced_at);
  -- One row, so that changes stand in line and dispatch can hold it still while it commits.
  CREATE TABLE config_version (version bigint NOT NULL);
  INSERT INTO config_version VALUES (0);

  CREATE TABLE idempotency (
    key text PRIMARY KEY,
    fingerprint text NOT NULL,
    response bytea NOT NULL,
    created_at bigint NOT NULL
  );
  CREATE INDEX idempotency_created ON idempotency (created_at);

  CREATE TABLE jobs (
    seq bigint PRIMARY KEY,
    id text NOT NULL UNIQUE,
    status text NOT NULL,
    doc text NOT NULL
  );
  CREATE INDEX jobs_running ON jobs (seq) WHERE status = 'running';

  CREATE TABLE destination_health (
    destination_id text PRIMARY KEY,
    breaker text NOT NULL
  );

  -- A node's slot is its share of the counters inside ids, so that no two nodes make the same number.
  CREATE TABLE nodes (
    id text PRIMARY KEY,
    slot smallint NOT NULL UNIQUE,
    report text NOT NULL,
    -- Whether it wants shards: only those that do count for the even share.
    takes boolean NOT NULL,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    beat_at timestamptz NOT NULL
  );

  -- One row per shard from the start. The unique pair makes a new token a change of key: it waits for settles that hold
  -- the row in share mode, while renewing a lease does not.
  CREATE TABLE leases (
    shard smallint PRIMARY KEY,
    token bigint NOT NULL DEFAULT 0,
    owner text,
    expires_at timestamptz,
    UNIQUE (shard, token)
  );
  INSERT INTO leases (shard) SELECT generate_series(0, 63);

  -- Hints between nodes, gathered for some milliseconds into one row and gone after a minute.
  CREATE TABLE signals (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    node text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    body text NOT NULL
  );
`,
  },
];
