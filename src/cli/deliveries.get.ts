// `posthorn deliveries get`: one delivery and every attempt at it.
import { statusPaint } from "./deliveries.list.ts";
import { getCommand } from "./resource.ts";
import { type Cell, relativeText, renderPairs, renderTable } from "./table.ts";
import type { AttemptItem, DeliveryItem } from "./wire.ts";

export const deliveriesGet = getCommand<DeliveryItem>({
  name: "deliveries get",
  summary: "Show one delivery and its attempts.",
  argument: "The delivery's id, dlv_...",
  path: (id) => `/v1/deliveries/${id}`,
  async print(delivery, { terminal, nowMs }, client) {
    terminal.out(
      renderPairs(terminal, [
        ["id", delivery.id],
        ["status", { text: delivery.status, paint: statusPaint(terminal.outStyle, delivery.status) }],
        ["why", delivery.reason],
        ["event", delivery.eventId],
        ["destination", delivery.destinationId],
        ["subscription", delivery.subscriptionId],
        ["attempts", String(delivery.attempts)],
        ["next attempt", relativeText(delivery.nextAttemptAt, nowMs)],
        ["finished", relativeText(delivery.finishedAt, nowMs)],
      ]),
    );
    const attempts = await client.get<{ data: AttemptItem[] }>("/v1/attempts", { delivery: delivery.id });
    if (attempts.data.length === 0) return;
    const rows = attempts.data.map((attempt): Cell[] => [
      { text: String(attempt.number) },
      { text: attempt.id },
      { text: relativeText(attempt.startedAt, nowMs) },
      { text: `${Math.round(attempt.durationMs)} ms` },
      { text: resultText(attempt) },
    ]);
    terminal.out(`\n${renderTable(terminal, ["TRY", "ID", "STARTED", "TOOK", "RESULT"], rows)}`);
  },
  examples: [["posthorn deliveries get dlv_06dq2ye2xk0ezc5bk9ztc3h9m7", "what each attempt met"]],
});

function resultText({ result }: AttemptItem): string {
  return result.kind === "response" ? `HTTP ${result.status}` : `${result.failure}: ${result.message}`;
}
