// Postmark: HTTP Basic authentication.
import type { Provider } from "../provider.ts";

export default {
  id: "postmark",
  name: "Postmark",
  docsUrl: "https://postmarkapp.com/developer/webhooks/webhooks-overview",
  scheme: { kind: "basic" },
  eventId: ["text:{json:MessageID}.{json:RecordType}"],
  eventType: ["json:RecordType"],
  bodyAuthenticated: false,
  setup: [
    "Enter the URL of this source as the webhook URL in Postmark.",
    "Give it a user and a long random password, and save both here as user:password.",
  ],
} as const satisfies Provider;
