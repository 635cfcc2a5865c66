// A whole app on a free port and a directory of its own; every answer is held against the schema its route promises.
import { mkdtempSync, rmSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { startApp } from "../../src/app.ts";
import { loadSettings } from "../../src/config.ts";
import { ERRORS } from "../../src/errors.ts";
import type { Method, Route } from "../../src/http/route.ts";
import { ROUTES } from "../../src/http/routes.ts";
import { problem } from "../../src/http/schemas/service.ts";
import { createLogger } from "../../src/log.ts";

export const ADMIN_KEY = "admin-key-of-these-tests";

export interface Reply {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  // The tests look into answers of every shape; the schemas below have checked them.
  // oxlint-disable-next-line typescript/no-explicit-any
  body: any;
}

export interface CallOptions {
  body?: unknown;
  /** Sent as it is, instead of `body`. */
  raw?: string | Uint8Array;
  /** Null sends none. */
  key?: string | null;
  headers?: Record<string, string>;
}

export interface Fixture {
  url: string;
  port: number;
  call(method: Method | "PUT" | "HEAD", path: string, options?: CallOptions): Promise<Reply>;
  get(path: string, options?: CallOptions): Promise<Reply>;
  post(path: string, body?: unknown, options?: CallOptions): Promise<Reply>;
  /** A key with these scopes. */
  keyWith(scopes: string[], expiresAt?: string): Promise<string>;
  /** A source that checks nothing, a destination and a subscription between them. */
  pipe(
    destinationUrl: string,
    more?: { destination?: object; subscription?: object },
  ): Promise<{ source: Reply["body"]; destination: Reply["body"]; subscription: Reply["body"] }>;
  /** Posts to an ingest URL. */
  ingest(url: string, body: string, headers?: Record<string, string>): Promise<Reply>;
  restart(): Promise<void>;
  close(): Promise<void>;
}

export async function startFixture(environment: Record<string, string> = {}): Promise<Fixture> {
  const directory = mkdtempSync(join(tmpdir(), "posthorn-api-"));
  const { settings } = loadSettings({
    POSTHORN_PORT: "0",
    POSTHORN_DATA_DIR: directory,
    POSTHORN_API_KEY: ADMIN_KEY,
    POSTHORN_OUTBOUND_ALLOW: "loopback",
    POSTHORN_OUTBOUND_PLAIN_HTTP: "true",
    POSTHORN_SHUTDOWN_GRACE_MS: "500",
    ...environment,
  });
  const log = createLogger({ level: "silent", format: "json" });
  let app = await startApp({ settings, log, mode: "start" });

  async function call(method: string, path: string, options: CallOptions = {}): Promise<Reply> {
    const headers: Record<string, string> = { ...options.headers };
    if (options.key !== null) headers["authorization"] ??= `Bearer ${options.key ?? ADMIN_KEY}`;
    const raw = options.raw ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
    if (options.body !== undefined || options.raw !== undefined) headers["content-type"] ??= "application/json";
    const reply = await exchange(`${app.url}${path}`, method, headers, raw);
    checkShape(method, path, reply);
    return reply;
  }

  const post = (path: string, body?: unknown, options: CallOptions = {}) =>
    call("POST", path, body === undefined ? options : { ...options, body });
  return {
    get url() {
      return app.url;
    },
    get port() {
      return Number(new URL(app.url).port);
    },
    call,
    post,
    get: (path, options) => call("GET", path, options),
    async keyWith(scopes, expiresAt) {
      const made = await post("/v1/api-keys", { name: scopes.join("+"), scopes, ...(expiresAt === undefined ? {} : { expiresAt }) });
      return made.body.key;
    },
    async pipe(destinationUrl, more = {}) {
      const source = (await post("/v1/sources", { name: "pipe" })).body;
      const destination = (await post("/v1/destinations", { name: "pipe", type: "http", url: destinationUrl, ...more.destination })).body;
      const subscription = (await post("/v1/subscriptions", { sourceId: source.id, destinationId: destination.id, ...more.subscription }))
        .body;
      return { source, destination, subscription };
    },
    ingest: (url, body, headers = {}) => exchange(url, "POST", { "content-type": "application/json", ...headers }, body),
    async restart() {
      await app.close();
      app = await startApp({ settings, log, mode: "start" });
    },
    async close() {
      await app.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function exchange(url: string, method: string, headers: Record<string, string>, body: string | Uint8Array | undefined): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const length: Record<string, number> = body === undefined ? {} : { "content-length": Buffer.byteLength(body) };
    const request = httpRequest(url, { method, headers: { ...length, ...headers }, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text,
          body: jsonOf(response.headers["content-type"], text),
        });
      });
      response.on("error", reject);
    });
    request.on("error", reject);
    request.end(body);
  });
}

function checkShape(method: string, path: string, reply: Reply): void {
  if (method === "HEAD") return;
  if (reply.status >= 400) {
    expect(reply.headers["content-type"]).toBe("application/problem+json");
    const parsed = problem.parse(reply.body);
    expect(parsed.status).toBe(reply.status);
    expect(parsed.status).toBe(ERRORS[parsed.code].status);
    expect(parsed.type).toBe(`/docs/errors.md#${parsed.code}`);
    return;
  }
  const shapes = routeOf(method, path)?.shapes;
  const shape = shapes?.otherTypes?.[String(reply.headers["content-type"])] ?? shapes?.[reply.status as 200 | 201 | 202 | 204];
  expect(shape, `${method} ${path} promises no ${reply.status}`).toBeDefined();
  if (shape !== undefined && typeof shape !== "string") {
    const parsed = shape.safeParse(reply.body);
    expect(parsed.success ? null : parsed.error.issues, `${method} ${path}`).toBeNull();
  }
}

function routeOf(method: string, path: string): Route | undefined {
  const bare = path.split("?", 1)[0]!;
  const fits = ROUTES.filter(
    (route) => route.method === method && new RegExp(`^${route.path.replaceAll(".", "\\.").replaceAll("{id}", "[^/]+")}$`).test(bare),
  );
  // A literal segment wins over `{id}`, as it does in the router.
  return fits.find((route) => route.path === bare) ?? fits[0];
}

/** Stored bodies come back with the type they were sent with, which may be a lie. */
function jsonOf(contentType: string | undefined, text: string): unknown {
  if (!/json/.test(contentType ?? "") || text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Writes bytes as they are and answers everything that comes back until the server closes, or until `until` is in it. */
export function rawExchange(port: number, bytes: string, until = ""): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    let text = "";
    socket.setEncoding("latin1");
    socket.on("connect", () => socket.write(bytes, "latin1"));
    socket.on("data", (chunk: string) => {
      text += chunk;
      if (until !== "" && text.includes(until)) socket.destroy();
    });
    socket.on("error", (error: NodeJS.ErrnoException) => (error.code === "ECONNRESET" ? resolve(text) : reject(error)));
    socket.on("close", () => resolve(text));
  });
}

/** Asks again until the answer is what is awaited. */
export async function eventually<T>(read: () => Promise<T>, reached: (value: T) => boolean): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    const value = await read();
    if (reached(value)) return value;
    if (tries > 400) throw new Error(`not reached: ${JSON.stringify(value).slice(0, 500)}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
  }
}

/** `path: message` of each offending field. */
export function fieldsOf(reply: Reply): string[] {
  return (reply.body.errors ?? []).map((one: { path: string }) => one.path);
}
