// LiveKit webhooks: an access token of the API key, with a digest of the body.
import type { Provider } from "../provider.ts";

export default {
  id: "livekit",
  name: "LiveKit",
  docsUrl: "https://docs.livekit.io/home/server/webhooks/",
  scheme: {
    kind: "jwt",
    header: "authorization",
    algs: ["HS256"],
    // The tolerance of LiveKit's own library.
    leewaySeconds: 10,
    expires: true,
    claims: [{ claim: "iss", param: "apiKey", optional: true }],
    bodyHash: { claim: "sha256", enc: "base64" },
  },
  eventId: ["json:id"],
  eventType: ["json:event"],
  eventTime: [{ from: "json:createdAt", unit: "s" }],
  eventKey: ["json:room.name", "json:egressInfo.roomName", "json:ingressInfo.roomName"],
  secretHint: "The API secret of the API key that the webhook uses: Settings → Keys of the project, or keys in the server's configuration.",
  bodyAuthenticated: true,
  setup: [
    "Add a webhook in the settings of the LiveKit project, or under webhook in the configuration of your own server, with the URL of this source.",
    "Save the secret of its API key here, and the key itself as the parameter apiKey.",
  ],
  samples: [
    {
      type: "room_started",
      headers: { "content-type": "application/webhook+json" },
      body: {
        event: "room_started",
        room: {
          sid: "RM_example0001",
          name: "example-room",
          emptyTimeout: 300,
          creationTime: "1760000000",
          enabledCodecs: [{ mime: "audio/opus" }, { mime: "video/VP8" }],
        },
        id: "EV_example0001",
        createdAt: "1760000000",
      },
    },
    {
      type: "participant_joined",
      headers: { "content-type": "application/webhook+json" },
      body: {
        event: "participant_joined",
        room: { sid: "RM_example0001", name: "example-room", creationTime: "1760000000" },
        participant: { sid: "PA_example0001", identity: "ada", state: "ACTIVE", joinedAt: "1760000000", name: "Ada Example" },
        id: "EV_example0002",
        createdAt: "1760000000",
      },
    },
  ],
} as const satisfies Provider;
