// @posthorn/sdk/next: a route handler of Next's app router, and of any other framework from Request to Response.
import { type FetchRequest, respond } from "./fetch.ts";
import type { WebhookOptions } from "./options.ts";
import { createReceiver } from "./receive.ts";

export type { FetchRequest } from "./fetch.ts";
export type { WebhookEvent } from "./event.ts";
export type { Handler, HandlerAnswer, WebhookOptions } from "./options.ts";

/**
 * In `app/hooks/github/route.ts`: `export const POST = webhook({ provider: "github", secret, handlers: { push } })`.
 * Throws ConfigError when the options cannot work.
 */
export function webhook<Request extends FetchRequest = FetchRequest>(
  options: WebhookOptions<Request>,
): (request: Request) => Promise<Response> {
  const receiver = createReceiver(options);
  return (request) => respond(receiver, request, request);
}
