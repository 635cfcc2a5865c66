// The parts that are tested of vendors' packages that come without types.
declare module "coinbase-commerce-node" {
  const coinbase: {
    readonly Webhook: {
      computeSignature(payload: string, secret: string): string;
      verifySigHeader(payload: string, signature: string, secret: string): boolean;
    };
  };
  export default coinbase;
}

declare module "messagebird/lib/webhook-signature-jwt.js" {
  export function verify(url: string, payload: Buffer, jwt: string, key: import("node:crypto").KeyObject): Promise<true>;
}

declare module "sns-validator" {
  export default class MessageValidator {
    validate(message: string, done: (error: Error | null) => void): void;
  }
}

declare module "braintree" {
  interface Gateway {
    readonly webhookTesting: {
      sampleNotification(kind: string, id: string): Promise<{ bt_signature: string; bt_payload: string }>;
      sampleSignature(payload: string): string;
    };
    readonly webhookNotification: {
      parse(signature: string, payload: string): Promise<{ readonly kind: string }>;
      verify(challenge: string): string;
    };
  }
  const braintree: {
    readonly BraintreeGateway: new (options: { environment: object; merchantId: string; publicKey: string; privateKey: string }) => Gateway;
    readonly Environment: { readonly Sandbox: object };
    readonly WebhookNotification: { readonly Kind: Readonly<Record<string, string>> };
  };
  export default braintree;
}
