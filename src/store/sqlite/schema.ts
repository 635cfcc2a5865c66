// The tables, as numbered forward-only migrations.

/**
 * Every large table is keyed by `seq`, the time-ordered number inside its ids: rows are appended, never scattered
 * (105 k rows/s against 36 k with random keys), and a time range is a key range. The only random-order tree is
 * `dedupe`, which is kept narrow for that reason.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    tail TEXT NOT NULL,
    source_id TEXT,
    tenant_id TEXT,
    type TEXT NOT NULL,
    key TEXT,
    provider_event_id TEXT,
    channels TEXT,
    deliver_at INTEGER,
    received_at INTEGER NOT NULL,
    dedupe_key TEXT,
    envelope TEXT NOT NULL,
    body BLOB NOT NULL
  ) STRICT;

  CREATE TABLE dedupe (
    key TEXT PRIMARY KEY,
    event_seq INTEGER NOT NULL,
    at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  -- Requests that became no event of their own: rejected ones and duplicates. Accepted ones are their event's row.
  CREATE TABLE requests (
    seq INTEGER PRIMARY KEY,
    tail TEXT NOT NULL,
    source_id TEXT,
    outcome TEXT NOT NULL,
    cause TEXT,
    message TEXT,
    event_seq INTEGER,
    event_tail TEXT,
    received_at INTEGER NOT NULL,
    body_bytes INTEGER NOT NULL,
    envelope TEXT NOT NULL,
    body BLOB NOT NULL
  ) STRICT;

  CREATE INDEX requests_outcome ON requests (outcome, seq);
  CREATE INDEX requests_event ON requests (event_seq) WHERE event_seq IS NOT NULL;

  CREATE TABLE deliveries (
    seq INTEGER PRIMARY KEY,
    tail TEXT NOT NULL,
    event_seq INTEGER NOT NULL,
    destination_id TEXT NOT NULL,
    subscription_id TEXT,
    state INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at INTEGER,
    reason TEXT,
    trigger TEXT NOT NULL,
    job_id TEXT,
    finished_at INTEGER
  ) STRICT;
  CREATE INDEX deliveries_event ON deliveries (event_seq);
  CREATE INDEX deliveries_due ON deliveries (destination_id, next_at, seq) WHERE state = 0;
  CREATE INDEX deliveries_dead ON deliveries (seq) WHERE state = 2;

  CREATE TABLE attempts (
    seq INTEGER PRIMARY KEY,
    tail TEXT NOT NULL,
    delivery_seq INTEGER NOT NULL,
    number INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL,
    request TEXT NOT NULL,
    status INTEGER,
    failure TEXT,
    message TEXT,
    response_headers TEXT,
    response_body BLOB,
    truncated INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX attempts_delivery ON attempts (delivery_seq);

  CREATE TABLE config (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    doc TEXT NOT NULL,
    sealed BLOB,
    PRIMARY KEY (kind, id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE config_revisions (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    replaced_at INTEGER NOT NULL,
    doc TEXT NOT NULL
  ) STRICT;
  CREATE INDEX config_revisions_of ON config_revisions (kind, id, replaced_at);

  CREATE TABLE idempotency (
    key TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    response BLOB NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE jobs (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL,
    doc TEXT NOT NULL
  ) STRICT;

  CREATE TABLE progress (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  INSERT INTO progress VALUES ('dispatched_through', 0);
  `,

  // A column that is added stands behind the body. Reading one there walks the body's pages (250 heads of 1 MiB events: 2.0 ms
  // against 0.2 ms), so what lists show of an event is in its envelope, and this one only carries the index.
  `
  -- Events of a split request name its row in requests, which is there in full with outcome 'accepted'.
  ALTER TABLE events ADD COLUMN request_seq INTEGER;
  CREATE INDEX events_request ON events (request_seq) WHERE request_seq IS NOT NULL;
  -- Of a split request: [seq, tail] of the event of each item, new or repeated.
  ALTER TABLE requests ADD COLUMN items TEXT;
  `,

  `
  -- Class of work, so that a million replays stand in an order of their own: 0 fresh, 1 retry, 2 replay (see classOf in
  -- src/core/lane.ts). Only rows in state 0 are asked for theirs; every statement that brings a row there sets it.
  ALTER TABLE deliveries ADD COLUMN lane INTEGER NOT NULL DEFAULT 0;
  UPDATE deliveries SET lane = CASE WHEN trigger = 'replay' THEN 2 WHEN trigger = 'manual' OR attempts = 0 THEN 0 ELSE 1 END
  WHERE state = 0;
  DROP INDEX deliveries_due;
  CREATE INDEX deliveries_due ON deliveries (destination_id, lane, next_at, seq) WHERE state = 0;

  -- Circuit breakers, written at transitions only.
  CREATE TABLE destination_health (
    destination_id TEXT PRIMARY KEY,
    breaker TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,

  `
  -- Order. A line is the waiting rows of one destination, key and job that are in_line; the others wait for nobody. It goes by
  -- order_at and then seq. Its first row has its lane as above and the others have it + 3, where what is due does not look.
  -- order_by: what the place comes from, 0 the order of the commits, 1 the provider's time, 2 its sequence.
  -- released: of 1 and 2, that it was answered as due: nothing may be put before it any more.
  ALTER TABLE deliveries ADD COLUMN order_key TEXT;
  ALTER TABLE deliveries ADD COLUMN order_at INTEGER;
  ALTER TABLE deliveries ADD COLUMN order_by INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE deliveries ADD COLUMN in_line INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE deliveries ADD COLUMN released INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE deliveries ADD COLUMN late INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX deliveries_line ON deliveries (destination_id, order_key, ifnull(job_id, ''), order_at, seq)
    WHERE state = 0 AND in_line = 1;
  CREATE INDEX deliveries_released ON deliveries (destination_id, order_key, order_by, order_at) WHERE released = 1;
  `,

  `
  -- Attempts of a delivery from before its present schedule: recovering it starts a fresh one.
  ALTER TABLE deliveries ADD COLUMN attempts_before INTEGER NOT NULL DEFAULT 0;
  -- The index holds only what waits and can expire, which on most installations is nothing.
  ALTER TABLE deliveries ADD COLUMN expires_at INTEGER;
  CREATE INDEX deliveries_expiry ON deliveries (expires_at) WHERE state = 0 AND expires_at IS NOT NULL;

  -- Jobs were replays only, and counted what they made under another name.
  UPDATE jobs SET doc = json_remove(
    json_set(doc, '$.deliveriesDone', json_extract(doc, '$.deliveriesCreated'), '$.deliveriesTotal', json_extract(doc, '$.deliveriesCreated')),
    '$.deliveriesCreated'
  );
  `,
];
