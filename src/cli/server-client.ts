// Talks to our own server's API: one request, one answer, and every way it can fail as a message and an exit code.
import { CLI_REQUEST_TIMEOUT_MS } from "../limits.ts";
import type { Connection } from "./connection.ts";
import { CliError, EXIT, type ExitCode } from "./exit.ts";

export type Query = Readonly<Record<string, string | number | undefined>>;

export interface StreamMessage {
  event: string;
  data: string;
}

export interface ServerClient {
  get<T>(path: string, query?: Query): Promise<T>;
  /** The body as it is, for documents whose exact writing counts. */
  text(path: string, query: Query): Promise<string>;
  send<T>(method: "POST" | "PATCH" | "DELETE", path: string, body?: unknown): Promise<T>;
  /** Each message of a server-sent event stream, until it ends or `signal` says so. */
  stream(path: string, query: Query, signal: AbortSignal): AsyncGenerator<StreamMessage>;
}

export function createServerClient({ url, apiKey }: Connection): ServerClient {
  async function call(
    method: string,
    path: string,
    init: { query?: Query; body?: unknown; accept: string; signal: AbortSignal },
  ): Promise<Response> {
    const target = new URL(`${url}${path}`);
    for (const [name, value] of Object.entries(init.query ?? {})) if (value !== undefined) target.searchParams.set(name, String(value));
    const headers: Record<string, string> = { authorization: `Bearer ${apiKey}`, accept: init.accept };
    const body = init.body === undefined ? undefined : JSON.stringify(init.body);
    if (body !== undefined) headers["content-type"] = "application/json";
    let response: Response;
    try {
      // A redirect would carry the key to a place nobody named.
      response = await fetch(target, { method, headers, body, redirect: "error", signal: init.signal });
    } catch (error) {
      throw unreachable(url, error);
    }
    if (!response.ok) throw await refusal(response);
    return response;
  }

  async function textOf(method: string, path: string, init: { query?: Query; body?: unknown; accept: string }): Promise<string> {
    const response = await call(method, path, { ...init, signal: AbortSignal.timeout(CLI_REQUEST_TIMEOUT_MS) });
    try {
      return await response.text();
    } catch (error) {
      throw unreachable(url, error);
    }
  }

  async function json<T>(method: string, path: string, init: { query?: Query; body?: unknown }): Promise<T> {
    const content = await textOf(method, path, { ...init, accept: "application/json" });
    try {
      return (content === "" ? null : JSON.parse(content)) as T;
    } catch {
      throw new CliError(EXIT.failure, `${url} answered something that is not JSON. Is it a Posthorn server?`);
    }
  }

  return {
    get: (path, query) => json("GET", path, { query }),
    text: (path, query) => textOf("GET", path, { query, accept: "*/*" }),
    send: (method, path, body) => json(method, path, { body }),
    async *stream(path, query, signal) {
      const response = await call("GET", path, { query, accept: "text/event-stream", signal });
      if (response.body === null) return;
      yield* eventStreamMessages(response.body);
    },
  };
}

/** Several data lines are one text; comments and other fields say nothing to us. */
async function* eventStreamMessages(body: ReadableStream<Uint8Array>): AsyncGenerator<StreamMessage> {
  const decoder = new TextDecoder();
  let pending = "";
  let event = "message";
  let data: string[] = [];
  for await (const chunk of body) {
    pending += decoder.decode(chunk, { stream: true });
    const lines = pending.split(/\r\n|\n/);
    pending = lines.pop() ?? "";
    for (const line of lines) {
      const field = /^(event|data): ?(.*)$/s.exec(line);
      if (field?.[1] === "event") event = field[2]!;
      else if (field !== null) data.push(field[2]!);
      else if (line === "") {
        if (data.length > 0) yield { event, data: data.join("\n") };
        event = "message";
        data = [];
      }
    }
  }
}

function unreachable(url: string, error: unknown): CliError {
  if (isTimeout(error)) return new CliError(EXIT.timeout, `${url} did not answer within ${CLI_REQUEST_TIMEOUT_MS / 1000} seconds.`);
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  if (code === "ECONNREFUSED")
    return new CliError(
      EXIT.failure,
      `No server answers at ${url}. Start it with "posthorn dev" or "posthorn start", or name another with --url.`,
    );
  const reason = cause instanceof Error ? cause.message : error instanceof Error ? error.message : String(error);
  return new CliError(EXIT.failure, `${url} cannot be reached: ${reason}${code === "" || reason.includes(code) ? "" : ` (${code})`}.`);
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === "TimeoutError";
}

/** A problem+json answer as one message: the detail, then each offending field on a line of its own. */
async function refusal(response: Response): Promise<CliError> {
  const content = await response.text().catch(() => "");
  let problem: { detail?: unknown; title?: unknown; errors?: unknown } = {};
  try {
    const parsed: unknown = JSON.parse(content);
    if (typeof parsed === "object" && parsed !== null) problem = parsed;
  } catch {
    // A proxy in between answers HTML; its status is all there is to say.
  }
  const said = [problem.detail, problem.title].find((candidate) => typeof candidate === "string");
  const fields = (Array.isArray(problem.errors) ? problem.errors : []).map(fieldLine);
  return new CliError(
    exitOfStatus(response.status),
    `${said ?? `The server answered ${response.status}`} (HTTP ${response.status})${fields.join("")}`,
  );
}

function fieldLine(field: unknown): string {
  if (typeof field !== "object" || field === null) return "";
  const { path, message } = field as { path?: unknown; message?: unknown };
  return `\n  ${typeof path === "string" ? path : "?"}: ${typeof message === "string" ? message : "is not valid"}`;
}

function exitOfStatus(status: number): ExitCode {
  switch (status) {
    case 400:
    case 413:
    case 422:
      return EXIT.usage;
    case 401:
    case 403:
      return EXIT.auth;
    case 404:
      return EXIT.notFound;
    case 409:
      return EXIT.conflict;
    case 408:
    case 504:
      return EXIT.timeout;
    default:
      return EXIT.failure;
  }
}
