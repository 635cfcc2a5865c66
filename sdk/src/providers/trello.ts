// Trello webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "trello",
  name: "Trello",
  docsUrl: "https://developer.atlassian.com/cloud/trello/guides/rest-api/webhooks/",
  scheme: { kind: "hmac", alg: "hmac-sha1", key: "utf8", sig: { header: ["x-trello-webhook"] }, enc: "base64", content: "{body}{url}" },
  eventId: ["json:action.id"],
  eventType: ["json:action.type"],
  eventTime: [{ from: "json:action.date", unit: "rfc3339" }],
  eventKey: ["json:action.data.card.id", "json:action.data.board.id"],
  bodyAuthenticated: true,
  handshakes: [{ name: "check of the URL", methods: ["HEAD"] }],
  setup: [
    "Create a webhook through the Trello API with the URL of this source as its callbackURL.",
    "Save the secret of the app here.",
    "Save the same URL, exactly as entered there, as the parameter url: it is part of what is signed.",
  ],
  secretHint: "The API key page of your Power-Up at trello.com/power-ups/admin: the secret, which is not the token.",
  samples: [
    {
      type: "updateCard",
      body: {
        action: {
          id: "00000000000000000000ex01",
          idMemberCreator: "00000000000000000000ex02",
          type: "updateCard",
          date: "2026-10-09T08:53:20.000Z",
          data: {
            board: { id: "00000000000000000000ex03", name: "Example" },
            card: { id: "00000000000000000000ex04", name: "Write the docs", idShort: 1 },
            listBefore: { name: "To do" },
            listAfter: { name: "Done" },
          },
        },
        model: { id: "00000000000000000000ex03", name: "Example" },
      },
    },
  ],
} as const satisfies Provider;
