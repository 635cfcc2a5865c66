// A schema of its own on a PostgreSQL database, and the plainest Database over `pg`: for tests of SQL by subject.
import { randomBytes } from "node:crypto";
import pg from "pg";
import type { Database, Statement } from "../../src/store/postgres/connection.ts";
import { MIGRATIONS } from "../../src/store/postgres/schema.ts";
import type { Cell, Row } from "../../src/store/rows.ts";

export interface BareDatabase extends Database {
  /** Statements as they went out, newest last. */
  readonly log: Statement[];
  /** Another connection in the same schema, for locks and for looking. */
  connect(): Promise<pg.Client>;
  /** Drops the schema. */
  dispose(): Promise<void>;
}

const NUMBERS: ReadonlySet<number> = new Set([20, 21, 23, 700, 701, 1700]);

function parserOf(type: number): (text: string) => Cell {
  if (NUMBERS.has(type)) return Number;
  if (type === 16) return (text) => (text === "t" ? 1 : 0);
  return type === 17 ? (text) => Uint8Array.from(Buffer.from(text.slice(2), "hex")) : (text) => text;
}

const types = { getTypeParser: parserOf };

/** Its role must be one that may make schemas in this database. */
export async function openBareDatabase(connectionString: string): Promise<BareDatabase> {
  const schema = `test_${randomBytes(6).toString("hex")}`;
  const options = { connectionString, types, options: `-c search_path=${schema}` };
  const pool = new pg.Pool({ ...options, max: 8 });
  const log: Statement[] = [];
  const run = async (client: pg.Pool | pg.ClientBase, statement: Statement): Promise<Row[]> => {
    log.push(statement);
    const { text, values = [] } = statement;
    const bound = values.map((value) => (value instanceof Uint8Array ? Buffer.from(value) : value));
    return (await client.query({ text, values: bound, rowMode: "array" })).rows as Row[];
  };
  await pool.query(`CREATE SCHEMA ${schema}`);
  for (const { sql } of MIGRATIONS) await pool.query(sql);
  return {
    log,
    query: (statement) => run(pool, statement),
    async transaction(work) {
      const client = await pool.connect();
      try {
        await client.query("BEGIN");
        const result = await work({ query: (statement) => run(client, statement) });
        await client.query("COMMIT");
        return result;
      } catch (error) {
        await client.query("ROLLBACK");
        throw error;
      } finally {
        client.release();
      }
    },
    async connect() {
      const client = new pg.Client(options);
      await client.connect();
      return client;
    },
    async dispose() {
      await pool.query(`DROP SCHEMA ${schema} CASCADE`);
      await pool.end();
    },
  };
}
