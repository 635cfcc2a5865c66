// Items under the rules of their source: what each of them gets, and which bodies are left whole.
import { describe, expect, test } from "vitest";
import { EVENT_KEY_CHARACTERS_MAX, EVENT_TYPE_CHARACTERS_MAX, SPLIT_ITEMS_MAX } from "../limits.ts";
import { compileDedupe, compileKeyFrom } from "./catalog-extract.ts";
import type { FactReaders } from "./facts.ts";
import { splitItems } from "./split.ts";

const dedupe = compileDedupe("src_1", { by: "providerEventId", windowMs: 1000 });
const keyFrom = compileKeyFrom("json:data.user_id");

function readersOf(provider: string): FactReaders {
  if (!dedupe.ok || !keyFrom.ok) throw new Error("the rules must compile");
  return { provider, dedupe: dedupe.value, keyOf: (facts) => keyFrom.value?.(facts) ?? null };
}

function itemsOf(provider: string, body: string, headers: string[] = []) {
  const request = { method: "POST", pathTail: "", query: "", headers, remoteAddress: "192.0.2.1", body: Buffer.from(body) };
  return splitItems(readersOf(provider), request);
}

describe("an item", () => {
  test("without id, type, time or key is an event all the same", () => {
    const nothing = { type: "unknown", key: null, providerEventId: null, occurredAt: null, dedupe: null, contentType: null };
    expect(itemsOf("auth0", "[{}]")).toEqual([{ ...nothing, body: Buffer.from("{}") }]);
  });

  test("is deduped by its own id under the rule of its source", () => {
    const [a, b, again] = itemsOf("auth0", '[{"log_id":"a"},{"log_id":"b"},{"log_id":"a"}]')!;
    expect([a!.dedupe?.windowMs, a!.dedupe?.key === again!.dedupe?.key, a!.dedupe?.key === b!.dedupe?.key]).toEqual([1000, true, false]);
  });

  test("has its type and key cut to what the store keeps", () => {
    const [item] = itemsOf("auth0", JSON.stringify([{ data: { type: "t".repeat(256), user_id: "k".repeat(1000) } }]))!;
    expect([item!.type.length, item!.key?.length]).toEqual([Math.min(256, EVENT_TYPE_CHARACTERS_MAX), EVENT_KEY_CHARACTERS_MAX]);
  });

  test("has a media type of its own only where the batch's says something else", () => {
    const form = `mandrill_events=${encodeURIComponent('[{"event":"open"}]')}`;
    const typeOf = (items: ReturnType<typeof itemsOf>) => items?.map(({ contentType }) => contentType);
    expect(typeOf(itemsOf("mandrill", form, ["content-type", "application/x-www-form-urlencoded"]))).toEqual(["application/json"]);
    const cloudEvents = ["Content-Type", "application/cloudevents-batch+json; charset=utf-8"];
    expect(typeOf(itemsOf("none", "[{}]", cloudEvents))).toEqual(["application/cloudevents+json"]);
    for (const type of ["application/json; charset=utf-8", "text/plain"])
      expect(typeOf(itemsOf("auth0", "[{}]", ["content-type", type]))).toEqual([null]);
  });
});

describe("a request is one event", () => {
  const list = (items: number) => `[${Array.from({ length: items }, () => "{}").join(",")}]`;

  test.each<[string, string, string]>([
    ["when its provider has no batches", "github", "[{}]"],
    ["when no provider of this version has its id", "no-such-provider", "[{}]"],
    ["when its body is no batch", "auth0", "{}"],
    ["when its body is no JSON", "auth0", "[{}"],
    ["when an item is no object", "auth0", "[{},1]"],
    ["when it has no items", "auth0", "[]"],
    ["when it has one item too many", "auth0", list(SPLIT_ITEMS_MAX + 1)],
    ["when it is a list of a provider that may send CloudEvents, without their media type", "none", "[{}]"],
  ])("%s", (_, provider, body) => {
    expect(itemsOf(provider, body)).toBeNull();
  });

  test("and no more than the bound is split, which the SDK would still cut", () => {
    expect(itemsOf("auth0", list(SPLIT_ITEMS_MAX))).toHaveLength(SPLIT_ITEMS_MAX);
  });
});
