// Other names by which people look for a provider: a product's brand, a former name, another way to write it.
import type { Provider } from "./provider.ts";
import { providerById, providers } from "./providers/index.ts";

/** What is written here is compared without case and marks, as ids are: `Checkout.com` finds `checkout-com`. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  amazonsns: "aws-sns",
  atlassianconnect: "jira-connect",
  authorize: "authorize-net",
  bird: "messagebird",
  checkout: "checkout-com",
  eventgrid: "azure-eventgrid",
  expo: "expo-eas",
  facebook: "meta",
  gcppubsub: "google-pubsub",
  hellosign: "dropbox-sign",
  instagram: "meta",
  intuit: "quickbooks",
  jiracloud: "jira",
  lemonsqueezy: "lemon-squeezy",
  mailchimp: "mailchimp-marketing",
  mailchimptransactional: "mandrill",
  messenger: "meta",
  msgraph: "microsoft-graph",
  paddlebilling: "paddle",
  pubsub: "google-pubsub",
  sns: "aws-sns",
  teams: "microsoft-teams",
  twitter: "x-twitter",
  whatsapp: "meta",
  x: "x-twitter",
};

const plain = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
// Names of records are long where they say which product; the ids come last, so that none is hidden by a name.
const byPlainName: ReadonlyMap<string, Provider> = new Map(
  [...providers.map(({ name, id }) => [name, id]), ...providers.map(({ id }) => [id, id])].flatMap(([name = "", id = ""]) => {
    const provider = providerById(id);
    return provider === undefined ? [] : [[plain(name), provider]];
  }),
);

/** The provider with this id, or the one that is meant: `LemonSqueezy`, `Authorize.Net`, `whatsapp`. Undefined when none is. */
export function findProvider(name: string): Provider | undefined {
  const exact = providerById(name);
  if (exact !== undefined || typeof name !== "string") return exact;
  const key = plain(name);
  return byPlainName.get(key) ?? (Object.hasOwn(OTHER_NAMES, key) ? providerById(OTHER_NAMES[key] ?? "") : undefined);
}
