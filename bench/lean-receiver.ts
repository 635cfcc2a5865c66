// A receiver that costs less than what it measures: raw sockets, each request read to its end and answered after a delay.
import { Buffer } from "node:buffer";
import { createServer, type Socket } from "node:net";

const delayMs = Number(process.argv[2] ?? 0);
const ANSWER = Buffer.from("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
const HEAD_END = "\r\n\r\n";

export interface Span {
  received: number;
  /** From the first request's end to the last one's. */
  seconds: number;
}

let received = 0;
let [firstAt, lastAt] = [0, 0];

function answer(socket: Socket): void {
  const now = performance.now();
  if (received === 0) firstAt = now;
  lastAt = now;
  received += 1;
  if (delayMs === 0) socket.write(ANSWER);
  else setTimeout(() => socket.write(ANSWER), delayMs);
}

/** `GET /span` tells what came since the last `GET /reset`. */
function tell(socket: Socket, isReset: boolean): void {
  const text = JSON.stringify({ received, seconds: (lastAt - firstAt) / 1000 } satisfies Span);
  if (isReset) received = 0;
  socket.write(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${text.length}\r\n\r\n${text}`);
}

const server = createServer({ noDelay: true }, (socket) => {
  let head = "";
  /** Of a body under way. */
  let left = 0;
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk) => {
    let text = chunk.toString("latin1");
    while (text !== "") {
      if (left > 0) {
        const taken = Math.min(left, text.length);
        left -= taken;
        text = text.slice(taken);
        if (left === 0) answer(socket);
        continue;
      }
      head += text;
      const end = head.indexOf(HEAD_END);
      if (end < 0) return;
      text = head.slice(end + HEAD_END.length);
      const isTold = head.startsWith("GET ");
      if (isTold) tell(socket, head.startsWith("GET /reset"));
      else left = Number(/\r\ncontent-length: (\d+)/i.exec(head.slice(0, end))?.[1] ?? 0);
      head = "";
      if (!isTold && left === 0) answer(socket);
    }
  });
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.stdout.write(`${typeof address === "object" && address !== null ? address.port : 0}\n`);
});
