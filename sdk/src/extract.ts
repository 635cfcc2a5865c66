// The id and type of an event, read after verification, only when somebody asks.
import { formFields } from "./form.ts";
import { parseJson, valueAt } from "./json.ts";
import { jwtClaims } from "./jwt-text.ts";
import { limits } from "./limits.ts";
import type { Location, Provider } from "./provider.ts";
import { providerById } from "./providers/index.ts";
import { type HeaderReader, headerReader, type HeaderValues, isBody, type WebhookRequest } from "./request.ts";

export interface EventFacts {
  /** Stable over redeliveries of the same event, where the provider has such an id. */
  readonly id?: string;
  readonly type?: string;
}

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

function compileExtractor(provider: Provider): Extractor {
  const reader = headerReader();
  const idFacts = provider.eventId.map((location) => compileLocation(location, reader));
  const typeFacts = provider.eventType.map((location) => compileLocation(location, reader));
  return ({ headers, body }) => {
    const values = reader.read(headers);
    const lazy = lazyBody(body);
    const id = firstFact(idFacts, values, lazy);
    const type = firstFact(typeFacts, values, lazy);
    return { ...(id === undefined ? {} : { id }), ...(type === undefined ? {} : { type }) };
  };
}

function lazyBody(body: unknown): LazyBody {
  const text = isBody(body) ? body : "";
  let json: unknown = undefined;
  let form: readonly (readonly [string, string])[] | undefined;
  return { json: () => (json ??= parseJson(text)), form: () => (form ??= formFields(text) ?? []) };
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
