// A connection pooler that does what its mode is named for, and nothing else: clients share a few connections to PostgreSQL.
import { type AddressInfo, createServer, type Socket } from "node:net";
import pg from "pg";

export type FakePoolerMode = "session" | "transaction" | "statement";

export interface FakePooler {
  url: string;
  close(): Promise<void>;
}

interface Backend {
  stream: Socket;
  /** Whom it serves now. */
  client: Socket | null;
}

interface Message {
  type: string;
  bytes: Buffer;
}

const GREETING = Buffer.concat([
  message("R", Buffer.alloc(4)),
  // The key by which a query is cancelled is the pooler's own, and so is the number of the process in it.
  message("K", Buffer.from([0x70, 0, 0, 1, 0, 0, 0, 1])),
  message("Z", Buffer.from("I")),
]);

/** `round_robin` hands out the connection that rested longest, otherwise the one used last. */
export async function startFakePooler(
  url: string,
  options: { mode: FakePoolerMode; backends: number; roundRobin?: boolean },
): Promise<FakePooler> {
  const own: pg.Client[] = [];
  const idle: Backend[] = [];
  const queue: (() => void)[] = [];
  const clients = new Set<Socket>();

  for (let i = 0; i < options.backends; i += 1) {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    own.push(client);
    // Signed in by the driver; from here on its bytes are ours.
    const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
    stream.removeAllListeners("data");
    const backend: Backend = { stream, client: null };
    const read = createFramer(false, ({ type, bytes }) => {
      backend.client?.write(bytes);
      if (type === "Z" && bytes.at(-1) === "I".charCodeAt(0) && options.mode !== "session") release(backend);
    });
    stream.on("data", read);
    idle.push(backend);
  }

  function release(backend: Backend): void {
    backend.client = null;
    idle.push(backend);
    queue.shift()?.();
  }

  function serve(socket: Socket): void {
    clients.add(socket);
    let backend: Backend | null = null;
    const waiting: Buffer[] = [];
    let isQueued = false;

    function pass(): void {
      isQueued = false;
      if (backend?.client !== socket) backend = null;
      backend ??= (options.roundRobin === true ? idle.shift() : idle.pop()) ?? null;
      if (backend === null) {
        if (!isQueued) queue.push(pass);
        isQueued = true;
        return;
      }
      backend.client = socket;
      for (const bytes of waiting.splice(0)) backend.stream.write(bytes);
    }

    const read = createFramer(true, ({ type, bytes }) => {
      if (type === "startup") socket.write(GREETING);
      else if (type === "X") socket.end();
      else if (options.mode === "statement" && bytes.toString("latin1").includes("BEGIN")) {
        socket.end(message("E", Buffer.from("SERROR\0C08P01\0Mtransaction blocks not allowed in statement pooling mode\0\0")));
      } else {
        waiting.push(bytes);
        pass();
      }
    });
    socket.on("data", read);
    socket.on("error", () => undefined);
    socket.on("close", () => {
      clients.delete(socket);
      if (backend?.client === socket) release(backend);
    });
  }

  const server = createServer(serve);
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const changed = new URL(url);
  changed.port = String((server.address() as AddressInfo).port);
  return {
    url: changed.href,
    async close() {
      for (const socket of clients) socket.destroy();
      await new Promise((resolve) => {
        server.close(resolve);
      });
      for (const client of own) {
        client.on("error", () => undefined);
        (client as unknown as { connection: { stream: Socket } }).connection.stream.destroy();
      }
    },
  };
}

function message(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type, "latin1");
  head.writeInt32BE(body.byteLength + 4, 1);
  return Buffer.concat([head, body]);
}

/** Cuts a stream into messages. The first of a client has no type: it opens the session. */
function createFramer(opens: boolean, take: (message: Message) => void): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0);
  let isFirst = opens;
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      const typeBytes = isFirst ? 0 : 1;
      if (rest.byteLength < typeBytes + 4) return;
      const length = typeBytes + rest.readInt32BE(typeBytes);
      if (rest.byteLength < length) return;
      const bytes = rest.subarray(0, length);
      rest = rest.subarray(length);
      const type = isFirst ? "startup" : String.fromCharCode(bytes[0]!);
      isFirst = false;
      take({ type, bytes });
    }
  };
}
