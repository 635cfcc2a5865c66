// A database and a role of one's own for programs outside of vitest: benches, and the cluster to look at.
import { randomBytes } from "node:crypto";
import type pg from "pg";
import { type PostgresServer, startPostgres } from "./postgres-server.ts";
import { asAdmin } from "./postgres-shared.ts";

export interface OwnDatabase {
  /** Of a role that is no superuser and may make its own schemas. */
  readonly url: string;
  /** Of a role that may do anything, to the same database. */
  readonly adminUrl: string;
  /** Null on a server that was there before: nobody but its owner may restart it. */
  readonly server: PostgresServer | null;
  /** Drops database and role, also under those who are still connected; ends a server that was started for it. */
  drop(): Promise<void>;
}

/** On the server of POSTHORN_TEST_DATABASE_URL where that is set, else on one that is started for it and ends with this process. */
export async function openOwnDatabase(prefix: string): Promise<OwnDatabase> {
  const given = process.env["POSTHORN_TEST_DATABASE_URL"];
  const server = given === undefined || given === "" ? await startPostgres() : null;
  const name = `${prefix}_${randomBytes(4).toString("hex")}`;
  const password = randomBytes(12).toString("hex");
  const [url, adminUrl] = [new URL(server?.url ?? given!), new URL(server?.url ?? given!)];
  await asAdmin(adminUrl.href, async (admin) => {
    await admin.query(`CREATE ROLE ${name} LOGIN PASSWORD '${password}'`);
    await admin.query(`GRANT ${name} TO CURRENT_USER`);
    await admin.query(`CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8' OWNER ${name}`);
  });
  const rootUrl = adminUrl.href;
  adminUrl.pathname = url.pathname = `/${name}`;
  [url.username, url.password] = [name, password];
  return {
    url: url.href,
    adminUrl: adminUrl.href,
    server,
    drop: () => (server === null ? asAdmin(rootUrl, (admin) => remove(admin, name)) : server.stop()),
  };
}

async function remove(admin: pg.Client, name: string): Promise<void> {
  await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  await admin.query(`DROP ROLE IF EXISTS ${name}`);
}
