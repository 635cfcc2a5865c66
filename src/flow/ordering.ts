// Where an event stands in the order of a destination: its key, and the provider's own place for those that hold back.
import { createHash } from "node:crypto";
import { extract } from "@posthorn/sdk";
import type { Destination, DestinationOrdering, HoldBack } from "../core/destination.ts";
import type { Event } from "../core/event.ts";
import type { FieldProblem } from "../errors.ts";
import type { OrderPlace } from "../store/store.ts";
import type { Catalog } from "./catalog.ts";
import { compileKeyFrom, createFacts, type RequestFacts } from "./catalog-extract.ts";
import { occurredAtOf } from "./facts.ts";
import { LARGE_BODY_BYTES, type LargeBodies } from "./large-bodies.ts";

// Keys stand in an index of everything that waits, so a long one is replaced by its hash.
const KEY_CHARACTERS_MAX = 128;
/** The one line of a destination that has no keys. */
const ONE_LINE = "";

type Ordered = Exclude<DestinationOrdering, { kind: "unordered" }>;

/** How a destination that orders reads events. `provider` is that of the event's source; null for what was published. */
export interface PlaceRules {
  ordering: Ordered;
  provider: string | null;
}

export interface OrderedDispatch {
  order: OrderPlace | null;
  /** Not before this time, in ms since the Unix epoch: those that belong before it may still come. */
  heldUntil: number;
}

const UNORDERED: OrderedDispatch = { order: null, heldUntil: 0 };

export function checkOrdering({ ordering }: Pick<Destination, "ordering">): FieldProblem[] {
  if (ordering.kind === "unordered") return [];
  const problems: FieldProblem[] = [];
  if (ordering.kind === "fifoByKey" && ordering.key !== "event") problems.push(...problemOf(ordering.key, "ordering.key"));
  if (ordering.holdBack?.by === "sequence") problems.push(...problemOf(ordering.holdBack.from, "ordering.holdBack.from"));
  return problems;
}

function problemOf(from: string, path: string): FieldProblem[] {
  const compiled = compileKeyFrom(from, path);
  return compiled.ok ? [] : [compiled.problem];
}

/** At once for an ordinary body; a promise when a large one has to be looked into. */
export function orderOf(
  catalog: Pick<Catalog, "destination" | "liveSource">,
  largeBodies: Pick<LargeBodies, "place">,
  event: Event,
  destinationId: string,
): OrderedDispatch | Promise<OrderedDispatch> {
  const ordering = catalog.destination(destinationId)?.ordering;
  if (ordering === undefined || ordering.kind === "unordered") return UNORDERED;
  const provider = event.sourceId === null ? null : (catalog.liveSource(event.sourceId)?.source.provider ?? null);
  const rules: PlaceRules = { ordering, provider };
  if (event.bodyBytes <= LARGE_BODY_BYTES || !needsBody(ordering, event)) return held(ordering.holdBack, event, readPlace(rules, event));
  return largeBodies.place(rules, event).then((place) => held(ordering.holdBack, event, place));
}

function held(holdBack: HoldBack | null, event: Event, order: OrderPlace | null): OrderedDispatch {
  const waits = order !== null && order.position !== null && holdBack !== null;
  return { order, heldUntil: waits ? event.receivedAt + holdBack.waitMs : 0 };
}

/** The place of a replayed event: in the order of its job, which is why no provider's place counts. */
export async function replayOrderOf(...args: Parameters<typeof orderOf>): Promise<OrderPlace | null> {
  const { order } = await orderOf(...args);
  return order === null ? null : { ...order, position: null };
}

/** Null for an event without the key: it goes in no order. */
export function readPlace({ ordering, provider }: PlaceRules, event: Event): OrderPlace | null {
  const facts = createFacts(event.request, event.providerEventId);
  const key = readKey(ordering, event, facts);
  if (key === null) return null;
  return { key, position: ordering.holdBack === null ? null : positionOf(ordering.holdBack, provider, event, facts) };
}

function readKey(ordering: Ordered, event: Event, facts: RequestFacts): string | null {
  if (ordering.kind === "fifo") return ONE_LINE;
  const key = ordering.key === "event" ? event.key : readFact(ordering.key, facts);
  return key !== null && key.length > KEY_CHARACTERS_MAX ? `sha256:${createHash("sha256").update(key).digest("base64url")}` : key;
}

function positionOf(holdBack: HoldBack, provider: string | null, event: Event, facts: RequestFacts): OrderPlace["position"] {
  switch (holdBack.by) {
    case "timestamp": {
      const at = event.occurredAt ?? providerTime(provider, event);
      return at === null ? null : { by: "timestamp", at };
    }
    case "sequence": {
      const text = readFact(holdBack.from, facts);
      const at = text !== null && /^-?\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
      return Number.isSafeInteger(at) ? { by: "sequence", at } : null;
    }
  }
}

/** Accept reads a provider's time only where that costs nothing; here somebody has asked for it. */
function providerTime(provider: string | null, event: Event): number | null {
  return provider === null ? null : occurredAtOf(extract(provider, event.request, ["timeMs"]).timeMs);
}

// Few rules, and asked of every event: compiling one takes longer than reading by it.
const COMPILED_MAX = 1_000;
const compiled = new Map<string, (facts: RequestFacts) => string | null>();

function readFact(from: string, facts: RequestFacts): string | null {
  let read = compiled.get(from);
  if (read === undefined) {
    const made = compileKeyFrom(from);
    read = (made.ok ? made.value : null) ?? (() => null);
    if (compiled.size >= COMPILED_MAX) compiled.clear();
    compiled.set(from, read);
  }
  return read(facts);
}

function needsBody(ordering: Ordered, event: Event): boolean {
  if (ordering.kind === "fifoByKey" && ordering.key.startsWith("json:")) return true;
  const { holdBack } = ordering;
  return holdBack?.by === "timestamp" ? event.occurredAt === null : holdBack?.from.startsWith("json:") === true;
}
