// What a route is: method, path, scope, schemas and a handler, tied together by their types.
import type { z } from "zod";
import type { ApiKey, ApiKeyScope } from "../core/api-key.ts";
import type { IdSource } from "../core/id.ts";
import type { Role } from "../core/role.ts";
import type { Catalog } from "../flow/catalog.ts";
import type { Flow } from "../flow/flow.ts";
import type { Logger } from "../log.ts";
import type { Sealer } from "../store/sealer.ts";
import type { IdempotencyRecord, Store } from "../store/store.ts";
import type { Clock } from "../system/clock.ts";
import type { Random } from "../system/random.ts";
import type { Metric } from "./metrics.ts";

/** Everything the API is built on. */
export interface Api {
  store: Store;
  catalog: Catalog;
  flow: Flow;
  sealer: Sealer;
  clock: Clock;
  ids: IdSource;
  random: Random;
  log: Logger;
  version: string;
  /** How the world reaches this server, without a slash at the end; null goes by the Host header. */
  publicUrl: string | null;
  /** `concurrencyMax` of a destination that is made without one. */
  destinationConcurrency: number;
  /** What this node does; routes under /v1 want `api`. */
  roles: readonly Role[];
  /** Whether other nodes may change what this one has in memory. */
  isShared: boolean;
  /** How old what lists answer may be, in ms; null where no replica answers them. */
  listsLagMs: () => number | null;
  /** Counted elsewhere; read at every scrape. */
  metrics: () => readonly Metric[];
}

export type Answer =
  | { kind: "json"; status: number; body: unknown; headers?: Record<string, string> }
  | { kind: "bytes"; status: number; contentType: string; body: Uint8Array | string; headers?: Record<string, string> }
  | { kind: "none"; status: 204 }
  /** The handler writes to the socket itself, for as long as the client listens. */
  | { kind: "stream"; open: (stream: AnswerStream) => void };

/** The part of a response a stream needs. `write` answers false when the client is slower than we are. */
export interface AnswerStream {
  write(text: string): boolean;
  onDrain(listener: () => void): void;
  onClose(listener: () => void): void;
}

export interface Call<Body = undefined, Query = undefined> {
  api: Api;
  /** From the path; empty on routes without one. */
  id: string;
  body: Body;
  query: Query;
  key: ApiKey;
  /** Body as sent, for what must keep its exact bytes. */
  rawBody: Uint8Array;
  idempotencyKey: string | null;
  remoteAddress: string;
  /** Where this server is for this caller, without a slash at the end. */
  baseUrl: string;
  /** The record that makes this answer repeatable; null without an Idempotency-Key. */
  remember(status: number, body: unknown): IdempotencyRecord | null;
  /** The answer of the request that used this key first. */
  repeat(record: IdempotencyRecord): Answer;
}

export type Method = "GET" | "POST" | "PATCH" | "DELETE";

/** `bytes`, `text` and `events` are answers that are not JSON; `none` has no body. */
export type AnswerShape = z.ZodType | "bytes" | "text" | "events" | "none";

export interface Shapes {
  query?: z.ZodType;
  body?: z.ZodType;
  200?: AnswerShape;
  201?: AnswerShape;
  202?: AnswerShape;
  204?: AnswerShape;
  /** What a 200 can be beside `application/json`, by media type. */
  otherTypes?: Readonly<Record<string, z.ZodType>>;
}

type Output<T> = T extends z.ZodType ? z.output<T> : undefined;

export interface Route {
  method: Method;
  path: string;
  /** Null needs no key. */
  scope: ApiKeyScope | null;
  summary: string;
  shapes: Shapes;
  /** The handler's name is the operation's id. */
  operationId: string;
  handle(call: Call<unknown, unknown>): Promise<Answer>;
}

export function route<S extends Shapes>(
  method: Method,
  path: string,
  scope: ApiKeyScope | null,
  summary: string,
  shapes: S,
  handler: (call: Call<Output<S["body"]>, Output<S["query"]>>) => Answer | Promise<Answer>,
): Route {
  return {
    method,
    path,
    scope,
    summary,
    shapes,
    operationId: handler.name,
    // The pipeline validates with these very shapes before it calls, which is what makes the types true.
    handle: async (call) => handler(call as Call<Output<S["body"]>, Output<S["query"]>>),
  };
}

export function json(status: number, body: unknown, headers?: Record<string, string>): Answer {
  return headers === undefined ? { kind: "json", status, body } : { kind: "json", status, body, headers };
}

export const NO_CONTENT: Answer = { kind: "none", status: 204 };
