// Resend: Standard Webhooks headers.
import type { Provider } from "../provider.ts";

export default {
  id: "resend",
  name: "Resend",
  docsUrl: "https://resend.com/docs/webhooks/verify-webhooks-requests",
  scheme: { kind: "standard-webhooks", key: "whsec", headerPrefixes: ["svix"], toleranceSeconds: 300 },
  eventId: ["header:svix-id"],
  eventType: ["json:type"],
  eventTime: [{ from: "json:created_at", unit: "rfc3339" }],
  eventKey: ["json:data.email_id"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook endpoint in Resend and enter the URL of this source.",
    "Copy the signing secret that Resend shows and save it here as it is.",
  ],
  secretHint: "Webhooks → your webhook → Signing Secret.",
  ipRanges: ["https://docs.svix.com/webhook-ips.json"],
  samples: [
    {
      type: "email.delivered",
      body: {
        type: "email.delivered",
        created_at: "2026-10-09T08:53:20.000Z",
        data: {
          email_id: "00000000-0000-4000-8000-00000000001b",
          from: "Shop <shop@example.test>",
          to: ["ada@example.test"],
          subject: "Your order",
          created_at: "2026-10-09T08:53:10.000Z",
        },
      },
    },
    {
      type: "email.bounced",
      body: {
        type: "email.bounced",
        created_at: "2026-10-09T08:53:20.000Z",
        data: {
          email_id: "00000000-0000-4000-8000-00000000001c",
          from: "shop@example.test",
          to: ["nobody@example.test"],
          subject: "Your order",
          bounce: { type: "Permanent", subType: "General", message: "No such mailbox" },
        },
      },
    },
  ],
} as const satisfies Provider;
