// Compiles the two rules of a source that read a request: what makes two requests the same event, and the ordering key.
import { createHash } from "node:crypto";
import { compilePath } from "../core/document-path.ts";
import { headerValue, type RawRequest } from "../core/event.ts";
import type { DedupeRule } from "../core/source.ts";
import type { FieldProblem } from "../errors.ts";

// Keys stand in the narrow random-order tree of the store, so a long one is replaced by its hash.
const KEY_CHARACTERS_MAX = 128;

/** What the rules look at. The body is parsed on first use only, and once. */
export interface RequestFacts {
  readonly request: RawRequest;
  readonly providerEventId: string | null;
  /** The parsed JSON body; undefined when it is none. */
  json(): unknown;
}

export function createFacts(request: RawRequest, providerEventId: string | null): RequestFacts {
  let parsed: { value: unknown } | null = null;
  return {
    request,
    providerEventId,
    json() {
      parsed ??= { value: parseJson(request.body) };
      return parsed.value;
    },
  };
}

export interface CompiledDedupe {
  readonly windowMs: number;
  /** Whether the rule looks at a header. */
  readonly readsHeaders: boolean;
  /** Scoped to the source; null when the request lacks what the rule looks for: it is then an event of its own. */
  keyOf(facts: RequestFacts): string | null;
}

type ReadFact = (facts: RequestFacts) => string | null;
export type Compiled<T> = { ok: true; value: T } | { ok: false; problem: FieldProblem };

export function compileDedupe(sourceId: string, rule: DedupeRule): Compiled<CompiledDedupe | null> {
  if (rule.by === "none") return { ok: true, value: null };
  const read = compileDedupeFact(rule);
  if (!read.ok) return read;
  const { windowMs } = rule;
  // The rule's kind is part of the key, so that a changed rule never takes an old key of another kind for its own.
  const prefix = `${sourceId}:${rule.by}:`;
  return {
    ok: true,
    value: {
      windowMs,
      readsHeaders: rule.by === "header",
      keyOf(facts) {
        const fact = read.value(facts);
        if (fact === null) return null;
        return prefix + (fact.length > KEY_CHARACTERS_MAX ? `sha256:${sha256(fact)}` : fact);
      },
    },
  };
}

function compileDedupeFact(rule: Exclude<DedupeRule, { by: "none" }>): Compiled<ReadFact> {
  switch (rule.by) {
    case "providerEventId":
      return { ok: true, value: (facts) => facts.providerEventId };
    case "header":
      return { ok: true, value: readHeader(rule.name) };
    case "jsonPath":
      return readPath(rule.path, "dedupe.path");
    case "body":
      return { ok: true, value: (facts) => sha256(facts.request.body) };
  }
}

/** `json:data.object.id` or `header:x-key`. */
export function compileKeyFrom(keyFrom: string | null, problemPath = "keyFrom"): Compiled<ReadFact | null> {
  if (keyFrom === null) return { ok: true, value: null };
  const colon = keyFrom.indexOf(":");
  const [kind, rest] = [keyFrom.slice(0, colon), keyFrom.slice(colon + 1)];
  if (kind === "json") return readPath(rest, problemPath);
  if (kind === "header" && /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(rest)) return { ok: true, value: readHeader(rest) };
  return { ok: false, problem: { path: problemPath, message: "Write json:<path> as in json:data.object.id, or header:<name>." } };
}

function readHeader(name: string): ReadFact {
  const lower = name.toLowerCase();
  return ({ request }) => {
    const value = headerValue(request.headers, lower);
    return value === undefined || value === "" ? null : value;
  };
}

function readPath(text: string, problemPath: string): Compiled<ReadFact> {
  const compiled = compilePath(text);
  if (!compiled.ok) return { ok: false, problem: { path: problemPath, message: compiled.message } };
  return { ok: true, value: (facts) => factText(compiled.path.get(facts.json())) };
}

/** A short text or a whole number; above 2^53 two ids could become one number, so such a number is no fact. */
function factText(value: unknown): string | null {
  if (typeof value === "string") return value === "" ? null : value;
  if (typeof value === "number" && Number.isSafeInteger(value)) return String(value);
  return null;
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8"));
  } catch {
    return undefined;
  }
}

function sha256(value: string | Uint8Array): string {
  return createHash("sha256").update(value).digest("base64url");
}
