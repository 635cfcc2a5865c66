// The adapter of Hono with the real framework: in memory, and behind node:http by its fetch handler.
import { type Context, Hono } from "hono";
import { describe, expect, test } from "vitest";
import { webhook, type WebhookOptions } from "@posthorn/sdk/hono";
import { adapterCases, BODY, github, nothing, noting } from "../../tests/adapter-cases.ts";
import { serveFetch } from "../../tests/fetch-server.ts";
import { handshakeCases } from "../../tests/handshake-cases.ts";

describe("Hono", () => {
  const serve = (options: WebhookOptions) => {
    const app = new Hono();
    app.all("/hooks", webhook(options));
    return serveFetch((request) => app.fetch(request));
  };
  adapterCases(serve);
  handshakeCases(serve);

  test("app.request, and the context for handlers", async () => {
    const app = new Hono<{ Variables: { tenant: string } }>();
    const tenants: string[] = [];
    app.use(async (context, next) => {
      context.set("tenant", "acme");
      await next();
    });
    app.post(
      "/hooks",
      webhook<Context<{ Variables: { tenant: string } }>>({
        provider: "none",
        handlers: { a: (_event, context) => void tenants.push(context.get("tenant")) },
      }),
    );
    expect((await app.request("/hooks", { method: "POST", body: '{"type":"a"}' })).status).toBe(200);
    expect(tenants).toEqual(["acme"]);
  });

  test("behind a middleware that reads the body it fails with what to do", async () => {
    const seen = nothing();
    const app = new Hono();
    app.use(async (context, next) => {
      await context.req.json();
      await next();
    });
    app.post("/hooks", webhook(noting(seen)));
    const reply = await app.request("/hooks", { method: "POST", body: BODY, headers: await github(BODY) });
    expect(reply.status).toBe(500);
    expect(await reply.text()).toContain("first to read");
    expect(seen.events).toEqual([]);
  });

  test("a body that somebody else is reading is the same mistake", async () => {
    const seen = nothing();
    const app = new Hono();
    app.use(async (context, next) => {
      context.req.raw.body?.getReader();
      await next();
    });
    app.post("/hooks", webhook(noting(seen)));
    const reply = await app.request("/hooks", { method: "POST", body: BODY, headers: await github(BODY) });
    expect(await reply.text()).toContain("first to read");
  });
});
