// @posthorn/sdk/express: a route handler for Express, which gets at the raw bytes although Express likes to parse them.
import { incomingOf, keptBytes, type NodeRequest, type NodeResponse, readNodeBody, sendNode, wasRead } from "./node-message.ts";
import type { WebhookOptions } from "./options.ts";
import { type Body, createReceiver } from "./receive.ts";

export type { NodeResponse } from "./node-message.ts";
export type { WebhookEvent } from "./event.ts";
export type { Handler, HandlerAnswer, WebhookFailure, WebhookOptions } from "./options.ts";

export interface ExpressRequest extends NodeRequest {
  /** With the query; `url` lacks what a router has cut off. */
  readonly originalUrl?: string;
  readonly body?: unknown;
  /** The bytes as some hosts keep them, and as `express.json({ verify })` can. */
  readonly rawBody?: unknown;
}

const FIX =
  "The body of this webhook was already parsed, so its raw bytes are gone: mount webhook() before express.json() and other body parsers, or keep the bytes as req.rawBody.";

/**
 * `app.all("/hooks/github", webhook({ provider: "github", secret, handlers: { push } }))`, before `app.use(express.json())`.
 * `all`, because some providers test an endpoint with GET, HEAD or OPTIONS.
 * Behind a parser it takes `req.rawBody`, or what `express.raw()` left in `req.body`. Throws ConfigError when the options cannot work.
 */
export function webhook<Request extends ExpressRequest = ExpressRequest>(
  options: WebhookOptions<Request>,
): (request: Request, response: NodeResponse) => Promise<void> {
  const receiver = createReceiver(options);

  function read(request: Request): Body | Promise<Body> {
    const bytes = keptBytes(request.rawBody) ?? (wasRead(request) ? keptBytes(request.body) : undefined);
    return bytes === undefined ? readNodeBody(request, receiver.bodyBytesMax, FIX) : { kind: "bytes", bytes };
  }

  return async (request, response) => {
    const incoming = incomingOf(request, await read(request));
    sendNode(response, await receiver.receive({ ...incoming, url: request.originalUrl ?? incoming.url }, request));
  };
}
