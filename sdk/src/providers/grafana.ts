// Grafana Alerting webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "grafana",
  name: "Grafana Alerting",
  docsUrl: "https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/",
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
  eventTime: [{ from: "json:alerts.0.startsAt", unit: "rfc3339" }],
  eventKey: ["json:groupKey"],
  secretHint: "Alerting → Contact points → your webhook → HMAC Signature → Secret: the text you entered there yourself.",
  bodyAuthenticated: true,
  setup: [
    "Add a webhook contact point in Grafana with the URL of this source.",
    "Turn on its HMAC signature with the secret of this source, the default header, and no timestamp header.",
  ],
  experimental: true,
  samples: [
    {
      type: "firing",
      body: {
        receiver: "example",
        status: "firing",
        orgId: 1,
        alerts: [
          {
            status: "firing",
            labels: { alertname: "High CPU", instance: "host-1.example.test" },
            annotations: { summary: "CPU is above 90 % for five minutes." },
            startsAt: "2025-10-09T08:53:20Z",
            endsAt: "0001-01-01T00:00:00Z",
            fingerprint: "0000000000000001",
          },
        ],
        groupLabels: { alertname: "High CPU" },
        commonLabels: { alertname: "High CPU", instance: "host-1.example.test" },
        commonAnnotations: {},
        externalURL: "https://grafana.example.test/",
        version: "1",
        groupKey: '{}:{alertname="High CPU"}',
        state: "alerting",
        title: "[FIRING:1] High CPU",
      },
    },
  ],
} as const satisfies Provider;
