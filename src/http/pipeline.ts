// What every route passes through: key, scope, body, schemas, idempotency, handler, answer.
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest, type FastifyServerFactory } from "fastify";
import type { ApiKey } from "../core/api-key.ts";
import { ProblemError, problemOf } from "../errors.ts";
import { ANONYMOUS, callerOf } from "./caller.ts";
import { createIdempotency, type Idempotency, readIdempotencyKey } from "./idempotency.ts";
import { fieldProblems, invalid, mapError, PROBLEM_CONTENT_TYPE } from "./problem.ts";
import type { Answer, AnswerStream, Api, Call, Route } from "./route.ts";
import { ROUTES } from "./routes.ts";

export interface PipelineOptions {
  api: Api;
  bodyBytesMax: number;
  serverFactory: FastifyServerFactory;
  clientError: (error: NodeJS.ErrnoException, socket: import("node:net").Socket) => void;
  /** The base URL for a caller that named this host. */
  baseUrl: (host: string | undefined) => string;
  /** Takes over a response that stays open; answers false when there are too many already. */
  openStream: (reply: FastifyReply, open: (stream: AnswerStream) => void) => boolean;
}

const NO_BODY = new Uint8Array(0);

interface RequestState {
  key: ApiKey;
  rawBody: Uint8Array;
}

export function createPipeline(options: PipelineOptions): FastifyInstance {
  const { api } = options;
  const fastify = Fastify({
    logger: false,
    bodyLimit: options.bodyBytesMax,
    serverFactory: options.serverFactory,
    clientErrorHandler: options.clientError,
    // HEAD is answered like GET without the body; the live stream has no meaningful HEAD.
    exposeHeadRoutes: false,
    forceCloseConnections: false,
    routerOptions: { caseSensitive: true, ignoreTrailingSlash: false },
    frameworkErrors: (error, _request, reply) => void sendProblem(api, reply, error),
  });
  const states = new WeakMap<FastifyRequest, RequestState>();

  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser("application/json", { parseAs: "buffer" }, (request, body, done) => {
    const bytes = typeof body === "string" ? Buffer.from(body, "utf8") : body;
    const state = states.get(request);
    if (state !== undefined) state.rawBody = bytes;
    try {
      done(null, parseBody(request, bytes));
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)));
    }
  });
  fastify.addHook("onSend", (_request, reply, _payload, done) => {
    reply.header("x-content-type-options", "nosniff");
    reply.header("cache-control", "no-store");
    reply.header("content-security-policy", "default-src 'none'; frame-ancestors 'none'");
    done();
  });
  fastify.setErrorHandler((error, _request, reply) => sendProblem(api, reply, error));
  fastify.setNotFoundHandler((request, reply) => sendProblem(api, reply, unknownPath(request, reply)));
  for (const one of ROUTES) addRoute(fastify, options, one, states);
  return fastify;
}

function addRoute(fastify: FastifyInstance, options: PipelineOptions, one: Route, states: WeakMap<FastifyRequest, RequestState>): void {
  const { api } = options;
  fastify.route({
    method: one.method === "GET" && one.shapes[200] !== "events" ? ["GET", "HEAD"] : one.method,
    url: one.path.replaceAll("{id}", ":id"),
    // Before the body is read: whoever has no key does not get to send one.
    onRequest: (request, _reply, proceed) => {
      const admit = (key: ApiKey) => {
        states.set(request, { key, rawBody: NO_BODY });
        proceed();
      };
      const caller = callerOf(api, one, request.headers.authorization);
      if (caller instanceof Promise) void caller.then(admit, (error: Error) => proceed(error));
      else admit(caller);
    },
    handler: async (request, reply) => {
      const answer = await answerCall(options, one, request, states.get(request) ?? { key: ANONYMOUS, rawBody: NO_BODY });
      return send(options, reply, answer);
    },
  });
}

async function answerCall(
  { api, baseUrl }: PipelineOptions,
  one: Route,
  request: FastifyRequest,
  { key, rawBody }: RequestState,
): Promise<Answer> {
  const header = one.method === "POST" ? readIdempotencyKey(request.headers["idempotency-key"]) : null;
  const identity = { method: one.method, target: request.raw.url ?? "", body: rawBody };
  const idempotency: Idempotency | null = header === null ? null : createIdempotency(api.sealer, key, header, identity);
  const call: Call<unknown, unknown> = {
    api,
    id: pathId(request.params),
    body: validated(one.shapes.body, request.body),
    query: validated(one.shapes.query ?? null, request.query),
    key,
    rawBody,
    idempotencyKey: header,
    remoteAddress: request.socket.remoteAddress ?? "",
    baseUrl: baseUrl(request.headers.host),
    remember: (status, body) => idempotency?.record(status, body, api.clock.now()) ?? null,
    repeat: (record) => {
      if (idempotency === null) throw new Error("a request without a key was taken for a repeated one");
      return idempotency.repeat(record);
    },
  };
  // Before the handler, because a repeated request must not meet the state that the first one left behind.
  const earlier = idempotency === null ? null : await api.store.idempotencyRecord(idempotency.key);
  return earlier === null ? one.handle(call) : call.repeat(earlier);
}

/** `undefined` lets anything pass unread (a body on DELETE); `null` wants nothing to be there (a query nobody reads). */
function validated(schema: Route["shapes"]["body"] | null, value: unknown): unknown {
  if (schema === undefined) return undefined;
  if (schema === null) {
    const names = Object.keys(value ?? {});
    if (names.length > 0) throw invalid(names.map((path) => ({ path, message: "This field is not known here." })));
    return undefined;
  }
  const parsed = schema.safeParse(value, { reportInput: true });
  if (!parsed.success) throw invalid(fieldProblems(parsed.error));
  return parsed.data;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function parseBody(request: FastifyRequest, bytes: Uint8Array): unknown {
  if (request.headers["content-encoding"] !== undefined && request.headers["content-encoding"] !== "identity") {
    throw new ProblemError("unsupported_media_type", "Bodies of API requests cannot be compressed.");
  }
  if (bytes.byteLength === 0) return undefined;
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch (error) {
    // The parser's message quotes the body, so it stays out of the detail's first sentence and short.
    throw new ProblemError("invalid_json", `The body is not JSON: ${error instanceof Error ? error.message.slice(0, 120) : "unreadable"}.`);
  }
}

async function send(options: PipelineOptions, reply: FastifyReply, answer: Answer): Promise<FastifyReply> {
  switch (answer.kind) {
    case "none":
      return reply.code(answer.status).send();
    case "json":
      return reply
        .code(answer.status)
        .headers(answer.headers ?? {})
        .type("application/json; charset=utf-8")
        .send(JSON.stringify(answer.body));
    case "bytes":
      return reply
        .code(answer.status)
        .headers(answer.headers ?? {})
        .type(answer.contentType)
        .send(answer.body);
    case "stream":
      if (!options.openStream(reply, answer.open)) throw new ProblemError("too_many_listeners");
      return reply;
  }
}

async function sendProblem(api: Api, reply: FastifyReply, error: unknown): Promise<FastifyReply> {
  const { problem, internal } = mapError(error);
  if (problem.status >= 500) {
    problem.requestId = Buffer.from(api.random.fill(new Uint8Array(9))).toString("base64url");
    api.log.error({ err: internal, requestId: problem.requestId, code: problem.code }, "an API request failed");
  }
  if (problem.status === 401) reply.header("www-authenticate", 'Bearer realm="posthorn"');
  if (problem.status === 503) reply.header("retry-after", "5");
  // As bytes, because fastify adds a charset to texts and RFC 9457 knows none.
  return reply
    .code(problem.status)
    .header("content-type", PROBLEM_CONTENT_TYPE)
    .send(Buffer.from(JSON.stringify(problem), "utf8"));
}

const PATTERNS = ROUTES.map(({ method, path }) => ({
  method,
  pattern: new RegExp(`^${path.replaceAll(".", "\\.").replaceAll("{id}", "[^/]+")}$`),
}));

/** A path that exists with other methods says which; everything else is simply not there. */
function unknownPath(request: FastifyRequest, reply: FastifyReply): ProblemError {
  const path = request.url.split("?", 1)[0]!;
  const methods = [...new Set(PATTERNS.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method))];
  if (methods.length === 0) return new ProblemError("not_found", problemOf("not_found", "").title + " at this path.");
  reply.header("allow", methods.includes("GET") ? [...methods, "HEAD"].join(", ") : methods.join(", "));
  return new ProblemError("method_not_allowed", `This path takes ${methods.join(", ")}.`);
}

function pathId(params: unknown): string {
  return typeof params === "object" && params !== null && "id" in params && typeof params.id === "string" ? params.id : "";
}
