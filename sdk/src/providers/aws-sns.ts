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
  keySource: { kind: "certificate" },
} as const satisfies Provider;
