// The blocks of docs/providers.md: a table of all providers, then one section each, in the words of src/core/provider-words.ts.
import { type Provider, providers } from "@posthorn/sdk";
import { type ProviderWords, providerWords } from "../src/core/provider-words.ts";

type Table = (headings: string[], rows: string[][]) => string;

export function providerBlocks(table: Table): string[] {
  const all = providers.map((provider) => ({ provider, words: providerWords(provider) }));
  const experimental = all.filter(({ provider }) => provider.experimental === true).length;
  return [
    `Posthorn verifies webhooks of ${all.length} providers. \`posthorn providers show <name>\` prints one section of this page, and \`GET /v1/providers/{id}\` answers it.`,
    "*Body* says whether the signature covers the body: where it does not, whoever has seen one request can send another body, so what matters has to be asked of the vendor's API.",
    `The ${experimental} marked *experimental* are from memory of the vendor's documentation and not checked against it. A sender that is not here is served by \`standard-webhooks\`, \`hmac\`, \`token\`, \`basic\` or \`none\`.`,
    table(
      ["Provider", "Id", "Signs with", "Body", ""],
      all.map(({ provider, words }) => summaryRow(provider, words)),
    ),
    ...all.flatMap(({ provider, words }) => section(provider, words, table)),
  ];
}

function summaryRow({ id, name, bodyAuthenticated, experimental }: Provider, { scheme }: ProviderWords): string[] {
  return [`[${name}](#${id})`, `\`${id}\``, scheme, bodyAuthenticated ? "yes" : "no", experimental === true ? "*experimental*" : ""];
}

function section(provider: Provider, words: ProviderWords, table: Table): string[] {
  const { id, name, docsUrl, experimental, retry, ipRanges, secretHint, setup } = provider;
  const facts: [string, string | null | undefined][] = [
    ["Needs", words.credential],
    ["Headers", words.headers.map((header) => `\`${header}\``).join(", ")],
    ["Event id", words.eventId],
    ["Event type", words.eventType],
    ["Event time", words.eventTime],
    ["Key", words.eventKey],
    ["Age", words.age],
    ["Public keys", words.keys],
    ["Tests of the endpoint", words.handshakes.join(" ")],
    ["Batches", words.batch],
    ["Answer", words.answer],
    ["Retries", retry],
    ["Addresses", ipRanges?.join(", ")],
    ["Secret", secretHint],
  ];
  const rows = facts.flatMap(([fact, text]) => (text === null || text === undefined || text === "" ? [] : [[fact, text]]));
  const params = words.params.map((param) => [`\`${param.name}\``, param.needed ? "yes" : "no", param.meaning]);
  return [
    // The anchor is the id, because a name with dots and brackets makes one that nobody can guess.
    `<a id="${id}"></a>`,
    `## ${name}`,
    `\`${id}\`, [documentation of the vendor](${docsUrl})${experimental === true ? ". **Experimental**: from memory of that documentation, not checked against it." : "."}`,
    [...words.how, words.body].join(" "),
    table(["Fact", ""], rows),
    ...(params.length === 0 ? [] : [table(["Parameter", "Needed", "Meaning"], params)]),
    setup.map((step, index) => `${index + 1}. ${step}`).join("\n"),
    `\`\`\`sh\n${words.command}\n\`\`\``,
  ];
}
