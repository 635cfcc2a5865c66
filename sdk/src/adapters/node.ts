// @posthorn/sdk/node: a request listener for node:http, and for whatever hands out its requests and responses.
import { incomingOf, type NodeRequest, type NodeResponse, readNodeBody, sendNode } from "./node-message.ts";
import type { WebhookOptions } from "./options.ts";
import { createReceiver } from "./receive.ts";

export type { NodeRequest, NodeResponse } from "./node-message.ts";
export type { WebhookEvent } from "./event.ts";
export type { Handler, HandlerAnswer, WebhookFailure, WebhookOptions } from "./options.ts";

const FIX = "The body of this webhook was already read, so its raw bytes are gone: let webhook() be the first to read the request.";

/**
 * `createServer(webhook({ provider: "github", secret, handlers: { push } }))`. The listener never throws or rejects.
 * Throws ConfigError when the options cannot work.
 */
export function webhook<Request extends NodeRequest = NodeRequest>(
  options: WebhookOptions<Request>,
): (request: Request, response: NodeResponse) => Promise<void> {
  const receiver = createReceiver(options);
  return async (request, response) => {
    const body = await readNodeBody(request, receiver.bodyBytesMax, FIX);
    sendNode(response, await receiver.receive(incomingOf(request, body), request));
  };
}
