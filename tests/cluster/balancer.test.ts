// The port in front of the nodes of `npm run cluster`.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { type Backend, type Balancer, startBalancer } from "../../scripts/cluster/balancer.ts";

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

interface Fake extends Backend {
  url: string;
  isReady: boolean;
  seen: { method: string; path: string; headers: string[]; body: string }[];
  /** Whether the connection is cut instead of an answer. */
  cuts: boolean;
  /** What the balancer last found. */
  wasReady: boolean | null;
  server: Server;
}

async function fake(name: string): Promise<Fake> {
  const server = createServer((request, response) => {
    if (request.url === "/readyz") {
      response.writeHead(backend.isReady ? 200 : 503).end();
      return;
    }
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      backend.seen.push({ method: request.method!, path: request.url!, headers: request.rawHeaders, body });
      if (backend.cuts) request.socket.destroy();
      else response.writeHead(202, ["x-one", "1", "x-one", "2"]).end(`from ${name}`);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  ends.push(() => close(server));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const backend: Fake = {
    name,
    url,
    isReady: true,
    seen: [],
    cuts: false,
    wasReady: null,
    server,
    found: (ready) => (backend.wasReady = ready),
  };
  return backend;
}

function close(server: Server): Promise<unknown> {
  const closed = new Promise((resolve) => {
    server.close(resolve);
  });
  server.closeAllConnections();
  return closed;
}

async function balance(...backends: Fake[]): Promise<Balancer> {
  const balancer = await startBalancer(backends, 0);
  ends.push(() => balancer.close());
  await expect.poll(() => backends.every(({ wasReady, isReady }) => wasReady === isReady), { timeout: 10_000 }).toBe(true);
  return balancer;
}

const post = (url: string) => fetch(`${url}/in/token?a=1`, { method: "POST", headers: { "x-two": "b" }, body: "the body" });

test("requests go in turn, whole, and the answer says who gave it", async () => {
  const [a, b] = [await fake("a"), await fake("b")];
  const { url } = await balance(a, b);
  const answers = [await post(url), await post(url), await post(url), await post(url)];
  expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202]);
  const by = answers.map(({ headers }) => headers.get("x-served-by") ?? "nobody");
  expect(by.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(["a", "a", "b", "b"]);
  expect(answers[0]!.headers.get("x-one")).toBe("1, 2");
  expect(await answers[0]!.text()).toMatch(/^from [ab]$/);
  expect(a.seen).toHaveLength(2);
  expect(a.seen[0]).toMatchObject({ method: "POST", path: "/in/token?a=1", body: "the body" });
  expect(a.seen[0]!.headers).toContain("x-two");
});

test("a node that is not ready gets nothing until it is", async () => {
  const [a, b] = [await fake("a"), await fake("b")];
  a.isReady = false;
  const { url } = await balance(a, b);
  for (let sent = 0; sent < 4; sent += 1) await post(url);
  expect([a.seen.length, b.seen.length]).toEqual([0, 4]);
  a.isReady = true;
  await expect.poll(() => a.wasReady, { timeout: 10_000 }).toBe(true);
  for (let sent = 0; sent < 2; sent += 1) await post(url);
  expect(a.seen).toHaveLength(1);
});

test("what a dead node refused goes to another one, and its body with it", async () => {
  const [a, b] = [await fake("a"), await fake("b")];
  const { url } = await balance(a, b);
  await close(a.server);
  const answers = [await post(url), await post(url)];
  expect(answers.map(({ status }) => status)).toEqual([202, 202]);
  expect(b.seen.map(({ body }) => body)).toEqual(["the body", "the body"]);
});

test("what a node has begun is answered 503 when it dies, and not sent to another one", async () => {
  const [a, b] = [await fake("a"), await fake("b")];
  a.cuts = b.cuts = true;
  const { url } = await balance(a, b);
  const answer = await post(url);
  expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "1"]);
  expect(a.seen.length + b.seen.length).toBe(1);
});

test("without a ready node everything is answered 503", async () => {
  const a = await fake("a");
  a.isReady = false;
  const { url } = await balance(a);
  const answer = await post(url);
  expect([answer.status, answer.headers.get("retry-after"), await answer.text()]).toEqual([503, "1", "No node is ready.\n"]);
});
