// The list of providers. Adding one is adding its file and a line here.
import type { Provider } from "../provider.ts";
import basic from "./basic.ts";
import github from "./github.ts";
import hmac from "./hmac.ts";
import none from "./none.ts";
import standardWebhooks from "./standard-webhooks.ts";
import stripe from "./stripe.ts";
import token from "./token.ts";

/** Every provider this version knows, as plain data. */
export const providers: readonly Provider[] = [basic, github, hmac, none, standardWebhooks, stripe, token];

const byId: ReadonlyMap<string, Provider> = new Map(providers.map((provider) => [provider.id, provider]));

export function providerById(id: string): Provider | undefined {
  return byId.get(id);
}
