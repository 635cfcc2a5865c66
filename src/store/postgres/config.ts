// SQL of configuration documents, their revisions, and idempotency records.
import type { Cell } from "../rows.ts";
import type { ConfigChange, ConfigKind, ConfigOutcome, ConfigRevision, ConfigRow, Guarded, IdempotencyRecord } from "../store.ts";
import type { Database, Queries } from "./connection.ts";

// The revision is read as the configuration stood before the statement.
const PUT = `
WITH revision AS (
  INSERT INTO config_revisions (kind, id, replaced_at, doc) SELECT kind, id, $5, doc FROM config WHERE kind = $1 AND id = $2
)
INSERT INTO config (kind, id, doc, sealed) VALUES ($1, $2, $3, $4)
ON CONFLICT (kind, id) DO UPDATE SET doc = excluded.doc, sealed = excluded.sealed`;

const REMOVE = `
WITH gone AS (DELETE FROM config WHERE kind = $1 AND id = $2 RETURNING kind, id, doc)
INSERT INTO config_revisions (kind, id, replaced_at, doc) SELECT kind, id, $3, doc FROM gone`;

const CONFIG = `
SELECT v.version, c.kind, c.id, c.doc, c.sealed FROM config_version v LEFT JOIN config c ON true
ORDER BY c.kind COLLATE "C", c.id COLLATE "C"`;

export async function readConfig(queries: Queries): Promise<{ version: number; rows: ConfigRow[] }> {
  const found = (await queries.query({ name: "config", text: CONFIG })) as [number, ConfigKind | null, string, string, Uint8Array | null][];
  const rows = found.flatMap(([, kind, id, doc, sealed]) => (kind === null ? [] : [{ kind, id, doc, sealed }]));
  return { version: found[0]![0], rows };
}

export async function configVersion(queries: Queries): Promise<number> {
  const [row] = await queries.query({ name: "config-version", text: "SELECT version FROM config_version" });
  return row![0] as number;
}

export async function configRevisions(queries: Queries, kind: ConfigKind, id: string): Promise<ConfigRevision[]> {
  const rows = await queries.query({
    name: "config-revisions",
    text: "SELECT doc, replaced_at FROM config_revisions WHERE kind = $1 AND id = $2 ORDER BY replaced_at",
    values: [kind, id],
  });
  return rows.map(([doc, replacedAt]) => ({ doc: doc as string, replacedAt: replacedAt as number }));
}

/** Changes stand in line for the version's row, and dispatch holds it still while it commits. */
export function applyConfig(
  database: Database,
  changes: readonly ConfigChange[],
  at: number,
  idempotency: IdempotencyRecord | null,
  ifVersion: number | undefined,
): Promise<ConfigOutcome> {
  return database.transaction(async (queries) => {
    const [row] = await queries.query({ name: "hold-config", text: "SELECT version FROM config_version FOR UPDATE" });
    const version = row![0] as number;
    if (ifVersion !== undefined && ifVersion !== version) return { kind: "stale" };
    const outcome = await guarded(queries, idempotency, async () => {
      for (const change of changes) await apply(queries, change, at);
      await queries.query({ name: "raise-config", text: "UPDATE config_version SET version = $1", values: [version + 1] });
      return version + 1;
    });
    return outcome.kind === "done" ? { kind: "done", version: outcome.result } : outcome;
  });
}

async function apply(queries: Queries, change: ConfigChange, at: number): Promise<void> {
  if (change.op === "delete") {
    await queries.query({ name: "remove-config", text: REMOVE, values: [change.kind, change.id, at] });
    return;
  }
  const { kind, id, doc, sealed } = change.row;
  await queries.query({ name: "put-config", text: PUT, values: [kind, id, doc, sealed, at] });
}

/** Runs a write unless its idempotency key was used before; key and write commit together. Call it inside a transaction. */
export async function guarded<T>(queries: Queries, record: IdempotencyRecord | null, write: () => Promise<T>): Promise<Guarded<T>> {
  if (record === null) return { kind: "done", result: await write() };
  const { key, fingerprint, response, createdAt } = record;
  // Waits for another write with the same key to commit or fail; the record is then seen by a statement of its own.
  const inserted = await queries.query({
    name: "insert-idempotency",
    text: "INSERT INTO idempotency (key, fingerprint, response, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT (key) DO NOTHING RETURNING 1",
    values: [key, fingerprint, response, createdAt],
  });
  if (inserted.length > 0) return { kind: "done", result: await write() };
  const earlier = await idempotencyRecord(queries, key);
  // A sweep took it in between: as if it had never been.
  return earlier === null ? guarded(queries, record, write) : { kind: "repeated", record: earlier };
}

export async function idempotencyRecord(queries: Queries, key: string): Promise<IdempotencyRecord | null> {
  const [row] = await queries.query({
    name: "idempotency",
    text: "SELECT key, fingerprint, response, created_at FROM idempotency WHERE key = $1",
    values: [key],
  });
  return row === undefined ? null : recordFrom(row);
}

function recordFrom(row: Cell[]): IdempotencyRecord {
  const [key, fingerprint, response, createdAt] = row as [string, string, Uint8Array, number];
  return { key, fingerprint, response, createdAt };
}
