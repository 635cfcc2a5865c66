// What a client is told when its bytes are no HTTP request: Node's parser gives up before there is a response object.
import type { Socket } from "node:net";
import { type ErrorCode, problemOf } from "../errors.ts";
import { PROBLEM_CONTENT_TYPE } from "./problem.ts";

const CODES: Record<string, [ErrorCode, string]> = {
  HPE_HEADER_OVERFLOW: ["headers_too_large", "The headers are larger than 16 KiB, or more than 100."],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ["body_too_large", "The chunk extensions are too long."],
  ERR_HTTP_REQUEST_TIMEOUT: ["request_timeout", "The request did not arrive in time."],
};

/** Answers once and closes: after a parser error nobody can tell where the next request would start. */
export function parserErrorHandler(error: NodeJS.ErrnoException, socket: Socket): void {
  // Half of an answer may be on its way; a second status line inside it would be worse than a cut.
  if (error.code === "ECONNRESET" || !socket.writable || answerUnderWay(socket)) {
    socket.destroy();
    return;
  }
  const [code, detail] = CODES[error.code ?? ""] ?? ["malformed_request", "The bytes sent are not a valid HTTP request."];
  socket.end(rawProblem(code, detail), () => socket.destroy());
}

/** A whole response as text. */
export function rawProblem(code: ErrorCode, detail: string): string {
  const problem = problemOf(code, detail);
  const body = JSON.stringify(problem);
  return `HTTP/1.1 ${problem.status} ${problem.title}\r\ncontent-type: ${PROBLEM_CONTENT_TYPE}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nx-content-type-options: nosniff\r\nconnection: close\r\n\r\n${body}`;
}

/** Node keeps the response of the current request on the socket, and its own default handler looks there too. */
function answerUnderWay(socket: Socket): boolean {
  const { _httpMessage: response } = socket as Socket & { _httpMessage?: { headersSent?: boolean } | null };
  return response?.headersSent === true;
}
