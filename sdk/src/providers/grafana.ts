// Grafana Alerting webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "grafana",
  name: "Grafana Alerting",
  docsUrl: "https://grafana.com/docs/grafana/latest/alerting/",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["x-grafana-alerting-signature"] },
    enc: "hex",
    content: "{body}",
  },
  eventId: [],
  eventType: ["json:status"],
  bodyAuthenticated: true,
  setup: [
    "Add a webhook contact point in Grafana with the URL of this source.",
    "Turn on its HMAC signature with the secret of this source, the default header, and no timestamp header.",
  ],
  experimental: true,
} as const satisfies Provider;
