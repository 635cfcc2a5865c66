// A forward proxy for tests: tunnels to one port of this machine whatever host it is asked for, or behaves as it is told.
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { Certificate } from "./certificate.ts";

export interface TestProxy {
  port: number;
  /** Head of each CONNECT, as it came. */
  heads: string[];
  connections: number;
  close(): Promise<void>;
}

/** `answer` gives the bytes to send in place of a tunnel; null makes the tunnel. */
export async function startTestProxy(
  targetPort: () => number,
  answer: (socket: Socket, head: string) => string | null = () => null,
  certificate?: Certificate,
): Promise<TestProxy> {
  const sockets = new Set<Socket>();
  const track = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => sockets.delete(socket));
  };
  const serve = (socket: Socket): void => {
    track(socket);
    proxy.connections += 1;
    let head = "";
    const read = (chunk: Buffer): void => {
      head += chunk.toString("latin1");
      if (!head.includes("\r\n\r\n")) return;
      socket.off("data", read);
      proxy.heads.push(head);
      const bytes = answer(socket, head);
      if (bytes !== null) return void socket.write(bytes, "latin1");
      const upstream = connect(targetPort(), "127.0.0.1", () => {
        socket.write("HTTP/1.1 200 Connection established\r\nvia: test\r\n\r\n");
        socket.pipe(upstream).pipe(socket);
      });
      track(upstream);
      upstream.once("close", () => socket.destroy());
      socket.once("close", () => upstream.destroy());
    };
    socket.on("data", read);
  };
  const server: Server =
    certificate === undefined ? createServer(serve) : createTlsServer({ key: certificate.key, cert: certificate.cert }, serve);
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const proxy: TestProxy = {
    port: (server.address() as AddressInfo).port,
    heads: [],
    connections: 0,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
  return proxy;
}
