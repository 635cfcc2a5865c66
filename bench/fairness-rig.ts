// Posthorn's side of the fairness bench: the whole flow on real sockets, over a data directory prepared beforehand.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CLOSED } from "../src/core/breaker.ts";
import type { Destination } from "../src/core/destination.ts";
import { createIdSource, newId } from "../src/core/id.ts";
import { ROLES } from "../src/core/role.ts";
import { createCatalog } from "../src/flow/catalog.ts";
import { destinationRow, subscriptionRow } from "../src/flow/catalog-rows.ts";
import { createFlow, type RunningFlow } from "../src/flow/run.ts";
import { createLogger } from "../src/log.ts";
import { createAddressGuard } from "../src/outbound/address-guard.ts";
import { checkHeaders } from "../src/outbound/header-policy.ts";
import { createHttpTransport } from "../src/outbound/http.ts";
import type { Transport } from "../src/outbound/transport.ts";
import { createSealer } from "../src/store/sealer.ts";
import { openSqliteStore } from "../src/store/sqlite/index.ts";
import type { NewDelivery, Store } from "../src/store/store.ts";
import { systemClock as clock } from "../src/system/clock.ts";
import { systemRandom as random } from "../src/system/random.ts";
import { VERSION } from "../src/version.ts";
import { benchDestination, benchEvent, benchSubscription } from "./fixtures.ts";

const COMMIT_ROWS_MAX = 10_000;
const SLOTS_MAX = 256;
const CONFIG_ROWS_MAX = 1_000;

export interface Departure {
  at: number;
  url: string;
  eventId: string;
}

export interface Rig {
  readonly store: Store;
  readonly departures: Departure[];
  /** The most attempts under way at once so far. */
  readonly mostInFlight: number;
  destinations(count: number, of: (index: number) => Partial<Destination> & { url: string }): Promise<Destination[]>;
  /** A subscription of its own type for a destination. */
  subscribe(destinations: readonly Destination[], type: (index: number) => string): Promise<void>;
  /** Deliveries of one event, as if dispatched before this start. */
  backlog(destinations: readonly Destination[], each: number, changes?: Partial<NewDelivery>): Promise<NewDelivery[]>;
  /** Marks the breakers of these as open until then. */
  open(destinations: readonly Destination[], probeAt: number): Promise<void>;
  start(slots: { inFlightMax: number; perHostMax: number }): Promise<void>;
  publish(type: string, tenantId?: string | null): Promise<{ id: string; at: number }>;
  end(): Promise<void>;
}

export async function createRig(): Promise<Rig> {
  const directory = mkdtempSync(join(tmpdir(), "posthorn-bench-"));
  const onFatal = (error: Error) => {
    throw error;
  };
  const store = await openSqliteStore({ directory, clock, random, requestsKeptMax: 1000, onFatal });
  const guard = createAddressGuard({ allow: ["loopback"], allowPlainHttp: true });
  const http = createHttpTransport({ guard, clock, connectionsPerOrigin: SLOTS_MAX });
  // The program, too, loads its client while the store's threads start.
  await http.warmUp();
  const ids = createIdSource(clock, random);
  const sealer = createSealer(new Uint8Array(32), random);
  const departures: Departure[] = [];
  let [inFlight, mostInFlight] = [0, 0];
  let running: RunningFlow | null = null;

  function watched(inner: Transport): Transport {
    return {
      checkUrl: (url) => inner.checkUrl(url),
      close: () => inner.close(),
      async exchange(request, signal) {
        const eventId = request.headers[request.headers.indexOf("posthorn-event-id") + 1] ?? "";
        departures.push({ at: performance.now(), url: request.url, eventId });
        inFlight += 1;
        mostInFlight = Math.max(mostInFlight, inFlight);
        try {
          return await inner.exchange(request, signal);
        } finally {
          inFlight -= 1;
        }
      },
    };
  }

  async function saveRows(rows: Parameters<Store["applyConfig"]>[0]): Promise<void> {
    for (let from = 0; from < rows.length; from += CONFIG_ROWS_MAX) {
      await store.applyConfig(rows.slice(from, from + CONFIG_ROWS_MAX), clock.now(), null);
    }
  }

  return {
    store,
    departures,
    get mostInFlight() {
      return mostInFlight;
    },
    async destinations(count, of) {
      const made = Array.from({ length: count }, (_, index) => ({ ...benchDestination("", 10), id: newId(ids, "dst"), ...of(index) }));
      await saveRows(made.map((destination) => ({ op: "put", row: destinationRow(destination, sealer) })));
      return made;
    },
    async subscribe(destinations, type) {
      const rows = destinations.map(({ id, tenantId }, index) =>
        subscriptionRow({ ...benchSubscription(id), id: newId(ids, "sub"), tenantId, eventTypes: [type(index)] }),
      );
      await saveRows(rows.map((row) => ({ op: "put", row })));
    },
    async backlog(destinations, each, changes = {}) {
      const outcome = await store.accept(benchEvent(clock.now(), Buffer.alloc(1024, "x"), { type: "backlog" }));
      if (outcome.kind !== "accepted") throw new Error("The event of the backlog could not be committed.");
      const { id: eventId, seq: eventSeq, bodyBytes } = outcome.event;
      const due = { nextAttemptAt: clock.now(), expiresAt: null, trigger: "event" as const, jobId: null, bodyBytes };
      const drafts: NewDelivery[] = Array.from({ length: each }, () =>
        destinations.map((destination) => ({ eventId, eventSeq, destinationId: destination.id, subscriptionId: null, ...due, ...changes })),
      ).flat();
      for (let from = 0; from < drafts.length; from += COMMIT_ROWS_MAX) {
        await store.commitDispatch(from === 0 ? [outcome.event] : [], drafts.slice(from, from + COMMIT_ROWS_MAX));
      }
      return drafts;
    },
    async open(destinations, probeAt) {
      const breaker = { ...CLOSED, phase: "open" as const, since: clock.now(), probeAt, openings: 3, reason: "Set up by the bench." };
      await Promise.all(destinations.map(({ id }) => store.putDestinationHealth(id, breaker)));
    },
    async start(slots) {
      const checkUrl = (url: string) => guard.checkUrl(url);
      const catalog = await createCatalog({ store, sealer, clock, ids, checkUrl, checkHeaders });
      running = createFlow({
        store,
        catalog,
        transport: watched(http),
        clock,
        random,
        log: createLogger({ level: "warn", format: "json" }),
        slots: { ...slots, tenantSharePercent: 25 },
        ingestBodyBytesMax: 1e7,
        retentionDays: 30,
        retentionBytesMax: 0,
        cluster: null,
        node: { name: "bench", version: VERSION, roles: ROLES },
      });
      await running.start();
    },
    async publish(type, tenantId = null) {
      const facts = {
        tenantId,
        key: null,
        channels: [],
        deliverAt: null,
        deliverBefore: null,
        contentType: "application/json",
        idempotency: null,
      };
      const outcome = await running!.flow.publish({ ...facts, type, body: Buffer.from("{}"), remoteAddress: "127.0.0.1" });
      if (outcome.kind !== "accepted") throw new Error("A live event was taken for a duplicate.");
      return { id: outcome.event.id, at: performance.now() };
    },
    async end() {
      await http.close();
      await running?.stop(100);
      await store.close();
      rmSync(directory, { recursive: true });
    },
  };
}
