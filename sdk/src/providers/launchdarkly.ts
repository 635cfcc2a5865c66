// LaunchDarkly webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "launchdarkly",
  name: "LaunchDarkly",
  docsUrl: "https://launchdarkly.com/docs/home/infrastructure/webhooks",
  scheme: { kind: "hmac", alg: "hmac-sha256", key: "utf8", sig: { header: ["x-ld-signature"] }, enc: "hex", content: "{body}" },
  eventId: ["json:_id"],
  eventType: ["text:{json:kind}.{json:accesses.0.action}", "json:kind"],
  eventTime: [{ from: "json:date", unit: "ms" }],
  eventKey: ["json:accesses.0.resource"],
  secretHint: "Organization settings → Integrations → Webhooks → your webhook → Sign this webhook: its secret.",
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in LaunchDarkly and enter the URL of this source.",
    "Copy the signing secret that LaunchDarkly shows and save it here as it is.",
  ],
  samples: [
    {
      type: "flag.updateOn",
      body: {
        _id: "000000000000000000000001",
        _accountId: "000000000000000000000002",
        date: 1760000000000,
        accesses: [{ action: "updateOn", resource: "proj/example:env/production:flag/new-widgets" }],
        kind: "flag",
        name: "New widgets",
        description: "",
        shortDescription: "",
        member: { _id: "000000000000000000000003", email: "ada@example.test", role: "admin", firstName: "Ada", lastName: "Example" },
        titleVerb: "turned on the flag",
        title: "Ada Example turned on the flag New widgets in Production",
      },
    },
  ],
} as const satisfies Provider;
