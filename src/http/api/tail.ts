// GET /v1/tail: what happens, as it happens, as server-sent events.
import type { TailEntry } from "../../flow/tail.ts";
import { resolveId } from "../answers.ts";
import type { Answer, Call } from "../route.ts";
import type { TailQuery } from "../schemas/service.ts";
import { openEventStream } from "../sse.ts";
import { timeViewOrNull } from "../views/times.ts";

export function tail({ api, query }: Call<undefined, TailQuery>): Answer {
  const sourceId = resolveId("source", query.source, query.sourceId, api.catalog.sources());
  return {
    kind: "stream",
    open: (stream) => {
      const events = openEventStream(stream, api.clock);
      const stop = api.flow.tail.listen((entry) => {
        if (query.kind !== undefined && entry.kind !== query.kind) return;
        if (sourceId !== undefined && !("sourceId" in entry && entry.sourceId === sourceId)) return;
        events.send(entry.kind, () => JSON.stringify(entryView(entry)));
      });
      stream.onClose(stop);
    },
  };
}

function entryView(entry: TailEntry): object {
  const view = { ...entry, at: timeViewOrNull(entry.at) };
  return "nextAttemptAt" in entry ? { ...view, nextAttemptAt: timeViewOrNull(entry.nextAttemptAt) } : view;
}
