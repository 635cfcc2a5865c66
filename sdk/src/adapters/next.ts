// @posthorn/sdk/next: a route handler of Next's app router, and of any other framework from Request to Response.
import { type FetchRequest, respond } from "./fetch.ts";
import type { WebhookOptions } from "./options.ts";
import { createReceiver } from "./receive.ts";

export type { FetchRequest } from "./fetch.ts";
export type { WebhookEvent } from "./event.ts";
export type { Handler, HandlerAnswer, WebhookFailure, WebhookOptions } from "./options.ts";

type RouteHandler<Request> = (request: Request) => Promise<Response>;

/**
 * In `app/hooks/github/route.ts`: `export const POST = webhook({ provider: "github", secret, handlers: { push } })`. For
 * providers that test an endpoint with other methods, `webhookHandlers` is all of them.
 * Throws ConfigError when the options cannot work.
 */
export function webhook<Request extends FetchRequest = FetchRequest>(options: WebhookOptions<Request>): RouteHandler<Request> {
  const receiver = createReceiver(options);
  return (request) => respond(receiver, request, request);
}

/**
 * `export const { GET, HEAD, OPTIONS, POST } = webhookHandlers({ provider: "meta", secret, params: { verifyToken }, handler })`:
 * one webhook under every method with which a provider calls. Throws ConfigError when the options cannot work.
 */
export function webhookHandlers<Request extends FetchRequest = FetchRequest>(
  options: WebhookOptions<Request>,
): Record<"GET" | "HEAD" | "OPTIONS" | "POST", RouteHandler<Request>> {
  const POST = webhook(options);
  return { GET: POST, HEAD: POST, OPTIONS: POST, POST };
}
