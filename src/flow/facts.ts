// What accept reads out of a verified request: the provider's id and type, the dedupe key, the ordering key.
import { extract, providerById } from "@posthorn/sdk";
import type { RawRequest } from "../core/event.ts";
import type { Source } from "../core/source.ts";
import { EVENT_KEY_CHARACTERS_MAX, EVENT_TYPE_CHARACTERS_MAX } from "../limits.ts";
import { type CompiledDedupe, createFacts, type RequestFacts } from "./catalog-extract.ts";

/** The type of a request that names none. */
const TYPE_UNKNOWN = "unknown";

export interface Facts {
  type: string;
  providerEventId: string | null;
  dedupeKey: string | null;
  key: string | null;
}

export interface FactReaders {
  provider: string;
  dedupe: CompiledDedupe | null;
  keyOf(facts: RequestFacts): string | null;
}

export function readFacts(readers: FactReaders, request: RawRequest): Facts {
  const found = extract(readers.provider, request, ["id", "type"]);
  const facts = createFacts(request, found.id ?? null);
  return {
    type: (found.type ?? TYPE_UNKNOWN).slice(0, EVENT_TYPE_CHARACTERS_MAX),
    providerEventId: found.id ?? null,
    dedupeKey: readers.dedupe?.keyOf(facts) ?? null,
    key: readers.keyOf(facts)?.slice(0, EVENT_KEY_CHARACTERS_MAX) ?? null,
  };
}

/** Whether reading a source's facts may parse or hash the whole body. */
export function factsNeedBody({ provider, dedupe, keyFrom }: Pick<Source, "provider" | "dedupe" | "keyFrom">): boolean {
  if (dedupe.by === "body" || dedupe.by === "jsonPath" || keyFrom?.startsWith("json:") === true) return true;
  const record = providerById(provider);
  if (record?.cloudEvents === true) return true;
  return record !== undefined && [...record.eventId, ...record.eventType].some((location) => !location.startsWith("header:"));
}
