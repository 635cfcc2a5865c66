// What every adapter must do, over real sockets: the same cases for each framework.
import { request as httpRequest } from "node:http";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import type { WebhookEvent } from "../src/adapters/event.ts";
import type { WebhookFailure, WebhookOptions } from "../src/adapters/options.ts";
import { sign, type SignedHeaders, type SignOptions } from "../src/index.ts";

export const SECRET = "a-fixture-secret-of-adapters";
export const BODY = '{ "action": "opened",\n  "name": "J\u00f6rg" }';

export interface Served {
  readonly url: string;
  close(): Promise<void>;
}

/** Starts a server of the framework with one webhook at `/hooks`, for every method. */
export type Serve = (options: WebhookOptions) => Promise<Served>;

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

export interface Post {
  readonly url: string;
  /** Default POST. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Several pieces are sent chunked. */
  readonly body?: string | Uint8Array | readonly (string | Uint8Array)[];
}

/** One request by node:http, which neither joins headers nor decodes bodies. */
export function post({ url, method = "POST", headers = {}, body = "" }: Post): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const pieces = Array.isArray(body) ? (body as (string | Uint8Array)[]) : undefined;
    const length = pieces === undefined && method === "POST" ? { "content-length": Buffer.byteLength(body as string | Uint8Array) } : {};
    const request = httpRequest(url, { method, headers: { ...length, ...headers }, agent: false });
    request.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(chunks).toString("utf8") }),
      );
      response.on("error", reject);
    });
    request.on("error", reject);
    if (pieces === undefined) return void request.end(body as string | Uint8Array);
    for (const piece of pieces) request.write(piece);
    request.end();
  });
}

/** Headers of a request that is signed as the provider signs. */
export async function signed(options: SignOptions): Promise<Record<string, string>> {
  const { headers } = await Promise.resolve<SignedHeaders>(sign(options));
  return Object.fromEntries(headers);
}

export function github(body: string | Uint8Array, more: Record<string, string> = {}): Promise<Record<string, string>> {
  return signed({ provider: "github", secret: SECRET, id: "d-1", type: "push", body }).then((headers) => ({
    "content-type": "application/json",
    ...headers,
    ...more,
  }));
}

export interface Seen {
  events: WebhookEvent[];
  failures: WebhookFailure[];
  errors: unknown[];
}

/** Options that note what they are called with. */
export function noting(seen: Seen, more: Partial<WebhookOptions> = {}): WebhookOptions {
  return {
    provider: "github",
    secret: SECRET,
    handler: (event: WebhookEvent) => void seen.events.push(event),
    onFailure: (failure: WebhookFailure) => seen.failures.push(failure),
    onError: (error: unknown) => seen.errors.push(error),
    ...more,
  };
}

export const nothing = (): Seen => ({ events: [], failures: [], errors: [] });

export function adapterCases(serve: Serve): void {
  let server: Served | undefined;
  let seen: Seen;
  async function start(more: Partial<WebhookOptions> = {}): Promise<string> {
    seen = nothing();
    server = await serve(noting(seen, more));
    return `${server.url}/hooks`;
  }
  afterEach(async () => {
    await server?.close();
    server = undefined;
  });

  describe("takes the bytes as they came:", () => {
    const binary = Uint8Array.from({ length: 70_000 }, (_, index) => (index * 7) % 256);
    test.each<[string, string | Uint8Array, Record<string, string>]>([
      ["JSON with spaces and an umlaut", BODY, {}],
      ["binary", binary, { "content-type": "application/octet-stream" }],
      ["nothing", "", {}],
      ["a form", "a=1&b=%20", { "content-type": "application/x-www-form-urlencoded" }],
      ["gzip", gzipSync(BODY), { "content-encoding": "gzip" }],
      ["broken JSON", '{"a":', {}],
      ["text in Latin-1", Buffer.from("J\u00f6rg", "latin1"), { "content-type": "text/plain; charset=iso-8859-1" }],
    ])("%s", async (_, body, headers) => {
      const url = await start();
      const reply = await post({ url, body, headers: await github(body, headers) });
      expect({ ...reply, headers: {} }).toEqual({ status: 200, headers: {}, text: "" });
      expect(seen.failures).toEqual([]);
      expect(seen.events).toHaveLength(1);
      expect(Buffer.from(seen.events[0]!.body).equals(Buffer.from(body as string))).toBe(true);
    });

    test("without a content type", async () => {
      const url = await start();
      const { "content-type": _type, ...headers } = await github(BODY);
      expect((await post({ url, body: BODY, headers })).status).toBe(200);
      expect(seen.events[0]?.text()).toBe(BODY);
    });

    test("chunked", async () => {
      const url = await start();
      const whole = Buffer.from(BODY);
      const body = [whole.subarray(0, 3), whole.subarray(3, 30), whole.subarray(30)];
      expect((await post({ url, body, headers: await github(BODY) })).status).toBe(200);
      expect(seen.events[0]?.text()).toBe(BODY);
    });
  });

  test("gives the handler id, type, headers, text and JSON", async () => {
    const url = await start();
    await post({ url, body: BODY, headers: await github(BODY, { "x-twice": "a" }) });
    const [event] = seen.events;
    expect(event).toMatchObject({ id: "d-1", type: "push", provider: "github", timestamp: undefined });
    expect(event?.headers).toMatchObject({ "x-github-event": "push", "x-twice": "a" });
    expect(event?.json()).toEqual(JSON.parse(BODY));
    expect(event?.text()).toBe(BODY);
  });

  test("tells when the request was signed", async () => {
    const url = await start({ provider: "stripe" });
    const second = Math.floor(Date.now() / 1000) * 1000;
    const headers = await signed({ provider: "stripe", secret: SECRET, timestampMs: second, body: BODY });
    expect((await post({ url, body: BODY, headers })).status).toBe(200);
    expect(seen.events[0]?.timestamp?.getTime()).toBe(second);
  });

  describe("answers 401 without a reason, and tells the owner, for", () => {
    test.each<[string, (headers: Record<string, string>) => Record<string, string | string[]>, string]>([
      ["a wrong signature", (headers) => ({ ...headers, "x-hub-signature-256": `sha256=${"0".repeat(64)}` }), "signature_mismatch"],
      ["no signature", ({ "x-hub-signature-256": _signature, ...headers }) => headers, "missing_header"],
    ])("%s", async (_, change, cause) => {
      const url = await start();
      const reply = await post({ url, body: BODY, headers: change(await github(BODY)) });
      expect(reply.status).toBe(401);
      expect(reply.headers["content-type"]).toBe("application/problem+json");
      expect(JSON.parse(reply.text)).toEqual({ type: "about:blank", title: "Unauthorized", status: 401 });
      expect(seen.failures.map((failure) => failure.cause)).toEqual([cause]);
      expect(seen.events).toEqual([]);
    });

    test("a signature that is there twice, once rightly", async () => {
      const url = await start();
      const headers = await github(BODY);
      const right = headers["x-hub-signature-256"]!;
      const reply = await post({ url, body: BODY, headers: { ...headers, "x-hub-signature-256": [right, `sha256=${"0".repeat(64)}`] } });
      expect(reply.status).toBe(401);
      expect(seen.failures).toHaveLength(1);
      expect(seen.events).toEqual([]);
    });

    test("one changed byte", async () => {
      const url = await start();
      expect((await post({ url, body: BODY.replace("opened", "0pened"), headers: await github(BODY) })).status).toBe(401);
    });
  });

  describe("answers 413", () => {
    test("to a body that is one byte too large, and 200 to one that fits", async () => {
      const url = await start({ bodyBytesMax: 1000 });
      const fits = "x".repeat(1000);
      expect((await post({ url, body: fits, headers: await github(fits) })).status).toBe(200);
      const reply = await post({ url, body: `${fits}x`, headers: await github(`${fits}x`) });
      expect(reply.status).toBe(413);
      expect(JSON.parse(reply.text)).toEqual({ type: "about:blank", title: "Content Too Large", status: 413 });
      expect(seen.events).toHaveLength(1);
    });

    test("to one that is sent in chunks", async () => {
      const url = await start({ bodyBytesMax: 1000 });
      const body = Array.from({ length: 50 }, () => Buffer.alloc(1000, "x"));
      expect((await post({ url, body, headers: await github(Buffer.concat(body)) })).status).toBe(413);
      expect(seen.events).toEqual([]);
    });
  });

  describe("the handler", () => {
    test("that throws is answered 500, and its error goes to the owner only", async () => {
      const url = await start({
        handlers: {
          push: async () => {
            throw new Error("the database is down");
          },
        },
      });
      const reply = await post({ url, body: BODY, headers: await github(BODY) });
      expect(reply.status).toBe(500);
      expect(reply.text).not.toContain("database");
      expect(seen.errors.map(String)).toEqual(["Error: the database is down"]);
    });

    test("is found by the type of the event; another type goes to the general one", async () => {
      const types: unknown[] = [];
      const url = await start({ handlers: { push: ({ type }) => void types.push(type) } });
      await post({ url, body: BODY, headers: await github(BODY) });
      await post({ url, body: BODY, headers: { ...(await github(BODY)), "x-github-event": "constructor" } });
      expect(types).toEqual(["push"]);
      expect(seen.events.map(({ type }) => type)).toEqual(["constructor"]);
    });

    test("a type that nobody handles is acknowledged", async () => {
      const url = await start({ handler: undefined, handlers: { release: () => undefined } });
      expect((await post({ url, body: BODY, headers: await github(BODY) })).status).toBe(200);
    });

    test("may say what is answered", async () => {
      const answer = { status: 202, headers: { "content-type": "application/json" }, body: '{"type":1}' };
      const url = await start({ handler: () => answer });
      const reply = await post({ url, body: BODY, headers: await github(BODY) });
      expect(reply).toMatchObject({ status: 202, text: '{"type":1}' });
      expect(reply.headers["content-type"]).toBe("application/json");
    });
  });

  test("checks a signature over the URL against the registered one, with the query of the request, whatever Host says", async () => {
    const registered = "https://hooks.example.test/in/square";
    const url = await start({ provider: "square", url: registered });
    const headers = await signed({ provider: "square", secret: SECRET, url: `${registered}?a=1`, body: BODY });
    expect((await post({ url: `${url}?a=1`, body: BODY, headers: { ...headers, host: "other.example.test" } })).status).toBe(200);
    const forged = await signed({ provider: "square", secret: SECRET, url: `${url}?a=1`, body: BODY });
    expect((await post({ url: `${url}?a=1`, body: BODY, headers: forged })).status).toBe(401);
  });

  test("finds a token in the query", async () => {
    const url = await start({ provider: "token", params: { query: "token" } });
    expect((await post({ url: `${url}?token=${SECRET}`, body: BODY })).status).toBe(200);
    expect((await post({ url: `${url}?token=another-fixture`, body: BODY })).status).toBe(401);
  });
}
