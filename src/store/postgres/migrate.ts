// Brings a schema to this version's tables: forward only, one node at a time, and refusing what was written otherwise.
import { createHash } from "node:crypto";
import type { Database, Queries } from "./connection.ts";
import { quoteName } from "./names.ts";
import { type Migration, MIGRATIONS } from "./schema.ts";

/** Thrown when the schema is not one that this version may work on; the message says what to do. */
export class SchemaRefusedError extends Error {
  override readonly name = "SchemaRefusedError";
}

// A migration may have to rewrite a table, and the others wait for the first.
const MIGRATION_MS_MAX = 600_000;

interface Applied {
  version: number;
  name: string;
  kind: Migration["kind"];
  checksum: string;
}

/**
 * Runs what is missing of `migrations` in one transaction, under a lock that makes nodes which start together take turns.
 * Throws SchemaRefusedError when a migration was changed since it was applied, or when the schema is ahead of this version
 * by more than additions.
 */
export async function migrate(database: Database, schema: string, migrations: readonly Migration[] = MIGRATIONS): Promise<void> {
  await database.transaction(
    async (queries) => {
      // Of the transaction: a pooler hands its connection on afterwards, and a lock of the session would stay behind.
      await queries.query({
        text: "SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended($1, 0))",
        values: [`posthorn migrations of ${schema}`],
      });
      // The lock may have been waited for while the first node made the schema: only now is it looked for.
      await prepareSchema(queries, schema);
      const applied = await readApplied(queries);
      check(schema, applied, migrations);
      for (const migration of migrations.slice(applied.length)) {
        for (const text of statementsOf(migration.sql)) await queries.query({ text });
        await queries.query({
          text: "INSERT INTO migrations (version, name, kind, checksum) VALUES ($1, $2, $3, $4)",
          values: [migration.version, migration.name, migration.kind, checksumOf(migration)],
        });
      }
    },
    { deadlineMs: MIGRATION_MS_MAX },
  );
}

async function prepareSchema(queries: Queries, schema: string): Promise<void> {
  // `IF NOT EXISTS` would ask for the right to make schemas even where an administrator has made this one.
  const [found] = await queries.query({ text: "SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1", values: [schema] });
  if (found === undefined) await queries.query({ text: `CREATE SCHEMA ${quoteName(schema)}` });
  await queries.query({
    text: `CREATE TABLE IF NOT EXISTS migrations (
      version integer PRIMARY KEY, name text NOT NULL, kind text NOT NULL, checksum text NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT now()
    )`,
  });
}

async function readApplied(queries: Queries): Promise<Applied[]> {
  const rows = await queries.query({ text: "SELECT version, name, kind, checksum FROM migrations ORDER BY version" });
  return rows.map((row) => {
    const [version, name, kind, checksum] = row as [number, string, Migration["kind"], string];
    return { version, name, kind, checksum };
  });
}

function check(schema: string, applied: readonly Applied[], migrations: readonly Migration[]): void {
  for (const [index, { version, name, kind, checksum }] of applied.entries()) {
    if (version !== index + 1) {
      throw new SchemaRefusedError(`The schema ${schema} lacks migration ${index + 1}: restore it from a backup, or name another schema.`);
    }
    const own = migrations[index];
    if (own === undefined) {
      if (kind === "expand") continue;
      throw new SchemaRefusedError(
        `The schema ${schema} was written by a newer Posthorn (migration ${version}, ${name}), and this version would misread it: start the newer version.`,
      );
    }
    if (checksum !== checksumOf(own)) {
      throw new SchemaRefusedError(
        `Migration ${version} (${name}) of the schema ${schema} is not the one this version has: its tables were made by another build of Posthorn. Use that build, or name another schema.`,
      );
    }
  }
}

function checksumOf({ version, name, kind, sql }: Migration): string {
  return createHash("sha256")
    .update(JSON.stringify([version, name, kind, sql]))
    .digest("hex");
}

/** One by one, because a statement that is prepared is one statement; none of ours holds a semicolon of its own. */
function statementsOf(sql: string): string[] {
  return sql
    .replace(/^\s*--.*$/gm, "")
    .split(";")
    .map((text) => text.trim())
    .filter((text) => text !== "");
}
