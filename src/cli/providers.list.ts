// `posthorn providers list`: every provider this version knows. Needs no server.
import { type Context, defineCommand, flag, text } from "./command.ts";
import { EXIT } from "./exit.ts";
import { printJson } from "./resource.ts";
import { renderTable } from "./table.ts";

export const providersList = defineCommand({
  name: "providers list",
  summary: "List the providers whose webhooks can be verified.",
  description: "Needs no server. BODY says whether the signature covers the body.",
  options: {
    search: text("text", "Only those with this text in id, name or scheme."),
    json: flag("JSON for programs instead of text for people"),
  },
  examples: [
    ["posthorn providers list", "all of them"],
    ["posthorn providers list --search shop", "those with shop in their name"],
    ["posthorn providers list --search jwt --json", "those that send a JSON Web Token, as JSON"],
  ],
  async run(context: Context, { options: { search, json } }) {
    const { terminal } = context;
    const rows = await findProviders(search ?? "");
    if (json) printJson(terminal, { data: rows });
    else if (rows.length === 0)
      terminal.err(`No provider matches. "hmac", "token", "basic" and "standard-webhooks" serve any other sender.\n`);
    else {
      const { bold, green, yellow, dim } = terminal.outStyle;
      terminal.out(
        renderTable(
          terminal,
          ["ID", "NAME", "SIGNS WITH", "BODY", "CHECKED"],
          rows.map(({ id, name, scheme, bodyAuthenticated, experimental }) => [
            { text: id, paint: bold },
            { text: name },
            { text: scheme },
            { text: bodyAuthenticated ? "yes" : "no", paint: bodyAuthenticated ? green : yellow },
            { text: experimental ? "experimental" : "yes", paint: experimental ? yellow : dim },
          ]),
        ),
      );
    }
    return EXIT.ok;
  },
});

interface Row {
  id: string;
  name: string;
  scheme: string;
  bodyAuthenticated: boolean;
  experimental: boolean;
  docsUrl: string;
}

async function findProviders(search: string): Promise<Row[]> {
  // Loaded here because few commands need them.
  const [{ providers }, { providerWords }] = await Promise.all([import("@posthorn/sdk"), import("../core/provider-words.ts")]);
  const rows = providers.map((provider): Row => {
    const { id, name, bodyAuthenticated, docsUrl, experimental = false } = provider;
    return { id, name, scheme: providerWords(provider).scheme, bodyAuthenticated, experimental, docsUrl };
  });
  const wanted = search.toLowerCase();
  return rows.filter(({ id, name, scheme }) => [id, name, scheme].some((each) => each.toLowerCase().includes(wanted)));
}
