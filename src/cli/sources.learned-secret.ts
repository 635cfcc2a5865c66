// `posthorn sources learned-secret`: prints the secret that a provider brought when it tested the endpoint.
import type { SourceView } from "../http/schemas/source.ts";
import { actionCommand } from "./resource.ts";

export const sourcesLearnedSecret = actionCommand<SourceView>({
  name: "sources learned-secret",
  summary: "Print the secret that the provider brought in a handshake.",
  description: "Notion sends a verification token that a person has to paste back there. Secrets that were typed in are never shown.",
  argument: "The source's id, src_...; several may be given.",
  act: (client, id) => client.send("POST", `/v1/sources/${id}/learned-secret`),
  told: (source) => source.secret ?? "",
  examples: [["posthorn sources learned-secret src_06dq2ye2xk0ezc5bk9ztc3h9m7", "after Notion was told the ingest URL"]],
});
