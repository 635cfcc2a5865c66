// Clerk: Standard Webhooks headers.
import type { Provider } from "../provider.ts";

export default {
  id: "clerk",
  name: "Clerk",
  docsUrl: "https://clerk.com/docs/webhooks/overview",
  scheme: { kind: "standard-webhooks", key: "whsec", headerPrefixes: ["svix"], toleranceSeconds: 300 },
  eventId: ["header:svix-id"],
  eventType: ["json:type"],
  eventTime: [{ from: "json:timestamp", unit: "ms" }],
  eventKey: ["json:data.id"],
  secretHint: "Clerk Dashboard, Webhooks → your endpoint → Signing Secret.",
  bodyAuthenticated: true,
  setup: [
    "Create a webhook endpoint in Clerk and enter the URL of this source.",
    "Copy the signing secret that Clerk shows and save it here as it is.",
  ],
  ipRanges: ["https://docs.svix.com/webhook-ips.json"],
  samples: [
    {
      type: "user.created",
      body: {
        type: "user.created",
        object: "event",
        data: {
          id: "user_example0001",
          object: "user",
          first_name: "Ada",
          last_name: "Example",
          email_addresses: [{ id: "idn_example0001", object: "email_address", email_address: "ada@example.test" }],
          primary_email_address_id: "idn_example0001",
          created_at: 1760000000000,
          updated_at: 1760000000000,
        },
        event_attributes: { http_request: { client_ip: "192.0.2.10", user_agent: "Example/1.0" } },
        timestamp: 1760000000000,
        instance_id: "ins_example0001",
      },
    },
  ],
} as const satisfies Provider;
