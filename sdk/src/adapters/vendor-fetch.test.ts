// What an adapter asks vendors over the fetch of the runtime: https only, no redirects, no endless answers, no endless waits.
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { KeyQuestion } from "../index.ts";
import { limits } from "../limits.ts";
import { confirm, fetchKey } from "./vendor-fetch.ts";

const closing: (() => void)[] = [];
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  for (const close of closing.splice(0)) close();
});

/** The real fetch, with one server of ours in place of every host of the internet. */
async function vendor(listener: RequestListener): Promise<void> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  closing.push(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const real = globalThis.fetch;
  vi.stubGlobal("fetch", (url: string, init: RequestInit) => real(`http://127.0.0.1:${port}${new URL(url).pathname}`, init));
}

const question: KeyQuestion = { kind: "jwks", id: "keys", method: "GET", url: "https://vendor.example.test/keys", headers: [] };

describe("fetching a key", () => {
  test("answers the text, and sends what the question says", async () => {
    const heard: unknown[] = [];
    await vendor((request, response) => {
      request.setEncoding("utf8").on("data", (text: string) => heard.push(request.method, request.headers["content-type"], text));
      request.on("end", () => response.end('{"keys":"\u00e9"}'));
    });
    const post: KeyQuestion = { ...question, method: "POST", headers: [["content-type", "application/json"]], body: '{"kid":"1"}' };
    expect(await fetchKey(post)).toBe('{"keys":"\u00e9"}');
    expect(heard).toEqual(["POST", "application/json", '{"kid":"1"}']);
  });

  test("takes an answer up to the limit, and no byte more", async () => {
    let bytes: number = limits.vendorAnswerBytesMax;
    await vendor((_request, response) => response.end(Buffer.alloc(bytes, "x")));
    expect(await fetchKey(question)).toHaveLength(bytes);
    bytes += 1;
    await expect(fetchKey(question)).rejects.toThrow("longer than 262144 bytes");
  });

  test("follows no redirect", async () => {
    const asked: unknown[] = [];
    await vendor((request, response) => {
      asked.push(request.url);
      response.writeHead(302, { location: "/elsewhere" }).end();
    });
    await expect(fetchKey(question)).rejects.toThrow("status 302");
    expect(asked).toEqual(["/keys"]);
  });

  test.each([201, 204, 404, 500])("takes no answer with status %i", async (status) => {
    await vendor((_request, response) => response.writeHead(status).end());
    await expect(fetchKey(question)).rejects.toThrow(`status ${status}`);
  });

  test("asks nobody without TLS", async () => {
    const asked = vi.fn<typeof fetch>();
    vi.stubGlobal("fetch", asked);
    await expect(fetchKey({ ...question, url: "http://vendor.example.test/keys" })).rejects.toThrow("not https");
    expect(asked).not.toHaveBeenCalled();
  });

  test("waits 5 s at most, for the whole answer", async () => {
    const deadline = new AbortController();
    const timeout = vi.spyOn(AbortSignal, "timeout").mockReturnValue(deadline.signal);
    // The answer begins and never ends.
    await vendor((_request, response) => {
      response.write("{");
      deadline.abort(new Error("the time is up"));
    });
    await expect(fetchKey(question)).rejects.toThrow("the time is up");
    expect(timeout.mock.calls).toEqual([[5_000]]);
  });
});

describe("confirming", () => {
  test.each([200, 204])("is done when the answer has status %i", async (status) => {
    const asked: unknown[] = [];
    await vendor((request, response) => {
      asked.push(request.method, request.url);
      response.writeHead(status).end();
    });
    await confirm("https://vendor.example.test/confirm?a=1");
    expect(asked).toEqual(["GET", "/confirm"]);
  });

  test.each([302, 403, 503])("is not done with status %i", async (status) => {
    await vendor((_request, response) => response.writeHead(status, { location: "/elsewhere" }).end());
    await expect(confirm("https://vendor.example.test/confirm")).rejects.toThrow(`status ${status}`);
  });
});
