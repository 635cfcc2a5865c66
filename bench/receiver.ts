// The receiver of the delivery bench: reads each body, answers 200, counts. A process of its own.
import { createServer } from "node:http";

let received = 0;
const server = createServer((request, response) => {
  if (request.url === "/count") {
    response.end(String(received));
    return;
  }
  request.on("data", () => undefined);
  request.on("end", () => {
    received += 1;
    response.writeHead(200);
    response.end("ok");
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.stdout.write(`${typeof address === "object" && address !== null ? address.port : 0}\n`);
});
