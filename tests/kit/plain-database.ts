// The least that the SQL of the PostgreSQL archive needs: a schema of its own with today's tables, over one connection pool.
import { randomBytes } from "node:crypto";
import pg from "pg";
import { seqAtTime, timeOfSeq } from "../../src/core/id.ts";
import type { RangePartitions } from "../../src/store/postgres/archive.ts";
import type { Database, Queries, Value } from "../../src/store/postgres/connection.ts";
import { MIGRATIONS } from "../../src/store/postgres/schema.ts";

const DAY_MS = 86_400_000;

export interface PlainDatabase {
  database: Database;
  partitions: RangePartitions;
  /** Ends the connections; the schema stays. */
  close(): Promise<void>;
}

export function newSchemaName(): string {
  return `move_${randomBytes(6).toString("hex")}`;
}

export async function openPlainDatabase(url: string, schema: string): Promise<PlainDatabase> {
  const pool = new pg.Pool({
    connectionString: url,
    max: 2,
    options: `-c search_path=${schema}`,
    types: { getTypeParser: parserOf },
  });
  const database: Database = {
    query: (statement) => withClient(pool, (queries) => queries.query(statement)),
    transaction: (work) =>
      withClient(pool, async (queries) => {
        await queries.query({ text: "BEGIN" });
        try {
          const result = await work(queries);
          await queries.query({ text: "COMMIT" });
          return result;
        } catch (error) {
          await queries.query({ text: "ROLLBACK" });
          throw error;
        }
      }),
  };
  await database.query({ text: `CREATE SCHEMA IF NOT EXISTS ${schema}` });
  const [found] = await database.query({ text: `SELECT to_regclass('${schema}.events')::text` });
  if (found![0] === null) for (const { sql } of MIGRATIONS) await pool.query(sql);
  return { database, partitions: plainPartitions(database), close: () => pool.end() };
}

export async function dropSchema(url: string, schema: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
  await client.end();
}

/** A partition a day, made when rows are about to go there. */
function plainPartitions(database: Database): RangePartitions {
  const made = new Set<number>();
  return {
    async ensureRange(fromSeq, toSeq) {
      for (let day = dayOf(fromSeq); day <= dayOf(toSeq); day += 1) {
        if (made.has(day)) continue;
        for (const table of ["events", "requests", "deliveries_done", "attempts"]) {
          const [low, high] = [seqAtTime(day * DAY_MS), seqAtTime((day + 1) * DAY_MS)];
          await database.query({
            text: `CREATE TABLE IF NOT EXISTS ${table}_${day} PARTITION OF ${table} FOR VALUES FROM (${low}) TO (${high})`,
          });
        }
        made.add(day);
      }
    },
  };
}

function dayOf(seq: number): number {
  return Math.floor(timeOfSeq(seq) / DAY_MS);
}

async function withClient<T>(pool: pg.Pool, work: (queries: Queries) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    return await work({
      async query({ text, values = [] }) {
        const { rows } = await client.query({ text, values: values.map(bound), rowMode: "array" });
        return rows;
      },
    });
  } finally {
    client.release();
  }
}

// U+0000 and halves of surrogate pairs, by an escape that is undone on the way back.
const REFUSED = /[\0\u001a]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

function bound(value: Value): unknown {
  if (Array.isArray(value)) return (value as readonly Value[]).map(bound);
  if (value instanceof Uint8Array) return Buffer.from(value);
  return typeof value === "string" ? value.replace(REFUSED, (unit) => `\u001a${unit.charCodeAt(0).toString(16).padStart(4, "0")}`) : value;
}

function parserOf(type: number): (text: string) => unknown {
  switch (type) {
    case 20:
    case 21:
    case 23:
    case 1700:
      return Number;
    case 16:
      return (text) => (text === "t" ? 1 : 0);
    case 17:
      return (text) => new Uint8Array(Buffer.from(text.slice(2), "hex"));
    default:
      return (text) => text.replace(/\u001a([0-9a-f]{4})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
  }
}
