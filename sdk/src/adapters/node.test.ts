// The adapter of node:http, over real sockets, and what only it can see: a sender that hangs up.
import { connect } from "node:net";
import { describe, expect, test, vi } from "vitest";
import { webhook } from "@posthorn/sdk/node";
import { adapterCases, BODY, github, nothing, noting, post } from "../../tests/adapter-cases.ts";
import { listen } from "../../tests/fetch-server.ts";
import { handshakeCases } from "../../tests/handshake-cases.ts";

describe("node:http", () => {
  adapterCases((options) => listen(webhook(options)));
  handshakeCases((options) => listen(webhook(options)));

  test("sees a header that is there twice, which frameworks join", async () => {
    const seen = nothing();
    const server = await listen(webhook(noting(seen)));
    const headers = await github(BODY);
    const signature = headers["x-hub-signature-256"]!;
    await post({ url: server.url, body: BODY, headers: { ...headers, "x-hub-signature-256": [signature, signature] } });
    expect(seen.failures.map(({ cause }) => cause)).toEqual(["duplicate_header"]);
    await server.close();
  });

  test("a sender that hangs up in the middle reaches no handler, and the server lives on", async () => {
    const seen = nothing();
    let settled: Promise<void> | undefined;
    const listener = webhook(noting(seen));
    const arrived = Promise.withResolvers<void>();
    const server = await listen((request, response) => {
      settled ??= listener(request, response);
      arrived.resolve();
    });
    const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
    socket.on("error", () => undefined);
    socket.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{");
    await arrived.promise;
    socket.destroy();
    await settled;
    expect(seen).toEqual(nothing());
    await server.close();
  });

  test("a body whose bytes were decoded by setEncoding is a mistake that is named", async () => {
    const seen = nothing();
    const listener = webhook(noting(seen));
    const server = await listen((request, response) => listener(request.setEncoding("utf8"), response));
    const reply = await post({ url: server.url, body: BODY, headers: await github(BODY) });
    expect(reply.status).toBe(500);
    expect(reply.text).toContain("first to read");
    expect(seen.errors).toHaveLength(1);
    await server.close();
  });

  test("a callback that throws changes no answer", async () => {
    const seen = nothing();
    const onFailure = () => {
      throw new Error("the log is full");
    };
    const server = await listen(webhook(noting(seen, { onFailure })));
    expect((await post({ url: server.url, body: BODY })).status).toBe(401);
    expect(seen.errors.map(String)).toEqual(["Error: the log is full"]);
    await server.close();
  });

  test("without onError the error of a handler is printed", async () => {
    const print = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const failed = new Error("nobody listens");
    const handler = () => {
      throw failed;
    };
    const server = await listen(webhook(noting(nothing(), { handler, onError: undefined })));
    expect((await post({ url: server.url, body: BODY, headers: await github(BODY) })).status).toBe(500);
    expect(print.mock.calls).toEqual([[failed]]);
    print.mockRestore();
    await server.close();
  });
});
