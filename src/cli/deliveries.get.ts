// `posthorn deliveries get`: one delivery and every attempt at it.
import type { DeliveryDetailView } from "../http/schemas/delivery.ts";
import { diagnosisPairs, resultText } from "./attempts.get.ts";
import { statusPaint } from "./deliveries.list.ts";
import { getCommand } from "./resource.ts";
import { type Cell, relativeText, renderPairs, renderTable } from "./table.ts";

export const deliveriesGet = getCommand<DeliveryDetailView>({
  name: "deliveries get",
  summary: "Show one delivery and its attempts.",
  argument: "The delivery's id, dlv_...",
  path: (id) => `/v1/deliveries/${id}`,
  print(delivery, { terminal, nowMs }) {
    terminal.out(
      renderPairs(terminal, [
        ["id", delivery.id],
        ["status", { text: delivery.status, paint: statusPaint(terminal.outStyle, delivery.status) }],
        ["why", delivery.reason],
        ["event", delivery.eventId],
        ["destination", delivery.destinationId],
        ["subscription", delivery.subscriptionId],
        ["order key", delivery.orderKey],
        ["late", delivery.late ? "yes, it goes out of its order" : null],
        ["attempts", String(delivery.attemptCount)],
        ["next attempt", relativeText(delivery.nextAttemptAt, nowMs)],
        ["expires", relativeText(delivery.expiresAt, nowMs)],
        ["finished", relativeText(delivery.finishedAt, nowMs)],
      ]),
    );
    if (delivery.attempts.length === 0) return;
    const rows = delivery.attempts.map((attempt): Cell[] => [
      { text: String(attempt.number) },
      { text: attempt.id },
      { text: relativeText(attempt.startedAt, nowMs) },
      { text: `${Math.round(attempt.durationMs)} ms` },
      { text: resultText(attempt) },
    ]);
    terminal.out(`\n${renderTable(terminal, ["TRY", "ID", "STARTED", "TOOK", "RESULT"], rows)}`);
    // The last attempt is the one to mend; the others have their own page in `attempts get`.
    const pairs = diagnosisPairs(delivery.attempts.at(-1)!, terminal.outStyle);
    if (pairs.length > 0) terminal.out(`\n${renderPairs(terminal, pairs)}`);
  },
  examples: [["posthorn deliveries get dlv_06dq2ye2xk0ezc5bk9ztc3h9m7", "what each attempt met"]],
});
