// Expo EAS webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "expo-eas",
  name: "Expo EAS",
  docsUrl: "https://docs.expo.dev/eas/webhooks/",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha1",
    key: "utf8",
    sig: { header: ["expo-signature"], prefix: "sha1=" },
    enc: "hex",
    content: "{body}",
  },
  eventId: ["json:id"],
  eventType: [],
  eventTime: [{ from: "json:updatedAt", unit: "rfc3339" }],
  eventKey: ["json:id"],
  secretHint: "The secret you entered when you ran eas webhook:create.",
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in Expo and enter the URL of this source.",
    "Enter the secret of this source as the secret of the webhook, then choose the events and save.",
  ],
  samples: [
    {
      type: "build.finished",
      body: {
        id: "00000000-0000-4000-8000-000000000001",
        accountName: "example",
        projectName: "widgets",
        appId: "00000000-0000-4000-8000-000000000002",
        initiatingUserId: "00000000-0000-4000-8000-000000000003",
        platform: "ios",
        status: "finished",
        artifacts: { buildUrl: "https://expo.example.test/artifacts/1.ipa" },
        metadata: { appName: "Widgets", appVersion: "1.0.0", buildProfile: "production", distribution: "store" },
        createdAt: "2025-10-09T08:40:00.000Z",
        updatedAt: "2025-10-09T08:53:20.000Z",
        completedAt: "2025-10-09T08:53:20.000Z",
      },
    },
  ],
} as const satisfies Provider;
