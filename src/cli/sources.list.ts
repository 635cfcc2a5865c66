// `posthorn sources list`: where events come in.
import type { SourceView } from "../http/schemas/source.ts";
import { listCommand } from "./resource.ts";

export const sourcesList = listCommand({
  name: "sources list",
  summary: "List sources with their ingest URLs.",
  path: "/v1/sources",
  options: {},
  query: () => ({}),
  headings: ["ID", "NAME", "PROVIDER", "STATE", "URL"],
  row: (source: SourceView, { terminal }) => [
    { text: source.id },
    { text: source.name, paint: terminal.outStyle.bold },
    { text: source.provider },
    { text: source.enabled ? "enabled" : "disabled", paint: source.enabled ? terminal.outStyle.green : terminal.outStyle.red },
    { text: source.url },
  ],
  empty: 'There is no source yet. Make one with "posthorn sources create".',
  examples: [["posthorn sources list", "every source and its URL"]],
});
