// A TLS server that speaks HTTP/1.1 or HTTP/2 and remembers who came, and the certificates for it.
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse, type SecureServerOptions } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { ConnectionProfile } from "../../src/outbound/transport.ts";
import { type Certificate, makeCertificate } from "./certificate.ts";

const LONG_AGO = new Date("2001-01-01T00:00:00Z");
const FAR_AHEAD = new Date("2099-01-01T00:00:00Z");

export interface Authority {
  certificate: Certificate;
  issue(names: readonly string[], dates?: { from?: Date; to?: Date }): Certificate;
}

export function createAuthority(commonName: string): Authority {
  const certificate = makeCertificate([], LONG_AGO, FAR_AHEAD, { commonName });
  return {
    certificate,
    issue: (names, { from = LONG_AGO, to = FAR_AHEAD } = {}) =>
      makeCertificate(names, from, to, { issuer: certificate, commonName: `${commonName} ${names.join(" ")}` }),
  };
}

export interface SecureReceiver {
  port: number;
  connections: number;
  /** One line per request: version, method, target, body. */
  requests: string[];
  headers: string[][];
  names: (string | false | null | undefined)[];
  /** Common name of each client certificate. */
  clients: (string | undefined)[];
  close(): Promise<void>;
}

export async function startSecureReceiver(
  options: SecureServerOptions,
  respond: (request: Http2ServerRequest, response: Http2ServerResponse) => void = (_request, response) => void response.end("secure"),
): Promise<SecureReceiver> {
  const sockets = new Set<Socket>();
  const receiver: SecureReceiver = {
    port: 0,
    connections: 0,
    requests: [],
    headers: [],
    names: [],
    clients: [],
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
  const server = createSecureServer({ allowHTTP1: true, ...options }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on("error", () => {});
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      receiver.requests.push(`${request.httpVersion} ${request.method} ${request.url} ${Buffer.concat(chunks).toString()}`);
      receiver.headers.push(request.rawHeaders);
      respond(request, response);
    });
  });
  server.on("connection", (socket: Socket) => {
    receiver.connections += 1;
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => sockets.delete(socket));
  });
  server.on("secureConnection", (socket: TLSSocket & { servername?: string | false }) => {
    socket.on("error", () => {});
    receiver.names.push(socket.servername);
    const name = socket.getPeerCertificate()?.subject?.CN;
    receiver.clients.push(typeof name === "string" ? name : name?.[0]);
  });
  server.on("sessionError", () => {});
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  receiver.port = (server.address() as AddressInfo).port;
  return receiver;
}

export function profileOf(changes: Partial<ConnectionProfile>): ConnectionProfile {
  const parts = { http2: false, ca: null, clientCertificate: null, clientKey: null, serverName: null, ...changes };
  return { key: JSON.stringify(parts), ...parts };
}
