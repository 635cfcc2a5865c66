// What the SQL of this adapter needs of a connection: statements with values, rows as arrays in the order of their columns.
import type { Row } from "../rows.ts";

/**
 * A value as it is bound: arrays are for `unnest` and `= ANY`. Arrays of texts are `text[]` and of bytes `bytea[]`; those of
 * numbers and booleans are whatever the statement casts them to. Texts may hold U+0000 and lone surrogates (src/store/postgres/text.ts).
 */
export type Value = string | number | boolean | null | Uint8Array | readonly (string | number | boolean | null | Uint8Array)[];

export interface Statement {
  /** Tables stand behind keywords in capitals, without their schema: it is put in front of them. */
  text: string;
  /** Has it prepared once per connection. A statement whose best plan depends on how full its tables are has none: it is planned each time. */
  name?: string;
  values?: readonly Value[];
}

export interface Queries {
  /**
   * Runs one statement. bigint comes back as number (all of ours are below 2^53), boolean as 1 or 0, bytea as Uint8Array;
   * timestamptz is not to be selected.
   * Throws StoreUnavailableError when the database can't be reached or is shutting down, and the driver's error otherwise.
   */
  query(statement: Statement): Promise<Row[]>;
}

export interface TransactionOptions {
  /** How long each of its statements may take; 7 s unless told otherwise. */
  deadlineMs?: number;
}

export interface Database extends Queries {
  /**
   * Runs `work` in one transaction on one connection, with the search path set to Posthorn's schema; rolls back when it throws.
   * Tries again on a deadlock or a serialization failure. When the answer to the commit is lost it throws
   * StoreUnavailableError, and the work may have been kept all the same.
   */
  transaction<T>(work: (queries: Queries) => Promise<T>, options?: TransactionOptions): Promise<T>;
}
