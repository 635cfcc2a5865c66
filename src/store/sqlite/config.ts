// SQL of configuration documents, their revisions, and idempotency records.
import type { DatabaseSync } from "node:sqlite";
import type { ConfigChange, ConfigKind, ConfigRevision, ConfigRow, IdempotencyRecord } from "../store.ts";

export function createConfigWrites(database: DatabaseSync) {
  const keepRevision = database.prepare(
    "INSERT INTO config_revisions (kind, id, replaced_at, doc) SELECT kind, id, ?, doc FROM config WHERE kind = ? AND id = ?",
  );
  const put = database.prepare(
    "INSERT INTO config (kind, id, doc, sealed) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (kind, id) DO UPDATE SET doc = ?3, sealed = ?4",
  );
  const remove = database.prepare("DELETE FROM config WHERE kind = ? AND id = ?");
  const insertIdempotency = database.prepare("INSERT INTO idempotency (key, fingerprint, response, created_at) VALUES (?, ?, ?, ?)");
  const findIdempotency = database.prepare("SELECT key, fingerprint, response, created_at AS createdAt FROM idempotency WHERE key = ?");

  return {
    applyConfig(changes: ConfigChange[], at: number): void {
      for (const change of changes) {
        const { kind, id } = change.op === "put" ? change.row : change;
        keepRevision.run(at, kind, id);
        if (change.op === "put") put.run(kind, id, change.row.doc, change.row.sealed);
        else remove.run(kind, id);
      }
    },
    findIdempotency: (key: string) => (findIdempotency.get(key) as IdempotencyRecord | undefined) ?? null,
    insertIdempotency(record: IdempotencyRecord): void {
      insertIdempotency.run(record.key, record.fingerprint, record.response, record.createdAt);
    },
  };
}

export function createConfigReads(database: DatabaseSync) {
  const all = database.prepare("SELECT kind, id, doc, sealed FROM config ORDER BY kind, id");
  const revisions = database.prepare(
    "SELECT doc, replaced_at AS replacedAt FROM config_revisions WHERE kind = ? AND id = ? ORDER BY replaced_at",
  );
  const idempotency = database.prepare("SELECT key, fingerprint, response, created_at AS createdAt FROM idempotency WHERE key = ?");
  return {
    config: () => all.all() as unknown as ConfigRow[],
    configRevisions: (kind: ConfigKind, id: string) => revisions.all(kind, id) as unknown as ConfigRevision[],
    idempotencyRecord: (key: string) => (idempotency.get(key) as IdempotencyRecord | undefined) ?? null,
  };
}
