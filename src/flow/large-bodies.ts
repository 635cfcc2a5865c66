// Work on bodies above 1 MiB, off the event loop: parsing 200,000 keys takes 170 ms, in which no other request would be answered.
import { Worker } from "node:worker_threads";
import type { Event, RawRequest } from "../core/event.ts";
import type { Source } from "../core/source.ts";
import type { MatchVerdict, Subscription } from "../core/subscription.ts";
import type { AcceptItem, OrderPlace } from "../store/store.ts";
import type { Facts } from "./facts.ts";
import type { PlaceRules } from "./ordering.ts";

export const LARGE_BODY_BYTES = 1024 ** 2;
// A body is at most 25 MiB; one whose values need more than this ends its thread and not the program.
const HEAP_MIB_MAX = 1024;

/** What a thread needs of a source to read a request's facts. */
export type FactRules = Pick<Source, "id" | "provider" | "dedupe" | "keyFrom">;

export type LargeBodyTask =
  | { kind: "facts"; rules: FactRules; request: RawRequest }
  | { kind: "items"; rules: FactRules; request: RawRequest }
  | { kind: "place"; rules: PlaceRules; event: Event }
  | { kind: "verdicts"; subscriptions: Subscription[]; event: Event };

export type LargeBodyReply = { id: number; ok: true; result: unknown } | { id: number; ok: false; message: string };

export interface LargeBodies {
  /** Rejects when the thread fails: the request is then not accepted. */
  facts(rules: FactRules, request: RawRequest): Promise<Facts>;
  /** As `splitItems`. Rejects when the thread fails. */
  items(rules: FactRules, request: RawRequest): Promise<AcceptItem[] | null>;
  /** As `readPlace`. One whose thread fails goes in no order. */
  place(rules: PlaceRules, event: Event): Promise<OrderPlace | null>;
  /** One verdict per subscription. A thread that fails is a filter's error, because an event must not hold up those behind it. */
  verdicts(subscriptions: Subscription[], event: Event): Promise<MatchVerdict[]>;
  close(): Promise<void>;
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** The thread starts with the first large body and is started again after it failed. */
export function createLargeBodies(): LargeBodies {
  const waiting = new Map<number, Waiting>();
  let thread: Worker | null = null;
  let lastId = 0;

  function start(): Worker {
    const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
    const started = new Worker(new URL(`./large-bodies-thread.${extension}`, import.meta.url), {
      name: "posthorn-large-bodies",
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB_MAX },
    });
    started.unref();
    let cause = "it ended";
    started.on("error", (error: Error) => {
      cause = error.message;
    });
    started.on("exit", () => {
      if (thread === started) thread = null;
      for (const call of waiting.values()) call.reject(new Error(`The thread for large bodies failed: ${cause}.`));
      waiting.clear();
    });
    started.on("message", (reply: LargeBodyReply) => {
      const call = waiting.get(reply.id);
      waiting.delete(reply.id);
      if (reply.ok) call?.resolve(reply.result);
      else call?.reject(new Error(reply.message));
    });
    return started;
  }

  function run(task: LargeBodyTask): Promise<unknown> {
    thread ??= start();
    lastId += 1;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    waiting.set(lastId, { resolve, reject });
    thread.postMessage({ id: lastId, task });
    return promise;
  }

  return {
    facts: async (rules, request) => (await run({ kind: "facts", rules, request })) as Facts,
    items: async (rules, request) => (await run({ kind: "items", rules, request })) as AcceptItem[] | null,
    place: async (rules, event) => (await run({ kind: "place", rules, event }).catch(() => null)) as OrderPlace | null,
    async verdicts(subscriptions, event) {
      try {
        return (await run({ kind: "verdicts", subscriptions, event })) as MatchVerdict[];
      } catch (error) {
        const message = `The body could not be looked into. ${error instanceof Error ? error.message : String(error)}`;
        return subscriptions.map(() => ({ matched: false, cause: "filter_error", path: "body", message }));
      }
    },
    async close() {
      await thread?.terminate();
    },
  };
}
