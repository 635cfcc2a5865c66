// Nodes on a PostgreSQL schema that goes with the test, directly and through a proxy that fails on demand.
import { afterEach } from "vitest";
import type { Event } from "../../src/core/event.ts";
import { openPostgresStore, type PostgresOptions, type PostgresStore } from "../../src/store/postgres/index.ts";
import type { Store } from "../../src/store/store.ts";
import { systemClock } from "../../src/system/clock.ts";
import { systemRandom } from "../../src/system/random.ts";
import { draft } from "../kit/store.ts";
import { dropSchema, newSchema, QUIET, serverUrl } from "./postgres-server.ts";
import { type SeverableProxy, startSeverableProxy } from "./severable-proxy.ts";

export interface PostgresRig {
  /** A schema of its own. */
  place(): string;
  /** Another node on that schema. */
  open(schema: string, changes?: Partial<PostgresOptions>): Promise<PostgresStore>;
  proxied(schema: string): Promise<{ proxy: SeverableProxy; store: Store }>;
  proxy(): Promise<SeverableProxy>;
}

/** Closes everything and drops the schemas after each test of the file. */
export function postgresRig(): PostgresRig {
  const schemas: string[] = [];
  const opened: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const each of opened.splice(0)) await each.close();
    for (const schema of schemas.splice(0)) await dropSchema(schema);
  });

  const open: PostgresRig["open"] = async (schema, changes = {}) => {
    const made = await openPostgresStore({
      url: serverUrl(),
      schema,
      clock: systemClock,
      random: systemRandom,
      requestsKeptMax: 100,
      poolMax: 4,
      dispatches: true,
      log: QUIET,
      onFatal(error) {
        throw error;
      },
      ...changes,
    });
    opened.push(made.store);
    return made;
  };
  const proxy = async () => {
    const started = await startSeverableProxy(serverUrl());
    opened.push(started);
    return started;
  };
  return {
    place() {
      const schema = newSchema();
      schemas.push(schema);
      return schema;
    },
    open,
    proxy,
    async proxied(schema) {
      const between = await proxy();
      const { store } = await open(schema, { url: between.url });
      return { proxy: between, store };
    },
  };
}

export async function acceptOne(store: Store, changes: Parameters<typeof draft>[1] = {}): Promise<Event> {
  const outcome = await store.accept(draft(systemClock.now(), changes));
  if (outcome.kind !== "accepted") throw new Error(`a duplicate of ${outcome.of}`);
  return outcome.event;
}
