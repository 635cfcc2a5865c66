// A TCP proxy in front of a server that can cut its connections at a chosen answer, swallow everything, or let nobody in.
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface SeverableProxy {
  /** The given URL with the proxy in the place of the server. */
  url: string;
  /** The next chunk of answers that fits never arrives: both ends of its connection are closed instead. */
  cutAt(fits: (answer: Buffer) => boolean): Promise<void>;
  /** Nothing goes through any more, and nobody is told. */
  swallow(): void;
  /** Closes every connection and refuses new ones. */
  sever(): void;
  heal(): void;
  close(): Promise<void>;
}

export async function startSeverableProxy(serverUrl: string): Promise<SeverableProxy> {
  const target = new URL(serverUrl);
  const [host, port] = [target.hostname, Number(target.port === "" ? 5432 : target.port)];
  const pairs = new Set<[Socket, Socket]>();
  let state: "open" | "swallowing" | "severed" = "open";
  let cut: { fits: (answer: Buffer) => boolean; done: () => void } | null = null;
  const end = (pair: [Socket, Socket]) => {
    pairs.delete(pair);
    for (const socket of pair) socket.destroy();
  };
  const server = createServer((client) => {
    if (state === "severed") {
      client.destroy();
      return;
    }
    const upstream = connect(port, host);
    const pair: [Socket, Socket] = [client, upstream];
    pairs.add(pair);
    for (const socket of pair) {
      socket.on("error", () => end(pair));
      socket.on("close", () => end(pair));
    }
    client.on("data", (chunk) => state === "open" && upstream.write(chunk));
    upstream.on("data", (chunk: Buffer) => {
      if (cut?.fits(chunk) === true) {
        const { done } = cut;
        cut = null;
        end(pair);
        done();
      } else if (state === "open") client.write(chunk);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  target.port = String((server.address() as AddressInfo).port);
  target.hostname = "127.0.0.1";
  return {
    url: target.href,
    cutAt: (fits) =>
      new Promise((resolve) => {
        cut = { fits, done: resolve };
      }),
    swallow() {
      state = "swallowing";
    },
    sever() {
      state = "severed";
      for (const pair of pairs) end(pair);
    },
    heal() {
      state = "open";
    },
    async close() {
      for (const pair of pairs) end(pair);
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}
