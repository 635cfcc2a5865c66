// Jenkins: a shared token in the query of the URL.
import type { Provider } from "../provider.ts";

export default {
  id: "jenkins",
  name: "Jenkins",
  docsUrl: "https://www.jenkins.io/doc/",
  scheme: { kind: "token", query: "token", fromParams: true },
  eventId: [],
  eventType: [],
  bodyAuthenticated: false,
  experimental: true,
  setup: [
    "Enter the URL of this source in Jenkins, with ?token= and the secret of this source at its end.",
    "Where the sender can send a header instead, name that header as the parameter header here.",
  ],
} as const satisfies Provider;
