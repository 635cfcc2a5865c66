// GET /metrics: counters for Prometheus; totals only, nothing that names a source or a destination.
import { formatMetrics, METRICS_CONTENT_TYPE } from "../metrics.ts";
import type { Answer, Call } from "../route.ts";

export function getMetrics({ api }: Call): Answer {
  return { kind: "bytes", status: 200, contentType: METRICS_CONTENT_TYPE, body: formatMetrics(api.metrics()) };
}
