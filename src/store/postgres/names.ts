// Names of tables in statements, put into Posthorn's own schema: a pooler in transaction mode keeps no search path between statements.

/** The schema where none is named. */
export const SCHEMA_DEFAULT = "posthorn";

const TABLES = [
  "attempts",
  "config",
  "config_revisions",
  "config_version",
  "dedupe",
  "deliveries",
  "deliveries_done",
  "destination_health",
  "events",
  "frontiers",
  "idempotency",
  "jobs",
  "leases",
  "migrations",
  "nodes",
  "requests",
  "signals",
  "undispatched",
].join("|");

// Where a name of a table can stand in our statements. Columns that name their table (`dedupe.at`) stay as they are.
const TABLE_NAME = new RegExp(`\\b(FROM|JOIN|INTO|UPDATE|USING)(\\s+(?:ONLY\\s+)?)(${TABLES})\\b`, "g");
const SEQUENCE_NAME = /'positions'/g;

/** The same texts come again and again; lists make a few hundred of their own. */
const TEXTS_MAX = 1_000;

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Puts the schema in front of every table in a statement. Its keywords are in capitals, as everywhere here. */
export function createQualifier(schema: string): (text: string) => string {
  const known = new Map<string, string>();
  const prefix = quoteName(schema);
  const sequence = `'${`${prefix}.positions`.replaceAll("'", "''")}'`;
  return (text) => {
    let qualified = known.get(text);
    if (qualified === undefined) {
      qualified = text
        .replace(TABLE_NAME, (_, keyword: string, space: string, table: string) => `${keyword}${space}${prefix}.${table}`)
        .replace(SEQUENCE_NAME, () => sequence);
      if (known.size >= TEXTS_MAX) known.clear();
      known.set(text, qualified);
    }
    return qualified;
  };
}
