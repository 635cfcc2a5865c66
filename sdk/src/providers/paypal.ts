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
    content: "{header:paypal-transmission-id}|{ts}|{param:webhookId}|{body}",
    ts: { header: "paypal-transmission-time", unit: "rfc3339" },
    bodyAs: "crc32",
    algorithmHeader: { name: "paypal-auth-algo", value: "SHA256withRSA" },
    certUrl: {
      header: "paypal-cert-url",
      hosts: ["api.paypal.com", "api.sandbox.paypal.com", "api-m.paypal.com", "api-m.sandbox.paypal.com"],
    },
  },
  eventId: ["json:id"],
  eventType: ["json:event_type"],
  eventTime: [{ from: "json:create_time", unit: "rfc3339" }],
  eventKey: ["json:resource.id"],
  bodyAuthenticated: false,
  retry: "Up to 25 times over 3 days.",
  setup: [
    "Open your app in the PayPal developer dashboard and add a webhook with the URL of this source.",
    "Copy the id of the new webhook and save it here as the parameter webhookId.",
    "Posthorn fetches the certificate that a request names in paypal-cert-url from PayPal itself; a certificate saved here as the public key is used instead.",
  ],
  secretHint: "Apps & Credentials → your app → Webhooks: the Webhook ID, for the parameter webhookId.",
  keySource: { kind: "certificate" },
  samples: [
    {
      type: "PAYMENT.CAPTURE.COMPLETED",
      body: {
        id: "WH-EXAMPLE0001",
        event_version: "1.0",
        create_time: "2026-10-09T08:53:20.000Z",
        resource_type: "capture",
        resource_version: "2.0",
        event_type: "PAYMENT.CAPTURE.COMPLETED",
        summary: "Payment completed for $ 12.00 USD",
        resource: { id: "EXAMPLECAPTURE001", status: "COMPLETED", amount: { currency_code: "USD", value: "12.00" }, final_capture: true },
      },
    },
  ],
} as const satisfies Provider;
