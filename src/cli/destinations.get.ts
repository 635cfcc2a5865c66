// `posthorn destinations get`: one destination, what it is set to, and in words how it fares.
import type { DestinationDetailView } from "../http/schemas/destination.ts";
import { statusPaint } from "./deliveries.list.ts";
import { getCommand } from "./resource.ts";
import { relativeText, relativeTime, renderPairs } from "./table.ts";

export const destinationsGet = getCommand<DestinationDetailView>({
  name: "destinations get",
  summary: "Show one destination and how it fares.",
  argument: "The destination's id, dst_...",
  path: (id) => `/v1/destinations/${id}`,
  print(destination, { terminal, nowMs }) {
    const { state, tls } = destination;
    terminal.out(
      renderPairs(terminal, [
        ["id", { text: destination.id, paint: terminal.outStyle.bold }],
        ["name", destination.name],
        ["tenant", destination.tenantId],
        ["delivers to", destination.url],
        ["state", { text: stateText(state, nowMs), paint: statusPaint(terminal.outStyle, state.kind) }],
        ["health", healthText(destination, nowMs)],
        ["rate", destination.rateLimit === null ? null : `${destination.rateLimit.count} a ${destination.rateLimit.per} at most`],
        ["concurrency", concurrencyText(destination)],
        ["deadline", `${destination.deadlineMs} ms`],
        ["attempts", destination.retry.scheduleMs.map(spanText).join(", ")],
        ["authentication", destination.auth.kind === "none" ? null : destination.auth.kind],
        ["signature", destination.signature.kind === "none" ? null : destination.signature.kind],
        ["tls", tls === null ? null : tlsText(tls)],
        ["http/2", destination.http2 ? "where it is offered" : null],
      ]),
    );
  },
  examples: [["posthorn destinations get dst_06dq2ye2xk0ezc5bk9ztc3h9m7", "why nothing goes there"]],
});

function stateText(state: DestinationDetailView["state"], nowMs: number): string {
  switch (state.kind) {
    case "active":
      return "active";
    case "paused":
      return `paused ${relativeText(state.since, nowMs)}`;
    case "disabled":
      return `disabled ${relativeText(state.since, nowMs)}: ${state.reason}`;
  }
}

/** What its circuit breaker does, and why. */
function healthText({ health, state }: DestinationDetailView, nowMs: number): string | null {
  if (health === null) return null;
  const { phase, probeAt, failingSince, reason } = health;
  const since = failingSince === null ? "" : ` Every attempt has failed since ${sinceText(failingSince, nowMs)}.`;
  switch (phase) {
    case "closed":
      return failingSince === null ? "well" : `attempts go out, but fail.${since}`;
    case "half-open":
      return `recovering: one attempt tests it, and the others wait. ${reason ?? ""}${since}`;
    case "open": {
      const next = state.kind === "active" ? `is tested ${relativeText(probeAt, nowMs)}` : "is tested once it is resumed";
      return `failing: deliveries are parked, and it ${next}. ${reason ?? ""}${since}`;
    }
  }
}

function sinceText(time: string, nowMs: number): string {
  return relativeTime(Date.parse(time), nowMs) === "now" ? "just now" : relativeText(time, nowMs);
}

function concurrencyText({ concurrencyMax, adaptiveConcurrency, health }: DestinationDetailView): string {
  const most = `${concurrencyMax} at once${adaptiveConcurrency ? ", fewer while it does badly" : ""}`;
  const now = health?.concurrency ?? concurrencyMax;
  return now === concurrencyMax ? most : `${most}; ${now} now`;
}

function tlsText({ caPem, clientCertPem, serverName }: NonNullable<DestinationDetailView["tls"]>): string {
  const parts = [
    caPem === null ? null : "authorities of its own",
    clientCertPem === null ? null : "a client certificate",
    serverName === null ? null : `as ${serverName}`,
  ];
  return parts.filter((part) => part !== null).join(", ");
}

const SPANS: [unit: string, ms: number][] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
];

/** As `--retry-schedule` takes it: the largest unit that says it exactly. */
function spanText(ms: number): string {
  const [unit, size] = SPANS.find(([, one]) => ms > 0 && ms % one === 0) ?? (ms === 0 ? ["s", 1] : ["ms", 1]);
  return `${ms / size}${unit}`;
}
