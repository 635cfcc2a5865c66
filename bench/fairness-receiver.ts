// The receiver of the fairness bench: answers at once, after `?ms=`, or never under /hang. A process of its own.
import { createServer } from "node:http";

const server = createServer((request, response) => {
  const url = new URL(request.url ?? "/", "http://127.0.0.1");
  request.resume();
  if (url.pathname.startsWith("/hang")) return;
  const delayMs = Number(url.searchParams.get("ms") ?? 0);
  request.on("end", () => {
    if (delayMs === 0) response.writeHead(204).end();
    else setTimeout(() => response.writeHead(204).end(), delayMs);
  });
});
server.keepAliveTimeout = 60_000;
server.requestTimeout = 0;
server.listen(0, "127.0.0.1", 4096, () => {
  const address = server.address();
  process.stdout.write(`${typeof address === "object" && address !== null ? address.port : 0}\n`);
});
