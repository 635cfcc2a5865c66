// `posthorn attempts get`: one try at a delivery, from the bytes of its headers to what its end means.
import type { AttemptView } from "../http/schemas/delivery.ts";
import { printableBlock } from "../printable.ts";
import { bodyText } from "./raw-request.ts";
import { getCommand } from "./resource.ts";
import { byteText, relativeText, renderPairs } from "./table.ts";
import type { Style } from "./terminal.ts";

export const attemptsGet = getCommand<AttemptView>({
  name: "attempts get",
  summary: "Show one attempt: what was sent, what came back, and what it means.",
  argument: "The attempt's id, att_...",
  path: (id) => `/v1/attempts/${id}`,
  print(attempt, { terminal, nowMs }) {
    const { response, connection } = attempt;
    terminal.out(
      renderPairs(terminal, [
        ["id", attempt.id],
        ["delivery", attempt.deliveryId],
        ["try", String(attempt.number)],
        ["started", `${attempt.startedAt} (${relativeText(attempt.startedAt, nowMs)})`],
        ["took", timesText(attempt)],
        ["result", resultText(attempt)],
        ...diagnosisPairs(attempt, terminal.outStyle),
        ["connection", connection === null ? null : connectionText(connection)],
        ["certificate", certificateText(connection)],
      ]),
    );
    const { method, url, headers } = attempt.request;
    terminal.out(`\n${renderPairs(terminal, [["request", `${method} ${url}`], ...headers])}`);
    if (response === null) return;
    terminal.out(`\n${renderPairs(terminal, [["response", sizeText(response)], ...response.headers])}`);
    if (response.body !== "") terminal.out(`\n${printableBlock(bodyText(response))}\n`);
  },
  examples: [["posthorn attempts get att_06dq2ye2xk0ezc5bk9ztc3h9m7", "why a receiver did not take it"]],
});

export function resultText({ response, failure }: AttemptView): string {
  if (response !== null) return `HTTP ${response.status}`;
  return failure === null ? "" : `${failure.code}: ${failure.message}`;
}

/** What happened and what to do; the first only where `result` does not say it. */
export function diagnosisPairs({ diagnosis, failure }: AttemptView, style: Style): Parameters<typeof renderPairs>[1] {
  if (diagnosis === null) return [];
  const paint = diagnosis.severity === "error" ? style.red : style.yellow;
  const summary = diagnosis.summary === failure?.message ? null : { text: diagnosis.summary, paint };
  return [
    ["diagnosis", summary],
    ["to do", diagnosis.fix],
  ];
}

/** `212 ms (DNS 10, connect 20, TLS 30, first byte 200, body 12)`. */
function timesText({ durationMs, timings }: AttemptView): string {
  const parts: [string, number | null | undefined][] = [
    ["DNS", timings?.dnsMs],
    ["connect", timings?.connectMs],
    ["TLS", timings?.tlsMs],
    ["first byte", timings?.firstByteMs],
    ["body", timings?.bodyMs],
  ];
  const known = parts.flatMap(([name, ms]) => (ms === null || ms === undefined ? [] : [`${name} ${Math.round(ms)}`]));
  return `${Math.round(durationMs)} ms${known.length === 0 ? "" : ` (${known.join(", ")})`}`;
}

function connectionText({ reused, remote, httpVersion, tlsVersion }: NonNullable<AttemptView["connection"]>): string {
  const parts = [
    httpVersion === null ? null : `HTTP/${httpVersion}`,
    tlsVersion,
    remote === null ? null : `${remote.replaceAll("_", "-")} address`,
    reused ? "kept open from before" : null,
  ];
  return parts.filter((part) => part !== null).join(", ");
}

function certificateText(connection: AttemptView["connection"]): string | null {
  if (connection === null || connection.certificateExpiresAt === null) return null;
  return `until ${connection.certificateExpiresAt}, ${connection.certificateDaysLeft} days from this attempt`;
}

function sizeText({ status, bytesReceived, truncated }: NonNullable<AttemptView["response"]>): string {
  const size = bytesReceived === null ? "" : `, ${byteText(bytesReceived)}`;
  return `HTTP ${status}${size}${truncated ? ", cut: more came than is kept" : ""}`;
}
