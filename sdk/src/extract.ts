// The id and type of an event, read after verification, only when somebody asks.
import { utf8Text } from "./encoding.ts";
import { limits } from "./limits.ts";
import type { Location, Provider } from "./provider.ts";
import { providerById } from "./providers/index.ts";
import { type HeaderReader, headerReader, type HeaderValues, isBody, type WebhookRequest } from "./request.ts";

export interface EventFacts {
  /** Stable over redeliveries of the same event, where the provider has such an id. */
  readonly id?: string;
  readonly type?: string;
}

const NOT_JSON = Symbol("not JSON");

/**
 * Reads id and type from headers or the JSON body. Never throws: what is absent, is no short text or safe integer, or
 * stands in a body that is no JSON, is left out. An integer above 2^53 is left out too, because two ids would be one.
 */
export function extract(provider: string | Provider, request: Pick<WebhookRequest, "headers" | "body">): EventFacts {
  try {
    const record = typeof provider === "string" ? providerById(provider) : provider;
    return record === undefined ? {} : extractorOf(record)(request);
  } catch {
    // Headers with a throwing getter, or a record that is no provider: there are no facts in them.
    return {};
  }
}

type Extractor = (request: Pick<WebhookRequest, "headers" | "body">) => EventFacts;
type ReadFact = (headers: HeaderValues, json: () => unknown) => unknown;

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

function compileExtractor(provider: Provider): Extractor {
  const reader = headerReader();
  const idFacts = provider.eventId.map((location) => compileLocation(location, reader));
  const typeFacts = provider.eventType.map((location) => compileLocation(location, reader));
  return ({ headers, body }) => {
    const values = reader.read(headers);
    let parsed: unknown = undefined;
    const json = (): unknown => (parsed ??= parseJson(body));
    const id = firstFact(idFacts, values, json);
    const type = firstFact(typeFacts, values, json);
    return { ...(id === undefined ? {} : { id }), ...(type === undefined ? {} : { type }) };
  };
}

function compileLocation(location: Location, reader: HeaderReader): ReadFact {
  const rest = location.slice(location.indexOf(":") + 1);
  if (location.startsWith("header:")) {
    const slot = reader.slot(rest);
    return (headers) => headers[slot];
  }
  const keys = rest.split(".");
  return (_headers, json) => valueAt(json(), keys);
}

function firstFact(facts: readonly ReadFact[], headers: HeaderValues, json: () => unknown): string | undefined {
  for (const read of facts) {
    const fact = factOf(read(headers, json));
    if (fact !== undefined) return fact;
  }
  return undefined;
}

function factOf(value: unknown): string | undefined {
  if (typeof value === "number") return Number.isSafeInteger(value) ? String(value) : undefined;
  return typeof value === "string" && value !== "" && value.length <= limits.eventFactCharsMax ? value : undefined;
}

function parseJson(body: unknown): unknown {
  const text = isBody(body) ? utf8Text(body) : undefined;
  if (text === undefined) return NOT_JSON;
  try {
    return JSON.parse(text) ?? NOT_JSON;
  } catch {
    return NOT_JSON;
  }
}

// Only own keys are followed, so `__proto__` and `constructor` lead nowhere; the depth is that of the path.
function valueAt(root: unknown, keys: readonly string[]): unknown {
  let value = root;
  for (const key of keys) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[key];
  }
  return value;
}
