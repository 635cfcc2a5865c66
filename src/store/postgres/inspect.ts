// Looks at a database before the store is opened in it: whether it keeps what it is given, and has room for this node.
import pg from "pg";
import type { Clock } from "../../system/clock.ts";
import { type CheckFinding, checkPostgres, readPostgresFacts } from "./checks.ts";
import { storeError } from "./faults.ts";

const CONNECT_MS_MAX = 3_000;
const ANSWER_MS_MAX = 5_000;

/** Findings, the worst first. Throws StoreUnavailableError when the database can't be reached. */
export async function inspectPostgres(options: { url: string; schema: string; poolMax: number; clock: Clock }): Promise<CheckFinding[]> {
  const { url, schema, poolMax, clock } = options;
  const open = async () => {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_MS_MAX, query_timeout: ANSWER_MS_MAX });
    // What goes wrong is told by the question that is under way.
    client.on("error", () => undefined);
    await client.connect();
    return client;
  };
  try {
    return checkPostgres(await readPostgresFacts({ open, clock, schema }), { poolSize: poolMax, nodes: 1 });
  } catch (error) {
    throw storeError(error);
  }
}
