// Dropbox webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "dropbox",
  name: "Dropbox",
  docsUrl: "https://www.dropbox.com/developers/reference/webhooks",
  scheme: { kind: "hmac", alg: "hmac-sha256", key: "utf8", sig: { header: ["x-dropbox-signature"] }, enc: "hex", content: "{body}" },
  eventId: [],
  eventType: [],
  eventKey: ["json:list_folder.accounts.0"],
  secretHint: "App Console → your app → Settings → App secret.",
  bodyAuthenticated: true,
  handshakes: [{ name: "challenge", methods: ["GET"], when: [{ at: "query:challenge", is: "present" }], text: "{query:challenge}" }],
  setup: ["Add the URL of this source as a webhook URI in the app's console.", "Save the app secret here."],
  samples: [
    {
      type: "list_folder.changed",
      body: { list_folder: { accounts: ["dbid:EXAMPLE000000000000000000000000000001"] }, delta: { users: [1000001] } },
    },
  ],
} as const satisfies Provider;
