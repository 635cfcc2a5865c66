// What the SQL of this adapter needs of a connection: statements with values, rows as arrays in the order of their columns.
import type { Row } from "../rows.ts";

/** A value as it is bound: arrays are for `unnest`. */
export type Value = string | number | boolean | null | Uint8Array | readonly (string | number | boolean | null | Uint8Array)[];

export interface Queries {
  /**
   * Runs one statement. `name` has it prepared once per connection; leave it out where the text varies.
   * bigint comes back as number (all of ours are below 2^53), bytea as Uint8Array, timestamptz is not to be selected.
   * Throws StoreUnavailableError when the database can't be reached or is shutting down, and the driver's error otherwise.
   */
  query(statement: { text: string; name?: string; values?: readonly Value[] }): Promise<Row[]>;
}

export interface Database extends Queries {
  /** Runs `work` in one transaction on one connection; rolls back when it throws. Tries again on a deadlock or a serialization failure. */
  transaction<T>(work: (queries: Queries) => Promise<T>): Promise<T>;
}
