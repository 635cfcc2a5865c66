// Any sender that puts one HMAC of the request into a header; `params` describe how.
// Parameters: algorithm sha1|sha256|sha512, header, prefix, encoding hex|base64|base64url, content (a template),
// secretEncoding utf8|hex|base64, timestampHeader, timestampUnit s|ms|rfc3339, toleranceSeconds.
import type { Provider } from "../provider.ts";

export default {
  id: "hmac",
  name: "Generic HMAC",
  docsUrl: "https://www.rfc-editor.org/rfc/rfc2104",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["x-signature"] },
    enc: "hex",
    content: "{body}",
    fromParams: true,
  },
  eventId: [],
  eventType: ["json:type", "json:event"],
  bodyAuthenticated: true,
  cloudEvents: true,
  setup: [
    "Find in the sender's documentation which header carries the signature and which bytes are signed.",
    "Enter the algorithm, the header, the encoding and the template of the signed content here.",
    "Save the shared secret here and at the sender, then send a test event.",
  ],
} as const satisfies Provider;
