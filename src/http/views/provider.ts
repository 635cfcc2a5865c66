// A provider as it is shown: the record of the SDK, and the same in words.
import { type Provider, signsUrl } from "@posthorn/sdk";
import { providerWords } from "../../core/provider-words.ts";
import type { ProviderHeadView, ProviderView } from "../schemas/provider.ts";

export function providerHeadView(provider: Provider): ProviderHeadView {
  const { id, name, docsUrl, bodyAuthenticated, experimental = false } = provider;
  return { id, name, docsUrl, bodyAuthenticated, experimental, scheme: providerWords(provider).scheme };
}

export function providerView(provider: Provider): ProviderView {
  const { eventId, eventType, setup, scheme, experimental = false, ...plain } = provider;
  return {
    ...plain,
    experimental,
    scheme: { ...scheme },
    eventId: [...eventId],
    eventType: [...eventType],
    setup: [...setup],
    signsUrl: signsUrl(provider),
    words: providerWords(provider),
  };
}
