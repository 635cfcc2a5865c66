// The adapter of Next's route handlers, called with the framework's own NextRequest.
import { NextRequest } from "next/server.js";
import { describe, expect, test } from "vitest";
import { webhook, webhookHandlers } from "@posthorn/sdk/next";
import { adapterCases, BODY, github, nothing, noting } from "../../tests/adapter-cases.ts";
import { serveFetch } from "../../tests/fetch-server.ts";
import { handshakeCases } from "../../tests/handshake-cases.ts";

describe("Next", () => {
  adapterCases((options) => {
    const POST = webhook<NextRequest>(options);
    return serveFetch((request) => POST(new NextRequest(request)));
  });
  handshakeCases((options) => {
    const handlers = webhookHandlers<NextRequest>(options);
    return serveFetch((request) => handlers[request.method as keyof typeof handlers](new NextRequest(request)));
  });

  test("handlers get the NextRequest", async () => {
    const paths: string[] = [];
    const POST = webhook<NextRequest>({ provider: "none", handler: (_event, { nextUrl }) => void paths.push(nextUrl.pathname) });
    await POST(new NextRequest("http://localhost/api/hooks?a=1", { method: "POST", body: BODY }));
    expect(paths).toEqual(["/api/hooks"]);
  });

  test("a body that was read before fails with what to do", async () => {
    const seen = nothing();
    const request = new NextRequest("http://localhost/hooks", { method: "POST", body: BODY, headers: await github(BODY) });
    await request.json();
    const reply = await webhook(noting(seen))(request);
    expect(reply.status).toBe(500);
    expect(await reply.text()).toContain("first to read");
  });

  test("a sender that hangs up in the middle reaches no handler", async () => {
    const seen = nothing();
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(Buffer.from(BODY.slice(0, 5)));
        controller.error(new Error("cut off"));
      },
    });
    const request = new Request("http://localhost/hooks", { method: "POST", body, duplex: "half" });
    expect((await webhook(noting(seen))(request)).status).toBe(400);
    expect(seen).toEqual(nothing());
  });
});
