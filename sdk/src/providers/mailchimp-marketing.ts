// Mailchimp Marketing: a shared token in the query of the URL.
import type { Provider } from "../provider.ts";

export default {
  id: "mailchimp-marketing",
  name: "Mailchimp Marketing",
  docsUrl: "https://mailchimp.com/developer/marketing/guides/sync-audience-data-webhooks/",
  scheme: { kind: "token", query: "token", fromParams: true },
  eventId: [],
  eventType: ["form:type"],
  eventKey: ["form:data[id]", "form:data[list_id]"],
  bodyAuthenticated: false,
  experimental: true,
  handshakes: [{ name: "check of the URL", methods: ["GET"] }],
  setup: [
    "Enter the URL of this source in Mailchimp Marketing, with ?token= and the secret of this source at its end.",
    "Where the sender can send a header instead, name that header as the parameter header here.",
  ],
  secretHint: "The token that you entered in the URL under Audience, Settings, Webhooks.",
  samples: [
    {
      type: "subscribe",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: "type=subscribe&fired_at=2025-10-09+08%3A53%3A20&data%5Bid%5D=exampleid1&data%5Blist_id%5D=examplelist&data%5Bemail%5D=ada%40example.com&data%5Bemail_type%5D=html&data%5Bmerges%5D%5BEMAIL%5D=ada%40example.com&data%5Bmerges%5D%5BFNAME%5D=Ada",
    },
  ],
} as const satisfies Provider;
