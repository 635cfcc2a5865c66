// The operator's forward proxy: its address, and the tunnel through it to one destination.
import type { Socket } from "node:net";
import type { FailureText } from "./failure.ts";

export interface ForwardProxy {
  host: string;
  port: number;
  secure: boolean;
  /** The value of `proxy-authorization`; null when the URL holds no user. */
  authorization: string | null;
}

const ANSWER_BYTES_MAX = 16 * 1024;
const END_OF_HEAD = "\r\n\r\n";

/** Null when the text is no http(s) URL of a host. */
export function parseForwardProxy(text: string): ForwardProxy | null {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:") || url.hostname === "") return null;
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "") return null;
  const secure = url.protocol === "https:";
  const host = url.hostname.startsWith("[") ? url.hostname.slice(1, -1) : url.hostname;
  const port = url.port === "" ? (secure ? 443 : 80) : Number(url.port);
  const user = decode(url.username);
  const password = decode(url.password);
  if (port === 0 || user === null || password === null) return null;
  const credentials = `${user}:${password}`;
  return { host, port, secure, authorization: credentials === ":" ? null : `Basic ${Buffer.from(credentials).toString("base64")}` };
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

/**
 * Asks the proxy to connect to `authority` and hands the socket back, silent and without listeners of ours, once it has.
 * Plain http goes through a tunnel as well: one way of using a proxy is one way of failing.
 */
export function openTunnel(socket: Socket, proxy: ForwardProxy, authority: string, done: (failure: FailureText | null) => void): void {
  let head = "";
  const finish = (failure: FailureText | null): void => {
    socket.off("data", read);
    socket.off("end", ended);
    done(failure);
  };
  const ended = (): void => finish(unreachable("The outbound proxy closed the connection before it answered."));
  const read = (chunk: Buffer): void => {
    head += chunk.toString("latin1");
    const end = head.indexOf(END_OF_HEAD);
    if (end < 0) {
      if (head.length > ANSWER_BYTES_MAX) finish(unreachable("The outbound proxy answered with more than 16 KiB of headers."));
      return;
    }
    socket.pause();
    const failure = judge(head);
    // The other side of a tunnel speaks only after we have: bytes behind the head are the proxy's own.
    if (failure === null && head.length > end + END_OF_HEAD.length) {
      return finish(unreachable("The outbound proxy sent something before the connection through it was used."));
    }
    finish(failure);
  };
  socket.on("data", read);
  socket.on("end", ended);
  const authorization = proxy.authorization === null ? "" : `proxy-authorization: ${proxy.authorization}\r\n`;
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nhost: ${authority}\r\n${authorization}\r\n`);
}

function judge(head: string): FailureText | null {
  const status = /^HTTP\/1\.[01] (\d{3})[ \r]/.exec(head)?.[1];
  if (status === undefined) return unreachable("The outbound proxy did not answer in HTTP.");
  if (status.startsWith("2")) return null;
  switch (status) {
    case "407":
      return { failure: "proxy_error", message: "The outbound proxy refused our credentials (407).", detail: "proxy_credentials" };
    case "502":
    case "503":
    case "504":
      return {
        failure: "proxy_error",
        message: `The outbound proxy could not make a connection to the destination (${status}).`,
        detail: "proxy_no_route",
      };
    default:
      return {
        failure: "proxy_error",
        message: `The outbound proxy refused to connect to the destination (${status}).`,
        detail: "proxy_refused",
      };
  }
}

export function unreachable(message: string): FailureText {
  return { failure: "proxy_error", message, detail: "proxy_unreachable" };
}
