// Jenkins: a shared token in the query of the URL.
import type { Provider } from "../provider.ts";

export default {
  id: "jenkins",
  name: "Jenkins",
  docsUrl: "https://plugins.jenkins.io/notification/",
  scheme: { kind: "token", query: "token", fromParams: true },
  eventId: [],
  eventType: ["json:build.phase"],
  eventKey: ["json:name"],
  secretHint: "The token is your own: put it into the URL of the Notification plugin's endpoint in the job configuration.",
  bodyAuthenticated: false,
  experimental: true,
  setup: [
    "Enter the URL of this source in Jenkins, with ?token= and the secret of this source at its end.",
    "Where the sender can send a header instead, name that header as the parameter header here.",
  ],
  samples: [
    {
      type: "FINALIZED",
      body: {
        name: "widgets",
        display_name: "widgets",
        url: "job/widgets/",
        build: {
          full_url: "https://jenkins.example.test/job/widgets/27/",
          number: 27,
          queue_id: 1,
          timestamp: 1760000000000,
          phase: "FINALIZED",
          status: "SUCCESS",
          url: "job/widgets/27/",
          scm: {
            url: "https://git.example.test/example/widgets.git",
            branch: "origin/main",
            commit: "2222222222222222222222222222222222222222",
          },
          artifacts: {},
        },
      },
    },
  ],
} as const satisfies Provider;
