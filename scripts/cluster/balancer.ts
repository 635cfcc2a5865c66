// One port in front of the nodes: requests go in turn to those that answer /readyz with 200.
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";

const PROBE_EVERY_MS = 500;
// A node that is stopped still takes connections and answers nothing.
const PROBE_MS_MAX = 1_000;
const ANSWER_MS_MAX = 5_000;
/** Which node answered, for curl and for the figures. */
export const SERVED_BY = "x-served-by";

export interface Backend {
  readonly name: string;
  readonly url: string | null;
  found(isReady: boolean): void;
}

export interface Balancer {
  readonly url: string;
  close(): Promise<void>;
}

/** Rejects when the port is taken; 0 takes a free one. */
export async function startBalancer(backends: readonly Backend[], port: number): Promise<Balancer> {
  const agent = new Agent({ keepAlive: true });
  const ready = new Set<Backend>();
  let turn = 0;

  async function probe(backend: Backend): Promise<void> {
    const isFit = await isReady(backend.url);
    if (isFit) ready.add(backend);
    else ready.delete(backend);
    backend.found(isFit);
  }

  function forward(incoming: IncomingMessage, response: ServerResponse, tried: readonly Backend[]): void {
    const left = backends.filter((backend) => ready.has(backend) && backend.url !== null && !tried.includes(backend));
    const backend = left[turn++ % left.length];
    if (backend === undefined) {
      refuse(response, "No node is ready.");
      return;
    }
    const { hostname, port } = new URL(backend.url!);
    const outgoing = request({
      agent,
      hostname,
      port,
      method: incoming.method,
      path: incoming.url,
      headers: incoming.rawHeaders,
      setDefaultHeaders: false,
    });
    // Only the wait for the answer's head is bounded: `/v1/tail` goes on for ever.
    const timer = setTimeout(() => outgoing.destroy(new Error("no answer")), ANSWER_MS_MAX);
    outgoing.once("response", (answer) => {
      clearTimeout(timer);
      response.writeHead(answer.statusCode!, [...answer.rawHeaders, SERVED_BY, backend.name]);
      pipeline(answer, response, () => undefined);
    });
    outgoing.once("error", (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      // Nothing was sent to a port that nobody listens on: another node may have all of it. What a node has begun is never sent again.
      if (response.headersSent) response.destroy();
      else if (error.code === "ECONNREFUSED") forward(incoming, response, [...tried, backend]);
      else refuse(response, `${backend.name} did not answer: ${error.message}.`);
    });
    response.once("close", () => outgoing.destroy());
    outgoing.once("socket", (socket) => {
      const send = () => void incoming.pipe(outgoing);
      if (socket.connecting) socket.once("connect", send);
      else send();
    });
  }

  const server = createServer((incoming, response) => forward(incoming, response, []));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const ending = new AbortController();
  // Each at its own pace: one that answers nothing must not hold up the looks at the others.
  const probing = backends.map(async (backend) => {
    while (!ending.signal.aborted) {
      await probe(backend);
      await pause(PROBE_EVERY_MS, undefined, { signal: ending.signal }).catch(() => undefined);
    }
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      ending.abort();
      const closed = new Promise((resolve) => {
        server.close(resolve);
      });
      server.closeAllConnections();
      agent.destroy();
      await Promise.all([closed, ...probing]);
    },
  };
}

/** A sender tries again after that. */
function refuse(response: ServerResponse, detail: string): void {
  if (response.headersSent) return;
  response.writeHead(503, { "content-type": "text/plain", "retry-after": "1" });
  response.end(`${detail}\n`);
}

async function isReady(url: string | null): Promise<boolean> {
  if (url === null) return false;
  try {
    const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(PROBE_MS_MAX) });
    await answer.arrayBuffer();
    return answer.status === 200;
  } catch {
    return false;
  }
}
