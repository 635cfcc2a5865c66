// The archive suite on the PostgreSQL of the run, which tests/kit/postgres.ts finds or makes; POSTHORN_TEST_DATABASE_URL names one as well.
import { existsSync } from "node:fs";
import { afterAll, it } from "vitest";
import { describePostgresArchive } from "./postgres-archive.contract.ts";

interface Kit {
  openTestDatabase(options: { schema: null }): Promise<{ url: string; drop(): Promise<void> }>;
}

const kit = new URL("../kit/postgres.ts", import.meta.url);
const given = process.env["POSTHORN_TEST_DATABASE_URL"];

if (existsSync(kit)) {
  const { openTestDatabase } = (await import(/* @vite-ignore */ kit.pathname)) as Kit;
  let opened: ReturnType<Kit["openTestDatabase"]> | null = null;
  afterAll(async () => (await opened)?.drop());
  describePostgresArchive(async () => (await (opened ??= openTestDatabase({ schema: null }))).url);
} else if (given !== undefined) {
  describePostgresArchive(() => Promise.resolve(given));
} else {
  it.skip("the archive contract on PostgreSQL (skipped: there is no tests/kit/postgres.ts, and POSTHORN_TEST_DATABASE_URL is unset)", () =>
    undefined);
}
