// PayPal. The signature covers only the CRC-32 of the body, which anyone who has seen one request can keep while changing it.
import type { Provider } from "../provider.ts";

export default {
  id: "paypal",
  name: "PayPal",
  docsUrl: "https://developer.paypal.com/api/rest/webhooks/rest/",
  scheme: {
    kind: "asymmetric",
    alg: "rsa-sha256",
    header: "paypal-transmission-sig",
    enc: "base64",
    content: "{header:paypal-transmission-id}|{header:paypal-transmission-time}|{param:webhookId}|{body}",
    bodyAs: "crc32",
    algorithmHeader: { name: "paypal-auth-algo", value: "SHA256withRSA" },
    certUrl: {
      header: "paypal-cert-url",
      hosts: ["api.paypal.com", "api.sandbox.paypal.com", "api-m.paypal.com", "api-m.sandbox.paypal.com"],
    },
  },
  eventId: ["json:id"],
  eventType: ["json:event_type"],
  bodyAuthenticated: false,
  retry: "Up to 25 times over 3 days.",
  setup: [
    "Open your app in the PayPal developer dashboard and add a webhook with the URL of this source.",
    "Copy the id of the new webhook and save it here as the parameter webhookId.",
    "Download the certificate named in the header paypal-cert-url of a request and save it here as the public key.",
  ],
} as const satisfies Provider;
