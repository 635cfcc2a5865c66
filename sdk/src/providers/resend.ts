// Resend: Standard Webhooks headers.
import type { Provider } from "../provider.ts";

export default {
  id: "resend",
  name: "Resend",
  docsUrl: "https://resend.com/docs",
  scheme: { kind: "standard-webhooks", key: "whsec", headerPrefixes: ["svix"], toleranceSeconds: 300 },
  eventId: ["header:svix-id"],
  eventType: ["json:type"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook endpoint in Resend and enter the URL of this source.",
    "Copy the signing secret that Resend shows and save it here as it is.",
  ],
} as const satisfies Provider;
