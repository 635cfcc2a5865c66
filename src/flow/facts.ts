// What accept reads out of a verified request: the provider's id and type, the dedupe key, the ordering key.
import { createHash } from "node:crypto";
import { batchId, type EventFact, extract, providerById, providers, splitBatch } from "@posthorn/sdk";
import type { RawRequest } from "../core/event.ts";
import type { Source } from "../core/source.ts";
import { EVENT_KEY_CHARACTERS_MAX, EVENT_TYPE_CHARACTERS_MAX } from "../limits.ts";
import { type CompiledDedupe, createFacts, type RequestFacts } from "./catalog-extract.ts";

/** The type of a request that names none. */
export const TYPE_UNKNOWN = "unknown";

const YEAR_10000_MS = Date.UTC(10_000, 0, 1);

// The time is read where that parses nothing more: an event's own time is not worth 20 µs of every request whose id and
// type stand in headers, as GitHub's do.
const WANTED: ReadonlyMap<string, readonly EventFact[]> = new Map(
  providers.map((provider) => {
    const parsed = readsBody([...provider.eventId, ...provider.eventType]) || provider.cloudEvents === true;
    const timed = provider.eventTime !== undefined || provider.cloudEvents === true;
    const cheap = parsed || !readsBody((provider.eventTime ?? []).map(({ from }) => from));
    return [provider.id, timed && cheap ? (["id", "type", "timeMs"] as const) : (["id", "type"] as const)];
  }),
);
/** Providers whose body can hold several events. */
export const HAS_BATCHES: ReadonlySet<string> = new Set(
  providers.filter(({ batch, cloudEvents }) => batch !== undefined || cloudEvents === true).map(({ id }) => id),
);

function readsBody(locations: readonly string[]): boolean {
  return locations.some((location) => !location.startsWith("header:"));
}

export interface Facts {
  type: string;
  providerEventId: string | null;
  dedupeKey: string | null;
  key: string | null;
  /** The provider's own time, ms since the Unix epoch. */
  occurredAt: number | null;
}

export interface FactReaders {
  provider: string;
  dedupe: CompiledDedupe | null;
  keyOf(facts: RequestFacts): string | null;
}

export function readFacts(readers: FactReaders, request: RawRequest): Facts {
  const found = extract(readers.provider, request, WANTED.get(readers.provider));
  const id = HAS_BATCHES.has(readers.provider) ? idOfBatch(readers.provider, request, found.id) : (found.id ?? null);
  const facts = createFacts(request, id);
  return {
    type: (found.type ?? TYPE_UNKNOWN).slice(0, EVENT_TYPE_CHARACTERS_MAX),
    providerEventId: id,
    dedupeKey: readers.dedupe?.keyOf(facts) ?? null,
    key: readers.keyOf(facts)?.slice(0, EVENT_KEY_CHARACTERS_MAX) ?? null,
    occurredAt: occurredAtOf(found.timeMs),
  };
}

/**
 * A batch that stays whole is known by all its items: by the first one's id, a later batch that starts with the same
 * item would be taken for a repetition and lost.
 */
function idOfBatch(provider: string, request: RawRequest, firstId: string | undefined): string | null {
  const items = splitBatch(provider, request);
  if (items !== undefined) return batchId(provider, request) ?? null;
  // More items than are looked at, or something else between them: then only the same bytes are the same batch.
  if (firstId === undefined || providerById(provider)?.batch === undefined) return firstId ?? null;
  return `sha256:${createHash("sha256").update(request.body).digest("base64url")}`;
}

/** A provider's time as we keep it: whole milliseconds of the years 1970 to 9999, which are those that RFC 3339 can write. */
export function occurredAtOf(timeMs: number | undefined): number | null {
  return timeMs !== undefined && timeMs >= 0 && timeMs < YEAR_10000_MS ? Math.trunc(timeMs) : null;
}

/** Whether reading a source's facts may parse or hash the whole body. */
export function factsNeedBody({ provider, dedupe, keyFrom }: Pick<Source, "provider" | "dedupe" | "keyFrom">): boolean {
  if (dedupe.by === "body" || dedupe.by === "jsonPath" || keyFrom?.startsWith("json:") === true) return true;
  const record = providerById(provider);
  if (record?.cloudEvents === true) return true;
  return record !== undefined && (record.batch !== undefined || readsBody([...record.eventId, ...record.eventType]));
}
