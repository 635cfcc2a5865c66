// The flow's own figures in the shape /metrics shows.
import type { RunningFlow } from "./run.ts";

export interface FlowMetric {
  name: string;
  help: string;
  type: "counter" | "gauge";
  samples: { labels?: Record<string, string>; value: number }[];
}

export function flowMetrics(
  { counters, worker, suppressedRejections, unwellDestinations, shardsHeld }: RunningFlow,
  ingest: { pendingBytes: number },
): FlowMetric[] {
  const { inFlight, queued, unsettled } = worker.stats();
  const one = (value: number) => [{ value }];
  const by = (label: string, map: ReadonlyMap<string, number>) => [...map].map(([key, value]) => ({ labels: { [label]: key }, value }));
  return [
    { name: "posthorn_events_accepted_total", help: "Events committed since the start.", type: "counter", samples: one(counters.accepted) },
    {
      name: "posthorn_requests_duplicate_total",
      help: "Requests, and items of split requests, that repeated an event.",
      type: "counter",
      samples: one(counters.duplicates),
    },
    {
      name: "posthorn_requests_handshake_total",
      help: "Checks of an ingest URL that were answered without an event.",
      type: "counter",
      samples: one(counters.handshakes),
    },
    {
      name: "posthorn_requests_rejected_total",
      help: "Requests refused, by cause.",
      type: "counter",
      samples: by("cause", counters.rejected),
    },
    {
      name: "posthorn_requests_rejected_unrecorded_total",
      help: "Refused requests and handshakes that were counted but not kept.",
      type: "counter",
      samples: one(suppressedRejections()),
    },
    {
      name: "posthorn_attempts_total",
      help: "Delivery attempts, by status class or failure.",
      type: "counter",
      samples: by("outcome", counters.attempts),
    },
    { name: "posthorn_attempts_in_flight", help: "Delivery attempts under way.", type: "gauge", samples: one(inFlight) },
    { name: "posthorn_deliveries_queued", help: "Due deliveries held in memory.", type: "gauge", samples: one(queued) },
    {
      name: "posthorn_destinations_breaker_open",
      help: "Destinations whose circuit breaker is open or half-open.",
      type: "gauge",
      samples: one(unwellDestinations()),
    },
    { name: "posthorn_attempts_unsettled", help: "Outcomes not committed yet.", type: "gauge", samples: one(unsettled) },
    {
      name: "posthorn_attempts_fenced_total",
      help: "Outcomes refused because another node had taken the delivery over.",
      type: "counter",
      samples: one(counters.fenced),
    },
    {
      name: "posthorn_shards_held",
      help: "Shards of destinations this node works on; none where it holds its store alone.",
      type: "gauge",
      samples: one(shardsHeld() ?? 0),
    },
    {
      name: "posthorn_ingest_pending_bytes",
      help: "Bodies received and not committed yet.",
      type: "gauge",
      samples: one(ingest.pendingBytes),
    },
  ];
}
