// A node:http server around a function from Request to Response, for frameworks of the Fetch API.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import type { Served } from "./adapter-cases.ts";

export function listen(listener: (request: IncomingMessage, response: ServerResponse) => unknown): Promise<Served> {
  const server = createServer(listener);
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () =>
      resolve({
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        close: () =>
          new Promise((done) => {
            server.close(() => done());
            server.closeAllConnections();
          }),
      }),
    );
  });
}

export function serveFetch(answer: (request: Request) => Response | Promise<Response>): Promise<Served> {
  return listen(async (request, response) => {
    const answered = await answer(requestOf(request));
    response.writeHead(answered.status, Object.fromEntries(answered.headers));
    response.end(Buffer.from(await answered.arrayBuffer()));
  });
}

export function requestOf(request: IncomingMessage): Request {
  const headers = new Headers();
  for (let at = 0; at < request.rawHeaders.length; at += 2) headers.append(request.rawHeaders[at]!, request.rawHeaders[at + 1]!);
  const { method = "GET" } = request;
  const body = ["GET", "HEAD"].includes(method) ? null : (Readable.toWeb(request) as ReadableStream<Uint8Array>);
  return new Request(`http://${request.headers.host}${request.url}`, { method, headers, body, duplex: "half" });
}
