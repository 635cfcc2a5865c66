// The catalog: secrets that expire, dedupe and ordering keys, routing of subscriptions, and what a full store does to memory.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createSigner } from "@posthorn/sdk";
import { createIdSource, newId } from "../../src/core/id.ts";
import type { Source } from "../../src/core/source.ts";
import { type Catalog, createCatalog } from "../../src/flow/catalog.ts";
import { createFacts } from "../../src/flow/catalog-extract.ts";
import { hashApiKey, newIngestToken, newSigningSecret } from "../../src/flow/catalog-keys.ts";
import { destinationDefaults } from "../../src/http/destination-fields.ts";
import { sourceDefaults } from "../../src/http/source-fields.ts";
import { createSealer } from "../../src/store/sealer.ts";
import { StoreUnavailableError } from "../../src/store/store.ts";
import { systemRandom } from "../../src/system/random.ts";
import { createTestClock } from "../kit/clock.ts";
import { openTestStore, type TestStore, watchStore } from "../kit/store.ts";

const clock = createTestClock();
const ids = createIdSource(clock, systemRandom);
const sealer = createSealer(new Uint8Array(32).fill(1), systemRandom);
let rig: TestStore;
let catalog: Catalog;
const load = (store = rig.store) =>
  createCatalog({ store, sealer, clock, ids, checkUrl: (url) => ({ ok: true, url: new URL(url) }), checkHeaders: () => ({ ok: true }) });
beforeEach(async () => {
  rig = await openTestStore({ clock });
  catalog = await load();
});
afterEach(() => rig.dispose());

function source(fields: Partial<Source> = {}): Source {
  return {
    ...sourceDefaults(),
    id: newId(ids, "src"),
    name: "s",
    token: newIngestToken(systemRandom),
    createdAt: clock.now(),
    updatedAt: clock.now(),
    ...fields,
  };
}

async function saved(fields: Partial<Source> = {}) {
  const value = source(fields);
  expect(await catalog.saveSource(value)).toMatchObject({ ok: true });
  return catalog.sourceByToken(value.token)!;
}

describe("secrets of a source", () => {
  test("stop verifying when they expire, without anybody saving anything", async () => {
    const [older, newer] = [newSigningSecret(systemRandom), newSigningSecret(systemRandom)];
    const now = clock.now();
    const live = await saved({
      provider: "standard-webhooks",
      secrets: [
        { value: newer, expiresAt: now + 20_000 },
        { value: older, expiresAt: now + 10_000 },
      ],
    });
    const body = Buffer.from("{}");
    const verify = (secret: string, at: number) => {
      const { headers } = createSigner({ provider: "standard-webhooks", secrets: [secret] }).sign({
        id: "msg_1",
        timestampSeconds: at / 1000,
        body,
      });
      return live.verify({ method: "POST", headers, body }, at);
    };
    expect(verify(older, now + 9_999)).toMatchObject({ ok: true });
    expect(verify(older, now + 10_000)).toMatchObject({ ok: false, cause: "signature_mismatch" });
    expect(verify(newer, now + 10_000)).toMatchObject({ ok: true });
    expect(verify(newer, now + 20_000)).toMatchObject({ ok: false, cause: "no_secret", message: expect.stringContaining("expired") });
  });

  test("are sealed in the store", async () => {
    const live = await saved({
      provider: "token",
      secrets: [{ value: "very-secret-token", expiresAt: null }],
      auth: { kind: "bearer", token: "other-secret", required: true },
    });
    const { rows } = await rig.store.config();
    expect(rows.map(({ doc, sealed }) => doc + Buffer.from(sealed ?? []).toString("latin1")).join()).not.toMatch(
      /secret-token|other-secret/,
    );
    expect((await load()).liveSource(live.source.id)?.source).toEqual(live.source);
  });
});

describe("dedupe and ordering keys", () => {
  const facts = (body: string, headers: string[] = [], providerEventId: string | null = null) =>
    createFacts({ method: "POST", pathTail: "", query: "", headers, remoteAddress: "", body: Buffer.from(body) }, providerEventId);

  test("read header, JSON path, body and provider's id, scoped to the source", async () => {
    const windowMs = 1000;
    const byHeader = await saved({ dedupe: { by: "header", name: "X-Id", windowMs } });
    expect(byHeader.dedupe?.keyOf(facts("", ["x-ID", "7"]))).toBe(`${byHeader.source.id}:header:7`);
    expect(byHeader.dedupe?.keyOf(facts(""))).toBeNull();
    const byPath = await saved({ dedupe: { by: "jsonPath", path: "a[0].id", windowMs }, keyFrom: "json:a[0].user" });
    expect(byPath.dedupe?.keyOf(facts('{"a":[{"id":5}]}'))).toBe(`${byPath.source.id}:jsonPath:5`);
    for (const body of ["", "{", "[]", '{"a":[{"id":null}]}', '{"a":[{"id":12345678901234567890}]}', '{"a":[{"id":{}}]}'])
      expect(byPath.dedupe?.keyOf(facts(body))).toBeNull();
    expect(byPath.keyOf(facts('{"a":[{"user":"u"}]}'))).toBe("u");
    const byBody = await saved({ dedupe: { by: "body", windowMs } });
    expect(byBody.dedupe?.keyOf(facts("x"))).not.toBe(byBody.dedupe?.keyOf(facts("y")));
    const byId = await saved();
    expect(byId.dedupe?.keyOf(facts("", [], "evt"))).toBe(`${byId.source.id}:providerEventId:evt`);
    expect(byId.dedupe!.keyOf(facts("", [], "x".repeat(5000)))!.length).toBeLessThan(120);
    expect((await saved({ dedupe: { by: "none" } })).dedupe).toBeNull();
  });
});

describe("subscriptions", () => {
  test("are found by source, with the ones that name none, and follow every change", async () => {
    const [one, two] = [await saved(), await saved()];
    const destinationId = newId(ids, "dst");
    await catalog.saveDestination({
      ...destinationDefaults(10),
      id: destinationId,
      name: "d",
      type: "http",
      url: "https://a.example/",
      createdAt: 0,
      updatedAt: 0,
    });
    const make = async (sourceId: string | null) => {
      const outcome = await catalog.saveSubscription({
        id: newId(ids, "sub"),
        name: null,
        enabled: true,
        sourceId,
        tenantId: null,
        eventTypes: [],
        channels: [],
        filter: null,
        delayMs: 0,
        expireAfterMs: null,
        destinationId,
        createdAt: 0,
        updatedAt: 0,
      });
      return outcome.ok && outcome.value !== null ? outcome.value.id : "";
    };
    const [all, first] = [await make(null), await make(one.source.id)];
    const found = (id: string | null) => catalog.subscriptionsFor(id).map(({ subscription }) => subscription.id);
    expect([found(one.source.id), found(two.source.id), found(null)]).toEqual([[all, first], [all], [all]]);
    await catalog.updateSubscription(first, (current) => ({ ...current, sourceId: two.source.id }));
    expect([found(one.source.id), found(two.source.id)]).toEqual([[all], [all, first]]);
    await catalog.remove("subscription", all);
    expect([found(one.source.id), found(null)]).toEqual([[], []]);
    expect(await catalog.remove("destination", destinationId)).toEqual({ ok: false, cause: "in_use", usedBy: [first] });
    await catalog.disableDestination(destinationId, "410");
    await catalog.disableDestination(destinationId, "again");
    expect(catalog.destination(destinationId)?.state).toMatchObject({ kind: "disabled", reason: "410" });
  });
});

describe("a store that cannot commit", () => {
  test("leaves memory as it was, and the next change goes through", async () => {
    const watched = watchStore(rig.store);
    catalog = await load(watched.store);
    const live = await saved();
    watched.fail("applyConfig", new StoreUnavailableError("disk full"), 2);
    await expect(catalog.updateSource(live.source.id, (current) => ({ ...current, name: "lost" }))).rejects.toThrow(StoreUnavailableError);
    await expect(catalog.remove("source", live.source.id)).rejects.toThrow(StoreUnavailableError);
    expect(catalog.liveSource(live.source.id)?.source.name).toBe("s");
    expect(await catalog.updateSource(live.source.id, (current) => ({ ...current, name: "kept" }))).toMatchObject({ ok: true });
    expect(catalog.sourceByToken(live.source.token)?.source.name).toBe("kept");
  });
});

describe("the preset key", () => {
  test("follows the settings: the old one ends", async () => {
    await catalog.presetApiKey("first-preset-key");
    await catalog.presetApiKey("first-preset-key");
    expect(catalog.apiKeys()).toHaveLength(1);
    await catalog.presetApiKey("second-preset-key");
    expect(catalog.apiKeyByHash(hashApiKey("first-preset-key"))).toBeUndefined();
    expect(catalog.apiKeyByHash(hashApiKey("second-preset-key"))?.scopes).toEqual(["admin"]);
  });
});
