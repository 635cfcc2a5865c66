// Slack webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "slack",
  name: "Slack",
  docsUrl: "https://docs.slack.dev/authentication/verifying-requests-from-slack",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["x-slack-signature"], prefix: "v0=" },
    enc: "hex",
    content: "v0:{ts}:{body}",
    ts: { from: "header:x-slack-request-timestamp", unit: "s", toleranceSeconds: 300, future: false },
  },
  eventId: ["json:event_id"],
  eventType: ["json:event.type", "json:type", "form:payload:type", "form:command"],
  eventTime: [
    { from: "json:event.event_ts", unit: "s" },
    { from: "json:event_time", unit: "s" },
    { from: "form:payload:action_ts", unit: "s" },
  ],
  eventKey: ["json:event.channel", "json:event.channel.id", "form:payload:channel.id", "form:channel_id", "json:event.user"],
  bodyAuthenticated: true,
  handshakes: [
    {
      name: "URL verification",
      signed: true,
      methods: ["POST"],
      when: [{ at: "json:type", equals: "url_verification" }],
      json: { challenge: "{json:challenge}" },
    },
  ],
  setup: [
    "Enter the URL of this source as the request URL of the app: under Event Subscriptions, Interactivity or Slash Commands.",
    "Copy the signing secret from Basic Information and save it here.",
  ],
  answerWithinSeconds: 3,
  retry: "3 times, with the headers X-Slack-Retry-Num and X-Slack-Retry-Reason.",
} as const satisfies Provider;
