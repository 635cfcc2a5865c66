// Freshdesk: a shared token in the query of the URL.
import type { Provider } from "../provider.ts";

export default {
  id: "freshdesk",
  name: "Freshdesk",
  docsUrl: "https://support.freshdesk.com/support/solutions/articles/132589-using-webhooks-in-automation-rules",
  scheme: { kind: "token", query: "token", fromParams: true },
  eventId: [],
  eventType: [],
  eventKey: ["json:freshdesk_webhook.ticket_id"],
  secretHint:
    "The token is your own: Freshdesk has no signing secret; put it into the URL or a custom header of the Trigger Webhook action.",
  bodyAuthenticated: false,
  experimental: true,
  setup: [
    "Enter the URL of this source in Freshdesk, with ?token= and the secret of this source at its end.",
    "Where the sender can send a header instead, name that header as the parameter header here.",
  ],
  samples: [
    {
      type: "ticket.updated",
      body: {
        freshdesk_webhook: {
          ticket_id: 1001,
          ticket_subject: "A widget is broken",
          ticket_status: "Open",
          ticket_priority: "Medium",
          ticket_url: "https://example.freshdesk.com/helpdesk/tickets/1001",
          ticket_requester_email: "ada@example.test",
          triggered_event: "{ticket_action:created}",
        },
      },
    },
  ],
} as const satisfies Provider;
