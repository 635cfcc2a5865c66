// The id and type of an event, read after verification, only when somebody asks.
import { utf8Text } from "./encoding.ts";
import { limits } from "./limits.ts";
import type { Location, Provider } from "./provider.ts";
import { providerById } from "./providers/index.ts";
import { headerReader, isBody, type WebhookRequest } from "./request.ts";

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
    if (record === undefined) return {};
    let parsed: unknown = undefined;
    const json = (): unknown => (parsed ??= parseJson(request.body));
    const id = firstFact(record.eventId, request, json);
    const type = firstFact(record.eventType, request, json);
    return { ...(id === undefined ? {} : { id }), ...(type === undefined ? {} : { type }) };
  } catch {
    // Headers with a throwing getter, or a record that is no provider: there are no facts in them.
    return {};
  }
}

function firstFact(locations: readonly Location[], request: Pick<WebhookRequest, "headers">, json: () => unknown): string | undefined {
  for (const location of locations) {
    const colon = location.indexOf(":");
    const rest = location.slice(colon + 1);
    const value = location.startsWith("header:") ? headerValue(request.headers, rest) : valueAt(json(), rest);
    const fact = factOf(value);
    if (fact !== undefined) return fact;
  }
  return undefined;
}

function headerValue(headers: WebhookRequest["headers"], name: string): unknown {
  const reader = headerReader();
  const slot = reader.slot(name);
  return reader.read(headers)[slot];
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
function valueAt(root: unknown, path: string): unknown {
  let value = root;
  for (const key of path.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[key];
  }
  return value;
}
