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
  secretHint: "Basic Information → App Credentials → Signing Secret of the app at api.slack.com/apps.",
  answerWithinSeconds: 3,
  retry: "3 times, with the headers X-Slack-Retry-Num and X-Slack-Retry-Reason.",
  samples: [
    {
      type: "app_mention",
      body: {
        token: "example",
        team_id: "TEXAMPLE1",
        api_app_id: "AEXAMPLE1",
        type: "event_callback",
        event_id: "EvEXAMPLE01",
        event_time: 1760000000,
        event: {
          type: "app_mention",
          user: "UEXAMPLE1",
          text: "<@UEXAMPLE2> hello",
          ts: "1760000000.000100",
          channel: "CEXAMPLE1",
          event_ts: "1760000000.000100",
        },
      },
    },
    {
      type: "block_actions",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: "payload=%7B%22type%22%3A%22block_actions%22%2C%22user%22%3A%7B%22id%22%3A%22UEXAMPLE1%22%7D%2C%22trigger_id%22%3A%221.2.example%22%2C%22channel%22%3A%7B%22id%22%3A%22CEXAMPLE1%22%7D%2C%22actions%22%3A%5B%7B%22action_id%22%3A%22approve%22%2C%22value%22%3A%221001%22%7D%5D%7D",
    },
    {
      type: "/deploy",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: "command=%2Fdeploy&text=production&team_id=TEXAMPLE1&channel_id=CEXAMPLE1&user_id=UEXAMPLE1&response_url=https%3A%2F%2Fhooks.example.test%2F1&trigger_id=1.2.example",
    },
  ],
} as const satisfies Provider;
