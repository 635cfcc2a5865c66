// The adapter of Express with the real framework, before and behind its body parsers.
import express, { type Express } from "express";
import { describe, expect, test } from "vitest";
import { webhook, type WebhookOptions } from "@posthorn/sdk/express";
import { adapterCases, BODY, github, nothing, noting, post, type Seen } from "../../tests/adapter-cases.ts";
import { listen } from "../../tests/fetch-server.ts";
import { handshakeCases } from "../../tests/handshake-cases.ts";

/** One webhook behind what `mount` puts in front of it. */
async function behind(mount: (app: Express) => unknown, seen: Seen) {
  const app = express();
  mount(app);
  app.post("/hooks", webhook(noting(seen)));
  return listen(app);
}

describe("Express", () => {
  const serve = (options: WebhookOptions) => {
    const app = express();
    app.all("/hooks", webhook(options));
    app.use(express.json());
    return listen(app);
  };
  adapterCases(serve);
  handshakeCases(serve);

  test("behind express.json() it fails with what to do, and never verifies a body written anew", async () => {
    const seen = nothing();
    const server = await behind((app) => app.use(express.json()), seen);
    const reply = await post({ url: `${server.url}/hooks`, body: BODY, headers: await github(BODY) });
    expect(reply.status).toBe(500);
    expect(JSON.parse(reply.text).detail).toContain("before express.json()");
    expect(String(seen.errors[0])).toContain("before express.json()");
    expect(seen.events).toEqual([]);
    await server.close();
  });

  test("behind express.json() a body that the parser did not touch still verifies", async () => {
    const seen = nothing();
    const server = await behind((app) => app.use(express.json()), seen);
    const headers = await github(BODY, { "content-type": "text/plain" });
    expect((await post({ url: `${server.url}/hooks`, body: BODY, headers })).status).toBe(200);
    await server.close();
  });

  test.each<[string, (app: Express) => unknown]>([
    [
      "rawBody kept by express.json()",
      (app) => app.use(express.json({ verify: (request, _response, bytes) => void Object.assign(request, { rawBody: bytes }) })),
    ],
    ["express.raw()", (app) => app.use(express.raw({ type: "*/*" }))],
    ["express.text()", (app) => app.use(express.text({ type: "*/*" }))],
  ])("takes the bytes of %s", async (_, mount) => {
    const seen = nothing();
    const server = await behind(mount, seen);
    expect((await post({ url: `${server.url}/hooks`, body: BODY, headers: await github(BODY) })).status).toBe(200);
    expect(seen.events[0]?.text()).toBe(BODY);
    await server.close();
  });

  test("in a router, the query of the original URL counts", async () => {
    const router = express.Router();
    router.post("/token", webhook({ provider: "token", secret: "a-fixture-token", params: { query: "k" }, handler: () => undefined }));
    const server = await listen(express().use("/in", router));
    expect((await post({ url: `${server.url}/in/token?k=a-fixture-token` })).status).toBe(200);
    await server.close();
  });

  test("handlers get the request of Express", async () => {
    const app = express();
    const params: unknown[] = [];
    app.post(
      "/hooks/:tenant",
      webhook<express.Request>({ provider: "none", handler: (_event, request) => void params.push(request.params["tenant"]) }),
    );
    const server = await listen(app);
    await post({ url: `${server.url}/hooks/acme`, body: BODY });
    expect(params).toEqual(["acme"]);
    await server.close();
  });
});
