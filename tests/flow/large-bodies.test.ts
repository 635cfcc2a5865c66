// Bodies above 1 MiB are read by a thread: what it finds is what the event loop would have found.
import { afterEach, expect, test } from "vitest";
import type { RawRequest } from "../../src/core/event.ts";
import type { Subscription } from "../../src/core/subscription.ts";
import { compileDedupe, compileKeyFrom } from "../../src/flow/catalog-extract.ts";
import { compileSubscription } from "../../src/flow/catalog-subscription.ts";
import { factsNeedBody, readFacts } from "../../src/flow/facts.ts";
import { createLargeBodies, LARGE_BODY_BYTES, type FactRules } from "../../src/flow/large-bodies.ts";
import { takersOf } from "../../src/flow/takers.ts";

const largeBodies = createLargeBodies();
afterEach(() => largeBodies.close());

const KEYS = Object.fromEntries(Array.from({ length: 80_000 }, (_, index) => [`key-${index}`, index]));
const DOCUMENT = { type: "report.made", report: { id: "rpt_1", customer: "cus_9" }, ...KEYS };

function requestOf(body: Buffer): RawRequest {
  return { method: "POST", pathTail: "", query: "", headers: ["content-type", "application/json"], remoteAddress: "192.0.2.1", body };
}

function eventOf(body: Buffer) {
  return {
    id: "evt_1",
    seq: 1,
    sourceId: null,
    tenantId: null,
    type: "report.made",
    key: null,
    providerEventId: null,
    channels: [],
    requestId: null,
    receivedAt: 0,
    occurredAt: null,
    deliverAt: null,
    deliverBefore: null,
    request: requestOf(body),
    bodyBytes: body.byteLength,
  };
}

function subscriptionOf(id: string, filter: Record<string, unknown>): Subscription {
  return {
    id,
    name: null,
    enabled: true,
    sourceId: null,
    tenantId: null,
    eventTypes: [],
    channels: [],
    filter,
    delayMs: 0,
    expireAfterMs: null,
    destinationId: "dst_1",
    createdAt: 0,
    updatedAt: 0,
  };
}

const RULES: FactRules = {
  id: "src_1",
  provider: "none",
  dedupe: { by: "jsonPath", path: "report.id", windowMs: 1000 },
  keyFrom: "json:report.customer",
};

test("the facts of a large body are the ones of a small one", async () => {
  const request = requestOf(Buffer.from(JSON.stringify(DOCUMENT)));
  expect(request.body.byteLength).toBeGreaterThan(LARGE_BODY_BYTES);
  const dedupe = compileDedupe(RULES.id, RULES.dedupe);
  const keyFrom = compileKeyFrom(RULES.keyFrom);
  if (!dedupe.ok || !keyFrom.ok) throw new Error("the rules must compile");
  const here = readFacts({ provider: RULES.provider, dedupe: dedupe.value, keyOf: (facts) => keyFrom.value?.(facts) ?? null }, request);
  expect(await largeBodies.facts(RULES, request)).toEqual(here);
  expect(here).toMatchObject({ type: "report.made", key: "cus_9" });
  expect(here.dedupeKey).toContain("rpt_1");
});

test("filters that look into a large body are answered by the thread, and decide the same", async () => {
  const event = eventOf(Buffer.from(JSON.stringify(DOCUMENT)));
  const matching = subscriptionOf("sub_yes", { body: { report: { id: "rpt_1" } } });
  const other = subscriptionOf("sub_no", { body: { report: { id: "rpt_2" } } });
  const taking = takersOf([compileSubscription(matching), compileSubscription(other)], event, largeBodies);
  expect(taking).toBeInstanceOf(Promise);
  expect((await taking).map((subscription) => subscription.id)).toEqual(["sub_yes"]);
});

test("a large body that no filter looks into stays on the event loop", () => {
  const event = eventOf(Buffer.from(JSON.stringify(DOCUMENT)));
  const byHeader = compileSubscription(subscriptionOf("sub_1", { headers: { "content-type": "application/json" } }));
  expect(takersOf([byHeader], event, largeBodies)).toMatchObject([{ id: "sub_1" }]);
});

test("a thread that ends is a filter's error, and the next body gets a new one", async () => {
  const event = eventOf(Buffer.from(JSON.stringify(DOCUMENT)));
  const subscription = subscriptionOf("sub_1", { body: { type: "report.made" } });
  const interrupted = largeBodies.verdicts([subscription], event);
  await largeBodies.close();
  expect(await interrupted).toMatchObject([{ matched: false, cause: "filter_error", path: "body" }]);
  expect(await largeBodies.verdicts([subscription], event)).toEqual([{ matched: true }]);
});

test("facts that are only in headers need no body", () => {
  const dedupe = { by: "providerEventId", windowMs: 1 } as const;
  // GitHub's id and type are in headers, and its time in the body is not read here.
  const provider = "github";
  expect(factsNeedBody({ provider, dedupe, keyFrom: null })).toBe(false);
  expect(factsNeedBody({ provider: "stripe", dedupe, keyFrom: null })).toBe(true);
  expect(factsNeedBody({ provider, dedupe: { by: "body", windowMs: 1 }, keyFrom: null })).toBe(true);
  expect(factsNeedBody({ provider, dedupe, keyFrom: "json:repository.id" })).toBe(true);
  expect(factsNeedBody({ provider, dedupe, keyFrom: "header:x-key" })).toBe(false);
});
