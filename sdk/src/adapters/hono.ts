// @posthorn/sdk/hono: a route handler for Hono, on any runtime it runs on.
import { type FetchRequest, respond } from "./fetch.ts";
import type { WebhookOptions } from "./options.ts";
import { createReceiver } from "./receive.ts";

export type { WebhookEvent } from "./event.ts";
export type { Handler, HandlerAnswer, WebhookFailure, WebhookOptions } from "./options.ts";

export interface HonoContext {
  readonly req: { readonly raw: FetchRequest };
}

/**
 * `app.all("/hooks/github", webhook({ provider: "github", secret, handlers: { push } }))`; `all`, because some providers test
 * an endpoint with GET, HEAD or OPTIONS. Handlers get Hono's context.
 * Throws ConfigError when the options cannot work.
 */
export function webhook<Context extends HonoContext = HonoContext>(
  options: WebhookOptions<Context>,
): (context: Context) => Promise<Response> {
  const receiver = createReceiver(options);
  return (context) => respond(receiver, context.req.raw, context);
}
