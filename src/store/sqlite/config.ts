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

  const raiseVersion = database.prepare(
    "INSERT INTO progress (name, value) VALUES ('config_version', 1) ON CONFLICT (name) DO UPDATE SET value = value + 1",
  );

  return {
    currentVersion: prepareVersion(database),
    applyConfig(changes: ConfigChange[], at: number): void {
      raiseVersion.run();
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

/** 0 before the first change. */
function prepareVersion(database: DatabaseSync): () => number {
  const version = database.prepare("SELECT value FROM progress WHERE name = 'config_version'");
  return () => (version.get() as { value: number } | undefined)?.value ?? 0;
}

export function createConfigReads(database: DatabaseSync) {
  const configVersion = prepareVersion(database);
  const all = database.prepare("SELECT kind, id, doc, sealed FROM config ORDER BY kind, id");
  const revisions = database.prepare(
    "SELECT doc, replaced_at AS replacedAt FROM config_revisions WHERE kind = ? AND id = ? ORDER BY replaced_at",
  );
  const idempotency = database.prepare("SELECT key, fingerprint, response, created_at AS createdAt FROM idempotency WHERE key = ?");
  return {
    // A change between the two reads is then read with the version before it, and once more when that is seen to be old.
    config: () => ({ version: configVersion(), rows: all.all() as unknown as ConfigRow[] }),
    configVersion,
    configRevisions: (kind: ConfigKind, id: string) => revisions.all(kind, id) as unknown as ConfigRevision[],
    idempotencyRecord: (key: string) => (idempotency.get(key) as IdempotencyRecord | undefined) ?? null,
  };
}
