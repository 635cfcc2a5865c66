// `posthorn sources create`: a new place for events to come in.
import type { SourceView } from "../http/schemas/source.ts";
import { flag, several, text } from "./command.ts";
import { readParams, readSecret } from "./input-file.ts";
import { createCommand } from "./resource.ts";
import { renderPairs } from "./table.ts";

export const sourcesCreate = createCommand({
  name: "sources create",
  summary: "Make a source and print its ingest URL.",
  description: "The secret comes from a file or stdin, never from a flag, because other users of a machine can see flags.",
  path: "/v1/sources",
  options: {
    name: text("text", "What to call it."),
    provider: text("id", "Whose webhooks come in: github, stripe, standard-webhooks, hmac, token, basic or none."),
    secretFile: text("path", "File with the provider's signing secret, - for stdin."),
    publicKey: text("key", "The sender's public key, for senders that sign with a key pair."),
    param: several("name=value", "Option of the provider, such as header=x-signature for hmac."),
    split: flag("Make one event per item of a batched body; the request is kept whole."),
  },
  async document(context, { name, provider, secretFile, publicKey, param, split }) {
    const secrets = secretFile === undefined ? undefined : [await readSecret(context, secretFile, "--secret-file")];
    return { name, provider, secrets, publicKey, params: readParams(param, "--param"), split: split ? true : undefined };
  },
  told: (source: SourceView, { terminal }) =>
    renderPairs(terminal, [
      ["id", source.id],
      ["name", source.name],
      ["provider", source.provider],
      ["url", { text: source.url, paint: terminal.outStyle.bold }],
      ["secret", source.secret],
    ]),
  examples: [
    [
      "posthorn sources create --name github --provider github --secret-file secret.txt",
      "for a GitHub webhook; enter the printed URL there",
    ],
    ["posthorn sources create --name test", "takes everything, for a first try"],
    [
      "posthorn sources create --name shop --provider hmac --param header=x-shop-hmac --param encoding=base64 --secret-file -",
      "any HMAC scheme, the secret from stdin",
    ],
  ],
});
