// Several nodes behind one port: what one has answered the others know, and each answers only for its roles.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ROLES } from "../../src/core/role.ts";
import { hashApiKey } from "../../src/flow/catalog-keys.ts";
import { createIngest } from "../../src/http/ingest.ts";
import { refuseIngest } from "../../src/http/ingest-elsewhere.ts";
import { createHttpServer, type HttpServer } from "../../src/http/server.ts";
import { createLogger } from "../../src/log.ts";
import type { Role } from "../../src/store/cluster.ts";
import { createSealer } from "../../src/store/sealer.ts";
import { beginNodes, createTestNodes, type TestNode, type TestNodes } from "../kit/nodes.ts";

const ADMIN_KEY = "admin-key-of-these-tests";

let t: TestNodes;
let [a, b]: TestNode[] = [];
let servers: HttpServer[] = [];

beforeEach(async () => {
  t = await createTestNodes();
  [a, b] = await beginNodes(t, "a", "b");
  await a!.catalog.presetApiKey(ADMIN_KEY);
  await b!.catalog.presetApiKey(ADMIN_KEY);
  // From here on nothing reaches another node but what it asks for itself.
  t.clusters.losesSignals = true;
});
afterEach(async () => {
  for (const server of servers.splice(0)) server.server.close().closeAllConnections();
  await t.dispose();
});

async function serve(node: TestNode, roles: readonly Role[] = ROLES) {
  const ingest = createIngest({ acceptor: node.running.acceptor, trustedProxies: [], pendingBytesMax: 1e8 });
  const server = createHttpServer({
    api: {
      store: node.watched.store,
      catalog: node.catalog,
      flow: node.running.flow,
      sealer: createSealer(new Uint8Array(32).fill(7), t.random),
      clock: t.clock,
      ids: t.ids,
      random: t.random,
      log: createLogger({ level: "silent", format: "json" }),
      version: "0.0.0",
      publicUrl: null,
      destinationConcurrency: 10,
      roles,
      isShared: true,
      listsLagMs: () => 1_500,
      metrics: () => [],
    },
    ingest: roles.includes("ingest") ? ingest.handle : refuseIngest,
    bodyBytesMax: 1e6,
    connectionsMax: 100,
  });
  servers.push(server);
  const { url } = await server.listen({ host: "127.0.0.1", port: 0 });
  return async (method: string, path: string, body?: unknown, key: string = ADMIN_KEY) => {
    const headers = { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { "content-type": "application/json" }) };
    const reply = await fetch(`${url}${path}`, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await reply.text();
    return {
      status: reply.status,
      lagMs: reply.headers.get("posthorn-lists-lag-ms"),
      body: text === "" ? null : (JSON.parse(text) as Record<string, never> & { id: string; url: string; code: string }),
    };
  };
}

describe("behind one port", () => {
  test("what was made on one node is there on the other at once: over the API, at its ingest URL, and by a new key", async () => {
    const [onA, onB] = [await serve(a!), await serve(b!)];
    const source = await onA("POST", "/v1/sources", { name: "made on a" });
    expect(source.status).toBe(201);
    expect((await onB("GET", `/v1/sources/${source.body!.id}`)).status).toBe(200);
    const other = await onB("POST", "/v1/sources", { name: "made on b" });
    expect((await onA("POST", new URL(other.body!.url).pathname, {})).status).toBe(200);
    const made = await onA("POST", "/v1/api-keys", { name: "key", scopes: ["read"] });
    const key = (made.body as unknown as { key: string }).key;
    await t.clock.advance(200);
    const asking = onB("GET", "/v1/sources", undefined, key);
    expect((await asking).status).toBe(200);
    expect(b!.catalog.apiKeyByHash(hashApiKey(key))).toBeDefined();
    expect((await onA("DELETE", `/v1/api-keys/${made.body!.id}`)).status).toBe(204);
    expect((await onB("GET", "/v1/sources", undefined, key)).status).toBe(401);
  });

  test("an unknown ingest URL is 404, and 503 while nobody can look whether there is one", async () => {
    const onB = await serve(b!);
    expect((await onB("POST", "/in/nobody", {})).status).toBe(404);
    await t.clock.advance(200);
    b!.watched.fail("configVersion", new Error("scripted"), 1);
    expect((await onB("POST", "/in/nobody", {})).status).toBe(503);
  });

  test("every node is listed, the one that answers marked", async () => {
    const onB = await serve(b!);
    const { body } = await onB("GET", "/v1/nodes");
    expect((body as unknown as { data: unknown[] }).data).toMatchObject([
      { name: "a", roles: [...ROLES], here: false, shards: 32 },
      { name: "b", here: true, shards: 32 },
    ]);
  });
});

test("lists that a replica answers say how old they may be, and what is read from memory says nothing", async () => {
  const ask = await serve(a!);
  for (const list of ["events", "requests", "deliveries", "attempts"]) expect((await ask("GET", `/v1/${list}`)).lagMs).toBe("1500");
  expect((await ask("GET", "/v1/sources")).lagMs).toBeNull();
});

describe("without a role", () => {
  test("its paths are 421 with a sentence, and health stays", async () => {
    const ask = await serve(a!, ["worker"]);
    expect(await ask("POST", "/in/anything", {})).toMatchObject({ status: 421, body: { code: "wrong_role" } });
    expect(await ask("GET", "/v1/sources")).toMatchObject({ status: 421, body: { code: "wrong_role" } });
    expect((await ask("GET", "/livez")).status).toBe(200);
    expect((await ask("GET", "/readyz")).status).toBe(200);
  });

  test("a node that reaches nobody any more says so at /readyz", async () => {
    const ask = await serve(a!);
    t.clusters.cutOff.add("a");
    await t.clock.advance(8_000);
    expect(await ask("GET", "/readyz")).toMatchObject({
      status: 503,
      body: { code: "store_unavailable", detail: expect.stringContaining("other nodes") },
    });
  });
});
