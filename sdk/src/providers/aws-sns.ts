// Amazon SNS over HTTP. The named fields of a message are signed; MessageAttributes and UnsubscribeURL are not.
import type { Provider } from "../provider.ts";

export default {
  id: "aws-sns",
  name: "Amazon SNS",
  docsUrl: "https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html",
  scheme: {
    kind: "body-signature",
    layout: "aws-sns",
    certUrl: { hosts: [], regionalHosts: ["sns.*.amazonaws.com", "sns.*.amazonaws.com.cn"], suffix: ".pem" },
  },
  eventId: ["json:MessageId"],
  eventType: ["json:Type"],
  eventTime: [{ from: "json:Timestamp", unit: "rfc3339" }],
  eventKey: ["json:TopicArn"],
  bodyAuthenticated: false,
  handshakes: [
    {
      name: "subscription confirmation",
      signed: true,
      methods: ["POST"],
      when: [{ at: "json:Type", equals: "SubscriptionConfirmation" }],
      effect: {
        kind: "fetch",
        url: "json:SubscribeURL",
        urls: { hosts: [], regionalHosts: ["sns.*.amazonaws.com", "sns.*.amazonaws.com.cn"] },
        param: "topicArn",
        equals: "json:TopicArn",
      },
    },
  ],
  setup: [
    "Create an HTTPS subscription of your topic with the URL of this source, without raw message delivery.",
    "Save the ARN of the topic here as the parameter topicArn: without it, topics of other accounts are accepted too.",
    "Posthorn fetches the certificate that a request names in SigningCertURL from Amazon itself; a certificate saved here as the public key is used instead.",
  ],
  secretHint: "The certificate at the SigningCertURL of a message, where none is to be fetched.",
  keySource: { kind: "certificate" },
  samples: [
    {
      type: "Notification",
      headers: { "x-amz-sns-message-type": "Notification" },
      body: {
        Type: "Notification",
        MessageId: "00000000-0000-4000-8000-000000000001",
        TopicArn: "arn:aws:sns:eu-central-1:123456789012:example",
        Subject: "An example",
        Message: '{"order":"order-1001","status":"shipped"}',
        Timestamp: "2025-10-09T08:53:20.000Z",
      },
    },
  ],
} as const satisfies Provider;
