// `posthorn providers show`: everything one needs to know to receive from a provider. Needs no server.
import type { Provider } from "@posthorn/sdk";
import { closestNames } from "../core/closest.ts";
import type { ProviderWords } from "../core/provider-words.ts";
import { printable } from "../printable.ts";
import { defineCommand, flag } from "./command.ts";
import { CliError, EXIT } from "./exit.ts";
import { printJson } from "./resource.ts";
import { renderPairs } from "./table.ts";
import type { Terminal } from "./terminal.ts";

export const providersShow = defineCommand({
  name: "providers show",
  summary: "Show how a provider signs, what it expects and how to set it up.",
  description: "Needs no server. The name is the id or the full name, in any case.",
  arguments: [{ name: "name", description: "Id or name of the provider, such as github." }],
  options: { json: flag("JSON for programs instead of text for people") },
  examples: [
    ["posthorn providers show stripe", "how Stripe signs, where its secret is, and the command for a source"],
    ["posthorn providers show twilio --json", "the whole record, as data and in words"],
  ],
  async run({ terminal }, { args: [name = ""], options: { json } }) {
    // Loaded here because few commands need them.
    const [{ providers }, { providerWords }] = await Promise.all([import("@posthorn/sdk"), import("../core/provider-words.ts")]);
    const wanted = name.toLowerCase();
    const provider = providers.find((each) => each.id === wanted) ?? providers.find((each) => each.name.toLowerCase() === wanted);
    if (provider === undefined) throw unknownProvider(name, providers);
    const words = providerWords(provider);
    if (json) printJson(terminal, { ...provider, words });
    else printProvider(terminal, provider, words);
    return EXIT.ok;
  },
});

function unknownProvider(name: string, providers: readonly Provider[]): CliError {
  // A name is often known by its brand ("whatsapp"), so names count as well; what is typed is the id.
  const byName = new Map(providers.flatMap((each) => [[each.id, each.id] as const, [each.name, each.id] as const]));
  const near = [...new Set(closestNames(name, [...byName.keys()]).map((each) => byName.get(each) ?? each))];
  const hint = near.length === 0 ? 'See all of them with "posthorn providers list".' : `Did you mean ${near.join(" or ")}?`;
  return new CliError(EXIT.notFound, `There is no provider ${JSON.stringify(name)}. ${hint}`);
}

function printProvider(terminal: Terminal, provider: Provider, words: ProviderWords): void {
  const { bold, dim, yellow } = terminal.outStyle;
  const section = (title: string, lines: readonly string[]): void => {
    if (lines.length > 0) terminal.out(`\n${bold(title)}\n${lines.map((line) => `  ${printable(line)}\n`).join("")}`);
  };
  terminal.out(`${bold(printable(provider.name))} ${dim(`(${printable(provider.id)})`)}\n`);
  if (provider.experimental === true)
    terminal.out(`${yellow("experimental")}: from memory of the vendor's documentation, not checked against it.\n`);
  terminal.out(
    renderPairs(terminal, [
      ["docs", provider.docsUrl],
      ["signs with", words.scheme],
      ["needs", words.credential],
      ["headers", words.headers.join(", ")],
      ["event id", words.eventId],
      ["event type", words.eventType],
      ["event time", words.eventTime],
      ["key", words.eventKey],
      ["batches", words.batch],
      ["answer", words.answer],
      ["retries", provider.retry],
      ["addresses", provider.ipRanges?.join(", ")],
    ]),
  );
  section("Signature", [...words.how, words.body, words.age, ...(words.keys === null ? [] : [`Public keys: ${words.keys}`])]);
  section(
    "Parameters",
    words.params.map(({ name, needed, meaning }) => `${name}${needed ? "" : " (optional)"}: ${meaning}`),
  );
  section("Tests of the endpoint", words.handshakes);
  section(
    "Set it up",
    provider.setup.map((step, index) => `${index + 1}. ${step}`),
  );
  if (provider.secretHint !== undefined) section("Where the secret is", [provider.secretHint]);
  section("Make a source", [words.command]);
}
