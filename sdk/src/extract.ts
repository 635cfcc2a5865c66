// The id, type, time and key of an event, read after verification, only when somebody asks.
import { type CloudEvent, looksLikeCloudEvent, parseCloudEvents } from "./cloudevents.ts";
import { timeOf } from "./event-time.ts";
import { parseJson, valueAt } from "./json.ts";
import { jwtClaims } from "./jwt-text.ts";
import { limits } from "./limits.ts";
import { anyFormFields } from "./multipart.ts";
import type { Location, Provider, TimestampUnit } from "./provider.ts";
import { findProvider } from "./provider-names.ts";
import { type HeaderReader, headerReader, type HeadersInput, type HeaderValues, isBody, type WebhookRequest } from "./request.ts";

export interface EventFacts {
  /** Stable over redeliveries of the same event, where the provider has such an id. */
  readonly id?: string;
  readonly type?: string;
  /** When it happened, by the provider's own clock. Unix milliseconds, between the years 1970 and 9999. */
  readonly timeMs?: number;
  /** What the event is about: a customer, an issue, a message. */
  readonly key?: string;
}

export type EventFact = keyof EventFacts;

const ALL_FACTS: readonly EventFact[] = ["id", "type", "timeMs", "key"];

/**
 * Reads facts from headers or the body: all, or those that are wanted, because time and key often stand in a body that
 * need not be parsed for the others. Never throws: what is absent, is no short text or safe integer, or stands in a body
 * that is no JSON, is left out. An integer above 2^53 is left out too, because two ids would be one.
 */
export function extract(
  provider: string | Provider,
  request: Pick<WebhookRequest, "headers" | "body">,
  wanted: readonly EventFact[] = ALL_FACTS,
): EventFacts {
  try {
    const record = typeof provider === "string" ? findProvider(provider) : provider;
    return record === undefined ? {} : extractorOf(record)(request, wanted);
  } catch {
    // Headers with a throwing getter, or a record that is no provider: there are no facts in them.
    return {};
  }
}

type Extractor = (request: Pick<WebhookRequest, "headers" | "body">, wanted: readonly EventFact[]) => EventFacts;
type ReadFact = (headers: HeaderValues, body: LazyBody) => unknown;

/** The body, parsed at most once each way. */
interface LazyBody {
  readonly json: () => unknown;
  readonly form: () => readonly (readonly [string, string])[];
}

// Records are constants, so what is compiled for one is kept as long as it: receivers extract from every request.
const extractors = new WeakMap<Provider, Extractor>();

function extractorOf(provider: Provider): Extractor {
  let extractor = extractors.get(provider);
  if (extractor === undefined) {
    extractor = compileExtractor(provider);
    extractors.set(provider, extractor);
  }
  return extractor;
}

/** Where the facts of something stand: a provider, or one item of its batches. */
export type FactLocations = Pick<Provider, "eventId" | "eventType" | "eventTime" | "eventKey" | "cloudEvents">;

export function compileExtractor(locations: FactLocations): Extractor {
  const reader = headerReader();
  const readCloudEvent = locations.cloudEvents === true ? cloudEventReader(reader) : undefined;
  const compile = (list: readonly Location[] = []): ReadFact[] => list.map((location) => compileLocation(location, reader));
  const [ids, types, keys] = [compile(locations.eventId), compile(locations.eventType), compile(locations.eventKey)];
  const times = (locations.eventTime ?? []).map(({ from, unit }) => ({ read: compileLocation(from, reader), unit }));

  return ({ headers, body }, wanted) => {
    const values = reader.read(headers);
    const lazy = lazyBody(body);
    const event = readCloudEvent?.(values, headers, body);
    // An id that the provider names, as in the signed header of Standard Webhooks, counts before one that is not signed.
    const id = wanted.includes("id") ? (firstFact(ids, values, lazy) ?? event?.id) : undefined;
    const type = wanted.includes("type") ? (event?.type ?? firstFact(types, values, lazy)) : undefined;
    const timeMs = wanted.includes("timeMs") ? (event?.timeMs ?? firstTime(times, values, lazy)) : undefined;
    const key = wanted.includes("key") ? (event?.key ?? firstFact(keys, values, lazy)) : undefined;
    return {
      ...(id === undefined ? {} : { id }),
      ...(type === undefined ? {} : { type }),
      ...(timeMs === undefined ? {} : { timeMs }),
      ...(key === undefined ? {} : { key }),
    };
  };
}

/** Reads the facts of a CloudEvent; of a batch the type of its first, because no other fact holds for all of them. */
function cloudEventReader(
  reader: HeaderReader,
): (values: HeaderValues, headers: HeadersInput, body: Uint8Array | string) => EventFacts | undefined {
  const [contentType, version, id] = [reader.slot("content-type"), reader.slot("ce-specversion"), reader.slot("ce-id")];
  return (values, headers, body) => {
    const hasHeaders = values[version] !== undefined || values[id] !== undefined;
    if (!looksLikeCloudEvent(values[contentType] ?? undefined, hasHeaders)) return undefined;
    const parsed = parseCloudEvents({ headers, body });
    const event = parsed?.ok === true ? parsed.events[0] : undefined;
    if (event === undefined) return undefined;
    const facts = cloudEventFacts(event);
    return parsed?.mode === "batch" ? { type: facts.type } : facts;
  };
}

// Source and id together are unique (section 3.1.1 of the specification). A source is a URI reference, which has no space.
function cloudEventFacts({ source, id, type, time, subject }: CloudEvent): EventFacts {
  return { id: factOf(`${source} ${id}`), type: factOf(type), timeMs: timeOf(time, "rfc3339"), key: factOf(subject) };
}

interface ReadTime {
  readonly read: ReadFact;
  readonly unit: TimestampUnit;
}

function firstTime(times: readonly ReadTime[], headers: HeaderValues, body: LazyBody): number | undefined {
  for (const { read, unit } of times) {
    const instant = timeOf(read(headers, body), unit);
    if (instant !== undefined) return instant;
  }
  return undefined;
}

function lazyBody(body: unknown): LazyBody {
  const text = isBody(body) ? body : "";
  let json: unknown = undefined;
  let form: readonly (readonly [string, string])[] | undefined;
  return { json: () => (json ??= parseJson(text)), form: () => (form ??= anyFormFields(text) ?? []) };
}

function compileLocation(location: Location, reader: HeaderReader): ReadFact {
  const colon = location.indexOf(":");
  const rest = location.slice(colon + 1);
  switch (location.slice(0, colon)) {
    case "header": {
      const slot = reader.slot(rest);
      return (headers) => headers[slot];
    }
    case "form":
      return compileFormLocation(rest);
    case "jwt": {
      const [name = "", claim = ""] = rest.split(":", 2);
      const slot = reader.slot(name);
      return (headers) => valueAt(jwtClaims(headers[slot] ?? ""), [claim]);
    }
    case "key":
      return (_headers, body) => firstOtherKey(body.json(), rest.slice(1));
    case "text":
      return compileText(rest, reader);
    default: {
      const keys = rest.split(".");
      return (_headers, body) => valueAt(body.json(), keys);
    }
  }
}

function compileFormLocation(rest: string): ReadFact {
  const [name = "", path] = rest.split(":", 2);
  const keys = path?.split(".");
  return (_headers, body) => {
    const value = body.form().find(([each]) => each === name)?.[1];
    return keys === undefined || value === undefined ? value : valueAt(parseJson(value), keys);
  };
}

function compileText(text: string, reader: HeaderReader): ReadFact {
  // An odd piece is the inside of braces: "{json:a}.{json:b}" is "", "json:a", ".", "json:b", "".
  const pieces = text.split(/[{}]/).map((piece, index) => (index % 2 === 0 ? piece : compileLocation(piece as Location, reader)));
  return (headers, body) => {
    let whole = "";
    for (const piece of pieces) {
      const part = typeof piece === "string" ? piece : factOf(piece(headers, body));
      if (part === undefined) return undefined;
      whole += part;
    }
    return whole;
  };
}

function firstOtherKey(json: unknown, name: string): string | undefined {
  if (typeof json !== "object" || json === null || Array.isArray(json)) return undefined;
  return Object.keys(json).find((key) => key !== name);
}

function firstFact(facts: readonly ReadFact[], headers: HeaderValues, body: LazyBody): string | undefined {
  for (const read of facts) {
    const fact = factOf(read(headers, body));
    if (fact !== undefined) return fact;
  }
  return undefined;
}

function factOf(value: unknown): string | undefined {
  if (typeof value === "number") return Number.isSafeInteger(value) ? String(value) : undefined;
  return typeof value === "string" && value !== "" && value.length <= limits.eventFactCharsMax ? value : undefined;
}
