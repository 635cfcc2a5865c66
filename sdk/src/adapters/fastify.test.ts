// The adapter of Fastify with the real framework; the rest of the app must parse its JSON as before.
import { text } from "node:stream/consumers";
import Fastify, { type FastifyInstance } from "fastify";
import { describe, expect, test } from "vitest";
import { webhook, type WebhookOptions } from "@posthorn/sdk/fastify";
import { adapterCases, BODY, github, nothing, noting, post, type Served } from "../../tests/adapter-cases.ts";
import { handshakeCases } from "../../tests/handshake-cases.ts";

async function listening(app: FastifyInstance): Promise<Served> {
  const url = await app.listen({ port: 0, host: "127.0.0.1" });
  return { url, close: () => app.close() };
}

describe("Fastify", () => {
  const serve = (options: WebhookOptions) => {
    const app = Fastify({ forceCloseConnections: true });
    app.register(webhook({ ...options, path: "/hooks" }));
    return listening(app);
  };
  adapterCases(serve);
  handshakeCases(serve);

  test("the route has no other methods than the provider needs", async () => {
    const server = await serve(noting(nothing(), { provider: "meta", params: { verifyToken: "a-fixture-token" } }));
    expect((await post({ url: `${server.url}/hooks`, method: "GET" })).status).toBe(405);
    expect((await post({ url: `${server.url}/hooks`, method: "OPTIONS" })).status).toBe(404);
    await server.close();
  });

  test("other routes of the app keep their parsers and limits", async () => {
    const seen = nothing();
    const app = Fastify({ bodyLimit: 100, forceCloseConnections: true });
    app.register(webhook({ ...noting(seen), path: "/github" }), { prefix: "/hooks" });
    app.post("/echo", (request, reply) => reply.send({ got: request.body }));
    const server = await listening(app);
    const large = JSON.stringify({ text: "x".repeat(500) });
    expect((await post({ url: `${server.url}/hooks/github`, body: large, headers: await github(large) })).status).toBe(200);
    const json = { "content-type": "application/json" };
    const echoed = await post({ url: `${server.url}/echo`, body: '{"a": 1}', headers: json });
    expect(JSON.parse(echoed.text)).toEqual({ got: { a: 1 } });
    expect((await post({ url: `${server.url}/echo`, body: large, headers: json })).status).toBe(413);
    expect((await post({ url: `${server.url}/echo`, body: "a,b", headers: { "content-type": "text/csv" } })).status).toBe(415);
    await server.close();
  });

  test("a hook that has read the request is a mistake that is named", async () => {
    const seen = nothing();
    const app = Fastify({ forceCloseConnections: true });
    app.addHook("onRequest", async (request) => {
      await text(request.raw);
    });
    app.register(webhook({ ...noting(seen), path: "/hooks" }));
    const server = await listening(app);
    const reply = await post({ url: `${server.url}/hooks`, body: BODY, headers: await github(BODY) });
    expect(reply.status).toBe(500);
    expect(reply.text).toContain("preParsing");
    expect(seen.events).toEqual([]);
    await server.close();
  });
});
