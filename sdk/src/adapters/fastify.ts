// @posthorn/sdk/fastify: a plugin with one route whose bodies stay raw, while every other route of the app parses as before.
import { incomingOf, type NodeRequest, readNodeBody } from "./node-message.ts";
import type { WebhookOptions } from "./options.ts";
import { createReceiver } from "./receive.ts";

export type { WebhookEvent } from "./event.ts";
export type { Handler, HandlerAnswer, WebhookFailure, WebhookOptions } from "./options.ts";

export interface FastifyRequest {
  readonly raw: NodeRequest;
}

export interface FastifyReply {
  code(status: number): unknown;
  headers(values: Record<string, string>): unknown;
  send(body?: Uint8Array): unknown;
  hijack(): unknown;
}

/** The part of a Fastify instance that is used. */
export interface FastifyInstance {
  removeAllContentTypeParsers(): unknown;
  addContentTypeParser(type: string, parser: (request: unknown, payload: unknown, done: (error: null) => void) => void): unknown;
  route(route: { method: string[]; url: string; handler: (request: FastifyRequest, reply: FastifyReply) => Promise<unknown> }): unknown;
}

export interface FastifyWebhookOptions<Request = FastifyRequest> extends WebhookOptions<Request> {
  /** Where the route stands, behind the prefix of the plugin; default `/`. */
  readonly path?: string;
}

const FIX =
  "The body of this webhook was already read, so its raw bytes are gone: register webhook() where no preParsing hook reads the request.";

/**
 * `app.register(webhook({ path: "/hooks/github", provider: "github", secret, handlers: { push } }))`. The route has POST and
 * the methods with which the provider tests an endpoint.
 * Throws ConfigError when the options cannot work.
 */
export function webhook(options: FastifyWebhookOptions): (instance: FastifyInstance) => Promise<void> {
  const receiver = createReceiver(options);

  async function handler(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const body = await readNodeBody(request.raw, receiver.bodyBytesMax, FIX);
    const answer = await receiver.receive(incomingOf(request.raw, body), request);
    if (answer === undefined) return reply.hijack();
    reply.code(answer.status);
    reply.headers(answer.headers);
    return reply.send(answer.body.length === 0 ? undefined : answer.body);
  }

  // A plugin of its own scope: the parsers that are taken away here are taken away from this route alone.
  return async (instance) => {
    instance.removeAllContentTypeParsers();
    instance.addContentTypeParser("*", (_request, _payload, done) => done(null));
    instance.route({ method: [...receiver.methods], url: options.path ?? "/", handler });
  };
}
