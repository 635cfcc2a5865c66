// A process of its own with a real Next server, for the app in the folder that is its argument; prints the URL.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";

interface NextServer {
  prepare(): Promise<void>;
  getRequestHandler(): (request: IncomingMessage, response: ServerResponse) => Promise<void>;
}

// Required and not imported: the types of Next declare NODE_ENV as always set, for the whole program.
const createNext = createRequire(import.meta.url)("next") as (options: object) => NextServer;
const app = createNext({ dev: true, dir: process.argv[2], hostname: "127.0.0.1", port: 0 });
await app.prepare();
const handle = app.getRequestHandler();
const server = createServer((request, response) => void handle(request, response));
server.listen(0, "127.0.0.1", () => console.log(`listening http://127.0.0.1:${(server.address() as AddressInfo).port}`));
// The test holds our stdin; when it goes away, so do we.
process.stdin.resume().on("end", () => process.exit(0));
