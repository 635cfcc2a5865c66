// Reads through a replica, while it answers and is not too far behind; through the primary otherwise.
import type { Clock } from "../../system/clock.ts";
import type { Row } from "../rows.ts";
import type { Queries, Statement } from "./connection.ts";

const LAG_MAX_MS = 30_000;
const MEASURE_EVERY_MS = 1_000;
// A replica that failed is not asked again for so long, so that not every list waits for its deadline.
const REST_MS = 5_000;

/**
 * Ms behind the primary. A replica that has replayed all that it received is level with it, however long ago the last
 * transaction was; unless nobody sends to it any more: then it is as old as that transaction.
 */
const LAG = `SELECT CASE
    WHEN NOT pg_is_in_recovery() THEN 0
    WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() AND EXISTS (SELECT 1 FROM pg_stat_wal_receiver) THEN 0
    ELSE coalesce(extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000, -1)
  END::float8`;

export interface ReplicaOptions {
  primary: Queries;
  replica: Queries;
  clock: Clock;
  /** How far behind it may be and still answer, ms; 30 s unless told otherwise. */
  lagMaxMs?: number;
}

export interface Replica {
  /** For lists only: what a caller has just written may not be there yet. Throws what the primary throws. */
  queries: Queries;
  /** How old the answers of `queries` may be, in ms, by the last look: 0 while the primary answers. */
  lagMs(): number;
}

export function createReplica({ primary, replica, clock, lagMaxMs = LAG_MAX_MS }: ReplicaOptions): Replica {
  /** Null while the replica is not to be asked. */
  let lag: number | null = null;
  let nextLookAt = Number.NEGATIVE_INFINITY;
  let look: Promise<void> | null = null;

  async function measure(): Promise<void> {
    try {
      const [row] = await replica.query({ name: "replica_lag", text: LAG });
      const measured = row![0] as number;
      // Without any replayed transaction nobody knows how old it is.
      lag = measured >= 0 && measured <= lagMaxMs ? measured : null;
      nextLookAt = clock.now() + MEASURE_EVERY_MS;
    } catch {
      rest();
    } finally {
      look = null;
    }
  }

  function rest(): void {
    lag = null;
    nextLookAt = clock.now() + REST_MS;
  }

  async function query(statement: Statement): Promise<Row[]> {
    if (look !== null || clock.now() >= nextLookAt) await (look ??= measure());
    if (lag === null) return primary.query(statement);
    try {
      return await replica.query(statement);
    } catch {
      // A replay may cancel a read that stands in its way, and the replica may be gone: the primary answers either way.
      rest();
      return primary.query(statement);
    }
  }

  return { queries: { query }, lagMs: () => lag ?? 0 };
}
